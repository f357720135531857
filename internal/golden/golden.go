// Package golden compares text with a file of it that a person has read, for tests. It imports nothing of Assay. Start at
// [Text]; `go test ./room -update` rewrites the files, and the diff is then to be read.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests got")

// Text fails the test unless got equals the content of the file at path, by custom under testdata/golden.
func Text(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update, then read the file", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nwhere the new text is right, run with -update", path, got, want)
	}
}

// Version fails the test unless got is what the file at path holds of this version of a room that decides bits. Its first line
// names the version that the rest was recorded under: -update records what a raised version makes, and never what another
// output makes under an old one.
func Version(t *testing.T, path string, version int, got string) {
	t.Helper()
	head := fmt.Sprintf("version %d\n", version)
	want, err := os.ReadFile(path)
	raised := !strings.HasPrefix(string(want), head)
	switch {
	case err != nil && !*update:
		t.Fatalf("%v; run the test with -update, then read the file", err)
	case string(want) == head+got:
	case raised && *update:
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(head+got), 0o644); err != nil {
			t.Fatal(err)
		}
	case raised:
		t.Errorf("%s was recorded under another version than %d; record this one with -update", path, version)
	default:
		t.Errorf("%s: the output has changed and the version has not; raise it, then run with -update: got\n%swant\n%s", path, head+got, want)
	}
}
