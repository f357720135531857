package onnx

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/program"
)

// node writes one operation: the table of what is known, in the order of program.Ops.
func (l *lowering) node(n *program.Node) error {
	images := n.In[:1] // what must depend on the images
	switch n.Op.(type) {
	case program.BatchMatMul, program.Gate, program.Add, program.Mul, program.Concat:
		images = n.In
	}
	for _, v := range images {
		if !l.moving[v] {
			return fmt.Errorf("%s of what depends on no image with what does has no form in ONNX here", n.Op.Kind())
		}
	}
	x, y := n.In[0], n.Out[0]
	switch op := n.Op.(type) {
	case program.Conv:
		return l.conv(n, op)
	case program.MatMul:
		return l.matMul(n, op)
	case program.BatchMatMul:
		a, b := l.get(x, plain), l.get(n.In[1], plain)
		if op.TransA {
			a = l.transposed(a, 0, 1, 3, 2)
		}
		if op.TransB {
			b = l.transposed(b, 0, 1, 3, 2)
		}
		l.set(y, plain, l.emit("MatMul", []string{a, b}))
	case program.BiasAdd:
		return l.perChannel("Add", n)
	case program.Activation:
		l.same(n, func(in string) string { return l.activation(op, in) })
	case program.PReLU:
		return l.perChannel("PRelu", n)
	case program.CReLU:
		f := l.best(x)
		in := l.get(x, f)
		above, below := l.emit("Relu", []string{in}), l.emit("Relu", []string{l.emit("Neg", []string{in})})
		l.set(y, f, l.emit("Concat", []string{above, below}, whole("axis", axis(x, f))))
	case program.APL:
		return l.apl(n)
	case program.MaxPool:
		l.set(y, first, l.emit("MaxPool", []string{l.get(x, first)}, window(op.Window)...))
	case program.AvgPool:
		l.set(y, first, l.avgPool(l.get(x, first), op.Window, op.CountPad))
	case program.StochasticPoolInference: // Σa²/Σa, 0 where both are 0
		a := l.emit("Relu", []string{l.get(x, first)})
		squares, sum := l.avgPool(l.emit("Mul", []string{a, a}), op.Window, true), l.avgPool(a, op.Window, true)
		l.set(y, first, l.emit("Div", []string{squares, l.emit("Max", []string{sum, l.number(1e-37)})}))
	case program.GlobalAvgPool:
		l.set(y, first, l.emit("GlobalAveragePool", []string{l.get(x, first)}))
	case program.GeM:
		return l.gem(n)
	case program.ChannelMean:
		l.set(y, first, l.emit("ReduceMean", []string{l.get(x, first)}, wholes("axes", []int{1})))
	case program.ChannelMax:
		l.set(y, first, l.emit("ReduceMax", []string{l.get(x, first)}, wholes("axes", []int{1})))
	case program.Gate:
		l.set(y, first, l.emit("Mul", []string{l.get(x, first), l.get(n.In[1], first)}))
	case program.Softmax:
		l.set(y, lastAxis(y), l.emit("Softmax", []string{l.get(x, lastAxis(x))}, whole("axis", -1)))
	case program.LogSoftmax:
		l.set(y, lastAxis(y), l.emit("LogSoftmax", []string{l.get(x, lastAxis(x))}, whole("axis", -1)))
	case program.SplitHeads:
		heads, s := op.Heads, y.Shape()
		l.set(y, plain, l.transposed(l.shaped(l.get(x, first), 0, heads, s[3], s[2]), 0, 1, 3, 2))
	case program.MergeHeads:
		l.set(y, first, l.shaped(l.transposed(l.get(x, plain), 0, 1, 3, 2), 0, channels(y), op.H, op.W))
	case program.RelativeBias:
		return l.relativeBias(n, op)
	case program.Add:
		l.both("Add", n)
	case program.Mul:
		l.both("Mul", n)
	case program.Scale:
		l.same(n, func(in string) string { return l.emit("Mul", []string{in, l.number(op.By)}) })
	case program.Reshape:
		return l.reshape(n)
	case program.Concat:
		f := l.best(n.In...)
		var in []string
		for _, v := range n.In {
			in = append(in, l.get(v, f))
		}
		l.set(y, f, l.emit("Concat", in, whole("axis", axis(y, f))))
	case program.SliceChannels:
		l.inForm(n, func(in string, at int) string {
			return l.emit("Slice", []string{in, l.wholes([]int{op.From}), l.wholes([]int{op.To}), l.wholes([]int{at})})
		})
	case program.PadChannels:
		l.inForm(n, func(in string, at int) string {
			rank := map[form]int{plain: x.Shape().Rank(), first: 4, flat: 2}[l.best(x)]
			pads := make([]int, 2*rank)
			pads[at], pads[rank+at] = op.Before, op.After
			return l.emit("Pad", []string{in, l.wholes(pads)})
		})
	case program.ShuffleChannels:
		s := x.Shape()
		dealt := l.transposed(l.shaped(l.get(x, first), 0, op.Groups, s[3]/op.Groups, s[1]*s[2]), 0, 2, 1, 3)
		l.set(y, first, l.shaped(dealt, 0, s[3], s[1], s[2]))
	case program.Subsample:
		s := x.Shape()
		l.set(y, first, l.emit("Slice", []string{l.get(x, first), l.wholes([]int{0, 0}), l.wholes([]int{s[1], s[2]}), l.wholes([]int{2, 3}), l.wholes([]int{op.Stride, op.Stride})}))
	case program.Transpose:
		l.set(y, plain, l.transposed(l.get(x, plain), op.Axes...))
	case program.BatchNormInference:
		return l.batchNorm(n, op)
	case program.LayerNorm:
		in, err := l.vectors(n.In[1:], flat)
		if err != nil {
			return err
		}
		l.set(y, lastAxis(y), l.emit("LayerNormalization", append([]string{l.get(x, lastAxis(x))}, in...), whole("axis", -1), real("epsilon", op.Eps)))
	case program.GroupNorm:
		return l.groupNorm(n, op)
	case program.LRN:
		l.set(y, first, l.emit("LRN", []string{l.get(x, first)}, whole("size", op.Size), real("alpha", op.Alpha), real("beta", op.Beta), real("bias", op.K)))
	case program.LSTM:
		return l.sweep(n, op.Scan, "LSTM", []int{0, 3, 1, 2})
	case program.GRU:
		return l.sweep(n, op.Scan, "GRU", []int{1, 0, 2}, whole("linear_before_reset", 1))
	case program.RegionBoxes:
		return l.boxes(n, op)
	default:
		return fmt.Errorf("%s has no form in ONNX here", op.Kind())
	}
	return nil
}

