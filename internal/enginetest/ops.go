package enginetest

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// widths are channel counts below, at and above the vector lengths of all levels.
var widths = []int{1, 3, 7, 8, 16, 17, 31, 33, 67}

// outputs makes y an output, and the gradients by the given values of a loss that weighs the elements of y at random.
func outputs(b *program.Builder, y *program.Value, wrt ...*program.Value) {
	b.Output("y", y)
	n := y.Shape().Elems()
	row := b.Emit(program.Reshape{Shape: tensor.Of(1, n)}, y)
	loss := b.Emit(program.MatMul{}, row, b.Input("weigh", program.Real, tensor.Of(n, 1)))
	for i, g := range b.Gradients(b.Emit(program.Reshape{Shape: tensor.Of()}, loss), wrt) {
		b.Output(fmt.Sprintf("d%d %s", i, wrt[i].Name), g)
	}
}

// geometry is a window in few words.
func geometry(kh, kw, stride, dilation int, pad ...int) program.Window {
	w := program.Window{Kernel: [2]int{kh, kw}, Stride: [2]int{stride, stride}, Dilation: [2]int{dilation, dilation}}
	switch len(pad) {
	case 1:
		w.Pad = [4]int{pad[0], pad[0], pad[0], pad[0]}
	case 4:
		w.Pad = [4]int(pad)
	}
	return w
}

// Conv is a convolution to cout channels and both its gradients; x is [N,H,W,Cin].
func Conv(name string, w program.Window, groups, cout int, x ...int) *Case {
	return &Case{Name: "conv/" + name, Build: func(b *program.Builder) {
		b.At(name)
		in := b.Input("x", program.Real, x)
		weight := b.Held("w", tensor.Of(w.Kernel[0], w.Kernel[1], x[3]/groups, cout))
		outputs(b, b.Emit(program.Conv{Window: w, Groups: groups}, in, weight), in, weight)
	}}
}

