package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Dropout multiplies by masks that are drawn in training: x, rate, step → y[i] = x[i]·m(i), m 1/(1-rate) where what i belongs to is
// kept, else 0. Srivastava et al., JMLR 2014, in the inverted form, so that evaluation needs no op. rate and step are scalars; at
// step t = ⌊step⌋ the j-th of what is kept or dropped as a whole has the bits r, word j%4 of
// [tensor.Philox4x32]({j/4, t, 0, 0}, Key), and is kept where [tensor.UnitFloat32](r) ≥ rate: the mask is a function of key, step
// and place, not of the engine. Its gradient is itself.
type Dropout struct {
	Key   [2]uint32 // of a [tensor.Stream]
	Of    Whole
	First int // how many are kept or dropped before this batch, as it is a part of a larger one: j counts from there
}

// Whole is what a dropout keeps or drops as a whole.
type Whole uint8

// What can be: counted in row-major order.
const (
	Elements Whole = iota // each value by itself
	Channels              // a channel of an image, [N,C] or [N,H,W,C]: Tompson et al., "Efficient Object Localization", arXiv:1411.4280, §3.2
	Images                // all of an image: Huang et al., "Deep Networks with Stochastic Depth", arXiv:1603.09382, §3
)

func (Dropout) Kind() string { return "dropout" }

func (o Dropout) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"rate", 0}, want{"step", 0}); err != nil {
		return nil, err
	}
	x := in[0].Shape()
	if r := x.Rank(); o.Of > Images || o.Of != Elements && r != 2 && r != 4 {
		return nil, fmt.Errorf("dropout: of %v; x must be [N,C] or [N,H,W,C], got %v", o.Of, x)
	}
	return reals(x)
}

func (o Dropout) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(o, dy[0], n.In[1], n.In[2]), nil, nil}
}

func (o Dropout) detail() string {
	if o.Of == Elements {
		return ""
	}
	return "of " + o.Of.String()
}

// String is the word for it in a listing.
func (w Whole) String() string {
	if w <= Images {
		return [...]string{"elements", "channels", "images"}[w]
	}
	return fmt.Sprintf("whole %d", uint8(w))
}

// Index is the j of element i of an x, as documented at [Dropout].
func (o Dropout) Index(i int, x tensor.Shape) int {
	switch o.Of {
	case Channels:
		c := x[x.Rank()-1]
		return o.First + i/(x.Elems()/x[0])*c + i%c
	case Images:
		return o.First + i/(x.Elems()/x[0])
	}
	return o.First + i
}

// Keeps is the mask of the j-th at a step.
func (o Dropout) Keeps(j int, rate float32, step uint32) bool {
	r := tensor.Philox4x32([4]uint32{uint32(j / 4), step, 0, 0}, o.Key)
	return tensor.UnitFloat32(r[j%4]) >= rate
}
