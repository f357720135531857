package experiment_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// learned is the settings of a tree.
func learned(rows ...[2]string) experiment.Learning {
	l := experiment.DefaultLearning()
	l.Tree.Of.Rows = rows
	return l
}

func TestATreesClassesAreItsNodesLevelByLevel(t *testing.T) {
	l := learned([2]string{"poodle", "dog"}, [2]string{"cat", "animal"}, [2]string{"dog", "animal"}, [2]string{"car", ""}, [2]string{"pug", "dog"}, [2]string{"van", "car"})
	names, parents, err := l.Classes([]string{"car", "cat", "dog"}, []string{"pug", "poodle", "van"})
	if err != nil || !slices.Equal(names, []string{"animal", "car", "cat", "dog", "van", "poodle", "pug"}) || !slices.Equal(parents, []int32{-1, -1, 0, 0, 1, 3, 3}) {
		t.Errorf("%v %v %v", names, parents, err)
	}
	if _, err := (nn.Region{Anchors: "1x1", Tree: nn.TreeOf(parents)}).Infer([]nn.Size{{H: 1, W: 1, C: 12}}, 7); err != nil {
		t.Error(err)
	}
	plain := experiment.DefaultLearning()
	if names, parents, err := plain.Classes([]string{"cat", "dog"}, []string{"dog", "ant"}); err != nil || parents != nil || !slices.Equal(names, []string{"cat", "dog", "ant"}) {
		t.Errorf("without a tree: %v %v %v", names, parents, err)
	}
	plain.Labels.Parent, plain.Labels.Tree.Rows = 0.5, [][2]string{{"cat", "animal"}, {"dog", "animal"}}
	if names, _, err := plain.Classes([]string{"cat", "dog"}, nil); err != nil || !slices.Equal(names, []string{"cat", "dog", "animal"}) {
		t.Errorf("of parents alone: %v %v", names, err)
	}
}

func TestATreeThatIsNoneOfTheImagesSaysSo(t *testing.T) {
	for _, c := range []struct {
		rows [][2]string
		want string
	}{
		{[][2]string{{"cat", "animal"}}, `tree: it has no class "dog", and the images have; add a row dog,PARENT`},
		{[][2]string{{"cat", "animal"}, {"dgo", "animal"}}, `tree: it has no class "dog", and the images have; did you mean "dgo" there?`},
		{[][2]string{{"cat", "animal"}, {"dog", "animal"}, {"zebra", "animal"}}, `tree: "zebra" is nothing that the images show, and nothing is below it; take its row away, or give images of it (mixed)`},
		{[][2]string{{"cat", "dog"}, {"dog", "cat"}}, `tree: "cat" is a kind of itself, by way of "dog"; take one of the rows away`},
	} {
		if _, _, err := learned(c.rows...).Classes([]string{"cat", "dog"}, nil); err == nil || err.Error() != c.want {
			t.Errorf("%v: got %v, want %s", c.rows, err, c.want)
		}
	}
	l := experiment.DefaultLearning()
	l.Tree.Of.File = "tree.csv"
	if _, _, err := l.Classes([]string{"cat"}, nil); err == nil || !strings.Contains(err.Error(), "nobody has read tree.csv") {
		t.Errorf("got %v", err)
	}
}

// badTrees are files and what is said of them.
var badTrees = map[string]string{
	"child,parent\ncat,\ncat,animal\n":            `:3: "cat" has two parents, "" and "animal"; keep one`,
	"child,parent\ncat,animal\ncat,animal\n":      `:3: "cat" a second time; keep one row`,
	"child,parent\na,b\nx,\nb,c\nc,a\n":           `:2: "a" is a kind of itself, by way of "b"; take one of the rows away`,
	"child,parent\ncat,cat\n":                     `:2: "cat" is a kind of itself`,
	"child,parent\n,animal\n":                     `:2: a row without a child; name one or take the row away`,
	"class,kind\ncat,animal\n":                    `:1: the columns are ["class" "kind"]; let the first line be child,parent`,
	"child,parent\ncat,animal,more\n":             `:2: 3 columns; give child,parent`,
	"child,parent\ncat\n":                         `:2: 1 column; give child,parent`,
	"child,parent\n\xff\xfe,animal\n":             `:2: letters that are no UTF-8`,
	"child;parent\n\"cat\";animal\nbird;\"animal": `:3: `,
}

func TestAFileThatIsNoTreeSaysSoByItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tree.csv")
	for text, want := range badTrees {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := (experiment.Hierarchy{File: file}).Read(); err == nil || !strings.HasPrefix(err.Error(), file+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if err := os.WriteFile(file, []byte("\ufeffchild;parent\r\ncat; animal\r\n\r\nbird;\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := experiment.Hierarchy{File: file}.Read()
	if err != nil || !slices.Equal(h.Rows, [][2]string{{"cat", "animal"}, {"bird", ""}}) || h.String() != "3 classes" {
		t.Errorf("%+v %v", h, err)
	}
	if _, err := (experiment.Hierarchy{File: file + "x"}).Read(); err == nil || !strings.Contains(err.Error(), "no such file; give a CSV file with columns child and parent") {
		t.Errorf("got %v", err)
	}
}

func TestFilesOfTreesAndFoldersBesideAreNamedAsOtherFilesAre(t *testing.T) {
	e, err := decode("studies/e.yaml", "data: {folder: photos}\nnet: mini\nlearning: [{tree: t.csv}, {mixed: {data: {folder: ants, val: 0.2}, tree: b/t.csv}}, {labels: 0.1}, {labels: {parent: 0.5, tree: t.csv}}, {mixed: cifar10}]\n")
	if err != nil {
		t.Fatal(err)
	}
	n, err := experiment.EncodeIn("elsewhere", e)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{tree: ../studies/t.csv}, {mixed: {data: {folder: ../studies/ants, val: 0.2}, tree: ../studies/b/t.csv}}, {labels: 0.1}, {labels: {parent: 0.5, tree: ../studies/t.csv}}, {mixed: cifar10}]`
	if got := strings.ReplaceAll(n.Get("learning").Flow(), `"`, ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzReadTree: a file is a tree, whose parents stand in front of their children and its siblings together, or one line that says why not.
func FuzzReadTree(f *testing.F) {
	for text := range badTrees {
		f.Add([]byte(text))
	}
	f.Add([]byte("child,parent\ncat,animal\ndog,animal\npug,dog\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := experiment.ReadTree(bytes.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), "\n") || err.Error() == "" {
				t.Errorf("got %q, want one line", err)
			}
			return
		}
		var own []string
		for _, r := range rows {
			own = append(own, r[0])
		}
		names, parents, err := learned(rows...).Classes(own, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (nn.Region{Anchors: "1x1", Tree: nn.TreeOf(parents)}).Infer([]nn.Size{{H: 1, W: 1, C: 5 + len(names)}}, len(names)); err != nil {
			t.Errorf("%q: %v", rows, err)
		}
	})
}
