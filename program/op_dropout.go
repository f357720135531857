package program

import "github.com/assaylab/assay/tensor"

// Dropout zeroes elements at random in training: x, rate, step → y[i] = kept(i) ? x[i]/(1-rate) : 0. Srivastava et al., JMLR
// 2014, in the inverted form, so that evaluation needs no op. rate and step are scalars; at step t = ⌊step⌋ element i in
// row-major order has the bits r, word i%4 of [tensor.Philox4x32]({i/4, t, 0, 0}, Key), and is kept where
// [tensor.UnitFloat32](r) ≥ rate: the mask is a function of key, step and place, not of the engine. Its gradient is itself.
type Dropout struct {
	Key [2]uint32 // of a [tensor.Stream]
}

func (Dropout) Kind() string { return "dropout" }

func (o Dropout) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"rate", 0}, want{"step", 0}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o Dropout) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(o, dy[0], n.In[1], n.In[2]), nil, nil}
}

func (Dropout) overwrites() []int { return []int{0} }

// Keeps is the mask of element i at a step, as documented at [Dropout].
func (o Dropout) Keeps(i int, rate float32, step uint32) bool {
	r := tensor.Philox4x32([4]uint32{uint32(i / 4), step, 0, 0}, o.Key)
	return tensor.UnitFloat32(r[i%4]) >= rate
}
