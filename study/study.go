package study

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// Study is a study file, key for key: a base experiment, and variants of it that are compared with it.
type Study struct {
	Question   string // the report's title
	Base       experiment.Experiment
	Design     Design        // which combinations of the variants become arms; default ofat
	Variants   []Variant     // the base with approaches applied in the order written
	Repeats    int           // paired: repeat i gives every arm the same split, order and crops; default 3
	Seed       uint64        // default 1
	Budget     time.Duration // wall time of all trials together; 0: no limit
	Meaningful float64       // the smallest effect that matters, points; 0: 0.5, or two validation images where that is more
	At         *spec.Node    // the file's root; nil where there is none
}

// Design says which combinations of the variants become arms.
type Design string

// MaxRepeats bounds the repeats of a study.
const MaxRepeats = 1000

// OFAT is one factor at a time: each variant alone against the base.
const OFAT Design = "ofat"

// Variant is an edit of the base's lists.
type Variant struct {
	Name    string              `yaml:"name" spec:"required"`
	With    []experiment.Choice `yaml:"with"`    // approaches added, of any kind, each to the end of its list
	Without []string            `yaml:"without"` // names of approaches of the base that are taken away
	Net     string              `yaml:"net"`     // another network
	Data    *experiment.Data    `yaml:"data"`    // other images
	At      *spec.Node          `yaml:"-"`
}

// BaselineName is the name of the arm that is the base as it stands.
const BaselineName = "baseline"

// UnmarshalSpec reads a variant and keeps its place.
func (v *Variant) UnmarshalSpec(n *spec.Node) error {
	type fields Variant // without this method
	f := fields(*v)
	if err := spec.Decode(n, &f); err != nil {
		return err
	}
	*v = Variant(f)
	v.At = n
	if experiment.IsNetFile(v.Net) {
		v.Net = experiment.Beside(n, v.Net)
	}
	if v.Name == "" {
		return n.Errorf("a variant without a name; write name: and a word for the report")
	}
	if len(v.With) == 0 && len(v.Without) == 0 && v.Net == "" && v.Data == nil {
		return n.Errorf("variant %q changes nothing; write with:, without:, net: or data:", v.Name)
	}
	return nil
}

// Read reads a study file.
func Read(path string) (*Study, error) {
	n, err := spec.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Decode(n)
}

// Decode reads a study from the root of a file.
func Decode(n *spec.Node) (*Study, error) {
	f := struct {
		Question   string        `yaml:"question"`
		Base       *spec.Node    `yaml:"base" spec:"required"`
		Design     Design        `yaml:"design"`
		Variants   []Variant     `yaml:"variants" spec:"required"`
		Repeats    int           `yaml:"repeats"`
		Seed       uint64        `yaml:"seed"`
		Budget     time.Duration `yaml:"budget"`
		Meaningful float64       `yaml:"meaningful"`
	}{Design: OFAT, Repeats: 3, Seed: 1}
	if n.Get("data") != nil && n.Get("net") != nil && n.Get("base") == nil {
		return nil, n.Errorf("this is an experiment, not a study; put its keys under base: and write variants:, or run it with assay train")
	}
	if err := spec.Decode(n, &f); err != nil {
		return nil, err
	}
	s := &Study{Question: f.Question, Design: f.Design, Variants: f.Variants, Repeats: f.Repeats, Seed: f.Seed, Budget: f.Budget, Meaningful: f.Meaningful, At: n}
	var err error
	if s.Base, err = base(f.Base); err != nil {
		return nil, err
	}
	if n.Get("seed") == nil {
		s.Seed = s.Base.Seed
	}
	if s.Question == "" {
		s.Question = "Which choices pay on " + filepath.Base(s.Base.Data.String()) + "?"
	}
	return s, n.Place(s.check())
}

// base reads an experiment written in place, or the path of one.
func base(n *spec.Node) (experiment.Experiment, error) {
	if n.Kind != spec.Scalar {
		return experiment.Decode(n)
	}
	path := n.Text()
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(n.File()), path)
	}
	e, err := experiment.Read(path)
	return e, n.At(err)
}