func convCases() []*Case {
	var cs []*Case
	add := func(name string, w program.Window, groups, cout int, x ...int) {
		cs = append(cs, Conv(name, w, groups, cout, x...))
	}
	for i, cin := range widths {
		for j, cout := range widths {
			if i == j || (i+2*j)%4 == 0 || cin == 1 && cout == 67 {
				add(fmt.Sprintf("3x3 %d to %d", cin, cout), geometry(3, 3, 1, 1, 1), 1, cout, 2, 4, 5, cin)
				add(fmt.Sprintf("1x1 %d to %d", cin, cout), geometry(1, 1, 1, 1), 1, cout, 3, 3, 5, cin)
			}
		}
	}
	for _, k := range []int{1, 2, 3, 5, 7, 11} {
		for stride := 1; stride <= 4; stride++ {
			add(fmt.Sprintf("%dx%d stride %d", k, k, stride), geometry(k, k, stride, 1, k/2), 1, 9, 1, 13, 12, 3)
			if k > 1 && k < 7 {
				add(fmt.Sprintf("%dx%d stride %d depthwise", k, k, stride), geometry(k, k, stride, 1, k/2), 17, 17, 1, 9, 10, 17)
			}
		}
	}
	// As an engine may filter in squares of two by two: maps that they do not cover, paddings, many weights, many pictures, groups.
	for h := 2; h <= 9; h++ {
		for pad := range 3 {
			if h+2*pad >= 4 {
				add(fmt.Sprintf("3x3 squares %d pad %d", h, pad), geometry(3, 3, 1, 1, pad), 1, 48, 1+h%3, h, 3+h%4, 32+h)
			}
		}
	}
	add("3x3 squares of many channels", geometry(3, 3, 1, 1, 1), 1, 176, 2, 5, 7, 256)
	add("3x3 squares of many pictures", geometry(3, 3, 1, 1, 1), 1, 32, 20, 6, 5, 36)
	add("3x3 squares of a large map", geometry(3, 3, 1, 1, 1), 1, 32, 1, 31, 30, 32)
	for _, cout := range []int{4, 12, 20} { // fewer than lanes: gradients of the weights may be summed turned over
		add(fmt.Sprintf("3x3 squares of a large map to %d", cout), geometry(3, 3, 1, 1, 1), 1, cout, 2, 13, 14, 41)
		add(fmt.Sprintf("3x3 squares of many channels to %d", cout), geometry(3, 3, 1, 1, 1), 1, cout, 2, 3, 4, 720)
	}
	add("3x3 squares in groups of 12", geometry(3, 3, 1, 1, 1), 2, 24, 2, 9, 8, 96)
	add("3x3 squares in groups", geometry(3, 3, 1, 1, 1), 2, 80, 3, 6, 7, 72)
	add("3x3 squares in groups of many channels", geometry(3, 3, 1, 1, 0), 2, 224, 3, 6, 7, 192)
	add("1x3", geometry(1, 3, 1, 1, 0, 0, 1, 1), 1, 8, 3, 5, 6, 7)
	add("3x1 stride 2", geometry(3, 1, 2, 1, 1, 1, 0, 0), 1, 8, 3, 7, 6, 7)
	add("strides 2 and 3", program.Window{Kernel: [2]int{3, 2}, Stride: [2]int{2, 3}, Dilation: [2]int{1, 1}}, 1, 5, 2, 9, 11, 4)
	add("unequal padding", geometry(3, 3, 2, 1, 0, 1, 0, 1), 1, 16, 2, 8, 8, 16)
	add("padding beyond the kernel", geometry(2, 2, 1, 1, 3), 1, 4, 1, 2, 3, 3)
	add("unused last rows", geometry(3, 3, 3, 1), 1, 8, 2, 8, 10, 3)
	add("stride over kernel", geometry(1, 1, 3, 1), 1, 17, 2, 8, 7, 9)
	add("dilation 2", geometry(3, 3, 1, 2, 2), 1, 16, 2, 7, 6, 8)
	add("dilation 3 stride 2", geometry(3, 3, 2, 3, 3), 1, 7, 1, 9, 11, 5)
	add("dilations 1 and 2", program.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 2}, Pad: [4]int{1, 1, 2, 2}}, 2, 6, 1, 5, 6, 4)
	add("map of 1x1", geometry(3, 3, 1, 1, 1), 1, 16, 5, 1, 1, 16)
	add("map of 2x3", geometry(3, 3, 1, 1, 1), 1, 33, 3, 2, 3, 17)
	add("whole map", geometry(4, 3, 1, 1), 1, 10, 3, 4, 3, 7)
	add("5x5 on 3x3", geometry(5, 5, 1, 1, 2), 1, 8, 2, 3, 3, 8)
	add("groups 2", geometry(3, 3, 1, 1, 1), 2, 16, 3, 5, 5, 8)
	add("groups 3 of 1 into 5", geometry(3, 3, 2, 1, 1), 3, 15, 2, 5, 6, 3)
	add("groups 4 of 17", geometry(1, 1, 1, 1), 4, 68, 2, 3, 3, 68)
	add("groups 5x5 of 24", geometry(5, 5, 1, 1, 2), 2, 32, 1, 7, 7, 48)
	for _, c := range widths {
		add(fmt.Sprintf("depthwise %d", c), geometry(3, 3, 1, 1, 1), c, c, 2, 5, 4, c)
	}
	add("depthwise multiplier 2", geometry(3, 3, 1, 1, 1), 5, 10, 2, 5, 4, 5)
	for i, c := range append([]int{8, 9, 20, 48}, widths...) {
		k := []int{1, 3, 2, 5}[i%4]
		add(fmt.Sprintf("depthwise %d multiplier %d, %dx%d/%d", c, 2+i%3, k, k, 1+i%5/3), geometry(k, k, 1+i%5/3, 1+i%7/6, k/2), c, c*(2+i%3), 2, 6, 5+i%4, c)
		add(fmt.Sprintf("%d to one channel, %dx%d/%d", c, k, k, 1+i%3), geometry(k, k, 1+i%3, 1+i%7/6, k/2), 1, 1, 2, 6, 5+i%4, c)
	}
	add("2 to one channel, 7x7", geometry(7, 7, 1, 1, 3), 1, 1, 3, 9, 14, 2)
	add("2 to one channel, 7x7 of a large map", geometry(7, 7, 1, 1, 3), 1, 1, 1, 70, 67, 2)
	add("3 to one channel, 3x2/2 unequal padding", geometry(3, 2, 2, 1, 0, 1, 1, 0), 1, 1, 2, 8, 9, 3)
	for _, c := range []int{8, 20, 68} {
		add(fmt.Sprintf("groups of 4 of %d", c), geometry(3, 3, 1+c/20%2, 1, 1), c/4, c, 2, 5, 6, c)
	}
	for i, c := range []int{16, 24, 40, 48, 64} {
		k := []int{3, 3, 2, 5}[i%4]
		add(fmt.Sprintf("groups of 8 of %d", c), geometry(k, k, 1+i%2, 1+i/4, k/2), c/8, c, 3, 7, 6, c)
		add(fmt.Sprintf("groups of 16 of %d", 2*c), geometry(k, k, 2-i%2, 1+i/4, k/2), c/8, 2*c, 2, 7, 6, 2*c)
	}
	cs = append(cs, &Case{Name: "conv/to one channel, of some channels and onto a sum", Build: func(b *program.Builder) {
		x, y := b.Input("x", program.Real, tensor.Of(2, 5, 6, 2)), b.Input("y", program.Real, tensor.Of(2, 5, 6, 3))
		relu := program.Activation{Func: program.ReLU}
		some := b.Emit(relu, x)
		all := b.Emit(program.Concat{}, some, b.Emit(relu, y))
		w, v := b.Held("w", tensor.Of(3, 3, 2, 1)), b.Held("v", tensor.Of(1, 1, 5, 1))
		z := b.Emit(program.Conv{Window: geometry(3, 3, 1, 1, 1), Groups: 1}, some, w)
		z = b.Emit(program.Add{}, z, b.Emit(program.Conv{Window: geometry(1, 1, 1, 1), Groups: 1}, all, v))
		outputs(b, b.Emit(relu, z), x, y, w, v)
	}})
	add("depthwise dilation 2", geometry(3, 3, 1, 2, 2), 9, 9, 1, 7, 6, 9)
	add("depthwise unequal padding", geometry(3, 3, 2, 1, 0, 1, 0, 1), 16, 16, 3, 6, 6, 16)
	return cs
}

