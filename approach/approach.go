// Package approach resolves and applies approaches: named choices that turn one experiment into another. catalog.go is the
// table of contents of the whole project; the folders architecture, optimization and learning hold a file an approach. An
// approach is handed only what its kind may change, so the compiler draws the line between the kinds. The package needs no
// engine and no images. It imports experiment, and of task whether a network fits it. Start at [Build].
package approach

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
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

// anchored is a Rewriter that asks for anchors of the images' boxes.
type anchored interface {
	Anchored(find architecture.Finder) architecture.Rewriter
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
	Anchors architecture.Finder // of the boxes of images that have some; nil: there are none

	// Names are the classes, in the order of the set, and Beside those of the pictures that learning mixes in; they are not asked for where
	// learning has no tree and mixes nothing in.
	Names, Beside []string
}

// ImagesOf is what a set decides about a network under learning settings. beside is the set that they mix in; nil: none.
func ImagesOf(s *data.Set, l experiment.Learning, beside *data.Set) Images {
	g := s.Geometry(l.Window(), l.Pad())
	images := Images{Size: nn.Size{H: g.H, W: g.W, C: s.C}, Classes: len(s.Classes), Anchors: s.Anchoring(), Names: s.Classes}
	if beside != nil {
		images.Beside = beside.Classes
	}
	return images
}

// Built is an experiment made from nothing: what is trained.
type Built struct {
	Graph        *nn.Graph
	Optimization experiment.Optimization
	Learning     experiment.Learning
	Applied      []Applied // what each approach did, in the order of application

	fits    func(*nn.Graph) error // whether the task can be had of the network; nil: of any
	anchors architecture.Finder   // of [Images]
}

// Applied tells what one choice did.
type Applied struct {
	Kind   Kind
	Choice string   // as a person would write it: "activation: elu"
	What   string   // "replaced 7 of 7 relu"
	Left   []string // why what it saw was left alone: "reads the images: conv1"

	rewrote bool // the network or what lies over it
}

// Build makes the network and settings of an experiment: the net, all architecture approaches in order, all optimization,
// all learning. Faults carry the place in the file where the experiment came from one.
func Build(e experiment.Experiment, images Images) (*Built, error) {
	architecture, err := resolve(Architecture, e.Architecture)
	if err != nil {
		return nil, err
	}
	optimization, err := resolve(Optimization, e.Optimization)
	if err != nil {
		return nil, err
	}
	b, err := taught(e)
	if err != nil {
		return nil, err
	}
	purpose, err := task.New(e.Task, nil)
	if err != nil {
		return nil, err
	}
	if images.Anchors != nil { // there are boxes; who gives a size alone has none to tell of
		if err := task.Suits(purpose, true); err != nil {
			return nil, err
		}
	}
	planted, err := b.plant(e, purpose, &images)
	if err != nil {
		return nil, err
	}
	b.anchors, b.fits = images.Anchors, purpose.Check
	if _, detect := purpose.(task.Detect); detect { // any network may become a detector, and is none before
		b.fits = nil
	}
	if name := b.Learning.Mixes(); name != "" {
		if _, err := task.Mixed(purpose, name); err != nil {
			return nil, Locate(e.Learning, "augment", fmt.Errorf("augment: %w", err))
		}
	}
	if w := b.Learning.Window(); w > 0 { // the window that learning cuts is the size of the network's input
		images.Size.H, images.Size.W = w, w
	}
	if n := b.Learning.Views.Of().Count(); n > 1 {
		if _, err := task.Averaged(purpose, n); err != nil {
			return nil, Locate(e.Learning, "views", err)
		}
	}
	space := b.Learning.Colors.In()
	if images.Size.C == 1 && space.Coloured() {
		return nil, Locate(e.Learning, "colors", &spec.Fault{Path: "$.space", Msg: fmt.Sprintf("colors: %s of images that are grey; drop it, or take log, equalize or clahe", space)})
	}
	if op := b.Learning.Augment.Painting(); op != nil && space.Coloured() { // what covers a region is painted behind the conversion
		return nil, Locate(e.Learning, "augment", fmt.Errorf("augment: %s paints greys or noise of red, green and blue, and the network sees %s; leave fill at mean, or drop colors", op.Name(), space))
	}
	images.Size.C = space.Channels(images.Size.C)
	if b.Graph, err = Network(e.Net, images); err != nil {
		return nil, err
	}
	b.Graph.Plant(cmp.Or(planted, b.Graph.Tree()))
	if b.fits != nil {
		if err := b.fits(b.Graph); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Net, err)
		}
	}
	if seen := b.Graph.InputSize(); seen.H > 0 {
		if err := b.Learning.Augment.List().Check(seen.H, seen.W); err != nil {
			return nil, Locate(e.Learning, "augment", fmt.Errorf("augment: %w", err))
		}
	}
	learned := b.Applied
	b.Applied = nil
	if err := b.apply(slices.Concat(architecture, optimization)); err != nil {
		return nil, err
	}
	if b.Optimization.Loss.Kind == "yolo" && b.fits != nil {
		return nil, Locate(e.Optimization, "loss", errors.New("loss: yolo is of boxes, and the task is classify; drop it, or write task: detect"))
	}
	if b.fits == nil {
		b.Graph.Plant(cmp.Or(planted, b.Graph.Tree()))
		if err := purpose.Check(b.Graph); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Net, err)
		}
		if err := b.withoutClasses(e); err != nil {
			return nil, err
		}
	}
	if err := b.factors(); err != nil {
		return nil, Locate(e.Optimization, "lr", fmt.Errorf("lr: %w", err))
	}
	if err := b.pretrained(); err != nil {
		return nil, Locate(e.Learning, "pretrain", fmt.Errorf("pretrain: %w", err))
	}
	if err := b.settled(e); err != nil {
		return nil, err
	}
	b.Applied = append(b.Applied, learned...)
	return b, nil
}

