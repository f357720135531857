// Make writes the generated pages of docs/ and removes those that nothing makes any more: go generate ./internal/docs.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/internal/docs"
)

func main() {
	if err := write(docs.Dir); err != nil {
		fmt.Fprintf(os.Stderr, "docs: %v\n", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	pages, err := docs.Pages()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "approaches", "*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if name, err := filepath.Rel(dir, path); err == nil && pages[filepath.ToSlash(name)] == "" {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "approaches"), 0o755); err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
