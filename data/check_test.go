package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAllThatStopsATrainingIsToldAtOnce(t *testing.T) {
	dir := pictureFolder(t, 8, 8, append(names(4, "train/cat", "train/dog", "eval/cat", "eval/dog"), append(names(2, "val/cat", "val/dog"), names(1, "train/owl")...)...)...)
	for _, n := range []string{"train/emu", "test"} {
		if err := os.MkdirAll(filepath.Join(dir, n), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Describe(t.Context(), Folder(dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := dir + ": 4 faults" +
		" (1) test holds no folder of a class; put its pictures in folders of their classes, or list it under data.skip to have that part cut" +
		" (2) test, train and val look like parts, and eval is none of train, val and test; rename it or list it under data.skip" +
		" (3) class emu has no images; add some, or delete the folder or list it under data.skip" +
		" (4) class owl has no images in val; add some, or list the class under data.skip" +
		` (all that can be left out: skip: ["test", "eval", "emu", "owl"])`
	if d.Problem != want || len(d.Stops) != 4 {
		t.Errorf("got  %s\nwant %s", d.Problem, want)
	}
	spec := Folder(dir)
	spec.Skip = []string{"test", "eval", "emu", "owl"} // what the message says
	if s := open(t, spec, Options{}); len(s.Items) != 12 || len(s.Classes) != 2 {
		t.Errorf("%d items of %v", len(s.Items), s.Classes)
	}
}

func TestAFolderThatIsDeletedIsNotAskedForAgain(t *testing.T) {
	dir := pictureFolder(t, 8, 8, names(4, "cat", "dog")...)
	opt := Options{Cache: t.TempDir()}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Folder(dir), opt); err == nil || !strings.Contains(err.Error(), "class empty has no images") {
		t.Fatalf("got %v", err)
	}
	if err := os.Remove(empty); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Folder(dir), opt)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestClassesThatLookAlikeAreNamedByTheirCodePoints(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"caf\u00e9", "cafe\u0301", "U+00E9 U+0065 U+0301"},
		{"cat", "cat ", "nothing in its place U+0020"},
		{"a\u200bb", "ab", "U+200B nothing in its place"},
		{"\ufb01sh", "fish", "U+FB01 U+0066 U+0069"},
		{"Cat", "cat", "U+0043 U+0063"},
		{"cat", "car", ""},
		{"p\u00eache", "peche", ""},
	} {
		pairs := alike([]string{c.a, "other", c.b})
		got := ""
		if len(pairs) == 1 {
			x, y := points(c.a, c.b)
			got = x + " " + y
		}
		if got != c.want {
			t.Errorf("%q and %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
	split := pictureFolder(t, 8, 8, append(names(4, "train/Cat", "train/dog"), names(4, "val/cat", "val/dog")...)...)
	if _, err := Open(t.Context(), Folder(split), Options{}); err == nil || err.Error() != split+`: classes "Cat" (U+0043) and "cat" (U+0063) look alike; give both one name, or names that differ` {
		t.Errorf("got %v", err)
	}
	both := pictureFolder(t, 8, 8, names(4, "A", "a", "b")...) // letters: capitals and not
	if _, err := Open(t.Context(), Folder(both), Options{}); err != nil {
		t.Errorf("classes that differ in case alone: %v", err)
	}
}
