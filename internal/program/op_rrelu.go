package program

import "github.com/assaylab/assay/tensor"

// RReLU divides negative elements by a number drawn for each: x, step → y[i] = x[i] for x[i] > 0, else x[i]/a(i), a(i) uniform
// in [RReLULow, RReLUHigh): Xu, Wang, Chen, Li, "Empirical Evaluation of Rectified Activations in Convolution Network",
// arXiv:1505.00853, section 2.4. It is training's form; evaluation is a [Leaky] of slope 2/(RReLULow+RReLUHigh). (PyTorch draws
// the slope uniformly in place of the divisor, from 1/8 to 1/3, and evaluates with 11/48.) step is a scalar; the bits of an
// element are those of [Dropout]: word i%4 of [tensor.Philox4x32]({i/4, ⌊step⌋, 0, 0}, Key).
type RReLU struct {
	Key   [2]uint32 // of a [tensor.Stream]
	First int       // how many elements are before this batch, as it is a part of a larger one: i counts from there
}

// RReLUGrad is the gradient of [RReLU]: y, dy, step → dx[i] = dy[i] for y[i] > 0, else dy[i]/a(i), drawn anew.
type RReLUGrad struct {
	Key   [2]uint32
	First int
}

// The range of the divisor of [RReLU].
const RReLULow, RReLUHigh = 3, 8

func (RReLU) Kind() string     { return "rrelu" }
func (RReLUGrad) Kind() string { return "rrelu-grad" }

func (o RReLU) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"step", 0}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o RReLUGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", anyRank}, want{"dy", anyRank}, want{"step", 0}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "y and dy"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o RReLU) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(RReLUGrad(o), n.Out[0], dy[0], n.In[1]), nil}
}

// Slope is 1/a(i), that of element i at a step where it is not positive, as documented at [RReLU].
func (o RReLU) Slope(i int, step uint32) float32 {
	i += o.First
	r := tensor.Philox4x32([4]uint32{uint32(i / 4), step, 0, 0}, o.Key)
	return 1 / (RReLULow + float32((RReLUHigh-RReLULow)*tensor.UnitFloat32(r[i%4])))
}