func poolCases() []*Case {
	var cs []*Case
	add := func(name string, w program.Window, x ...int) {
		for i, op := range []program.Op{program.MaxPool{Window: w}, program.AvgPool{Window: w}, program.AvgPool{Window: w, CountPad: true}} {
			kind := [3]string{"max", "avg", "avg, padding counted"}[i]
			cs = append(cs, &Case{Name: "pool/" + kind + " " + name, Build: func(b *program.Builder) {
				b.At(name)
				in := b.Input("x", program.Real, x)
				outputs(b, b.Emit(op, in), in)
			}})
		}
	}
	drawn := func(name string, w program.Window, x ...int) {
		cs = append(cs, &Case{Name: "pool/stochastic " + name, Build: func(b *program.Builder) {
			b.At(name)
			in := b.Input("x", program.Real, x)
			b.Output("inference", b.Emit(program.StochasticPoolInference{Window: w}, in))
			outputs(b, b.Emit(program.StochasticPool{Window: w, Key: [2]uint32{5, uint32(x[3])}}, in, b.Scalar("step")), in)
		}, Scalars: map[string]float32{"step": 0}, Runs: 2})
	}
	for _, c := range widths {
		add(fmt.Sprintf("2x2/2 width %d", c), geometry(2, 2, 2, 1), 3, 4, 6, c)
		drawn(fmt.Sprintf("2x2/2 width %d", c), geometry(2, 2, 2, 1), 3, 4, 6, c)
	}
	drawn("3x3/2 padded", geometry(3, 3, 2, 1, 1), 3, 7, 6, 9)
	drawn("3x3/2 ceil", geometry(3, 3, 2, 1, 0, 1, 0, 1), 2, 6, 8, 16)
	drawn("of more channels than are drawn at a time", geometry(2, 2, 2, 1), 1, 2, 4, 2500)
	drawn("of rows longer than are drawn at a time", geometry(2, 2, 2, 1), 1, 2, 66, 67)
	for k := 1; k <= 4; k++ {
		for stride := 1; stride <= 4; stride++ {
			add(fmt.Sprintf("%dx%d/%d", k, k, stride), geometry(k, k, stride, 1), 1, 9, 8, 5)
		}
	}
	add("3x3/2 padded", geometry(3, 3, 2, 1, 1), 3, 7, 6, 9)
	add("3x3/1 padded", geometry(3, 3, 1, 1, 1), 2, 3, 3, 17)
	add("3x3/2 ceil", geometry(3, 3, 2, 1, 0, 1, 0, 1), 2, 6, 8, 16)
	add("3x3/2 ceil on one side", geometry(3, 3, 2, 1, 0, 1, 0, 0), 2, 6, 7, 4)
	add("2x3/3,1 unequal", program.Window{Kernel: [2]int{2, 3}, Stride: [2]int{3, 1}, Dilation: [2]int{1, 1}, Pad: [4]int{1, 0, 2, 1}}, 1, 7, 5, 3)
	add("whole map", geometry(5, 4, 1, 1), 3, 5, 4, 8)
	add("map of 1x1", geometry(3, 3, 2, 1, 1), 2, 1, 1, 7)
	cs = append(cs, &Case{Name: "pool/a filter that all channels share", Build: func(b *program.Builder) {
		x, filter := b.Input("x", program.Real, tensor.Of(2, 6, 5, 9)), b.Held("filter", tensor.Of(3, 2))
		column := b.Emit(program.Reshape{Shape: tensor.Of(6, 1)}, filter)
		w := b.Emit(program.MatMul{}, column, b.Emit(program.Expand{Shape: tensor.Of(1, 9), Scale: 1}))
		w = b.Emit(program.Reshape{Shape: tensor.Of(3, 2, 1, 9)}, w)
		outputs(b, b.Emit(program.Conv{Window: geometry(3, 2, 2, 1, 1), Groups: 9}, x, w), x, filter)
	}}, &Case{Name: "pool/max ties go to the first", Build: func(b *program.Builder) {
		x := b.Input("x", program.Real, tensor.Of(2, 6, 6, 9))
		y := b.Emit(program.Activation{Func: program.ReLU}, x) // half the elements are equal
		outputs(b, b.Emit(program.MaxPool{Window: geometry(2, 2, 2, 1)}, y), y)
	}})
	return cs
}

