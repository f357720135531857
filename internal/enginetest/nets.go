package enginetest

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// net writes a small network as package compile would, and its training step.
type net struct {
	*program.Builder
	params []*program.Value
}

func (n *net) param(name string, dims ...int) *program.Value {
	p := n.Held(name, dims)
	n.params = append(n.params, p)
	return p
}

func (n *net) conv(name string, x *program.Value, cout, kernel, stride, groups int) *program.Value {
	n.At(name)
	w := n.param(name+"/weight", kernel, kernel, x.Shape()[3]/groups, cout)
	return n.Emit(program.Conv{Window: program.Square(kernel, stride, kernel/2), Groups: groups}, x, w)
}

func (n *net) bias(name string, x *program.Value) *program.Value {
	return n.Emit(program.BiasAdd{}, x, n.param(name+"/bias", x.Shape()[x.Shape().Rank()-1]))
}

// norm is a batch norm that moves its running moments.
func (n *net) norm(name string, x *program.Value) *program.Value {
	c := x.Shape()[x.Shape().Rank()-1]
	outs := n.EmitAll(program.BatchNorm{Eps: 1e-5, Affine: true}, x, n.param(name+"/gamma", c), n.param(name+"/beta", c))
	n.EmitAll(program.Blend{Scale: 1}, n.Held(name+"/mean", tensor.Of(c)), outs[1], n.Scalar("keep"))
	n.EmitAll(program.Blend{Scale: 1.01}, n.Held(name+"/var", tensor.Of(c)), outs[2], n.Scalar("keep"))
	return outs[0]
}

func (n *net) act(f program.Func, x *program.Value) *program.Value {
	return n.Emit(program.Activation{Func: f, Alpha: 0.1}, x)
}

func (n *net) linear(name string, x *program.Value, out int) *program.Value {
	n.At(name)
	rows := x.Shape()[0]
	flat := n.Emit(program.Reshape{Shape: tensor.Of(rows, x.Shape().Elems()/rows)}, x)
	return n.bias(name, n.Emit(program.MatMul{}, flat, n.param(name+"/weight", flat.Shape()[1], out)))
}

// step adds loss, gradients and update.
func (n *net) step(logits *program.Value, nesterov bool) {
	n.At("loss")
	n.Output("logits", logits)
	labels := n.Input("labels", program.Index, logits.Shape()[:1])
	loss := n.Emit(program.Mean{}, n.Emit(program.CrossEntropy{}, logits, labels))
	n.Output("loss", loss)
	for i, g := range n.Gradients(loss, n.params) {
		p := n.params[i]
		n.At(p.Name)
		n.EmitAll(program.SGD{Nesterov: nesterov}, p, g, n.Held(p.Name+"/momentum", p.Shape()), n.Scalar("lr"), n.Scalar("momentum"), n.Scalar("l2"))
	}
}