func (s *Study) check() error {
	fault := func(path, format string, args ...any) error {
		return &spec.Fault{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case s.Design != OFAT:
		return fault("$.design", "no design %q; choose ofat", s.Design)
	case len(s.Variants) == 0:
		return fault("$.variants", "no variants; write at least one to compare with the base")
	case s.Repeats < 1 || s.Repeats > MaxRepeats:
		return fault("$.repeats", "%d repeats; give 1 or more, 3 to have verdicts", s.Repeats)
	case s.Budget < 0:
		return fault("$.budget", "a budget of %s; give a time as in 8h", s.Budget)
	case !(s.Meaningful >= 0 && s.Meaningful <= 100):
		return fault("$.meaningful", "%g points; give the smallest effect that matters, 0 to 100", s.Meaningful)
	}
	seen := map[string]int{BaselineName: -1}
	for i, v := range s.Variants {
		if j, ok := seen[v.Name]; ok {
			if j < 0 {
				return fault(fmt.Sprintf("$.variants[%d].name", i), "%q is the name of the base itself; choose another", v.Name)
			}
			return fault(fmt.Sprintf("$.variants[%d].name", i), "two variants named %q; rename one", v.Name)
		}
		seen[v.Name] = i
	}
	return nil
}

// PointAt lets the study run on the images of a folder in place of its own; val, test and skip stay. "" changes nothing.
func (s *Study) PointAt(folder string) { s.Base.Data.Spec = s.Base.Data.Spec.At(folder) }

// Experiment is what the arm of that name trains.
func (s *Study) Experiment(arm string) (experiment.Experiment, error) {
	if arm == BaselineName {
		return s.Base, nil
	}
	for _, v := range s.Variants {
		if v.Name == arm {
			return s.arm(v)
		}
	}
	return experiment.Experiment{}, fmt.Errorf("no arm %q; the baseline and the variants of the file are", arm)
}

// arm is a variant's experiment: the base's lists, edited.
func (s *Study) arm(v Variant) (experiment.Experiment, error) {
	e := s.Base
	lists := map[approach.Kind]*[]experiment.Choice{
		approach.Architecture: &e.Architecture, approach.Optimization: &e.Optimization, approach.Learning: &e.Learning,
	}
	for _, l := range lists {
		*l = slices.Clone(*l)
	}
	for i, name := range v.Without {
		found := false
		for _, l := range lists {
			before := len(*l)
			*l = slices.DeleteFunc(*l, func(c experiment.Choice) bool { return c.Name == name })
			found = found || len(*l) < before
		}
		if !found {
			fault := &spec.Fault{Path: fmt.Sprintf("$.without[%d]", i), Msg: lacks(name, e)}
			if v.At == nil { // not read from a file
				return e, fault
			}
			return e, v.At.Place(fault)
		}
	}
	for _, c := range v.With {
		entry, err := approach.Lookup(c.Name)
		if err != nil {
			return e, c.At.At(err)
		}
		l := lists[entry.Kind]
		*l = append(*l, c)
	}
	if v.Net != "" {
		e.Net = v.Net
	}
	if v.Data != nil {
		e.Data = *v.Data
	}
	return e, nil
}

// lacks words the error of taking away what the base does not have.
func lacks(name string, e experiment.Experiment) string {
	var names []string
	for _, c := range slices.Concat(e.Architecture, e.Optimization, e.Learning) {
		names = append(names, c.Name)
	}
	if near, ok := spec.Nearest(name, names); ok {
		return fmt.Sprintf("the base has no %q; did you mean %q?", name, near)
	}
	if len(names) == 0 {
		return fmt.Sprintf("the base has no %q, and no approach at all; drop it", name)
	}
	return fmt.Sprintf("the base has no %q; it has %s", name, strings.Join(names, ", "))
}
