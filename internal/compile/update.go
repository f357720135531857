package compile

import (
	"fmt"

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

// gradients appends the gradient of the loss by every parameter that is trained.
func (f *Family) gradients(b *program.Builder, loss *program.Value) []*program.Value {
	var wrt []*program.Value
	for _, p := range f.trained() {
		wrt = append(wrt, b.Held(p.Name, p.Shape))
	}
	b.At("gradients")
	return b.Gradients(loss, wrt)
}

// update appends the solver's step of every parameter that is trained, by its gradient. What the solver remembers joins the State,
// from 0.
func (f *Family) update(b *program.Builder, grads []*program.Value) {
	for i, p := range f.trained() {
		b.At(p.Name)
		f.rule.Emit(&Update{Parameter: b.Held(p.Name, p.Shape), Gradient: grads[i], Builder: b, family: f, param: p})
	}
}

// slot is what is kept beside a parameter under a name: a tensor of its shape.
func (f *Family) slot(b *program.Builder, p nn.Param, name string) *program.Value {
	v := b.Held(p.Name+slotMark+name, p.Shape)
	if _, err := f.State.Add(v.Name, p.Shape); err != nil {
		b.Fail(err)
	}
	return v
}

// moving declares a scalar of the rule for parameters with a factor on the rate; those with the same factor share it.
func (f *Family) moving(b *program.Builder, s Scalar, factor float32) *program.Value {
	name := s.Name
	if factor != 1 {
		name = fmt.Sprintf("%s·%g", s.Name, factor)
	}
	for _, m := range f.scalars.moving {
		if m.name == name {
			return b.Scalar(name)
		}
	}
	f.scalars.moving = append(f.scalars.moving, moving{name, s.At, factor})
	return b.Scalar(name)
}