// lastAxis is a form whose last axis are the channels.
func lastAxis(v *program.Value) form {
	if vectorial(v) {
		return flat
	}
	return plain
}

// same writes what is done to each element by itself, in a form that x has.
func (l *lowering) same(n *program.Node, do func(in string) string) {
	f := l.best(n.In[0])
	l.set(n.Out[0], f, do(l.get(n.In[0], f)))
}

// inForm writes what is done to channels, with their axis in a form that x has.
func (l *lowering) inForm(n *program.Node, do func(in string, axis int) string) {
	f := l.best(n.In[0])
	l.set(n.Out[0], f, do(l.get(n.In[0], f), axis(n.In[0], f)))
}

// both writes an operation of two arrays of one shape.
func (l *lowering) both(op string, n *program.Node) {
	f := l.best(n.In...)
	l.set(n.Out[0], f, l.emit(op, []string{l.get(n.In[0], f), l.get(n.In[1], f)}))
}

// perChannel writes an operation of a map and a number a channel.
func (l *lowering) perChannel(op string, n *program.Node) error {
	f := l.best(n.In[0])
	v, err := l.vectors(n.In[1:2], f)
	if err == nil {
		l.set(n.Out[0], f, l.emit(op, []string{l.get(n.In[0], f), v[0]}))
	}
	return err
}