// Learn is the learning settings of an experiment: what must be known before its images are opened.
func Learn(e experiment.Experiment) (experiment.Learning, error) {
	b, err := taught(e)
	if err != nil {
		return experiment.DefaultLearning(), err
	}
	return b.Learning, nil
}

// Rewrite applies architecture approaches and norms, dropout and the like to a graph: what `net show --apply` does. After an
// error the graph is of no use.
func Rewrite(g *nn.Graph, choices []experiment.Choice) ([]Applied, error) {
	lists := map[Kind][]experiment.Choice{}
	for _, c := range choices {
		entry, err := Lookup(c.Name)
		if err != nil {
			return nil, place(c, err)
		}
		lists[entry.Kind] = append(lists[entry.Kind], c)
	}
	b := &Built{Graph: g, Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning()}
	for _, kind := range Kinds() {
		rs, err := resolve(kind, lists[kind])
		if err != nil {
			return nil, err
		}
		if err := b.apply(rs); err != nil {
			return nil, err
		}
	}
	return b.Applied, nil
}

// taught is the default settings after the learning approaches of an experiment, without a network.
func taught(e experiment.Experiment) (*Built, error) {
	b := &Built{Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning()}
	rs, err := resolve(Learning, e.Learning)
	if err != nil {
		return nil, err
	}
	return b, b.apply(rs)
}

// plant works out which classes a detector tells apart, and how many, and the tree of them; "" without.
func (b *Built) plant(e experiment.Experiment, purpose task.Task, images *Images) (nn.Tree, error) {
	l := &b.Learning
	tree, name := l.Tree.Of, "tree"
	if !l.Mixed.None() {
		name = "mixed"
	}
	coarse := l.Labels.Parent > 0
	if tree.None() && l.Mixed.None() && !coarse {
		return "", nil
	}
	if tree.None() && l.Mixed.None() {
		name = "labels"
	}
	if _, detect := purpose.(task.Detect); !detect {
		return "", Locate(e.Learning, name, fmt.Errorf("%s: is of pictures with boxes; drop it, or write task: detect", name))
	}
	if mixer := l.Mixes(); mixer != "" && name == "mixed" {
		return "", Locate(e.Learning, name, fmt.Errorf("mixed: %s mixes pictures within a batch, and those of one class have no boxes to keep; drop one of the two", mixer))
	}
	var err error
	if l.Tree.Of, err = tree.Read(); err != nil {
		return "", Locate(e.Learning, "tree", fmt.Errorf("tree: %w", err))
	}
	if l.Labels.Tree, err = l.Labels.Tree.Read(); err != nil {
		return "", Locate(e.Learning, "labels", fmt.Errorf("labels: %w", err))
	}
	if images.Names == nil { // whoever gives a size alone asks for no classes
		return "", nil
	}
	names, parents, err := l.Classes(images.Names, images.Beside)
	if err != nil {
		return "", Locate(e.Learning, treeOf(e), err)
	}
	images.Classes = len(names)
	return nn.TreeOf(parents), nil
}

