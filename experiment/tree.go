package experiment

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
)

// Tree is which class is a kind of which: the classes of a detector that is not asked for more than it can tell.
type Tree struct {
	Of Hierarchy `yaml:"of" spec:"bare" default:"none" help:"a CSV file with columns child and parent, a class a line, the parent empty of a root; or a list of [child, parent]"`
}

// Hierarchy is classes and their parents: in a file, until [Hierarchy.Read] has read it.
type Hierarchy struct {
	File string
	Rows [][2]string // child and parent, which is "" of a root; nil: none, or not read yet
}

// None says whether there is no tree.
func (h Hierarchy) None() bool { return h.File == "" && h.Rows == nil }

// UnmarshalSpec reads the path of a file, which is taken from the folder of n's file, or rows.
func (h *Hierarchy) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		*h = Hierarchy{File: Beside(n, n.Text())}
		return nil
	}
	var rows [][]string
	if err := spec.Decode(n, &rows); err != nil {
		return err
	}
	*h = Hierarchy{}
	for i, row := range rows {
		if len(row) != 2 {
			return n.Errorf("tree: row %d has %d names; give each as [child, parent]", i+1, len(row))
		}
		h.Rows = append(h.Rows, [2]string(row))
	}
	if _, _, err := h.grown(); err != nil {
		return n.Errorf("tree: %w", err)
	}
	return nil
}

// MarshalSpec writes the rows, or the path.
func (h Hierarchy) MarshalSpec() (*spec.Node, error) {
	if h.Rows != nil {
		return spec.Encode(h.Rows)
	}
	return spec.NewText(h.File), nil
}

// String is "11 classes", or the path.
func (h Hierarchy) String() string {
	if h.Rows == nil {
		return h.File
	}
	names, _, err := h.grown()
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d classes", len(names))
}

// Read is the hierarchy with the rows that stand in its file: CSV as spreadsheets write it, whose first line says child and parent.
func (h Hierarchy) Read() (Hierarchy, error) {
	if h.File == "" || h.Rows != nil {
		return h, nil
	}
	f, err := os.Open(h.File)
	if errors.Is(err, fs.ErrNotExist) {
		return h, fmt.Errorf("%s: no such file; give a CSV file with columns child and parent (assay data tree writes one)", h.File)
	} else if err != nil {
		return h, fmt.Errorf("%s: cannot be read: %w", h.File, err)
	}
	defer f.Close()
	rows, err := ReadTree(f)
	if err != nil {
		return h, fmt.Errorf("%s:%w", h.File, err)
	}
	return Hierarchy{Rows: rows}, nil
}

// maxTree bounds the classes of a tree.
const maxTree = 100_000

// ReadTree reads rows of child and parent from CSV whose first line says so. Errors begin with the line.
func ReadTree(r io.Reader) ([][2]string, error) {
	table, err := format.Table(r)
	if err != nil {
		return nil, err
	}
	if head := table[0].Cells; len(head) != 2 || head[0] != "child" || head[1] != "parent" {
		return nil, fmt.Errorf("%d: the columns are %q; let the first line be child,parent", table[0].Line, head)
	}
	var h Hierarchy
	for _, row := range table[1:] {
		switch {
		case len(row.Cells) != 2:
			return nil, fmt.Errorf("%d: %s; give child,parent", row.Line, say.Counted(len(row.Cells), "column"))
		case len(h.Rows) == maxTree:
			return nil, fmt.Errorf("%d: more than %d classes; give fewer", row.Line, maxTree)
		}
		h.Rows = append(h.Rows, [2]string(row.Cells))
	}
	if _, _, err := h.grown(); err != nil {
		f, _ := errors.AsType[*treeFault](err) // it knows no other
		return nil, fmt.Errorf("%d: %w", table[1+f.row].Line, err)
	}
	return h.Rows, nil
}

// treeFault is what is wrong with a row.
type treeFault struct {
	row int
	msg string
}

func (f *treeFault) Error() string { return f.msg }

// grown are the names of the nodes, a level after the other, siblings together and in the order of the rows, and the parent of each, -1 of a
// root. A parent that has no row of its own is a root.
func (h Hierarchy) grown() (names []string, parents []int32, err error) {
	fault := func(row int, format string, args ...any) ([]string, []int32, error) {
		return nil, nil, &treeFault{row, fmt.Sprintf(format, args...)}
	}
	row, below := map[string]int{}, map[string][]string{}
	for i, r := range h.Rows {
		child, parent := r[0], r[1]
		switch first, twice := row[child]; {
		case child == "":
			return fault(i, "a row without a child; name one or take the row away")
		case twice && h.Rows[first][1] == parent:
			return fault(i, "%q a second time; keep one row", child)
		case twice:
			return fault(i, "%q has two parents, %q and %q; keep one", child, h.Rows[first][1], parent)
		}
		row[child] = i
	}
	for _, r := range h.Rows {
		if _, own := row[r[1]]; r[1] != "" && !own && below[r[1]] == nil { // a root by name alone
			below[""] = append(below[""], r[1])
		}
		below[r[1]] = append(below[r[1]], r[0])
	}
	names = append(names, below[""]...)
	parents = slices.Repeat([]int32{-1}, len(names))
	for k := 0; k < len(names); k++ {
		for _, child := range below[names[k]] {
			names, parents = append(names, child), append(parents, int32(k))
		}
	}
	rooted := map[string]bool{}
	for _, name := range names {
		rooted[name] = true
	}
	for i, r := range h.Rows {
		if !rooted[r[0]] {
			return fault(i, "%q is a kind of itself, by way of %q; take one of the rows away", r[0], r[1])
		}
	}
	return names, parents, nil
}

// Parents are the parents of classes that have one, by name.
func (h Hierarchy) Parents() map[string]string {
	of := map[string]string{}
	for _, r := range h.Rows {
		if r[1] != "" {
			of[r[0]] = r[1]
		}
	}
	return of
}

// Classes are those that a network tells apart, of a set, of the parents that some of its images are taken for and, where training has others
// beside, of these: each once, in that order; under a tree its nodes, and the parent of each, which is nil without.
func (l Learning) Classes(own, beside []string) (names []string, parents []int32, err error) {
	names = slices.Clone(own)
	var coarse []string
	if l.Labels.Parent > 0 {
		parents := l.Labels.Tree.Parents()
		for _, name := range own {
			if parents[name] != "" {
				coarse = append(coarse, parents[name])
			}
		}
	}
	for _, name := range slices.Concat(coarse, beside) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if l.Tree.Of.None() {
		return names, nil, nil
	}
	asked := names
	if l.Tree.Of.Rows == nil {
		return nil, nil, fmt.Errorf("tree: nobody has read %s; hand its rows over in Learning", l.Tree.Of.File)
	}
	if names, parents, err = l.Tree.Of.grown(); err != nil {
		return nil, nil, fmt.Errorf("tree: %w", err)
	}
	for _, name := range asked {
		if !slices.Contains(names, name) {
			mend := fmt.Sprintf("add a row %s,PARENT", name)
			if near, ok := spec.Nearest(name, names); ok {
				mend = fmt.Sprintf("did you mean %q there?", near)
			}
			return nil, nil, fmt.Errorf("tree: it has no class %q, and the images have; %s", name, mend)
		}
	}
	for k, name := range names {
		if !slices.Contains(parents, int32(k)) && !slices.Contains(asked, name) {
			mend := "take its row away, or give images of it (mixed)"
			if near, ok := spec.Nearest(name, asked); ok {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, nil, fmt.Errorf("tree: %q is nothing that the images show, and nothing is below it; %s", name, mend)
		}
	}
	return names, parents, nil
}
