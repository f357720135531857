package compile

import (
	"slices"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// Kept is the Scalar of the programs that average weights: the share of the old mean that stays, in [0,1); 0 makes the mean what the
// weights are.
const Kept = "kept"

// slowSlot is where lookahead's slow weights are kept.
const slowSlot = "slow"

// Averaging moves a mean of parameters and running statistics, mean = kept·mean + (1-kept)·value, with kept the scalar Kept. The means
// stand under the name of what they are of, a mark and the mean's own name in a State that shows the family's values too: no program of the
// family, and no digest of its State, knows of them. They begin at 0.
func (f *Family) Averaging(name string) (*program.Program, *program.State, error) {
	b, state := program.NewBuilder("averaging"), program.NewState()
	kept := b.Scalar(Kept)
	for _, p := range f.kept() {
		state.Share(p.Name, f.State)
		mean := p.Name + slotMark + name
		if _, err := state.Add(mean, p.Shape); err != nil {
			return nil, nil, err
		}
		b.At(p.Name)
		b.EmitAll(program.Blend{Scale: 1}, b.Held(mean, p.Shape), b.Held(p.Name, p.Shape), kept)
	}
	p, err := b.Build()
	return p, state, err
}

// Averaged is the family over a State of its own, whose values are a copy of a mean that Averaging made.
func (f *Family) Averaged(name string, state *program.State) (*Family, error) {
	a := *f
	a.State = program.NewState()
	for _, p := range f.kept() {
		to, err := a.State.Add(p.Name, p.Shape)
		if err != nil {
			return nil, err
		}
		from, err := state.Read(p.Name + slotMark + name)
		if err != nil {
			return nil, err
		}
		copy(to.Data, from)
	}
	return &a, nil
}

// Lookahead moves the slow weights of what is trained, slow = kept·slow + (1-kept)·weight, with kept the scalar Kept, and sets the weights
// back to them: Zhang, Lucas, Hinton, Ba, NeurIPS 2019, arXiv:1907.08610, algorithm 1. The slow weights join the State, from 0.
func (f *Family) Lookahead() (*program.Program, error) {
	b := program.NewBuilder("lookahead")
	kept, none := b.Scalar(Kept), f.constant(b, Kept, 0)
	for _, p := range f.trained() {
		b.At(p.Name)
		w, slow := b.Held(p.Name, p.Shape), f.slot(b, p, slowSlot)
		b.EmitAll(program.Blend{Scale: 1}, slow, w, kept)
		b.EmitAll(program.Blend{Scale: 1}, w, slow, none)
	}
	return b.Build()
}

// Restatistics takes a batch through the network as training does and moves the running statistics alone, by the share Kept of the old
// ones: i/(i+1) behind i batches makes them the mean over all. [Family.Restated] says whether there is any to move.
func (f *Family) Restatistics(batch int) (*program.Program, error) {
	b := program.NewBuilder("restatistics")
	r := *f
	r.keep = b.Scalar(Kept)
	r.lower(b, batch, training, nil)
	return b.Build()
}

// Restated reports whether the network has running statistics that training moves.
func (f *Family) Restated() bool {
	return slices.ContainsFunc(f.buffers, func(p nn.Param) bool { return !f.frozen(p.Path) })
}