// treeOf is the approach that gave an experiment its tree.
func treeOf(e experiment.Experiment) string {
	if slices.ContainsFunc(e.Learning, func(c experiment.Choice) bool { return c.Name == "tree" }) {
		return "tree"
	}
	return "mixed"
}

// withoutClasses refuses what only a picture with one class can have, under a task whose pictures have boxes.
func (b *Built) withoutClasses(e experiment.Experiment) error {
	o, l := b.Optimization, b.Learning
	standard, taught, own := experiment.DefaultOptimization(), experiment.DefaultLearning(), l.Labels
	own.Parent, own.Tree = 0, experiment.Hierarchy{} // which are of boxes
	for _, c := range []struct {
		is         bool
		list       []experiment.Choice
		name, says string
	}{
		{o.Loss.Kind != "yolo" && o.Loss != standard.Loss, e.Optimization, "loss", o.Loss.Kind + " is of pictures that have one class; boxes have a loss of their own, yolo"},
		{o.LabelSmoothing != standard.LabelSmoothing, e.Optimization, "label-smoothing", "is of pictures that have one class; boxes keep theirs as they are"},
		{o.Penalty.Kind == "confidence", e.Optimization, "penalty", "confidence is of pictures that have one class; take another kind"},
		{!reflect.DeepEqual(own, taught.Labels), e.Learning, "labels", "is of pictures that have one class; correct boxes in their files"},
		{!reflect.DeepEqual(l.Balance, taught.Balance), e.Learning, "balance", "is of pictures that have one class, and a picture with boxes may have several"},
	} {
		if c.is {
			return Locate(c.list, c.name, fmt.Errorf("%s: %s; drop it, as the task is %s", c.name, c.says, e.Task))
		}
	}
	return nil
}

