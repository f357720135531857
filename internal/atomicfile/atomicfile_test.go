package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
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

func TestWhatALivingProcessHoldsIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pixels")
	err := Write(path, func(w io.Writer) error {
		if err := Clean(path); err != nil {
			t.Error(err)
		}
		if freed, err := CleanFolder(dir); freed != 0 || err != nil {
			t.Errorf("while it is written: %d bytes freed, %v", freed, err)
		}
		_, err := io.WriteString(w, "whole")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	Share(f)
	if _, gone, err := Free(path); gone || err != nil || !Held(path) {
		t.Errorf("a file that is shared: gone %v, %v", gone, err)
	}
	f.Close()
	if runtime.GOOS == "windows" {
		return // there a file counts as held for a day
	}
	if Held(path) {
		t.Error("a file that nobody has counts as held")
	}
	for _, want := range []int64{5, 0} { // the second time it is gone already
		if freed, gone, err := Free(path); freed != want || !gone || err != nil {
			t.Errorf("freed %d, gone %v, %v; want %d", freed, gone, err, want)
		}
	}
}

func TestAFolderIsCleanedOfTheDead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".model.17-0.partial", "model", ".other.17-0.partial", ".hidden", "x.partial"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if freed, err := CleanFolder(dir); freed != 6 || err != nil {
		t.Errorf("%d bytes freed, %v; want 6", freed, err)
	}
	if got := names(t, dir); got != ".hidden model x.partial" {
		t.Errorf("in the folder: %s", got)
	}
	if freed, err := CleanFolder(filepath.Join(dir, "nowhere")); freed != 0 || err != nil {
		t.Error(freed, err)
	}
}

func TestTheLongestNameThatAFileCanHaveIsWritten(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{strings.Repeat("n", 255), strings.Repeat("é", 127)} {
		if err := Write(filepath.Join(dir, name), text("x")); err != nil {
			t.Errorf("%.3s: %v", name, err)
		}
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