// unitCases are what engines fuse: a convolution or linear layer with what follows it, forward and backward.
func unitCases() []*Case {
	var cs []*Case
	add := func(name string, build func(n *net, x *program.Value) *program.Value) {
		for _, c := range []int{3, 16, 33} {
			cs = append(cs, &Case{Name: fmt.Sprintf("unit/%s %d", name, c), Tolerance: 5e-5, Build: func(b *program.Builder) {
				n := &net{Builder: b}
				x := b.Input("x", program.Real, tensor.Of(3, 5, 4, c))
				y := build(n, x)
				outputs(b, y, append(n.params, x)...)
			}})
		}
	}
	for f := program.ReLU; f <= program.Sigmoid; f++ {
		add("conv, bias, "+f.String(), func(n *net, x *program.Value) *program.Value {
			return n.act(f, n.bias("c", n.conv("c", x, 17, 3, 1, 1)))
		})
		add("linear, bias, "+f.String(), func(n *net, x *program.Value) *program.Value { return n.act(f, n.linear("l", x, 9)) })
		add("conv, norm, "+f.String(), func(n *net, x *program.Value) *program.Value {
			return n.act(f, n.norm("c", n.conv("c", x, 17, 3, 2, 1)))
		})
	}
	add("conv, relu", func(n *net, x *program.Value) *program.Value {
		return n.act(program.ReLU, n.conv("c", x, 8, 3, 1, 1))
	})
	add("conv, relu, norm", func(n *net, x *program.Value) *program.Value {
		return n.norm("c", n.act(program.ReLU, n.conv("c", x, 8, 3, 1, 1)))
	})
	add("norm, relu, conv", func(n *net, x *program.Value) *program.Value {
		return n.conv("c", n.act(program.ReLU, n.norm("c", x)), 8, 3, 1, 1)
	})
	add("residual", func(n *net, x *program.Value) *program.Value {
		c := x.Shape()[3]
		y := n.act(program.ReLU, n.norm("a", n.conv("a", x, c, 3, 1, 1)))
		y = n.norm("b", n.conv("b", y, c, 3, 1, 1))
		return n.act(program.ReLU, n.Emit(program.Add{}, y, x))
	})
	add("residual, sum first", func(n *net, x *program.Value) *program.Value {
		y := n.conv("a", x, x.Shape()[3], 3, 1, 1)
		return n.act(program.ReLU, n.Emit(program.Add{}, x, y))
	})
	add("dense block", func(n *net, x *program.Value) *program.Value { // what is joined is read by itself, too
		x = n.act(program.Tanh, n.conv("stem", x, 16, 3, 1, 1))
		for i := range 4 {
			name := fmt.Sprint("layer", i)
			y := n.conv(name, n.act(program.ReLU, n.norm(name, x)), 12, 3, 1, 1)
			x = n.Emit(program.Concat{}, x, y)
		}
		return n.conv("end", x, 5, 1, 1, 1)
	})
	add("joined twice", func(n *net, x *program.Value) *program.Value {
		a, b := n.act(program.ReLU, n.conv("a", x, 32, 3, 1, 1)), n.conv("b", x, 33, 1, 1, 1)
		one, two := n.Emit(program.Concat{}, a, b), n.Emit(program.Concat{}, b, a, a)
		y := n.Emit(program.Add{}, n.conv("one", one, 9, 3, 1, 1), n.conv("two", two, 9, 5, 1, 1))
		return n.Emit(program.Concat{}, y, n.conv("of b", b, 3, 3, 1, 1), n.Emit(program.SliceChannels{From: 2, To: 20}, a))
	})
	add("shortcut A", func(n *net, x *program.Value) *program.Value {
		c := x.Shape()[3]
		y := n.norm("a", n.conv("a", x, c+4, 3, 2, 1))
		short := n.Emit(program.PadChannels{Before: 2, After: 2}, n.Emit(program.Subsample{Stride: 2}, x))
		return n.act(program.ReLU, n.Emit(program.Add{}, short, y))
	})
	add("shortcut B", func(n *net, x *program.Value) *program.Value { // two norms meet in the sum, the first of them before the second is made
		y := n.norm("a", n.conv("a", x, 8, 3, 2, 1))
		short := n.norm("s", n.conv("s", x, 8, 1, 2, 1))
		return n.act(program.ReLU, n.Emit(program.Add{}, y, short))
	})
	add("separable", func(n *net, x *program.Value) *program.Value {
		c := x.Shape()[3]
		y := n.act(program.ReLU, n.norm("d", n.conv("d", x, c, 3, 1, c)))
		return n.act(program.ReLU, n.norm("p", n.conv("p", y, 16, 1, 1, 1)))
	})
	add("depthwise, bias, relu6", func(n *net, x *program.Value) *program.Value {
		return n.act(program.ReLU6, n.bias("d", n.conv("d", x, x.Shape()[3], 3, 2, x.Shape()[3])))
	})
	add("depthwise onto a sum", func(n *net, x *program.Value) *program.Value {
		c := x.Shape()[3]
		y := n.bias("d", n.conv("d", n.act(program.ReLU6, n.conv("c", x, c, 1, 1, 1)), c, 5, 1, c))
		return n.act(program.ReLU, n.Emit(program.Add{}, x, y))
	})
	add("branches joined", func(n *net, x *program.Value) *program.Value {
		a := n.act(program.ReLU, n.bias("a", n.conv("a", x, 5, 1, 1, 1)))
		b := n.act(program.ReLU, n.bias("b", n.conv("b", x, 8, 5, 1, 1)))
		p := n.Emit(program.MaxPool{Window: program.Square(3, 1, 1)}, x)
		return n.conv("c", n.Emit(program.Concat{}, a, b, p), 7, 3, 1, 1)
	})
	add("swept rows, then columns", func(n *net, x *program.Value) *program.Value { // a state with the halo of a convolution and of its own gradient
		for i, scan := range []program.Scan{{Reverse: true}, {Columns: true}} {
			name := fmt.Sprint("sweep", i)
			y := n.bias(name, n.conv(name, x, 4*5, 1, 1, 1))
			x = n.EmitAll(program.LSTM{Scan: scan}, y, n.param(name+"/recurrent", 5, 20), n.param(name+"/recurrent-bias", 20))[0]
		}
		y := n.bias("gru", n.conv("gru", x, 3*7, 2, 2, 1))
		x = n.EmitAll(program.GRU{}, y, n.param("gru/recurrent", 7, 21), n.param("gru/recurrent-bias", 21))[0]
		return n.conv("c", x, 4, 3, 1, 1)
	})
	add("one weight twice", func(n *net, x *program.Value) *program.Value {
		c := x.Shape()[3]
		y := n.act(program.Tanh, n.conv("c", x, c, 3, 1, 1))
		w := n.params[0]
		return n.Emit(program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, y, w)
	})
	add("pools added", func(n *net, x *program.Value) *program.Value {
		y := n.act(program.ReLU, n.conv("c", x, 9, 3, 1, 1))
		w := geometry(2, 2, 2, 1)
		return n.Emit(program.Add{}, n.Emit(program.MaxPool{Window: w}, y), n.Emit(program.AvgPool{Window: w}, y))
	})
	add("output inside a unit", func(n *net, x *program.Value) *program.Value {
		y := n.conv("c", x, 9, 3, 1, 1)
		n.Output("before", y)
		z := n.bias("c", y)
		n.Output("between", z)
		return n.act(program.ReLU, z)
	})
	for _, c := range []int{3, 16, 33} { // what an evaluation folds
		cs = append(cs, &Case{Name: fmt.Sprintf("unit/depthwise, norm of known statistics, add, relu %d", c), Tolerance: 5e-5, Build: func(b *program.Builder) {
			n := &net{Builder: b}
			x := b.Input("x", program.Real, tensor.Of(3, 5, 4, c))
			v := func(name string) *program.Value { return b.Held(name, tensor.Of(c)) }
			y := b.Emit(program.BatchNormInference{Eps: 1e-5, Affine: true}, n.bias("d", n.conv("d", x, c, 3, 1, c)), v("mean"), v("var"), v("gamma"), v("beta"))
			b.Output("y", n.act(program.ReLU6, n.conv("e", n.act(program.ReLU, b.Emit(program.Add{}, y, x)), c, 3, 2, c)))
		}})
	}
	return cs
}