// vectors are numbers a channel, for a map in a form.
func (l *lowering) vectors(vs []*program.Value, f form) (names []string, err error) {
	for _, v := range vs {
		name, data, err := l.of(v)
		if err != nil {
			return nil, err
		}
		names = append(names, l.vector(name, data, v.Shape().Elems(), f))
	}
	return names, nil
}

// window is the attributes of a window: ONNX counts paddings top, left, bottom, right.
func window(w program.Window) []attribute {
	return []attribute{wholes("kernel_shape", w.Kernel[:]), wholes("strides", w.Stride[:]), wholes("pads", []int{w.Pad[0], w.Pad[2], w.Pad[1], w.Pad[3]})}
}

// conv writes a convolution, with its bias where that follows.
func (l *lowering) conv(n *program.Node, op program.Conv) error {
	name, data, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	s := n.In[1].Shape()
	turned := l.constant(name, data.then(func(w []float32) []float32 { return outFirst(w, s[0]*s[1], s[2], s[3]) }), s[3], s[2], s[0], s[1])
	in, y := []string{l.get(n.In[0], first), turned}, n.Out[0]
	if bias := l.biasOf(y); bias != nil {
		b, err := l.vectors(bias.In[1:], flat)
		if err != nil {
			return err
		}
		in, y = append(in, b[0]), bias.Out[0]
		l.done[bias] = true
	}
	l.set(y, first, l.emit("Conv", in, append(window(op.Window), wholes("dilations", op.Dilation[:]), whole("group", op.Groups))...))
	return nil
}

// biasOf is the node that alone reads y and adds a bias to it; nil: none.
func (l *lowering) biasOf(y *program.Value) *program.Node {
	if rs := l.readers[y]; len(rs) == 1 && !l.isOutput(y) {
		if _, ok := rs[0].Op.(program.BiasAdd); ok && rs[0].In[0] == y {
			return rs[0]
		}
	}
	return nil
}

func (l *lowering) isOutput(v *program.Value) bool {
	for _, o := range l.p.Outputs {
		if o.Value == v {
			return true
		}
	}
	return false
}

// outFirst turns a weight [taps,in,out] into [out,in,taps].
func outFirst(w []float32, taps, in, out int) []float32 {
	t := make([]float32, len(w))
	for k := range taps {
		for i := range in {
			for o := range out {
				t[(o*in+i)*taps+k] = w[(k*in+i)*out+o]
			}
		}
	}
	return t
}

func (l *lowering) matMul(n *program.Node, op program.MatMul) error {
	name, data, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	if op.TransA || op.TransB {
		return fmt.Errorf("a product turned over has no form in ONNX here")
	}
	w := l.constant(name, data, n.In[1].Shape()...)
	l.set(n.Out[0], flat, l.emit("MatMul", []string{l.get(n.In[0], flat), w}))
	return nil
}

func (l *lowering) avgPool(x string, w program.Window, countPad bool) string {
	count := 0
	if countPad {
		count = 1
	}
	return l.emit("AveragePool", []string{x}, append(window(w), whole("count_include_pad", count))...)
}

// activation writes a non-linearity, by ONNX' own operator where there is one.
func (l *lowering) activation(a program.Activation, x string) string {
	own := func(op string, attributes ...attribute) string { return l.emit(op, []string{x}, attributes...) }
	times := func(a, b string) string { return l.emit("Mul", []string{a, b}) }
	switch a.Func {
	case program.ReLU:
		return own("Relu")
	case program.ReLU6:
		return l.emit("Clip", []string{x, l.number(0), l.number(6)})
	case program.Leaky:
		return own("LeakyRelu", real("alpha", a.Alpha))
	case program.ELU:
		return own("Elu", real("alpha", a.Alpha))
	case program.CELU:
		return own("Celu", real("alpha", a.Alpha))
	case program.SELU:
		return own("Selu", real("alpha", program.SELUAlpha), real("gamma", program.SELUScale))
	case program.Tanh:
		return own("Tanh")
	case program.Sigmoid:
		return own("Sigmoid")
	case program.HardSigmoid:
		return own("HardSigmoid", real("alpha", 1./6), real("beta", 0.5))
	case program.HardSwish:
		return own("HardSwish")
	case program.Softplus:
		return own("Softplus")
	case program.Softsign:
		return own("Softsign")
	case program.Arcsinh:
		return own("Asinh")
	case program.ScaledTanh:
		return times(l.emit("Tanh", []string{times(x, l.number(program.TanhSlope))}), l.number(program.TanhScale))
	case program.Swish:
		inner := x
		if a.Alpha != 1 {
			inner = times(x, l.number(a.Alpha))
		}
		return times(x, l.emit("Sigmoid", []string{inner}))
	case program.GELU: // x·(1+erf(x/√2))/2
		erf := l.emit("Erf", []string{times(x, l.number(float32(1/math.Sqrt2)))})
		return times(times(x, l.number(0.5)), l.emit("Add", []string{erf, l.number(1)}))
	case program.Mish:
		return times(x, l.emit("Tanh", []string{own("Softplus")}))
	case program.Power:
		return l.emit("Pow", []string{own("Abs"), l.number(a.Alpha)})
	}
	return x // program.Identity
}

