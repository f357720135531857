// Package golden compares text with a file of it that a person has read, for tests. It imports nothing of Assay. Start at
// [Text]; `go test ./room -update` rewrites the files, and the diff is then to be read.
package golden

import (
	"flag"
	"os"
	"path/filepath"
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