func matrixCases() []*Case {
	var cs []*Case
	add := func(m, k, n int, op program.MatMul) {
		name := fmt.Sprintf("%s %dx%dx%d", program.Describe(op), m, k, n)
		cs = append(cs, &Case{Name: "matrix/" + name, Build: func(b *program.Builder) {
			b.At(name)
			as, ws := tensor.Of(m, k), tensor.Of(k, n)
			if op.TransA {
				as = tensor.Of(k, m)
			}
			if op.TransB {
				ws = tensor.Of(n, k)
			}
			a, w := b.Input("a", program.Real, as), b.Held("w", ws)
			outputs(b, b.Emit(op, a, w), a, w)
		}})
	}
	for i, w := range widths {
		add(w, widths[(i+4)%len(widths)], widths[(i+7)%len(widths)], program.MatMul{})
		add(5, w, 10, program.MatMul{})
		add(5, 33, w, program.MatMul{})
	}
	for _, op := range []program.MatMul{{TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
		add(7, 17, 33, op)
		add(16, 3, 8, op)
	}
	add(3, 520, 40, program.MatMul{})
	return cs
}

// attentionCases are products by heads, alone and as networks have them.
func attentionCases() []*Case {
	var cs []*Case
	for i, w := range widths {
		for _, op := range []program.BatchMatMul{{}, {TransA: true}, {TransB: true}} {
			m, k, n := w, widths[(i+4)%len(widths)], widths[(i+7)%len(widths)]
			name := fmt.Sprintf("%s %dx%dx%d", program.Describe(op), m, k, n)
			cs = append(cs, &Case{Name: "attention/" + name, Build: func(b *program.Builder) {
				b.At(name)
				as, bs := tensor.Of(3, 2, m, k), tensor.Of(3, 2, k, n)
				if op.TransA {
					as = tensor.Of(3, 2, k, m)
				}
				if op.TransB {
					bs = tensor.Of(3, 2, n, k)
				}
				x, y := b.Input("a", program.Real, as), b.Input("b", program.Real, bs)
				outputs(b, b.Emit(op, x, y), x, y)
			}})
		}
	}
	for _, s := range []struct{ n, h, w, c, heads, reach int }{{3, 3, 5, 12, 3, 2}, {2, 4, 4, 17, 1, 3}, {5, 2, 3, 8, 8, 7}, {1, 15, 14, 24, 2, 4}} {
		cs = append(cs, &Case{Name: fmt.Sprintf("attention/%d heads of %dx%dx%d", s.heads, s.h, s.w, s.c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, tensor.Of(s.n, s.h, s.w, s.c))
			q, k := b.Emit(program.SplitHeads{Heads: s.heads}, x), b.Emit(program.SplitHeads{Heads: s.heads}, b.Emit(program.Scale{By: 0.5}, x))
			table := b.Held("table", tensor.Of(s.heads, 2*s.reach+1, 2*s.reach+1))
			scores := b.Emit(program.RelativeBias{H: s.h, W: s.w, Range: s.reach}, b.Emit(program.BatchMatMul{TransB: true}, q, k), table)
			y := b.Emit(program.BatchMatMul{}, b.Emit(program.Softmax{}, scores), k)
			y = b.Emit(program.MergeHeads{H: s.h, W: s.w}, y)
			w := b.Held("w", tensor.Of(3, 3, s.c, 4)) // whose padding gives the map a halo
			outputs(b, b.Emit(program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, y, w), x, table)
		}})
	}
	return cs
}

