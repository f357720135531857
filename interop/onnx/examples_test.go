package onnx_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/onnx"
	"github.com/assaylab/assay/tensor"
)

// geometry is a window in few words; pads are top, bottom, left, right.
func geometry(kh, kw, stride, dilation int, pads ...int) program.Window {
	w := program.Window{Kernel: [2]int{kh, kw}, Stride: [2]int{stride, stride}, Dilation: [2]int{dilation, dilation}}
	if len(pads) == 4 {
		w.Pad = [4]int(pads)
	}
	return w
}

// examples are all cases.
func examples() []example {
	var cs []example
	add := func(name string, shape []int, build func(b *program.Builder, x *program.Value) *program.Value) {
		cs = append(cs, example{name: name, shape: shape, build: build})
	}
	one := func(name string, op program.Op, shape ...int) {
		add(name, shape, func(b *program.Builder, x *program.Value) *program.Value { return b.Emit(op, x) })
	}
	conv := func(name string, w program.Window, groups, out int, shape ...int) {
		add(name, shape, func(b *program.Builder, x *program.Value) *program.Value {
			y := b.Emit(program.Conv{Window: w, Groups: groups}, x, b.Held("layer/weight", tensor.Of(w.Kernel[0], w.Kernel[1], shape[2]/groups, out)))
			return b.Emit(program.BiasAdd{}, y, b.Held("layer/bias", tensor.Of(out)))
		})
	}
	conv("conv 3x3", geometry(3, 3, 1, 1, 1, 1, 1, 1), 1, 4, 5, 6, 3)
	conv("conv 3x2 stride 2 unequal padding", geometry(3, 2, 2, 1, 0, 1, 1, 0), 1, 4, 7, 6, 3)
	conv("conv of groups", geometry(3, 3, 1, 1, 1, 1, 1, 1), 2, 6, 5, 4, 4)
	conv("conv depthwise, dilated", geometry(3, 3, 1, 2, 2, 2, 2, 2), 3, 6, 6, 5, 3)
	add("conv without bias, read twice", []int{4, 4, 2}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Conv{Window: program.Square(1, 1, 0), Groups: 1}, x, b.Held("layer/weight", tensor.Of(1, 1, 2, 3)))
		return b.Emit(program.Add{}, y, b.Emit(program.BiasAdd{}, y, b.Held("layer/bias", tensor.Of(3))))
	})
	linear := func(b *program.Builder, x *program.Value, out int) *program.Value {
		n, in := x.Shape()[0], x.Shape().Elems()/x.Shape()[0]
		y := b.Emit(program.Reshape{Shape: tensor.Of(n, in)}, x)
		y = b.Emit(program.MatMul{}, y, b.Held(fmt.Sprintf("layer/%d", out), tensor.Of(in, out)))
		y = b.Emit(program.Reshape{Shape: tensor.Of(n, 1, 1, out)}, y)
		return b.Emit(program.BiasAdd{}, y, b.Held(fmt.Sprintf("layer/bias/%d", out), tensor.Of(out)))
	}
	add("linear layers on a map, and the logarithm of a softmax", []int{2, 3, 4}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Activation{Func: program.ReLU}, linear(b, x, 6))
		y = linear(b, y, 5)
		return b.Emit(program.LogSoftmax{}, b.Emit(program.Reshape{Shape: tensor.Of(2, 5)}, y))
	})
	for _, f := range program.Funcs() {
		alpha := map[program.Func]float32{program.Leaky: 0.1, program.ELU: 0.7, program.CELU: 0.6, program.Swish: 1.5, program.Power: 3}[f]
		one(fmt.Sprintf("activation %v", f), program.Scale{By: 1}, 3, 4, 5)
		cs[len(cs)-1].build = func(b *program.Builder, x *program.Value) *program.Value {
			return b.Emit(program.Activation{Func: f, Alpha: alpha}, b.Emit(program.Scale{By: 8}, x))
		}
	}
	one("activation swish of alpha 1", program.Activation{Func: program.Swish, Alpha: 1}, 3, 4, 5)
	perChannel := func(name string, op program.Op, rank int, held ...string) {
		add(name, []int{3, 4, 6}, func(b *program.Builder, x *program.Value) *program.Value {
			in := []*program.Value{x}
			if rank == 2 {
				in[0] = b.Emit(program.GlobalAvgPool{}, x)
			}
			for _, h := range held {
				in = append(in, b.Held(h, tensor.Of(6)))
			}
			return b.Emit(op, in...)
		})
	}
	perChannel("prelu", program.PReLU{}, 4, "layer/slope")
	perChannel("prelu of a vector", program.PReLU{}, 2, "layer/slope")
	perChannel("batch norm", program.BatchNormInference{Eps: 1e-3, Affine: true}, 4, "layer/mean", "positive/var", "layer/gamma", "layer/beta")
	perChannel("batch norm without affine, of a vector", program.BatchNormInference{Eps: 1e-5}, 2, "layer/mean", "positive/var")
	perChannel("layer norm", program.LayerNorm{Eps: 1e-5}, 4, "layer/gamma", "layer/beta")
	perChannel("layer norm of a vector", program.LayerNorm{Eps: 1e-5}, 2, "layer/gamma", "layer/beta")
	perChannel("group norm", program.GroupNorm{Eps: 1e-5, Groups: 3}, 4, "layer/gamma", "layer/beta")
	perChannel("instance norm", program.GroupNorm{Eps: 1e-5, Groups: 6}, 4, "layer/gamma", "layer/beta")
	one("crelu", program.CReLU{}, 3, 2, 5)
	add("crelu in groups", []int{3, 2, 4}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.CReLU{}, b.Emit(program.Reshape{Shape: tensor.Of(2, 3, 4, 2)}, x))
		return b.Emit(program.Reshape{Shape: tensor.Of(2, 3, 2, 8)}, y)
	})
	add("maxout", []int{3, 2, 6}, func(b *program.Builder, x *program.Value) *program.Value {
		row := program.Window{Kernel: [2]int{1, 3}, Stride: [2]int{1, 3}, Dilation: [2]int{1, 1}}
		y := b.Emit(program.MaxPool{Window: row}, b.Emit(program.Reshape{Shape: tensor.Of(2, 3, 6, 2)}, x))
		return b.Emit(program.Reshape{Shape: tensor.Of(2, 3, 2, 2)}, y)
	})
	add("apl", []int{3, 4, 5}, func(b *program.Builder, x *program.Value) *program.Value {
		return b.Emit(program.APL{}, x, b.Held("layer/hinge-slope", tensor.Of(2, 5)), b.Held("layer/hinge", tensor.Of(2, 5)))
	})
	pool := geometry(3, 2, 2, 1, 1, 1, 0, 1)
	one("max pool", program.MaxPool{Window: pool}, 6, 5, 3)
	one("average pool", program.AvgPool{Window: pool}, 6, 5, 3)
	one("average pool that counts its padding", program.AvgPool{Window: pool, CountPad: true}, 6, 5, 3)
	one("stochastic pool", program.StochasticPoolInference{Window: pool}, 6, 5, 3)
	one("global average pool", program.GlobalAvgPool{}, 3, 4, 5)
	add("a pooling of all rows and a linear layer", []int{3, 4, 5}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Reshape{Shape: tensor.Of(2, 1, 1, 5)}, b.Emit(program.GlobalAvgPool{}, x))
		return linear(b, y, 3)
	})
	add("gem", []int{3, 4, 5}, func(b *program.Builder, x *program.Value) *program.Value {
		return b.Emit(program.GeM{}, x, b.Emit(program.Expand{Shape: tensor.Of(1), Scale: 3}))
	})
	add("gated pool, one filter for all channels", []int{4, 4, 3}, func(b *program.Builder, x *program.Value) *program.Value {
		w := geometry(2, 2, 2, 1)
		ones := b.Emit(program.Expand{Shape: tensor.Of(1, 3), Scale: 1})
		filter := b.Emit(program.MatMul{}, b.Emit(program.Reshape{Shape: tensor.Of(4, 1)}, b.Held("layer/gate", tensor.Of(2, 2))), ones)
		filter = b.Emit(program.Reshape{Shape: tensor.Of(2, 2, 1, 3)}, filter)
		share := b.Emit(program.Activation{Func: program.Sigmoid}, b.Emit(program.Conv{Window: w, Groups: 3}, x, filter))
		return b.Emit(program.Mul{}, share, b.Emit(program.MaxPool{Window: w}, x))
	})
	weighed := func(name string, make func(b *program.Builder, w *program.Value) *program.Value) {
		add(name, []int{4, 4, 3}, func(b *program.Builder, x *program.Value) *program.Value {
			return b.Emit(program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, x, make(b, b.Held("layer/weight", tensor.Of(3, 3, 3, 4))))
		})
	}
	weighed("weight norm", func(b *program.Builder, w *program.Value) *program.Value {
		return b.Emit(program.WeightNorm{}, w, b.Held("layer/length", tensor.Of(4)))
	})
	weighed("standardised weights", func(b *program.Builder, w *program.Value) *program.Value {
		return b.EmitAll(program.BatchNorm{Eps: 1e-5}, w)[0]
	})
	add("gates of channels and of positions", []int{4, 5, 6}, func(b *program.Builder, x *program.Value) *program.Value {
		g := b.Emit(program.Reshape{Shape: tensor.Of(2, 1, 1, 6)}, b.Emit(program.GlobalAvgPool{}, x))
		g = b.Emit(program.Conv{Window: program.Square(1, 1, 0), Groups: 1}, g, b.Held("layer/squeeze", tensor.Of(1, 1, 6, 6)))
		y := b.Emit(program.Gate{}, x, b.Emit(program.Activation{Func: program.Sigmoid}, g))
		both := b.Emit(program.Concat{}, b.Emit(program.ChannelMax{}, y), b.Emit(program.ChannelMean{}, y))
		p := b.Emit(program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, both, b.Held("layer/spatial", tensor.Of(3, 3, 2, 1)))
		return b.Emit(program.Gate{}, y, b.Emit(program.Activation{Func: program.Sigmoid}, p))
	})
	add("a convolution over channels", []int{3, 4, 6}, func(b *program.Builder, x *program.Value) *program.Value {
		g := b.Emit(program.Reshape{Shape: tensor.Of(2, 1, 6, 1)}, b.Emit(program.GlobalAvgPool{}, x))
		g = b.Emit(program.Conv{Window: geometry(1, 3, 1, 1, 0, 0, 1, 1), Groups: 1}, g, b.Held("layer/weight", tensor.Of(1, 3, 1, 1)))
		return b.Emit(program.Gate{}, x, b.Emit(program.Reshape{Shape: tensor.Of(2, 1, 1, 6)}, g))
	})
	one("softmax over channels", program.Softmax{}, 3, 2, 5)
	add("attention of two heads with a bias by offset", []int{2, 3, 8}, func(b *program.Builder, x *program.Value) *program.Value {
		heads := func(v *program.Value) *program.Value { return b.Emit(program.SplitHeads{Heads: 2}, v) }
		s := b.Emit(program.BatchMatMul{TransB: true}, heads(b.Emit(program.Scale{By: 0.5}, x)), heads(x))
		s = b.Emit(program.RelativeBias{H: 2, W: 3, Range: 1}, s, b.Held("layer/offsets", tensor.Of(2, 3, 3)))
		return b.Emit(program.MergeHeads{H: 2, W: 3}, b.Emit(program.BatchMatMul{}, b.Emit(program.Softmax{}, s), heads(x)))
	})
	add("attention of one head, its keys turned over", []int{2, 3, 4}, func(b *program.Builder, x *program.Value) *program.Value {
		rows := b.Emit(program.Reshape{Shape: tensor.Of(2, 1, 6, 4)}, x)
		of := b.Emit(program.BatchMatMul{TransA: true}, rows, rows) // [2,1,4,4]
		return b.Emit(program.Reshape{Shape: tensor.Of(2, 2, 3, 4)}, b.Emit(program.BatchMatMul{}, rows, of))
	})
	add("a sum, a product and a multiple", []int{3, 4, 2}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Add{}, x, b.Emit(program.Scale{By: -0.3}, x))
		return b.Emit(program.Mul{}, y, b.Emit(program.Transpose{Axes: []int{0, 1, 2, 3}}, x))
	})
	add("slices, padding and shuffled channels", []int{3, 2, 6}, func(b *program.Builder, x *program.Value) *program.Value {
		left, right := b.Emit(program.SliceChannels{From: 0, To: 2}, x), b.Emit(program.SliceChannels{From: 2, To: 6}, x)
		return b.Emit(program.Concat{}, b.Emit(program.PadChannels{Before: 1, After: 2}, left), b.Emit(program.ShuffleChannels{Groups: 2}, right))
	})
	one("every second row and column", program.Subsample{Stride: 2}, 5, 4, 3)
	add("slices and padding of a vector", []int{3, 2, 6}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.SliceChannels{From: 1, To: 4}, b.Emit(program.GlobalAvgPool{}, x))
		return b.Emit(program.PadChannels{Before: 2, After: 1}, y)
	})
	add("pixels moved into channels", []int{4, 6, 2}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Transpose{Axes: []int{0, 1, 3, 2, 4, 5}}, b.Emit(program.Reshape{Shape: tensor.Of(2, 2, 2, 3, 2, 2)}, x))
		return b.Emit(program.Reshape{Shape: tensor.Of(2, 2, 3, 8)}, y)
	})
	one("lrn", program.LRN{Size: 5, Alpha: 0.4, Beta: 0.75, K: 2}, 3, 2, 7)
	for _, scan := range []program.Scan{{}, {Columns: true}, {Reverse: true}, {Columns: true, Reverse: true}} {
		for _, gates := range []int{3, 4} {
			name := map[int]string{3: "gru", 4: "lstm"}[gates]
			add(fmt.Sprintf("%s columns %v reverse %v", name, scan.Columns, scan.Reverse), []int{3, 4, 2 * gates}, func(b *program.Builder, x *program.Value) *program.Value {
				op := program.Op(program.LSTM{Scan: scan})
				if gates == 3 {
					op = program.GRU{Scan: scan}
				}
				return b.EmitAll(op, x, b.Held("layer/recurrent", tensor.Of(2, 2*gates)), b.Held("layer/bias", tensor.Of(2*gates)))[0]
			})
		}
	}
	anchors := [][2]float32{{1, 2}, {3.5, 0.5}}
	one("boxes", program.RegionBoxes{Anchors: anchors}, 2, 3, 2*8)
	one("boxes in a tree", program.RegionBoxes{Anchors: anchors, Tree: program.Tree{-1, -1, 0, 0, 1, 2}}, 2, 3, 2*11)
	add("the images, twice", []int{2, 3, 3}, func(b *program.Builder, x *program.Value) *program.Value {
		y := b.Emit(program.Activation{Func: program.ReLU}, x)
		b.Output("also", y)
		b.Output("images too", x)
		return y
	})
	one("normalised images", program.Activation{Func: program.Identity}, 2, 3, 3)
	cs[len(cs)-1].o = onnx.Options{Name: "mini", Mean: []float32{0.5, 0.25, 0.125}, Std: []float32{0.5, 2, 0.25}}
	return cs
}
