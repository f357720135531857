package program

import "github.com/assaylab/assay/tensor"

// StochasticPool takes an element of each window at random, the larger the likelier: x[N,H,W,C], step → y[N,Ho,Wo,C], y = x[i]
// with probability a[i]/Σa, a = max(x, 0). Zeiler, Fergus, "Stochastic Pooling for Regularization of Deep Convolutional Neural
// Networks", ICLR 2013, arXiv:1301.3557, section 3.1, for x behind a ReLU. A window without a positive element gives 0. It is
// training's form; evaluation is [StochasticPoolInference]. step is a scalar; output i in row-major order takes the first
// element at which the running sum of a exceeds u·Σa, u of the bits that [Dropout] has for i.
//
// Its gradient is [MaxPoolGrad]: an output's gradient goes to the element that it took, or the first that equals it.
type StochasticPool struct {
	Window
	Key   [2]uint32 // of a [tensor.Stream]
	First int       // how many outputs are before this batch, as it is a part of a larger one: i counts from there
}

// StochasticPoolInference is the mean that [StochasticPool] stands for, as its probabilities weigh: y = Σa²/Σa over each window,
// a = max(x, 0), and 0 where that sum is 0: section 3.2. It is for evaluation and has no gradient.
type StochasticPoolInference struct{ Window }

func (StochasticPool) Kind() string          { return "stochastic-pool" }
func (StochasticPoolInference) Kind() string { return "stochastic-pool-inference" }

func (p StochasticPool) Infer(in []*Value) ([]Type, error) {
	if err := fit(p, in, want{"x", 4}, want{"step", 0}); err != nil {
		return nil, err
	}
	return p.infer(p, in[:1])
}

func (p StochasticPoolInference) Infer(in []*Value) ([]Type, error) { return p.infer(p, in) }

func (p StochasticPool) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(MaxPoolGrad{p.Window}, n.In[0], n.Out[0], dy[0]), nil}
}

// Draw is u of output i at a step, as documented at [StochasticPool].
func (p StochasticPool) Draw(i int, step uint32) float32 {
	i += p.First
	r := tensor.Philox4x32([4]uint32{uint32(i / 4), step, 0, 0}, p.Key)
	return tensor.UnitFloat32(r[i%4])
}