// netCases are training steps: several over one State, so that what is written, packed or kept between runs shows.
func netCases() []*Case {
	var cs []*Case
	add := func(name string, nesterov bool, shape tensor.Shape, classes int, build func(n *net, x *program.Value) *program.Value) {
		cs = append(cs, &Case{Name: "net/" + name, Runs: 4, Tolerance: 1e-3, Classes: classes,
			Scalars: map[string]float32{"lr": 0.02, "momentum": 0.9, "l2": 1e-3, "keep": 0.9, "rate": 0.5, "step": 0},
			Build: func(b *program.Builder) {
				n := &net{Builder: b}
				n.step(build(n, b.Input("x", program.Real, shape)), nesterov)
			}})
	}
	add("plain", false, tensor.Of(7, 9, 8, 1), 5, func(n *net, x *program.Value) *program.Value {
		for i, c := range []int{6, 17} {
			name := fmt.Sprintf("conv%d", i+1)
			x = n.act(program.ReLU, n.bias(name, n.conv(name, x, c, 3, 1, 1)))
			x = n.Emit(program.MaxPool{Window: program.Square(2, 2, 0)}, x)
		}
		x = n.act(program.ReLU, n.linear("fc1", x, 19))
		x = n.Emit(program.Dropout{Key: [2]uint32{5, 6}}, x, n.Scalar("rate"), n.Scalar("step"))
		return n.linear("fc2", x, 5)
	})
	add("residual", true, tensor.Of(5, 8, 8, 3), 10, func(n *net, x *program.Value) *program.Value {
		x = n.act(program.ReLU, n.norm("stem", n.conv("stem", x, 8, 3, 1, 1)))
		for i, c := range []int{8, 16} {
			name, stride := fmt.Sprintf("block%d", i+1), i+1
			y := n.act(program.ReLU, n.norm(name+"/1", n.conv(name+"/1", x, c, 3, stride, 1)))
			y = n.norm(name+"/2", n.conv(name+"/2", y, c, 3, 1, 1))
			if stride > 1 {
				x = n.Emit(program.PadChannels{Before: 4, After: 4}, n.Emit(program.Subsample{Stride: 2}, x))
			}
			x = n.act(program.ReLU, n.Emit(program.Add{}, y, x))
		}
		return n.linear("fc", n.Emit(program.GlobalAvgPool{}, x), 10)
	})
	add("separable", false, tensor.Of(3, 7, 7, 3), 3, func(n *net, x *program.Value) *program.Value {
		x = n.act(program.ELU, n.norm("stem", n.conv("stem", x, 16, 3, 2, 1)))
		x = n.act(program.Leaky, n.norm("dw", n.conv("dw", x, 16, 3, 1, 16)))
		x = n.Emit(program.PReLU{}, n.bias("pw", n.conv("pw", x, 24, 1, 1, 2)), n.param("pw/slope", 24))
		x = n.Emit(program.AvgPool{Window: program.Square(3, 2, 1)}, x)
		return n.linear("fc", x, 3)
	})
	add("of one image", false, tensor.Of(1, 6, 5, 2), 4, func(n *net, x *program.Value) *program.Value {
		x = n.act(program.SELU, n.bias("c", n.conv("c", x, 5, 5, 2, 1)))
		return n.linear("fc", x, 4)
	})
	return cs
}