// elementCases are the ops that treat elements or channels alike, over every width.
func elementCases() []*Case {
	var cs []*Case
	for _, c := range widths {
		x4, x2 := tensor.Of(3, 5, 3, c), tensor.Of(5, c)
		tolerance, later := 0.0, ""
		add := func(name string, build func(b *program.Builder, x *program.Value)) {
			for _, s := range []tensor.Shape{x4, x2} {
				cs = append(cs, &Case{Name: fmt.Sprintf("element/%s %v", name, s), Build: func(b *program.Builder) {
					b.At(name)
					build(b, b.Input("x", program.Real, s))
				}, Scalars: map[string]float32{"step": 0}, Runs: 2, Tolerance: tolerance, Later: later})
			}
		}
		add("bias", func(b *program.Builder, x *program.Value) {
			v := b.Held("b", tensor.Of(c))
			outputs(b, b.Emit(program.BiasAdd{}, x, v), x, v)
		})
		for _, f := range program.Funcs() {
			add(f.String(), func(b *program.Builder, x *program.Value) {
				outputs(b, b.Emit(program.Activation{Func: f, Alpha: 0.3}, x), x)
			})
		}
		add("prelu", func(b *program.Builder, x *program.Value) {
			a := b.Held("a", tensor.Of(c))
			outputs(b, b.Emit(program.PReLU{}, x, a), x, a)
		})
		add("crelu", func(b *program.Builder, x *program.Value) {
			outputs(b, b.Emit(program.CReLU{}, x), x)
		})
		add("apl", func(b *program.Builder, x *program.Value) {
			a, h := b.Held("a", tensor.Of(2, c)), b.Held("b", tensor.Of(2, c))
			outputs(b, b.Emit(program.APL{}, x, a, h), x, a, h)
		})
		add("rrelu", func(b *program.Builder, x *program.Value) {
			outputs(b, b.Emit(program.RReLU{Key: [2]uint32{5, uint32(c)}}, x, b.Scalar("step")), x)
		})
		for _, op := range []program.LRN{{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1}, {Size: 3, Alpha: 2, Beta: 0.6, K: 0.5}} {
			add(program.Describe(op), func(b *program.Builder, x *program.Value) {
				outputs(b, b.Emit(op, x), x)
			})
		}
		add("softmax", func(b *program.Builder, x *program.Value) {
			outputs(b, b.Emit(program.Softmax{}, b.Emit(program.Scale{By: 3}, x)), x)
		})
		add("layer-norm", func(b *program.Builder, x *program.Value) {
			gamma, beta := b.Held("gamma", tensor.Of(c)), b.Held("beta", tensor.Of(c))
			outputs(b, b.Emit(program.LayerNorm{Eps: 0.1}, x, gamma, beta), x, gamma, beta)
		})
		add("batch-norm", func(b *program.Builder, x *program.Value) {
			outs := b.EmitAll(program.BatchNorm{Eps: 1e-3}, x)
			b.Output("mean", outs[1])
			b.Output("var", outs[2])
			outputs(b, outs[0], x)
		})
		add("batch-norm affine", func(b *program.Builder, x *program.Value) {
			gamma, beta := b.Held("gamma", tensor.Of(c)), b.Held("beta", tensor.Of(c))
			outs := b.EmitAll(program.BatchNorm{Eps: 1e-3, Affine: true}, x, gamma, beta)
			b.EmitAll(program.Blend{Scale: 1.25}, b.Held("running", tensor.Of(c)), outs[2], b.Scalar("keep"))
			outputs(b, outs[0], x, gamma, beta)
		})
		add("batch-norm inference", func(b *program.Builder, x *program.Value) {
			v := func(name string) *program.Value { return b.Held(name, tensor.Of(c)) }
			b.Output("plain", b.Emit(program.BatchNormInference{Eps: 1e-3}, x, v("mean"), v("var")))
			gamma, beta := v("gamma"), v("beta")
			outputs(b, b.Emit(program.BatchNormInference{Eps: 1e-3, Affine: true}, x, v("mean"), v("var"), gamma, beta), x, gamma, beta)
		})
		for _, whole := range []program.Whole{program.Elements, program.Channels, program.Images} {
			add("dropout of "+whole.String(), func(b *program.Builder, x *program.Value) {
				outputs(b, b.Emit(program.Dropout{Key: [2]uint32{3, uint32(c)}, Of: whole}, x, b.Scalar("rate"), b.Scalar("step")), x)
			})
		}
		add("mul, square", func(b *program.Builder, x *program.Value) {
			y := b.Emit(program.Mul{}, x, b.Emit(program.Scale{By: -0.7}, x))
			outputs(b, b.Emit(program.Mul{}, y, y), x)
		})
		later = "norms and noise"
		for groups := 1; groups <= c; groups++ {
			if c%groups != 0 || groups > 3 && groups != 11 && groups != c {
				continue
			}
			add(fmt.Sprintf("group-norm of %d", groups), func(b *program.Builder, x *program.Value) {
				gamma, beta := b.Held("gamma", tensor.Of(c)), b.Held("beta", tensor.Of(c))
				y := b.Emit(program.GroupNorm{Eps: 0.1, Groups: groups}, x, gamma, beta)
				outputs(b, b.Emit(program.Activation{Func: program.ReLU}, b.Emit(program.Add{}, y, x)), x, gamma, beta)
			})
		}
		add("batch-norm in groups", func(b *program.Builder, x *program.Value) {
			gamma, beta := b.Held("gamma", tensor.Of(c)), b.Held("beta", tensor.Of(c))
			s := x.Shape().Clone()
			s[0] *= 3
			y := b.Emit(program.Reshape{Shape: s}, b.Emit(program.Concat{}, x, b.Emit(program.Scale{By: -0.3}, x), b.Emit(program.Mul{}, x, x)))
			outs := b.EmitAll(program.BatchNorm{Eps: 1e-3, Affine: true, Groups: 3}, y, gamma, beta)
			b.EmitAll(program.Blend{Scale: 1.25}, b.Held("running", tensor.Of(c)), outs[2], b.Scalar("keep"))
			relu := b.Emit(program.Activation{Func: program.ReLU}, outs[0])
			outputs(b, b.EmitAll(program.BatchNorm{Eps: 1e-3, Groups: 3}, relu)[0], x, gamma, beta)
		})
		add("dropout, gaussian", func(b *program.Builder, x *program.Value) {
			outputs(b, b.Emit(program.Dropout{Key: [2]uint32{3, uint32(c)}, Gaussian: true}, x, b.Scalar("rate"), b.Scalar("step")), x)
		})
		add("dropout of blocks", func(b *program.Builder, x *program.Value) {
			if x.Shape().Rank() == 2 {
				x = b.Emit(program.Reshape{Shape: tensor.Of(5, 1, c, 1)}, x)
			}
			m := b.Emit(program.BlockMask{Key: [2]uint32{3, uint32(c)}, Shape: x.Shape(), Size: 3}, b.Scalar("rate"), b.Scalar("step"))
			outputs(b, b.Emit(program.Mul{}, x, m), x)
		})
		later = ""
		for _, p := range []float32{0.5, 2, 3} {
			add(fmt.Sprintf("power %g", p), func(b *program.Builder, x *program.Value) {
				y := b.Emit(program.Activation{Func: program.Power, Alpha: p}, b.Emit(program.Scale{By: 3}, x))
				outputs(b, y, x)
			})
		}
		add("add, scale, twice", func(b *program.Builder, x *program.Value) {
			y := b.Emit(program.Add{}, x, b.Emit(program.Scale{By: -0.7}, x))
			outputs(b, b.Emit(program.Add{}, y, y), x)
		})
		tolerance = 1e-4 // one number, in which much cancels
		add("mean, variance, constant", func(b *program.Builder, x *program.Value) {
			m := b.Emit(program.Mean{}, x)
			b.Output("variance", b.Emit(program.Variance{}, x))
			b.Output("constant", b.Emit(program.Expand{Shape: x.Shape(), Scale: 2.5}))
			b.Output("mean", m)
			b.Output("gradient", b.Gradients(m, []*program.Value{x})[0])
		})
		tolerance = 0
		add("channels", func(b *program.Builder, x *program.Value) {
			y := b.Emit(program.Concat{}, x, b.Input("x2", program.Real, withLast(x, 3)), x)
			y = b.Emit(program.PadChannels{Before: 1, After: 2}, b.Emit(program.SliceChannels{From: c / 2, To: c + 2}, y))
			outputs(b, y, x)
		})
		add("shuffled channels", func(b *program.Builder, x *program.Value) {
			y := b.Emit(program.Concat{}, x, b.Emit(program.Scale{By: 2}, x), b.Emit(program.Scale{By: 3}, x))
			y = b.Emit(program.ShuffleChannels{Groups: 3}, y)
			outputs(b, b.Emit(program.Add{}, y, b.Emit(program.ShuffleChannels{Groups: c}, y)), x)
		})
		add("update", func(b *program.Builder, x *program.Value) {
			for _, nesterov := range []bool{false, true} {
				name := fmt.Sprint("nesterov ", nesterov)
				b.EmitAll(program.SGD{Nesterov: nesterov}, b.Held(name+" p", x.Shape()), x, b.Held(name+" v", x.Shape()), b.Scalar("lr"), b.Scalar("momentum"), b.Scalar("l2"))
			}
		})
		cs = append(cs, solvers(c), &Case{Name: fmt.Sprintf("element/combine, norm, quotient %d", c), Build: func(b *program.Builder) {
			x, row := b.Input("x", program.Real, x4), b.Held("row", tensor.Of(c))
			n := b.Emit(program.Norm{}, x, row, b.Scalar("a"))
			q, most := b.Emit(program.Quotient{Eps: 1e-3}, b.Scalar("a"), n), b.Emit(program.Quotient{Most: 0.01}, b.Scalar("a"), n)
			b.Output("norm", n)
			b.Output("most", most)
			b.Output("two", b.Emit(program.Combine{}, x, b.Held("held", x4), q, most))
			b.Output("one", b.Emit(program.Combine{}, row, q))
		}}, &Case{Name: fmt.Sprintf("element/other losses %d", c), Classes: c, Build: func(b *program.Builder) {
			x, d := b.Input("x", program.Real, x2), b.Input("d", program.Real, tensor.Of(5))
			for _, t := range []*program.Value{b.Input("labels", program.Index, tensor.Of(5)), b.Input("p", program.Real, x2)} {
				for _, smoothing := range []float32{0, 0.1} {
					name := fmt.Sprint(t.Name, smoothing)
					b.Output("binary "+name, b.Emit(program.BinaryCrossEntropy{Smoothing: smoothing}, x, t))
					b.Output("binary grad "+name, b.Emit(program.BinaryCrossEntropyGrad{Smoothing: smoothing}, x, t, d))
					for _, gamma := range []float32{0, 0.5, 2} {
						b.Output(fmt.Sprint("focal ", name, gamma), b.Emit(program.Focal{Gamma: gamma, Smoothing: smoothing}, x, t))
						b.Output(fmt.Sprint("focal grad ", name, gamma), b.Emit(program.FocalGrad{Gamma: gamma, Smoothing: smoothing}, x, t, d))
					}
				}
			}
		}}, &Case{Name: fmt.Sprintf("element/clipped %d", c), Build: func(b *program.Builder) {
			g, p, row := b.Input("g", program.Real, x4), b.Held("p", x4), b.Input("row", program.Real, tensor.Of(c))
			b.Output("lasso", b.Emit(program.Lasso{}, g, p, b.Scalar("a")))
			b.Output("clamp", b.Emit(program.Clamp{}, g, b.Scalar("a")))
			b.Output("channels", b.Emit(program.ClipChannels{}, g, p, b.Scalar("a")))
			b.Output("vector", b.Emit(program.ClipChannels{}, row, b.Held("held row", tensor.Of(c)), b.Scalar("a")))
		}}, &Case{Name: fmt.Sprintf("element/weights %d", c), Later: "norms and noise", Build: func(b *program.Builder) {
			x, v, g := b.Input("x", program.Real, x4), b.Held("v", tensor.Of(3, 2, c, c)), b.Held("g", tensor.Of(c))
			w := geometry(3, 2, 1, 1, 1)
			y := b.Emit(program.Conv{Window: w, Groups: 1}, x, b.Emit(program.WeightNorm{}, v, g))
			z := b.Emit(program.Conv{Window: w, Groups: 1}, x, b.EmitAll(program.BatchNorm{Eps: 1e-3}, v)[0])
			outputs(b, b.Emit(program.Add{}, y, z), x, v, g)
			b.EmitAll(program.MaxNorm{}, b.Held("bounded", x4), b.Scalar("limit"))
		}}, &Case{Name: fmt.Sprintf("element/entropy %d", c), Later: "norms and noise", Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, tensor.Of(5, c))
			outputs(b, b.Emit(program.Entropy{}, b.Emit(program.Scale{By: 3}, x)), x)
		}})
		cs = append(cs, &Case{Name: fmt.Sprintf("element/gates %d", c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, x4)
			g, p := b.Input("g", program.Real, tensor.Of(3, 1, 1, c)), b.Input("p", program.Real, tensor.Of(3, 5, 3, 1))
			outputs(b, b.Emit(program.Gate{}, b.Emit(program.Gate{}, x, g), p), x, g, p)
		}}, &Case{Name: fmt.Sprintf("element/channel pools %d", c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, x4)
			y := b.Emit(program.Concat{}, b.Emit(program.ChannelMean{}, x), b.Emit(program.ChannelMax{}, b.Emit(program.Activation{Func: program.ReLU}, x)))
			b.Output("spread", b.Emit(program.SpreadChannels{C: c, Scale: 0.5}, b.Input("s", program.Real, tensor.Of(3, 5, 3, 1))))
			outputs(b, y, x)
		}})
		cs = append(cs, &Case{Name: fmt.Sprintf("element/global-avg-pool %d", c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, x4)
			y := b.Emit(program.GlobalAvgPool{}, x)
			outputs(b, b.Emit(program.SpreadHW{H: 2, W: 3, Scale: 0.5}, y), x)
		}}, &Case{Name: fmt.Sprintf("element/generalised mean %d", c), Build: func(b *program.Builder) {
			x, q := b.Input("x", program.Real, x4), b.Held("p", tensor.Of(1))
			p := b.Emit(program.Add{}, b.Emit(program.Activation{Func: program.Softplus}, q), b.Emit(program.Expand{Shape: tensor.Of(1), Scale: 1})) // 1 and more
			outputs(b, b.Emit(program.GeM{}, x, p), x, q)
		}}, &Case{Name: fmt.Sprintf("element/subsample %d", c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, tensor.Of(2, 5, 6, c))
			outputs(b, b.Emit(program.Subsample{Stride: 2}, x), x)
		}}, &Case{Name: fmt.Sprintf("element/subsample by 3 %d", c), Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, tensor.Of(1, 7, 3, c))
			outputs(b, b.Emit(program.Subsample{Stride: 3}, x), x)
		}}, &Case{Name: fmt.Sprintf("element/transpose %d", c), Later: "detectors", Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, tensor.Of(2, 3, 4, c))
			w := b.Held("w", tensor.Of(3, 3, 4, 4))
			turned := b.Emit(program.Transpose{Axes: []int{0, 3, 1, 2}}, x)
			squares := b.Emit(program.Reshape{Shape: tensor.Of(2, c, 3, 2, 2, 1)}, turned)
			moved := b.Emit(program.Transpose{Axes: []int{0, 2, 1, 5, 4, 3}}, squares)
			moved = b.Emit(program.Reshape{Shape: tensor.Of(2, 3, c, 4)}, moved)
			outputs(b, b.Emit(program.Conv{Window: geometry(3, 3, 1, 1, 1), Groups: 1}, b.Emit(program.Transpose{Axes: []int{0, 2, 1, 3}}, b.Emit(program.Conv{Window: geometry(3, 3, 1, 1, 1), Groups: 1}, moved, w)), w), x, w)
		}}, regionCase(c, false), regionCase(c, true), &Case{Name: fmt.Sprintf("element/cross-entropy %d", c), Classes: c, Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, x2)
			b.Output("log-softmax", b.Emit(program.LogSoftmax{}, x))
			outputs(b, b.Emit(program.CrossEntropy{}, x, b.Input("labels", program.Index, tensor.Of(5))), x)
		}}, &Case{Name: fmt.Sprintf("element/smoothed cross-entropy %d", c), Classes: c, Build: func(b *program.Builder) {
			x := b.Input("x", program.Real, x2)
			wide := b.Emit(program.Scale{By: 40}, x) // exp of these overflows float32
			outputs(b, b.Emit(program.CrossEntropy{Smoothing: 0.1}, wide, b.Input("labels", program.Index, tensor.Of(5))), x)
		}}, &Case{Name: fmt.Sprintf("element/cross-entropy by shares %d", c), Build: func(b *program.Builder) {
			x, p := b.Input("x", program.Real, x2), b.Input("p", program.Real, x2)
			outputs(b, b.Emit(program.CrossEntropy{}, x, p), x)
		}}, &Case{Name: fmt.Sprintf("element/cross-entropy by computed shares, smoothed %d", c), Build: func(b *program.Builder) {
			x, p := b.Input("x", program.Real, x2), b.Input("p", program.Real, x2)
			outputs(b, b.Emit(program.CrossEntropy{Smoothing: 0.1}, x, b.Emit(program.Softmax{}, p)), x)
		}})
	}
	return append(cs, solvers(70001)) // of several pieces
}

