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
	Repeats    int           // paired: repeat i gives every arm the same split, order and crops; default 3, with folds one round
	First      int           // repeats before the first planned look, after which arms that a look decides train no more; 0: the one planned look is at the end
	Seed       uint64        // default 1
	Budget     time.Duration // wall time of all trials together; 0: no limit
	Match      Match         // what every arm is made equal to the baseline in; default epochs, which solves nothing
	Tune       Tune          // a setting that each arm tries values of; none by default
	Keep       []string      // names of arms whose trials leave their models in the store, for other studies to start from; none by default
	Meaningful float64       // the smallest effect that matters, points; 0: 0.5, or two validation images where that is more
	At         *spec.Node    // the file's root; nil where there is none

	// StepSeconds is what a step of an arm takes on this machine, for [Seconds]: this package has no clock. An error where it is not known well.
	StepSeconds func(PlannedArm) (float64, error)
}

// MaxRepeats bounds the repeats of a study.
const MaxRepeats = 1000

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
		Variants   []Variant     `yaml:"variants"`
		Repeats    repeats       `yaml:"repeats"`
		Seed       uint64        `yaml:"seed"`
		Budget     time.Duration `yaml:"budget"`
		Meaningful float64       `yaml:"meaningful"`
		Tune       Tune          `yaml:"tune"`
		Match      Match         `yaml:"match"`
		Keep       []string      `yaml:"keep"`
	}{Design: Design{Kind: OFAT}, Repeats: repeats{Max: 3}, Seed: 1}
	if n.Get("data") != nil && n.Get("net") != nil && n.Get("base") == nil {
		return nil, n.Errorf("this is an experiment, not a study; put its keys under base: and write variants:, or run it with assay train")
	}
	if err := spec.Decode(n, &f); err != nil {
		return nil, err
	}
	s := &Study{Question: f.Question, Design: f.Design, Variants: f.Variants, Repeats: f.Repeats.Max, First: f.Repeats.Min, Seed: f.Seed, Budget: f.Budget, Meaningful: f.Meaningful, Tune: f.Tune, Match: f.Match, Keep: f.Keep, At: n}
	var err error
	if s.Base, err = base(f.Base); err != nil {
		return nil, err
	}
	switch {
	case n.Get("variants") == nil && s.Design.Kind != Sizes:
		return nil, n.Errorf("the key %q is missing; add it", "variants")
	case s.Design.Kind != Sizes:
	case n.Get("variants") != nil:
		return nil, n.Get("variants").Errorf("variants: design data-size has the base on parts of its images and no variants; drop them, or the design")
	default:
		if err := n.Place(s.Design.check(0)); err != nil {
			return nil, n.Get("design").At(err)
		}
		if s.Variants, err = s.parts(); err != nil {
			return nil, n.Get("design").At(err)
		}
	}
	for i, net := range s.Design.Nets {
		if experiment.IsNetFile(net) {
			s.Design.Nets[i] = experiment.Beside(n, net)
		}
	}
	if n.Get("seed") == nil {
		s.Seed = s.Base.Seed
	}
	if n.Get("repeats") == nil && s.Folds() > 1 { // one round
		s.Repeats = s.Folds()
	}
	if s.Question == "" {
		set := filepath.Base(s.Base.Data.String())
		s.Question = "Which choices pay on " + set + "?"
		if s.Design.Kind == Sizes {
			s.Question = "What would more images of " + set + " bring?"
		}
	}
	return s, n.Place(s.check())
}

// repeats is a number, or the least and the most.
type repeats struct{ Min, Max int }

// UnmarshalSpec reads either.
func (r *repeats) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		var err error
		r.Max, err = n.Int()
		return err
	}
	f := struct {
		Min int `yaml:"min" spec:"required"`
		Max int `yaml:"max" spec:"required"`
	}{}
	if err := spec.Decode(n, &f); err != nil {
		return err
	}
	switch {
	case f.Min < 2:
		return n.Get("min").Errorf("min: a look after %d repeats sees no noise; give 2 or more, 3 is usual", f.Min)
	case f.Max <= f.Min:
		return n.Get("max").Errorf("max: %d is not above min, %d; give more, or write repeats: %d", f.Max, f.Min, f.Min)
	}
	*r = repeats(f)
	return nil
}

