// Package compile turns a network with its overlay, a loss and a solver into programs: a training step, an evaluation,
// the statistics that an initialisation needs. It is where layers meet operations. It imports nn, program, the settings
// of package experiment and internal/memory. Start at [Family]; lower.go is the table of layers.
package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// Names of what programs read and give.
const (
	Images = "images" // Input [N,H,W,C], normalised
	Rate   = "lr"     // Scalar
	Clock  = "step"   // Scalar: the number of the step, which addresses random masks

	GradientKept = "gradient-kept" // Scalar of Gradients alone, which its caller feeds: the share of the kept gradients that stays, in [0,1)

	Loss      = "loss"      // Output of a step: the mean over the batch, weighted over outputs, without weight decay
	Logits    = "logits"    // Output of a step: what the main output gives, a row an image
	variances = "variance/" // Outputs of the statistics: the variance of what the layer of that name gives
)

// Objective is what a training is to learn, as far as it stands in programs.
type Objective interface {
	// Loss emits the loss of a batch, a scalar, of what the outputs give: maps [N,H,W,C], the main one first. It declares the
	// inputs that it takes besides.
	Loss(b *program.Builder, outputs []nn.Output, heads []*program.Value) *program.Value

	// Predict emits and names the outputs of an evaluation, of what the main output gives.
	Predict(b *program.Builder, main nn.Output, head *program.Value)
}

// Family is the programs of one network, which share a State: parameters, running statistics and, once the step is built, what
// the solver remembers.
type Family struct {
	Graph *nn.Graph
	State *program.State

	objective    Objective
	optimization experiment.Optimization
	seed         uint64 // of random masks
	steps        []nn.Step
	params       []nn.Param
	buffers      []nn.Param
	rule         Rule
	settings     map[string]setting // by parameter
	scalars      *scalars           // of steps; filled as programs are built
	front        *Front             // that is left out of programs; nil: none is
	thawed       int                // step from which nothing is frozen; -1: what settings freeze is
	part         int                // of a step that goes through the network in parts: what is drawn at random is that of the whole
	keep         *program.Value     // share of the old running statistics that stays, in place of each norm's own; nil: that
}