// solvers is two steps of each solver's op. All are vectors, which are drawn above 0, as averages of squares are, but for the gradient.
func solvers(c int) *Case {
	at := map[string]float32{} // scalars by their position among the inputs
	for i := range 12 {
		at[fmt.Sprintf("scalar %d", i)] = float32(i*i%13+1) / 16
	}
	return &Case{Name: fmt.Sprintf("element/solvers %d", c), Runs: 2, Scalars: at, Build: func(b *program.Builder) {
		step := func(op program.Op, slots ...string) {
			name := fmt.Sprintf("%s %v ", op.Kind(), op)
			in := []*program.Value{b.Held(name+"p", tensor.Of(c)), b.Input("g", program.Real, tensor.Of(c))}
			for _, s := range slots {
				in = append(in, b.Held(name+s, tensor.Of(c)))
			}
			for range len(at) { // until no scalar is missing
				if _, err := op.Infer(in); err == nil {
					break
				}
				in = append(in, b.Scalar(fmt.Sprintf("scalar %d", len(in))))
			}
			b.EmitAll(op, in...)
		}
		step(program.Adam{}, "m", "v")
		step(program.RMSProp{}, "v")
		step(program.RMSProp{EpsInside: true, Momentum: true}, "v", "b")
		step(program.AdaDelta{}, "v", "u")
		step(program.Lion{}, "m")
		step(program.LARS{}, "v")
		step(program.LARS{Nesterov: true}, "v")
		step(program.LAMB{}, "m", "v")
		step(program.Shift{})
	}}
}

