package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/spec"
)

func writeText(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAListAndAPatternMakeTheSetThatFoldersMake(t *testing.T) {
	folders := open(t, Folder(pictureFolder(t, 8, 8, names(4, "2", "10")...)), Options{}) // numbers: 2 comes before 10
	flat := t.TempDir()
	var rows []string
	for i, name := range names(4, "2", "10") {
		file := strings.Replace(name, "/", "_", 1)
		writePicture(t, filepath.Join(flat, file), uint64(i), 8, 8)
		rows = append(rows, file+";"+filepath.Dir(name))
	}
	list := writeText(t, filepath.Join(flat, "labels.csv"), "\ufefffile;label\r\n"+strings.Join(rows, "\r\n"))
	listed, named := Folder(flat), Folder(flat)
	listed.Labels, named.Class = list, "^([^_]+)_"
	cache := t.TempDir()
	for name, s := range map[string]*Set{
		"list": open(t, listed, Options{Cache: cache}), "list again": open(t, listed, Options{Cache: cache}), "pattern": open(t, named, Options{Cache: cache}),
	} {
		if s.Digest != folders.Digest || len(s.Faults) != 0 || strings.Join(s.Classes, " ") != "2 10" {
			t.Errorf("%s: digest %.8s, want %.8s; classes %v; faults %v", name, s.Digest, folders.Digest, s.Classes, s.Faults)
		}
	}
	rows[0] = strings.Replace(rows[0], ";2", ";10", 1) // the file is changed: so is the set
	writeText(t, list, "file;label\n"+strings.Join(rows, "\n"))
	if s := open(t, listed, Options{Cache: cache}); s.Images()[0] != 3 || s.Images()[1] != 5 {
		t.Errorf("images by class %v, want 3 and 5", s.Images())
	}
}

func TestAListOfRecordsKeepsTheirOrderOfClassesAndTheirParts(t *testing.T) {
	if golden.Raced {
		t.Skip("12,000 pictures take the way that the few of other tests take")
	}
	whole := mini(t)
	var rows []string
	for _, it := range whole.Items {
		rows = append(rows, it.Name+","+whole.Classes[it.Label])
	}
	list := Builtin("fashion-mini")
	list.Labels = writeText(t, filepath.Join(t.TempDir(), "all.csv"), "file,label\n"+strings.Join(rows, "\n"))
	if s := open(t, list, Options{Look: true}); s.Digest != whole.Digest || len(s.Faults) != 0 {
		t.Errorf("another set: classes %v, faults %v", s.Classes, s.Faults)
	}
	writeText(t, list.Labels, "file,label\n"+strings.Join(rows[3:], "\n"))
	if s := open(t, list, Options{Look: true}); len(s.Items) != len(rows)-3 || len(s.Faults) != 1 || !strings.Contains(s.Faults[0].What, "not in all.csv, like 2 other pictures") {
		t.Errorf("%d items, faults %v; want 3 records left out and told", len(s.Items), s.Faults)
	}
}

func TestFaultsOfListsAndPatternsAreAtTheirKeys(t *testing.T) {
	dir := pictureFolder(t, 8, 8, names(3, "cat", "dog")...)
	for _, c := range []struct{ labels, class, path, want string }{
		{"", "^[a-z]+", "$.class", `class: the pattern "^[a-z]+" has 0 groups; put what names the class`},
		{"", "(a)(b)", "$.class", `class: the pattern "(a)(b)" has 2 groups; put`},
		{"", "(a", "$.class", "class: \"(a\" is no pattern (missing closing ): `(a`); write"},
		{"", "^(x+)_", "$.class", `class: the pattern "^(x+)_" finds a class in the name of no file in `},
		{"x", "(a)", "$.class", "class: labels says it already; keep one"},
		{"none.csv", "", "", "none.csv: no such file; give a list of labels"},
		{writeText(t, filepath.Join(dir, "bad.csv"), "a,b,c\n1,2,3\n"), "", "", "bad.csv:1: no columns file and label"},
		{writeText(t, filepath.Join(dir, "gone.csv"), "file,label\nx.jpg,cat\n"), "", "", "2 of 2 files"},
		{writeText(t, filepath.Join(dir, "one.csv"), "file,label\ncat/00.png,cat\ncat/01.png,cat\ncat/02.png,cat\n"), "", "", "one class only (cat); add some, or change the list "},
	} {
		s := Folder(dir)
		s.Labels, s.Class = c.labels, c.class
		_, err := Open(t.Context(), s, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("labels %q, class %q: %v\nwant %s", c.labels, c.class, err, c.want)
		}
		if f, ok := err.(*spec.Fault); (c.path != "") != ok || ok && f.Path != c.path {
			t.Errorf("labels %q, class %q: a fault at %v, want %q", c.labels, c.class, err, c.path)
		}
	}
	s := Builtin("fashion-mini")
	s.Class = "(a)"
	if _, err := Open(t.Context(), s, Options{Look: true}); err == nil || !strings.Contains(err.Error(), "holds records, which have no names of their own") {
		t.Errorf("a pattern over records: %v", err)
	}
}