// New lays out the State of a network, zeroed; [Family.Initialize] draws it. More than the machine has is an error. seed is the
// source of the masks of dropout.
func New(g *nn.Graph, objective Objective, o experiment.Optimization, seed uint64) (*Family, error) {
	f, err := laidOut(g, o)
	if err != nil {
		return nil, err
	}
	f.State, f.objective, f.seed = program.NewState(), objective, seed
	for _, fits := range []func() error{f.normsFit, f.penaltyFits, f.initFits} {
		if err := fits(); err != nil {
			return nil, err
		}
	}
	bytes := int64(0)
	for _, p := range f.kept() {
		if strings.Contains(p.Name, slotMark) {
			return nil, fmt.Errorf("%s: a name with an %s is of what a solver remembers; name the layer without one", p.Name, slotMark)
		}
		bytes += 4 * int64(p.Shape.Elems())
	}
	if err := memory.Need(bytes, 0); err != nil {
		return nil, fmt.Errorf("parameters: %w; give a smaller network", err)
	}
	for _, p := range f.kept() {
		if _, err := f.State.Add(p.Name, p.Shape); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// laidOut is a network with its settings, without a State.
func laidOut(g *nn.Graph, o experiment.Optimization) (*Family, error) {
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	params, err := g.Params()
	if err != nil {
		return nil, err
	}
	buffers, err := g.Buffers()
	if err != nil {
		return nil, err
	}
	f := &Family{Graph: g, optimization: o, steps: steps, params: params, buffers: buffers, scalars: &scalars{fixed: map[string]float32{}}, thawed: -1}
	if f.rule, err = ruleOf(o.Solver); err != nil {
		return nil, err
	}
	f.settings, err = f.parameterSettings()
	return f, err
}

// Kept lists the names of parameters and running statistics: the State that predicting needs.
func (f *Family) Kept() []string {
	var names []string
	for _, p := range f.kept() {
		names = append(names, p.Name)
	}
	return names
}

func (f *Family) kept() []nn.Param { return slices.Concat(f.params, f.buffers) }

// Scalars gives the scalars of a step: what settings fix, the rates, what the solver works out for each step, and the step's
// number. It fills dst, which the caller keeps from step to step. The program of the step must have been built.
func (f *Family) Scalars(dst map[string]float32, lr float32, step int) {
	for name, v := range f.scalars.fixed {
		dst[name] = v
	}
	for _, m := range f.scalars.moving {
		dst[m.name] = m.at(max(0, step-m.begins), lr*m.factor)
	}
	dst[Clock] = float32(step)
}

// Sized is the family of the same network for images of another height and width, over the same State and with the same scalars. A
// network whose parameters depend on the size, because a linear layer reads positions, is an error.
func (f *Family) Sized(h, w int) (*Family, error) {
	own := f.Graph.InputSize()
	if h == own.H && w == own.W {
		return f, nil
	}
	s := *f
	var err error
	if s.Graph, err = f.Graph.Sized(h, w); err != nil {
		return nil, err
	}
	if s.steps, err = s.Graph.Steps(); err != nil {
		return nil, err
	}
	return &s, nil
}

// Step is a training step on a batch: forward, loss, gradients, update. Its outputs are Loss and Logits.
func (f *Family) Step(batch int) (*program.Program, error) {
	if err := f.divides(batch); err != nil {
		return nil, err
	}
	b := program.NewBuilder("step")
	f.update(b, f.gradients(b, batch))
	return b.Build()
}

// Gradients is the first half of a step, on its own batch: forward, loss, and the gradients, which it keeps in the State as a running
// mean, g = kept·g + (1-kept)·gradient, with kept the scalar GradientKept: 0 forgets what was there, and i/(i+1) behind i batches
// gives the mean of i+1. So a step on more images than memory holds is several of these and one [Family.Update]; batch statistics, and
// what sam climbs by, are each batch's own. Its outputs are Loss and Logits.
func (f *Family) Gradients(batch int) (*program.Program, error) {
	if err := f.divides(batch); err != nil {
		return nil, err
	}
	b := program.NewBuilder("gradients")
	kept := b.Scalar(GradientKept)
	for i, g := range f.gradients(b, batch) {
		p := f.trained()[i]
		b.At(p.Name)
		b.EmitAll(program.Blend{Scale: 1}, f.slot(b, p, gradientSlot), g, kept)
	}
	return b.Build()
}

// PartGradients is Gradients of one of the parts of a larger batch: it draws what the larger one does for these images.
func (f *Family) PartGradients(batch, part int) (*program.Program, error) {
	p := *f
	p.part = part
	return p.Gradients(batch)
}

// Update is the second half of a step: the solver, by the gradients that [Family.Gradients] kept. It has no outputs.
func (f *Family) Update() (*program.Program, error) {
	b := program.NewBuilder("update")
	var grads []*program.Value
	for _, p := range f.trained() {
		grads = append(grads, f.slot(b, p, gradientSlot))
	}
	f.update(b, grads)
	return b.Build()
}

// divides reports a batch norm of so many images that a batch is no multiple of.
func (f *Family) divides(batch int) error {
	for _, a := range f.over() {
		if n, ok := a.Layer.(nn.BatchNorm); ok && n.Ghost > 0 && batch%n.Ghost != 0 {
			return fmt.Errorf("%s: groups of %d images do not divide a batch of %d; give a ghost that does", a.Name, n.Ghost, batch)
		}
	}
	return nil
}

// over lists what lies over the network.
func (f *Family) over() (all []nn.Applied) {
	for _, s := range f.steps {
		for _, as := range s.OverIn {
			all = append(all, as...)
		}
		all = append(all, s.OverOut...)
	}
	return all
}

// normsFit reports weights that standardising leaves nothing of.
func (f *Family) normsFit() error {
	for _, s := range f.steps {
		for _, a := range s.OverOut {
			if a.Layer.Kind() == (nn.WeightStandard{}).Kind() && s.Params[0].FanIn == 1 {
				return fmt.Errorf("%s: an output channel has one weight, of which standardising leaves 0; leave the layer out with where", s.Node.Name)
			}
		}
	}
	return nil
}

// loss emits the forward pass and the loss, and makes both outputs.
func (f *Family) loss(b *program.Builder, batch int) *program.Value {
	loss, l := f.lossOf(b, batch, nil)
	b.Output(Loss, loss)
	b.Output(Logits, l.flat(l.out[f.Graph.Main().Node]))
	return loss
}

// lossOf emits the forward pass and the loss, with other values in place of some parameters if there are any: such a pass moves no
// running statistics.
func (f *Family) lossOf(b *program.Builder, batch int, at map[string]*program.Value) (*program.Value, *lowering) {
	l := f.lower(b, batch, training, at)

	b.At("loss")
	var heads []*program.Value
	for _, o := range f.Graph.Outputs {
		heads = append(heads, l.out[o.Node])
	}
	return f.objective.Loss(b, f.Graph.Outputs, heads), l
}

// Evaluation gives what the objective predicts of a batch, with running statistics and without dropout.
func (f *Family) Evaluation(batch int) (*program.Program, error) {
	b := program.NewBuilder("evaluation")
	pruned, err := f.pruned()
	if err != nil {
		return nil, err
	}
	l := pruned.lower(b, batch, evaluation, nil)
	f.objective.Predict(b, pruned.Graph.Main(), l.out[pruned.Graph.Main().Node])
	return b.Build()
}

// Statistics gives, for every convolution and linear layer, the variance of its output over a batch, bias included, norm
// not: what layer-sequential unit-variance initialisation scales by. Norms further up see the batch, dropout is off.
func (f *Family) Statistics(batch int) (*program.Program, error) {
	if err := f.divides(batch); err != nil {
		return nil, err
	}
	b := program.NewBuilder("statistics")
	l := f.lower(b, batch, statistics, nil)
	for _, n := range f.Scaled() {
		b.At(n.Name)
		b.Output(variances+n.Name, b.Emit(program.Variance{}, l.raw[n]))
	}
	return b.Build()
}

// Scaled lists the convolutions and linear layers in graph order, a shared weight once, at its first use, but for those whose
// weights begin at 0 and those that weigh by standardised ones, which have no scale.
func (f *Family) Scaled() []*nn.Node {
	var ns []*nn.Node
	for _, p := range f.params {
		if p.Role != nn.RoleWeight || p.Zero {
			continue
		}
		n := f.Graph.Node(p.Layer)
		if _, standard := f.Graph.Overlay().Get(nn.Out(n), nn.SlotWeight).(nn.WeightStandard); !standard {
			ns = append(ns, n)
		}
	}
	return ns
}

// WeightOf names the parameter that what one of the layers of Scaled gives is proportional to: its weight, or the lengths of that where
// these are parameters of their own; of any other the name is empty.
func (f *Family) WeightOf(n *nn.Node) string {
	name := ""
	for _, p := range f.params {
		switch {
		case p.Layer != n.Name:
		case p.Role == nn.RoleLength:
			return p.Name
		case p.Role == nn.RoleWeight:
			name = p.Name
		}
	}
	return name
}

// VarianceOf names the output of Statistics that belongs to a layer.
func VarianceOf(n *nn.Node) string { return variances + n.Name }

// pruned is the family of the network without train-only outputs, over the same State.
func (f *Family) pruned() (*Family, error) {
	if !slices.ContainsFunc(f.Graph.Outputs, func(o nn.Output) bool { return o.TrainOnly }) {
		return f, nil
	}
	p := *f
	p.Graph = f.Graph.Pruned()
	var err error
	p.steps, err = p.Graph.Steps()
	return &p, err
}

// scalars are what the steps of a family are fed with, whatever their size and batch.
type scalars struct {
	fixed  map[string]float32
	moving []moving
	steps  int // of the training; see Lasts
}

// moving is a scalar that changes from step to step: at of the step, counted from where it begins, and of the rate times the factor.
type moving struct {
	name   string
	at     func(step int, lr float32) float32
	factor float32
	begins int
}

// Lasts sets the number of steps over which what rises with the training rises; 0, as at first: it is there from the beginning.
func (f *Family) Lasts(steps int) { f.scalars.steps = steps }

// ramp is a scalar that rises evenly from 0 at the first step to v at the end of the training.
func (f *Family) ramp(b *program.Builder, v float32) *program.Value {
	s := f.scalars
	return f.moving(b, Scalar{fmt.Sprintf("ramp=%g", v), func(step int, _ float32) float32 {
		if step >= s.steps {
			return v
		}
		return float32(float64(v) * float64(step) / float64(s.steps))
	}}, 1, 0)
}

// constant is a scalar that a setting fixes: an input of the program, so that the plan depends on no rate, and named by its
// value, so that equal ones are one.
func (f *Family) constant(b *program.Builder, kind string, v float32) *program.Value {
	name := fmt.Sprintf("%s=%g", kind, v)
	f.scalars.fixed[name] = v
	return b.Scalar(name)
}

// unbiased turns the biased variance of n values into the unbiased one.
func unbiased(n int) float32 {
	if n < 2 {
		return 1
	}
	return float32(float64(n) / float64(n-1))
}
