// Package approach resolves and applies approaches: named choices that turn one experiment into another. catalog.go is the
// table of contents of the whole project; the folders architecture, optimization and learning hold a file an approach. An
// approach is handed only what its kind may change, so the compiler draws the line between the kinds. The package needs no
// engine and no images. It imports experiment. Start at [Build].
package approach

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// Kind is what an approach may change.
type Kind string

// The kinds, in the order in which they are applied.
const (
	Architecture Kind = "architecture" // the network's structure
	Optimization Kind = "optimization" // what can be added to any network without changing its structure
	Learning     Kind = "learning"     // what the network sees, and when
)

// Kinds lists them in order.
func Kinds() []Kind { return []Kind{Architecture, Optimization, Learning} }

// Rewriter is an architecture approach: it changes the graph and reports where.
type Rewriter interface {
	Rewrite(g *nn.Graph) (nn.Changes, error)
}

// Tuner is an optimization approach: it changes settings, or what lies over the graph.
type Tuner interface {
	Tune(o *experiment.Optimization, over *nn.Overlay) (nn.Changes, error)
}

// Teacher is a learning approach: it changes what the network sees.
type Teacher interface {
	Teach(l *experiment.Learning) (nn.Changes, error)
}

// Images is what the data decides about a network: the size of an image and the number of classes. A zero height or width
// leaves the network's own.
type Images struct {
	Size    nn.Size
	Classes int
}

// Built is an experiment made from nothing: what is trained.
type Built struct {
	Graph        *nn.Graph
	Optimization experiment.Optimization
	Learning     experiment.Learning
	Applied      []Applied // what each approach did, in the order of application
}

// Applied tells what one choice did.
type Applied struct {
	Kind   Kind
	Choice string // as a person would write it: "activation: elu"
	What   string // "replaced 7 of 7 relu"
}

// Build makes the network and settings of an experiment: the net, all architecture approaches in order, all optimization,
// all learning. Faults carry the place in the file where the experiment came from one.
func Build(e experiment.Experiment, images Images) (*Built, error) {
	b := &Built{Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning()}
	// Learning comes last, but the window that it cuts is the size of the network's input.
	settings, err := Learn(e)
	if err != nil {
		return nil, err
	}
	if w := settings.Window(); w > 0 {
		images.Size.H, images.Size.W = w, w
	}
	if b.Graph, err = network(e.Net, images); err != nil {
		return nil, err
	}
	architecture, err := resolveAll(Architecture, e.Architecture)
	if err != nil {
		return nil, err
	}
	optimization, err := resolveAll(Optimization, e.Optimization)
	if err != nil {
		return nil, err
	}
	learning, err := resolveAll(Learning, e.Learning)
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Concat(architecture, optimization, learning) {
		if err := b.apply(r); err != nil {
			return nil, r.At.At(err)
		}
	}
	return b, nil
}

// Learn is the learning settings of an experiment: what must be known before its images are opened.
func Learn(e experiment.Experiment) (experiment.Learning, error) {
	l := experiment.DefaultLearning()
	rs, err := resolveAll(Learning, e.Learning)
	if err != nil {
		return l, err
	}
	for _, r := range rs {
		if _, err := r.value.(Teacher).Teach(&l); err != nil {
			return l, r.At.At(err)
		}
	}
	return l, nil
}

// Rewrite applies architecture approaches and norms, dropout and the like to a graph: what `net show --apply` does.
func Rewrite(g *nn.Graph, choices []experiment.Choice) ([]Applied, error) {
	b := &Built{Graph: g, Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning()}
	for _, kind := range Kinds() {
		var mine []experiment.Choice
		for _, c := range choices {
			entry, err := Lookup(c.Name)
			if err != nil {
				return nil, c.At.At(err)
			}
			if entry.Kind == kind {
				mine = append(mine, c)
			}
		}
		resolved, err := resolveAll(kind, mine)
		if err != nil {
			return nil, err
		}
		for _, r := range resolved {
			if err := b.apply(r); err != nil {
				return nil, r.At.At(err)
			}
		}
	}
	return b.Applied, nil
}