// apl is max(0,x) + Σ a_s·max(0,b_s-x), with a [S,C] and b [S,C].
func (l *lowering) apl(n *program.Node) error {
	f := l.best(n.In[0])
	x := l.get(n.In[0], f)
	slope, a, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	hinge, b, err := l.of(n.In[2])
	if err != nil {
		return err
	}
	y, c := l.emit("Relu", []string{x}), channels(n.In[0])
	for s := range n.In[1].Shape()[0] {
		part := func(name string, of values) string {
			return l.vector(fmt.Sprintf("%s/%d", name, s+1), of.then(func(v []float32) []float32 { return v[s*c : (s+1)*c] }), c, f)
		}
		below := l.emit("Relu", []string{l.emit("Sub", []string{part(hinge, b), x})})
		y = l.emit("Add", []string{y, l.emit("Mul", []string{below, part(slope, a)})})
	}
	l.set(n.Out[0], f, y)
	return nil
}

// gem is the mean of max(x,0)^p over all positions, to 1/p.
func (l *lowering) gem(n *program.Node) error {
	_, data, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	p, err := data()
	if err != nil {
		return err
	}
	powers := l.emit("Pow", []string{l.emit("Relu", []string{l.get(n.In[0], first)}), l.number(p[0])})
	l.set(n.Out[0], first, l.emit("Pow", []string{l.emit("GlobalAveragePool", []string{powers}), l.number(1 / p[0])}))
	return nil
}

// batchNorm normalises by given moments; without an affine part γ is 1 and β 0.
func (l *lowering) batchNorm(n *program.Node, op program.BatchNormInference) error {
	v, err := l.vectors(n.In[1:], flat)
	if err != nil {
		return err
	}
	if !op.Affine {
		c := channels(n.In[0])
		v = append(v, l.alike(1, c), l.alike(0, c))
	}
	f := l.best(n.In[0])
	if f == plain {
		f = first
	}
	l.set(n.Out[0], f, l.emit("BatchNormalization", []string{l.get(n.In[0], f), v[2], v[3], v[0], v[1]}, real("epsilon", op.Eps)))
	return nil
}

// groupNorm is the normalisation of each group as if it were a channel, then γ and β of the channels.
func (l *lowering) groupNorm(n *program.Node, op program.GroupNorm) error {
	v, err := l.vectors(n.In[1:], first)
	if err != nil {
		return err
	}
	s := n.In[0].Shape()
	if s.Rank() != 4 {
		return fmt.Errorf("group-norm of %v has no form in ONNX here", s)
	}
	x := l.shaped(l.get(n.In[0], first), 0, op.Groups, -1)
	x = l.emit("InstanceNormalization", []string{x, l.alike(1, op.Groups), l.alike(0, op.Groups)}, real("epsilon", op.Eps))
	x = l.shaped(x, 0, s[3], s[1], s[2])
	l.set(n.Out[0], first, l.emit("Add", []string{l.emit("Mul", []string{x, v[0]}), v[1]}))
	return nil
}