// Network builds the net that an experiment names, of the zoo or of a file, for the images it gets.
func Network(name string, images Images) (*nn.Graph, error) {
	if experiment.IsNetFile(name) {
		g, err := readNet(name, images.Size)
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
	options := []zoo.Option{zoo.Input(images.Size.H, images.Size.W, images.Size.C), zoo.Classes(images.Classes)}
	return zoo.New(name, options...)
}

func readNet(path string, images nn.Size) (*nn.Graph, error) {
	if experiment.IsCfg(path) {
		n, err := darknet.ReadFile(path, images)
		if err != nil {
			return nil, err
		}
		return n.Graph, nil
	}
	root, err := spec.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return nn.Decode(root)
}

// apply runs resolved approaches in order and reports what they did.
func (b *Built) apply(rs []resolved) error {
	for _, r := range rs {
		changes, err := b.run(r)
		if err != nil {
			return place(r.Choice, fmt.Errorf("%s%s: %w", r.Name, b.after(err), err))
		}
		b.Applied = append(b.Applied, Applied{Kind: r.kind, Choice: Text(r.Choice), What: changes.String(), Left: changes.Reasons(), rewrote: changes.Applied > 0})
	}
	return nil
}

// factors refuses a factor on the learning rate of layers that have no parameters. It waits until all approaches have come, as norms
// bring some.
func (b *Built) factors() error {
	for _, f := range b.Optimization.LR.Layers {
		if err := b.without(f.Layers, "layers", fmt.Sprintf("$.layers[%q]", string(f.Layers))); err != nil {
			return err
		}
	}
	return nil
}

// pretrained writes a preset out and lays the rows of what is frozen over the table of parameters. A pattern that names nothing is refused,
// as in factors.
func (b *Built) pretrained() error {
	p := &b.Learning.Pretrain
	if preset := p.Preset; p.From != (experiment.Weights{}) && preset != experiment.PresetNone {
		body, err := b.body()
		if err != nil {
			return err
		}
		p.Preset, p.Freeze = experiment.PresetNone, body
		if preset == experiment.PresetFineTune {
			p.Thaw = experiment.FineTuneThaw
			if b.Optimization.LR.Depth == 1 {
				b.Optimization.LR.Depth = experiment.FineTuneDepth
			}
		}
	}
	for i, g := range p.Freeze {
		if err := b.without(g, "freeze", fmt.Sprintf("$.freeze[%d]", i)); err != nil {
			return err
		}
	}
	b.Optimization.Parameters = append(b.Optimization.Parameters, p.Frozen()...)
	return nil
}

// body names the stages of a network that have parameters, but for its head, the last of them.
func (b *Built) body() ([]nn.Glob, error) {
	params, err := b.Graph.Params()
	if err != nil {
		return nil, err
	}
	var stages []nn.Glob
	for _, p := range params {
		stage, _, _ := strings.Cut(p.Path, "/")
		if g := nn.Glob(stage + "/**"); !slices.Contains(stages, g) {
			stages = append(stages, g)
		}
	}
	if len(stages) < 2 {
		return nil, &spec.Fault{Path: "$.preset", Msg: fmt.Sprintf("preset: %s is a classifier alone; there is nothing to freeze", b.Graph.Name)}
	}
	return stages[:len(stages)-1], nil
}

// without is the fault of a pattern, written at path under a key, that matches no layer with parameters; nil if it matches one.
func (b *Built) without(layers nn.Glob, key, path string) error {
	params, err := b.Graph.Params()
	if err != nil || slices.ContainsFunc(params, layers.Has) {
		return err
	}
	mend := "name layers as assay net show prints them, ** for all below a name"
	var names []string
	for _, p := range params {
		names = append(names, p.Path)
	}
	if below := string(layers) + "/"; slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, below) }) {
		mend = fmt.Sprintf("did you mean %q?", below+"**")
	} else if near, ok := spec.Nearest(string(layers), names); ok {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	return &spec.Fault{Path: path, Msg: fmt.Sprintf("%s: %s has no layer %q with parameters; %s", key, b.Graph.Name, layers, mend)}
}

// after names what has changed the network before an approach failed on it: " after dense, batchnorm". A parameter that is wrong
// is so on any network.
func (b *Built) after(err error) string {
	if f, ok := errors.AsType[*spec.Fault](err); ok && f.Path != "$.where" {
		return ""
	}
	var names []string
	for _, a := range b.Applied {
		if name, _, _ := strings.Cut(a.Choice, ":"); a.rewrote && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return ""
	}
	return " after " + strings.Join(names, ", ")
}

// run hands an approach what its kind may change and refuses one that changes nothing, or after which shapes no longer fit.
func (b *Built) run(r resolved) (nn.Changes, error) {
	var c nn.Changes
	var err error
	switch v := r.value.(type) {
	case Teacher:
		return v.Teach(&b.Learning)
	case Tuner:
		c, err = v.Tune(&b.Optimization, b.Graph.Overlay())
	case Rewriter:
		if a, ok := v.(anchored); ok && b.anchors != nil {
			v = a.Anchored(b.anchors)
		}
		if at := where(r.value); !at.Any(b.Graph) {
			return c, lost(at, b.Graph)
		}
		c, err = v.Rewrite(b.Graph)
	}
	if err != nil {
		return c, err
	}
	if _, err := b.Graph.Steps(); err != nil {
		return c, err
	}
	if b.fits != nil {
		if err := b.fits(b.Graph); err != nil {
			return c, err
		}
	}
	if c.None() {
		return c, nowhere(b.Graph.Name, where(r.value), c)
	}
	return c, nil
}

// lost words the error of a pattern that matches no layer.
func lost(at nn.Glob, g *nn.Graph) error {
	mend := "name layers as assay net show prints them, ** for all below a name"
	var names []string
	for _, n := range g.Nodes {
		names = append(names, n.Path())
	}
	below := string(at) + "/"
	if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, below) }) {
		mend = fmt.Sprintf("did you mean %q?", below+"**")
	} else if near, ok := spec.Nearest(string(at), names); ok {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	return &spec.Fault{Path: "$.where", Msg: fmt.Sprintf("%s has no layer %q; %s", g.Name, at, mend)}
}

