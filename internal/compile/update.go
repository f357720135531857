package compile

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// gradientSlot is where gradients are kept from program to program.
const gradientSlot = "gradient"

// slotMark stands between a parameter's name and a slot's: "conv1/weight@velocity". No parameter has it in its name.
const slotMark = "@"

// trained lists the parameters that are not frozen.
func (f *Family) trained() []nn.Param {
	var ps []nn.Param
	for _, p := range f.params {
		if !f.settings[p.Name].frozen {
			ps = append(ps, p)
		}
	}
	return ps
}

// gradients appends the forward pass, the loss and its gradient by every parameter that is trained. Where the solver climbs first, there
// is a second pass from there on, with the same random draws; it moves no running statistics and gives no outputs.
func (f *Family) gradients(b *program.Builder, batch int) []*program.Value {
	loss := f.loss(b, batch)
	var wrt []*program.Value
	for _, p := range f.trained() {
		wrt = append(wrt, b.Held(p.Name, p.Shape))
	}
	b.At("gradients")
	grads := b.Gradients(loss, wrt)
	if f.rule.Ascent == nil {
		return grads
	}
	at := f.rule.Ascent.ascend(f, b, wrt, grads)
	loss, _ = f.lossOf(b, batch, at)
	var above []*program.Value
	for _, p := range wrt {
		above = append(above, at[p.Name])
	}
	b.At("gradients")
	return b.Gradients(loss, above)
}

// update appends the solver's step of every parameter that is trained, by its gradient. What the solver remembers joins the State,
// from 0.
func (f *Family) update(b *program.Builder, grads []*program.Value) {
	grads = f.clipped(b, grads)
	for i, p := range f.trained() {
		b.At(p.Name)
		w, g, s := b.Held(p.Name, p.Shape), grads[i], f.settings[p.Name]
		if s.l1 > 0 {
			g = b.Emit(program.Lasso{}, g, w, f.constant(b, "l1", s.l1))
		}
		u := &Update{Parameter: w, Gradient: g, Builder: b, family: f, param: p, setting: s}
		u.penalised()
		f.rule.Emit(u)
		u.bounded()
	}
}

// clipped bounds the gradients of what is trained, as settings say: by the norm of all together (Pascanu, Mikolov, Bengio, ICML 2013,
// arXiv:1211.5063, §3.2), element by element, or by output channel, classifiers excepted (arXiv:2102.06171, §4.1).
func (f *Family) clipped(b *program.Builder, grads []*program.Value) []*program.Value {
	clip := f.optimization.Clip
	if clip == (experiment.Clip{}) {
		return grads
	}
	b.At("clip")
	out := slices.Clone(grads)
	var by *program.Value
	if clip.Norm > 0 { // with PyTorch's ε
		by = b.Emit(program.Quotient{Eps: 1e-6, Most: 1}, f.constant(b, "clip", clip.Norm), b.Emit(program.Norm{}, grads...))
	}
	for i, p := range f.trained() {
		switch {
		case by != nil:
			out[i] = b.Emit(program.Combine{}, grads[i], by)
		case clip.Value > 0:
			out[i] = b.Emit(program.Clamp{}, grads[i], f.constant(b, "clip", clip.Value))
		case !f.ofClassifier(p):
			out[i] = b.Emit(program.ClipChannels{}, grads[i], b.Held(p.Name, p.Shape), f.constant(b, "clip", clip.Adaptive))
		}
	}
	return out
}

// slot is what is kept beside a parameter under a name: a tensor of its shape.
func (f *Family) slot(b *program.Builder, p nn.Param, name string) *program.Value {
	v := b.Held(p.Name+slotMark+name, p.Shape)
	if _, err := f.State.Add(v.Name, p.Shape); err != nil {
		b.Fail(err)
	}
	return v
}

// moving declares a scalar of the rule for parameters with a factor on the rate and a first step; those with the same share it.
func (f *Family) moving(b *program.Builder, s Scalar, factor float32, begins int) *program.Value {
	name := s.Name
	if factor != 1 {
		name = fmt.Sprintf("%s·%g", s.Name, factor)
	}
	if begins > 0 {
		name = fmt.Sprintf("%s from %d", name, begins)
	}
	for _, m := range f.scalars.moving {
		if m.name == name {
			return b.Scalar(name)
		}
	}
	f.scalars.moving = append(f.scalars.moving, moving{name, s.At, factor, begins})
	return b.Scalar(name)
}