func withLast(x *program.Value, c int) tensor.Shape {
	s := x.Shape().Clone()
	s[len(s)-1] = c
	return s
}

// recurrentCases are sweeps of both cells in the four directions, over widths, and where there is one step, sequence or picture.
func recurrentCases() []*Case {
	var cs []*Case
	scans := []program.Scan{{}, {Reverse: true}, {Columns: true}, {Columns: true, Reverse: true}}
	add := func(scan program.Scan, n, h, w, units int) {
		for i, op := range []program.Op{program.LSTM{Scan: scan}, program.GRU{Scan: scan}} {
			gates := 4 - i
			name := fmt.Sprintf("%s %dx%dx%d of %d", program.Describe(op), n, h, w, units)
			cs = append(cs, &Case{Name: "recurrent/" + name, Tolerance: 2e-5, Build: func(b *program.Builder) {
				b.At(name)
				x := b.Input("x", program.Real, tensor.Of(n, h, w, gates*units))
				u, bias := b.Held("u", tensor.Of(units, gates*units)), b.Held("b", tensor.Of(gates*units))
				outputs(b, b.EmitAll(op, x, u, bias)[0], x, u, bias)
			}})
		}
	}
	for i, units := range widths {
		add(scans[i%4], 3, 2+i%2, 4-i%2, units)
	}
	for _, scan := range scans {
		add(scan, 1, 1, 1, 5)
		add(scan, 2, 1, 5, 9)
		add(scan, 1, 4, 1, 16)
		add(scan, 17, 3, 2, 4)
		add(scan, 5, 7, 9, 12) // more sequences than a tile has pixels
	}
	add(program.Scan{}, 3, 1, 40, 130)
	return cs
}