// nowhere words the error of an approach that changed nothing: what it looked at, and why none of it fits.
func nowhere(net string, at nn.Glob, c nn.Changes) error {
	among, mend := "", "drop it"
	if at != "" {
		among, mend = fmt.Sprintf(" where %q matches", at), "name other layers"
	}
	if c.Mend != "" {
		mend = c.Mend + ", or " + mend
	}
	switch why := c.Reasons(); {
	case c.Seen == 0:
		return fmt.Errorf("%s has no %s%s; %s", net, c.What, among, mend)
	case len(why) > 0:
		seen := c.What
		if c.Seen > 1 {
			seen = fmt.Sprintf("%d %s", c.Seen, c.What)
		}
		return fmt.Errorf("applies to none of the %s of %s%s (%s); %s", seen, net, among, strings.Join(why, "; "), mend)
	}
	return fmt.Errorf("nothing to change, the %s of %s%s are so already (%d seen); %s", c.What, net, among, c.Seen, mend)
}

// resolved is a choice with the approach that it names, its parameters read.
type resolved struct {
	experiment.Choice
	kind  Kind
	value any
}

// resolve looks up the choices of one section and reads their parameters. Of settings, a later choice of the same name
// inherits the parameters that it does not write. What is written and decides nothing is a fault; what is inherited so is left at its
// default.
func resolve(section Kind, choices []experiment.Choice) ([]resolved, error) {
	var rs []resolved
	last := map[string]any{}
	for _, c := range choices {
		entry, err := Lookup(c.Name)
		switch {
		case err != nil:
		case entry.Kind != section:
			err = fmt.Errorf("%s is an approach of %s, not of %s; move it to the list \"%s:\"", c.Name, entry.Kind, section, entry.Kind)
		default:
			start := last[c.Name]
			if start == nil || section == Architecture {
				start = entry.Default
			}
			last[c.Name], err = entry.read(start, c.Value)
		}
		if err == nil {
			err = entry.idle(last[c.Name], c.Value)
		}
		if err != nil {
			return nil, place(c, err)
		}
		rs = append(rs, resolved{c, section, entry.settled(last[c.Name])})
	}
	return rs, nil
}

// Read is the approach that a choice names, with its parameters: what [Choose] makes the choice of.
func Read(c experiment.Choice) (any, error) {
	e, err := Lookup(c.Name)
	if err != nil {
		return nil, place(c, err)
	}
	v, err := e.read(e.Default, c.Value)
	return v, place(c, err)
}

// Says reports that what a choice comes to, defaults included, has every parameter as the other one, of the same name, writes it.
func Says(c, written experiment.Choice) bool {
	e, err := Lookup(c.Name)
	if err != nil || c.Name != written.Name {
		return false
	}
	is, err := e.read(e.Default, c.Value)
	if err != nil {
		return false
	}
	with, err := e.read(is, written.Value)
	return err == nil && reflect.DeepEqual(is, with)
}

// place gives an error of a choice its place in the file: at the parameter that it names, else at the choice. A choice made by
// code has none.
func place(c experiment.Choice, err error) error {
	at, value := c.At, c.Value
	if at == nil {
		at = &spec.Node{}
	}
	if value == nil {
		value = at
	}
	return at.At(value.Place(err))
}

// Locate gives an error of what the choices of a name set together the place of the last of them, which decides; a fault whose
// path is of a parameter its place where that is written.
func Locate(choices []experiment.Choice, name string, err error) error {
	for _, c := range slices.Backward(choices) {
		if c.Name == name {
			return place(c, err)
		}
	}
	return err
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
	for _, e := range Catalog() {
		for _, o := range e.Operations() {
			if o.Name == name {
				return Entry{}, fmt.Errorf("no approach %q, it is an operation; did you mean \"%s: [%s]\"? (assay approach show %s)", name, e.Name, name, e.Name)
			}
		}
		for _, p := range e.Parameters() {
			if p.Bare && slices.Contains(strings.Split(p.Values, ", "), name) {
				return Entry{}, fmt.Errorf("no approach %q; did you mean \"%s: %s\"? (assay approach show %s)", name, e.Name, name, e.Name)
			}
		}
	}
	return Entry{}, fmt.Errorf("no approach %q; see assay approach list", name)
}
