package format

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestListsOfLabelsAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	want := []Label{{"a.jpg", "cat", 2}, {"b, 2.jpg", "dog", 3}}
	for name, text := range map[string]string{
		"commas":          "file,label\na.jpg,cat\n\"b, 2.jpg\",dog\n",
		"a mark and CRLF": "\ufefffile,label\r\na.jpg,cat\r\n\"b, 2.jpg\",dog\r\n",
		"semicolons":      "file;label\na.jpg;cat\nb, 2.jpg;dog",
		"tabs":            "file\tlabel\na.jpg\tcat\nb, 2.jpg\tdog\n",
		"other columns":   "Label, split ,File\n cat ,x,a.jpg\ndog,,\"b, 2.jpg\"\n",
		"old line ends":   "file,label\ra.jpg,cat\r\"b, 2.jpg\",dog\r",
	} {
		if got, err := ReadLabels(strings.NewReader(text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	for _, c := range []struct {
		text string
		want []Label
	}{
		{"a.jpg,cat\nb.jpg,\n\n", []Label{{"a.jpg", "cat", 1}, {"b.jpg", "", 2}}}, // no line of names
		{"sep=;\r\nfile;label\r\na.jpg;cat\r\n", []Label{{"a.jpg", "cat", 3}}},
		{"file,label\n,\na.jpg,cat\n", []Label{{"a.jpg", "cat", 3}}},
	} {
		if got, err := ReadLabels(strings.NewReader(c.text)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

func TestFaultsOfListsNameTheLine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "1: no table of two or more columns; write CSV, columns parted by commas"},
		{"id,breed\n1,pug\n", "1: no columns file and label; name them in the first line: file,label"},
		{"file,label\n", "1: no rows but the first; write one for each entry"},
		{"file,label\na.jpg,cat\nb.jpg\n", "3: 1 column, too few for a file and its label; write both"},
		{"file;label\n;cat\n", `2: a label "cat" without a file; name the file, or take the line away`},
		{"file,label\na.jpg,\"cat\n", `2: extraneous or missing " in quoted-field; a field with quotes in it is quoted and has them twice`},
		{"file,label\na.jpg,Caf\xe9\n", "2: letters that are no UTF-8; save it as CSV in UTF-8"},
		{"\xff\xfef\x00", "1: text in UTF-16; save it as CSV in UTF-8"},
	} {
		if _, err := ReadLabels(strings.NewReader(c.text)); fmt.Sprint(err) != c.want {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// told is a layout in one text: classes, places as part/class/name, strays.
func told(l Layout) string {
	var b strings.Builder
	fmt.Fprintln(&b, l.Classes)
	for _, p := range l.Places {
		fmt.Fprintf(&b, "%s/%s/%s\n", p.Split, l.Classes[p.Label], p.Name)
	}
	for _, s := range l.Strays {
		fmt.Fprintf(&b, "%s; %s\n", s, s.Mend)
	}
	return b.String()
}

func TestAListSaysWhichFilesAreOfWhichClass(t *testing.T) {
	names := strings.Fields("a.jpg b.jpg c.jpg deep/a.jpg deep/e.jpg deep/f.jpg labels.csv more/e.jpg x.jpg y.jpg")
	rows := []Label{
		{"a.jpg", "10", 2}, {`.\deep\a.jpg`, "9", 3}, {"photos/b.jpg", "9", 4}, {"f.jpg", "10", 5}, // found by the end of its path
		{"b.jpg", "9", 6},                     // again, as it is
		{"c.jpg", "9", 7}, {"c.jpg", "10", 8}, // two labels
		{"e.jpg", "9", 9}, {"gone.jpg", "9", 10}, // two files, none
		{"x.jpg", "", 11},
	}
	const want = `[9 10]
/10/a.jpg
/9/b.jpg
/9/deep/a.jpg
/10/deep/f.jpg
c.jpg: two labels in labels.csv: 9 in line 7, 10 in line 8; take one of the lines away
e.jpg: 2 files end so, deep/e.jpg and more/e.jpg among them, though line 9 of labels.csv has it; write the folder in front of the name
gone.jpg: no such file, though line 10 of labels.csv has it; correct the name, or take the line away
x.jpg: no label in line 11 of labels.csv; write one there, or take the line away
deep/e.jpg: not in labels.csv, like 2 other pictures; add it to labels.csv, or list it under data.skip
`
	if got := told(Listed(names, rows, "my/photos", "labels.csv", IsPicture)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestListedFilesKeepTheirParts(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"s/test/b.jpg s/train/a.jpg", "[x]\ntest/x/s/test/b.jpg\ntrain/x/s/train/a.jpg\n"},
		{"train/a.jpg train/b.jpg", "[x]\n/x/train/a.jpg\n/x/train/b.jpg\n"},
		{"c.jpg test/b.jpg train/a.jpg", "[x]\n/x/c.jpg\n/x/test/b.jpg\n/x/train/a.jpg\n"},
	} {
		names := strings.Fields(c.names)
		var rows []Label
		for i, n := range names {
			rows = append(rows, Label{n, "x", i + 1})
		}
		if got := told(Listed(names, rows, ".", "labels.csv", IsPicture)); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.names, got, c.want)
		}
	}
}

func TestAPatternReadsTheClassFromTheName(t *testing.T) {
	names := strings.Fields("cats/cat_1.jpg dog_2.jpg dog_3.png list.txt none.jpg other.gif")
	const want = `[cat dog]
/cat/cats/cat_1.jpg
/dog/dog_2.jpg
/dog/dog_3.png
none.jpg: without a class by the pattern "^([a-z]+)_", like 1 other picture; widen the pattern, or list it under data.skip
`
	if got := told(Named(names, regexp.MustCompile(`^([a-z]+)_`))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := told(Named(names[:1], regexp.MustCompile(`^(\w+)/`))), "[cats]\n/cats/cats/cat_1.jpg\n"; got != want { // a slash: the whole path
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestClassesThatAreNumbersAreInTheirOrder(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"10 9 2 0", "0 2 9 10"}, {"10 09 9 1", "1 09 9 10"}, {"10 9 x", "10 9 x"}, {"99999999999999999999999 3", "3 99999999999999999999999"}, {"-1 2 10", "-1 10 2"},
	} {
		if got := strings.Join(Classes(strings.Fields(c.names)), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.names, got, c.want)
		}
	}
}

func FuzzReadLabels(f *testing.F) {
	f.Add("file,label\na.jpg,cat\n")
	f.Add("\ufefffile;label\r\na.jpg;\"c\"\"at\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := ReadLabels(strings.NewReader(text))
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: two lines", err)
		}
		Listed([]string{"a.jpg", "b/a.jpg"}, labels, ".", "list", IsPicture)
	})
}