// regionCase is the loss of boxes and what is read of them; trees: of classes in a tree, and with images of one class among them.
func regionCase(c int, trees bool) *Case {
	classes := max(c, 2)
	anchors := [][2]float32{{1.25, 0.75}, {0.5, 2}, {3, 2.5}}
	full := program.Region{Anchors: anchors, Object: 5, NoObject: 1, Coord: 1, Class: 1, Threshold: 0.3, Rescore: true, Warm: 1, WarmWeight: 0.01}
	other := program.Region{Anchors: anchors, Object: 2, NoObject: 0.5, Coord: 3, Class: 0.5, Threshold: 0.6, Warm: 2, WarmWeight: 0.1, Derivative: true}
	name, later := "region", "detectors"
	if trees {
		name, later = "region in a tree", "trees"
		full.Whole, other.Whole, other.Background = 1, 0.75, true
		full.Tree = slices.Repeat([]int32{-1}, min(classes, 3))
		for k := len(full.Tree); k < classes; k++ {
			full.Tree = append(full.Tree, []int32{0, 0, 3}[min(k-3, 2)])
		}
		other.Tree = full.Tree
	}
	return &Case{Name: fmt.Sprintf("element/%s %d", name, c), Classes: classes, Later: later, Build: func(b *program.Builder) {
		x := b.Input("x", program.Real, tensor.Of(5, 3, 4, 3*(5+classes)))
		boxes := b.Emit(program.Activation{Func: program.Sigmoid}, b.Input("boxes", program.Real, tensor.Of(5, 4, 4)))
		sides := b.Input("sides", program.Real, tensor.Of(5, 3, 4)) // some without width or height, some outside
		of, few, seen := b.Input("classes", program.Index, tensor.Of(5, 4)), b.Input("few", program.Index, tensor.Of(5, 3)), b.Input("seen", program.Index, tensor.Of(5))
		b.Output("boxes", b.Emit(program.RegionBoxes{Anchors: anchors, Tree: full.Tree}, x))
		outputs(b, b.Emit(program.Add{}, b.Emit(full, x, boxes, of, seen), b.Emit(other, x, sides, few, seen)), x)
	}}
}
