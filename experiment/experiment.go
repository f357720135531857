// Package experiment holds what a person asks for: data, a network, and three lists of approaches, each list of one kind.
// Its types are the file, key for key; an item of a list is a [Choice], which package approach resolves. The settings that
// approaches write are in optimization.go and learning.go. It imports data, zoo, task for its names, and internal/spec. Start at [Experiment].
package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/task"
)

// Experiment is one training: the content of an experiment file, or the base of a study.
type Experiment struct {
	Data         Data     `yaml:"data"`                   // a built-in set by name, or {folder: DIR}
	Net          string   `yaml:"net"`                    // a zoo name, or the path of a .yaml file of a network
	Task         string   `yaml:"task,omitempty"`         // what the outputs are for (package task); default classify
	Architecture []Choice `yaml:"architecture,omitempty"` // approaches that rewrite the network
	Optimization []Choice `yaml:"optimization,omitempty"` // approaches that leave its structure alone
	Learning     []Choice `yaml:"learning,omitempty"`     // approaches that change what it sees
	Seed         uint64   `yaml:"seed"`                   // default 1
}

// Data says which images: data.Spec, or in a file the name of a built-in set alone.
type Data struct{ data.Spec }

// Choice is one item of a list of approaches as written, not yet resolved: a name and what it is given.
type Choice = spec.Item

// written is the keys of data as a file has them.
type written struct {
	data.Spec `yaml:",inline"`
	Val       validation `yaml:"val"`
}

// validation is the value of val: a share, or folds.
type validation struct {
	Share float64 `yaml:"share" spec:"bare"`
	Folds int     `yaml:"folds"`
}

// Keys is the data as a struct of a file's keys, for [DifferencesOf].
func (d Data) Keys() any { return written{d.Spec, validation{d.Val, d.Folds}} }

// UnmarshalSpec reads a name or the fields of data.Spec. A relative folder is taken from the file's own folder.
func (d *Data) UnmarshalSpec(n *spec.Node) error {
	usual := data.Folder("")
	w := written{usual, validation{Share: usual.Val}}
	if n.Kind == spec.Scalar {
		w.Name = n.Text()
		*d = Data{w.Spec}
		return nil
	}
	if err := spec.Decode(n, &w); err != nil {
		return err
	}
	d.Spec = w.Spec
	d.Val, d.Folds = w.Val.Share, w.Val.Folds
	switch {
	case d.Name == "" && d.Folder == "":
		return n.Errorf("data: neither a name nor a folder; write a built-in set's name (assay data list) or {folder: DIR}")
	case d.Name != "" && d.Folder != "":
		return n.Errorf("data: both a name and a folder; keep one")
	}
	d.Folder, d.Labels = Beside(n, d.Folder), Beside(n, d.Labels)
	for key := range n.Pairs() {
		if asked := func(of data.MadeKey) bool { return of.Key == key.Text() }; slices.ContainsFunc(d.Made(), asked) || key.Text() == "val" || key.Text() == "test" {
			d.Asked = append(d.Asked, key.Text())
		}
	}
	for _, share := range []struct {
		key string
		v   float64
	}{{"val", d.Val}, {"test", d.Test}} {
		at := n.Get(share.key)
		if at == nil {
			continue
		}
		if !(share.v >= 0 && share.v < 1) {
			return at.Errorf("%s: %g is no share; give one from 0 to below 1", share.key, share.v)
		}
	}
	if val := n.Get("val"); val != nil && val.Get("folds") != nil {
		switch d.Val = 0; {
		case val.Get("share") != nil:
			return val.Errorf("val: both a share and folds; keep one")
		case d.Folds < 2:
			return val.Get("folds").Errorf("folds: %d; give 2 or more", d.Folds)
		}
	}
	return nil
}

// MarshalSpec writes the name alone, or the keys that are not as UnmarshalSpec would have them.
func (d Data) MarshalSpec() (*spec.Node, error) {
	usual := data.Folder("")
	m := spec.NewMap()
	if d.Folder != "" {
		m.Set("folder", spec.NewText(d.Folder))
	} else {
		m.Set("name", spec.NewText(d.Name))
	}
	if d.Parts != "" {
		m.Set("parts", spec.NewText(d.Parts))
	}
	switch {
	case d.Folds > 0:
		m.Set("val", spec.NewMap()).Set("folds", spec.NewInt(d.Folds))
	case d.Val != usual.Val || slices.Contains(d.Asked, "val"):
		m.Set("val", spec.NewFloat(d.Val))
	}
	if d.Test != usual.Test || slices.Contains(d.Asked, "test") {
		m.Set("test", spec.NewFloat(d.Test))
	}
	if d.Labels != "" {
		m.Set("labels", spec.NewText(d.Labels))
	}
	if d.Class != "" {
		m.Set("class", spec.NewText(d.Class))
	}
	for _, of := range d.Made() {
		if of.N != 0 {
			n, err := spec.Encode(of.N)
			if err != nil {
				return nil, err
			}
			m.Set(of.Key, n)
		}
	}
	if d.Format != "" {
		m.Set("format", spec.NewText(d.Format))
	}
	if d.Fit != "" {
		m.Set("fit", spec.NewText(string(d.Fit)))
	}
	if len(d.Skip) > 0 {
		skip, err := spec.Encode(d.Skip)
		if err != nil {
			return nil, err
		}
		m.Set("skip", skip)
	}
	if m.Len() == 1 && d.Name != "" {
		return spec.NewText(d.Name), nil
	}
	return m, nil
}

// String is the set's name, or its folder.
func (d Data) String() string {
	if d.Name != "" {
		return d.Name
	}
	return d.Folder
}

