package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestAFailedWriteLeavesTheOldFileAndNothingBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	if err := Write(path, text("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	err := Write(path, func(w io.Writer) error { io.WriteString(w, strings.Repeat("new", 1<<20)); return full })
	if err != full {
		t.Errorf("got %v, want %v", err, full)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("the old file became %.20q", b)
	}
	if got := names(t, dir); got != "model" {
		t.Errorf("in the folder: %s", got)
	}
}

func TestAWrittenFileKeepsItsPermissionsAndItsLink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.WriteFile(real, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Skip(err)
	}
	if err := Write(link, text("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(real)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want -rw-------", info.Mode(), err)
	}
	if b, _ := os.ReadFile(real); string(b) != "new" {
		t.Errorf("got %q through the link", b)
	}
	if got := names(t, dir); got != "link real" {
		t.Errorf("in the folder: %s", got)
	}
}

func TestWriteRefusesAFolderAndAMissingFolder(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "nowhere", "model")} {
		if err := Write(path, text("x")); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestCleanRemovesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".model.17-0.partial", "model", ".other.17-0.partial"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Clean(filepath.Join(dir, "model")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != ".other.17-0.partial model" {
		t.Errorf("in the folder: %s", got)
	}
	if err := Clean(filepath.Join(dir, "nowhere", "model")); err != nil {
		t.Error(err)
	}
}

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "assay")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "winner.yaml")
	err = Write(path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "net: mini")
		return err
	})
	text, _ := os.ReadFile(path)
	fmt.Print(string(text), err)
	// Output:
	// net: mini
	// <nil>
}