// MarshalSpec writes what UnmarshalSpec reads.
func (r repeats) MarshalSpec() (*spec.Node, error) {
	if r.Min == 0 {
		return spec.Encode(r.Max)
	}
	m := spec.NewMap()
	for _, e := range []struct {
		key string
		n   int
	}{{"min", r.Min}, {"max", r.Max}} {
		v, err := spec.Encode(e.n)
		if err != nil {
			return nil, err
		}
		m.Set(e.key, v)
	}
	return m, nil
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
	case len(s.Variants) == 0:
		return fault("$.variants", "no variants; write at least one to compare with the base")
	case s.Repeats < 1 || s.Repeats > MaxRepeats:
		return fault("$.repeats", "%d repeats; give 1 or more, 3 to have verdicts", s.Repeats)
	case s.Folds() > MaxRepeats:
		return fault("$.base.data.val.folds", "folds: %d, and a study has at most %d repeats; give fewer", s.Folds(), MaxRepeats)
	case s.Rounds(s.First) != nil:
		return fault("$.repeats.min", "min: %v", s.Rounds(s.First))
	case s.Rounds(s.Repeats) != nil:
		return fault("$.repeats.max", "repeats: %v", s.Rounds(s.Repeats))
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
	if err := s.Design.check(len(s.Variants)); err != nil {
		return fault("$.design", "%v", err)
	}
	return nil
}

// Repeat asks for so many repeats in place of the file's. A first look that would come no sooner falls away.
func (s *Study) Repeat(n int) {
	if s.Repeats = n; s.First >= n {
		s.First = 0
	}
}

// PointAt lets the study run on the images of a folder in place of its own; parts, val, test and skip stay. "" changes nothing.
func (s *Study) PointAt(folder string) { s.Base.Data.Spec = s.Base.Data.Spec.At(folder) }

// Arms is the arms of the study's design: each with the variants that it is made of, as one edit of the base, the baseline first. An
// arm of several takes their edits in the file's order.
func (s *Study) Arms() ([]Combination, error) {
	var names []string
	for _, v := range s.Variants {
		names = append(names, v.Name)
	}
	design := s.Design.plain()
	of := design.arms(len(s.Variants))
	arms := []Combination{}
	for i, name := range design.names(names, of) {
		c := Combination{Variant: Variant{Name: name}}
		for _, v := range of[i] {
			c.Of = append(c.Of, s.Variants[v].Name)
		}
		var err error
		switch len(of[i]) {
		case 0:
		case 1:
			c.Variant = s.Variants[of[i][0]]
			c.Name = name
		default:
			c.Variant, err = s.together(name, of[i])
		}
		if err != nil {
			return nil, err
		}
		arms = append(arms, c)
	}
	if design.Kind == Backbones {
		others, err := s.backbones()
		if err != nil {
			return nil, err
		}
		for _, b := range others {
			arms = append(arms, s.on(b)...)
		}
	}
	return arms, nil
}

// Combination is an arm of a design, before it is built.
type Combination struct {
	Variant           // all of its edits; of the baseline none
	Of       []string // names of the variants that it is made of
	Backbone string   // that it stands on; "": the base's own
}

// together is several variants as one. Two that take away the same, name both a network or data, or write one key differently leave it to
// chance which of them counts, and are refused.
func (s *Study) together(name string, of []int) (Variant, error) {
	all := Variant{Name: name}
	if s.At != nil {
		all.At = s.At.Get("design")
	}
	by := map[string]int{} // what each takes away, adds or names
	claim := func(what string, i int) error {
		if j, twice := by[what]; twice {
			return s.Variants[i].Place(fmt.Errorf("it cannot be combined with %q (both %s); leave one of the two out, or write design: ofat", s.Variants[j].Name, what))
		}
		by[what] = i
		return nil
	}
	for _, i := range of {
		v := s.Variants[i]
		for _, w := range v.Without {
			if err := claim("take away or write "+w, i); err != nil {
				return all, err
			}
			all.Without = append(all.Without, w)
		}
		own := map[string]bool{}
		for _, c := range v.With {
			if !own[c.Name] && !slices.Contains(v.Without, c.Name) {
				if err := claim("take away or write "+c.Name, i); err != nil {
					return all, err
				}
			}
			own[c.Name] = true
			all.With = append(all.With, c)
		}
		if v.Net != "" {
			if err := claim("name a network", i); err != nil {
				return all, err
			}
			all.Net = v.Net
		}
		if v.Data != nil {
			if err := claim("name data", i); err != nil {
				return all, err
			}
			all.Data = v.Data
		}
	}
	return all, nil
}

// Experiment is what the arm of that name trains.
func (s *Study) Experiment(arm string) (experiment.Experiment, error) {
	arms, err := s.Arms()
	if err != nil {
		return experiment.Experiment{}, err
	}
	for i, a := range arms {
		switch {
		case a.Name != arm:
		case i == 0:
			return s.Base, nil
		default:
			return s.arm(a.Variant)
		}
	}
	return experiment.Experiment{}, fmt.Errorf("no arm %q; the baseline and the arms of the file's design are", arm)
}

// Alone is the base with one variant of the file, whatever the design.
func (s *Study) Alone(v Variant) (experiment.Experiment, error) { return s.arm(v) }

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