// network builds the net that an experiment names for the images it gets.
func network(name string, images Images) (*nn.Graph, error) {
	if strings.EqualFold(filepath.Ext(name), ".yaml") || strings.EqualFold(filepath.Ext(name), ".yml") {
		g, err := readNet(name)
		if err != nil {
			return nil, err
		}
		s := g.InputSize()
		if images.Size.H > 0 && images.Size.W > 0 {
			s.H, s.W = images.Size.H, images.Size.W
		}
		if images.Size.C > 0 {
			s.C = images.Size.C
		}
		g.SetInput(s)
		if images.Classes > 0 {
			g.Classes = images.Classes
		}
		_, err = g.Steps()
		return g, err
	}
	options := []zoo.Option{}
	if images.Size != (nn.Size{}) {
		options = append(options, zoo.Input(images.Size.H, images.Size.W, images.Size.C))
	}
	if images.Classes > 0 {
		options = append(options, zoo.Classes(images.Classes))
	}
	return zoo.New(name, options...)
}

func readNet(path string) (*nn.Graph, error) {
	root, err := spec.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return nn.Decode(root)
}

// apply runs one resolved approach and refuses one that changes nothing.
func (b *Built) apply(r resolved) error {
	var changes nn.Changes
	var err error
	switch v := r.value.(type) {
	case Rewriter:
		if changes, err = v.Rewrite(b.Graph); err == nil {
			_, err = b.Graph.Steps() // shapes still fit
		}
	case Tuner:
		if changes, err = v.Tune(&b.Optimization, b.Graph.Overlay()); err == nil {
			_, err = b.Graph.Steps()
		}
	case Teacher:
		changes, err = v.Teach(&b.Learning)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.Name, err)
	}
	if changes.None() {
		return nowhere(r.Name, b.Graph.Name, changes)
	}
	b.Applied = append(b.Applied, Applied{Kind: r.kind, Choice: Text(r.Choice), What: changes.String()})
	return nil
}

// nowhere words the error of an approach that changed nothing: what it looked at, and why none of it fits.
func nowhere(name, net string, c nn.Changes) error {
	switch {
	case c.Seen == 0:
		return fmt.Errorf("%s: %s has no %s that it fits; drop it, or name other layers", name, net, c.What)
	case len(c.Reasons) > 0:
		return fmt.Errorf("%s: applies to none of the %d %s of %s (%s); drop it, or name other layers", name, c.Seen, c.What, net, strings.Join(c.Reasons, "; "))
	}
	return fmt.Errorf("%s: nothing to change, all %d %s of %s are so already; drop it", name, c.Seen, c.What, net)
}

// resolved is a choice with the approach that it names, its parameters read.
type resolved struct {
	experiment.Choice
	kind  Kind
	value any
}

// resolveAll looks up the choices of one section and reads their parameters. Of settings, a later choice of the same name
// inherits the parameters that it does not write.
func resolveAll(section Kind, choices []experiment.Choice) ([]resolved, error) {
	var rs []resolved
	last := map[string]any{}
	for _, c := range choices {
		entry, err := Lookup(c.Name)
		if err != nil {
			return nil, c.At.At(err)
		}
		if entry.Kind != section {
			return nil, c.At.Errorf("%s is an approach of %s, not of %s; move it to the list \"%s:\"", c.Name, entry.Kind, section, entry.Kind)
		}
		start := entry.Default
		if entry.Kind != Architecture && last[c.Name] != nil {
			start = last[c.Name]
		}
		value, err := entry.read(start, c.Value)
		if err != nil {
			return nil, err
		}
		last[c.Name] = value
		rs = append(rs, resolved{c, entry.Kind, value})
	}
	return rs, nil
}

// Text is a choice as a person would write it on one line.
func Text(c experiment.Choice) string {
	if c.Value == nil || c.Value.Kind == spec.Null {
		return c.Name
	}
	return c.Name + ": " + c.Value.Flow()
}

// Lookup finds an approach of the catalogue; an unknown name is an error that offers the nearest.
func Lookup(name string) (Entry, error) {
	var names []string
	for _, e := range Catalog() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if near, ok := spec.Nearest(name, names); ok {
		return Entry{}, fmt.Errorf("no approach %q; did you mean %q? (assay approach list)", name, near)
	}
	return Entry{}, fmt.Errorf("no approach %q; see assay approach list", name)
}