// Beside is a path as written at n: a relative one is taken from the folder of n's file, if it was read from one. "" stays.
func Beside(n *spec.Node, path string) string {
	if path == "" || filepath.IsAbs(path) || n.File() == "" {
		return path
	}
	return filepath.Join(filepath.Dir(n.File()), path)
}

// IsNetFile tells the path of a network's text form, or of a cfg of darknet's, from the name of a network of the zoo.
func IsNetFile(net string) bool {
	switch strings.ToLower(filepath.Ext(net)) {
	case ".yaml", ".yml":
		return true
	}
	return IsCfg(net)
}

// IsCfg tells the path of a cfg of darknet's.
func IsCfg(net string) bool { return strings.EqualFold(filepath.Ext(net), ".cfg") }

// Decode reads an experiment from a node of a file. Relative paths are taken from the file's folder.
func Decode(n *spec.Node) (Experiment, error) {
	e := Experiment{Seed: 1}
	if err := spec.Decode(n, &e); err != nil {
		return e, err
	}
	if n.Get("data") == nil {
		return e, n.Errorf("no data; write \"data: fashion-mini\" or \"data: {folder: DIR}\"")
	}
	if e.Net == "" {
		return e, n.Errorf("no net; write the name of one (assay net list)")
	}
	if IsNetFile(e.Net) {
		e.Net = Beside(n, e.Net)
	}
	if _, err := task.New(e.Task, nil); err != nil {
		return e, n.Get("task").Errorf("%w", err)
	}
	return e, nil
}

// Parse reads an experiment from the text of a file. Its faults name the place "experiment:line:column", and relative paths in it are
// taken from the folder that the program runs in.
func Parse(text string) (Experiment, error) {
	n, err := spec.Parse("experiment", []byte(text))
	if err != nil {
		return Experiment{}, err
	}
	return Decode(n)
}

// Read reads an experiment file.
func Read(path string) (Experiment, error) {
	n, err := spec.ReadFile(path)
	if err != nil {
		return Experiment{}, err
	}
	return Decode(n)
}

// Encode writes an experiment as the tree of a file that Decode reads back. Paths become absolute, as the file may lie anywhere.
func Encode(e Experiment) (*spec.Node, error) {
	var err error
	for _, path := range []*string{&e.Data.Folder, &e.Data.Labels} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	if IsNetFile(e.Net) {
		if e.Net, err = filepath.Abs(e.Net); err != nil {
			return nil, err
		}
	}
	if e.Learning, err = Absolute(e.Learning); err != nil {
		return nil, err
	}
	return spec.Encode(e)
}

// EncodeIn is Encode for a file in folder dir that may be passed on: it tells nobody where its writer keeps things. Paths become
// relative to that folder; of one that leads into the user's home from outside, or to another drive, the last part alone stays.
func EncodeIn(dir string, e Experiment) (*spec.Node, error) {
	e.Data.Folder, e.Data.Labels = relative(dir, e.Data.Folder), relative(dir, e.Data.Labels)
	if IsNetFile(e.Net) {
		e.Net = relative(dir, e.Net)
	}
	e.Learning = Within(dir, e.Learning)
	return spec.Encode(e)
}

// Absolute is a list of choices whose files, such as those of pretrained weights, are named by absolute paths, as [Encode] names others.
func Absolute(choices []Choice) ([]Choice, error) { return filesAt(choices, filepath.Abs) }

// Within is a list of choices whose files are named as [EncodeIn] names others in folder dir.
func Within(dir string, choices []Choice) []Choice {
	choices, _ = filesAt(choices, func(path string) (string, error) { return relative(dir, path), nil })
	return choices
}

// filesOf is the keys of approaches that name files or folders; "" is a bare value.
var filesOf = map[string][]string{
	"pretrain": {"", "from"}, "labels": {"confusion", "tree"}, "tree": {"", "of"}, "mixed": {"tree", "data.folder", "data.labels"},
}

// filesAt is a list of choices whose files have their paths as to says, where they are relative to the file of the choice.
func filesAt(choices []Choice, to func(path string) (string, error)) ([]Choice, error) {
	choices = slices.Clone(choices)
	for i, c := range choices {
		if c.Value == nil {
			continue
		}
		value, err := moved(c.Value, filesOf[c.Name], to)
		if err != nil {
			return nil, err
		}
		choices[i].Value = value
	}
	return choices, nil
}

// moved is a value whose texts under keys, such as data.folder, have their paths as to says.
func moved(n *spec.Node, keys []string, to func(path string) (string, error)) (*spec.Node, error) {
	switch {
	case n.Kind == spec.Scalar && slices.Contains(keys, "") && n.Text() != "" && n.Text() != FromImageNet:
		path, err := to(Beside(n, n.Text()))
		return spec.NewText(path), err
	case n.Kind != spec.Map || len(keys) == 0:
		return n, nil
	}
	m := spec.NewMap()
	for key, value := range n.Pairs() {
		var below []string
		for _, k := range keys {
			if first, rest, _ := strings.Cut(k, "."); first == key.Text() && k != "" {
				below = append(below, rest)
			}
		}
		value, err := moved(value, below, to)
		if err != nil {
			return nil, err
		}
		m.Set(key.Text(), value)
	}
	return m, nil
}

func relative(dir, path string) string {
	if path == "" {
		return ""
	}
	from, err := filepath.Abs(dir)
	to, err2 := filepath.Abs(path)
	rel, err3 := filepath.Rel(from, to)
	home, none := os.UserHomeDir()
	if err != nil || err2 != nil || err3 != nil || none == nil && below(home, to) && !below(home, from) {
		return filepath.Base(path)
	}
	return filepath.ToSlash(rel)
}

// below reports whether a path is a folder or lies in it.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}
