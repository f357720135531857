package compile

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// mode is what a lowering is for.
type mode uint8

const (
	training   mode = iota // batch statistics, which move the running ones; dropout, random slopes
	evaluation             // running statistics, nothing random
	statistics             // batch statistics that move nothing, nothing random
)

// lowering is one pass over the graph.
type lowering struct {
	f     *Family
	b     *program.Builder
	mode  mode
	batch int
	out   map[*nn.Node]*program.Value // what readers see, the overlay at the output included
	raw   map[*nn.Node]*program.Value // of convolutions and linear layers, bias included, norm not
	at    map[string]*program.Value   // by name, in place of parameters; nil: none
}

// lower emits every layer in graph order, with what lies over it.
func (f *Family) lower(b *program.Builder, batch int, m mode, at map[string]*program.Value) *lowering {
	l := &lowering{f: f, b: b, mode: m, batch: batch, at: at, out: map[*nn.Node]*program.Value{}, raw: map[*nn.Node]*program.Value{}}
	for _, s := range f.steps {
		b.At(s.Node.Name)
		if f.front != nil && f.front.within[s.Node.Name] {
			if s.Node.Name == f.front.node {
				l.out[s.Node] = b.Input(Features, program.Real, tensor.Of(batch, s.Size.H, s.Size.W, s.Size.C))
			}
			continue
		}
		in := make([]*program.Value, len(s.Node.In))
		for i, from := range s.Node.In {
			in[i] = l.overlay(s.OverIn[i], l.out[from], s.Node)
		}
		y := l.layer(s, in)
		l.raw[s.Node] = y
		l.out[s.Node] = l.overlay(s.OverOut, y, s.Node)
	}
	return l
}

// layer emits one layer.
func (l *lowering) layer(s nn.Step, in []*program.Value) *program.Value {
	b := l.b
	switch layer := s.Node.Layer.(type) {
	case nn.Input:
		return b.Input(Images, program.Real, tensor.Of(l.batch, s.Size.H, s.Size.W, s.Size.C))
	case nn.Conv:
		w := program.Window{Kernel: layer.Kernel, Stride: layer.Stride, Dilation: layer.Dilation, Pad: layer.Padding}
		return b.Emit(program.Conv{Window: w, Groups: layer.Groups}, in[0], l.weight(s))
	case nn.Linear:
		y := b.Emit(program.MatMul{}, l.flat(in[0]), l.weight(s))
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, 1, s.Size.C)}, y)
	case nn.Activation:
		return l.activation(s, layer, in[0])
	case nn.Pool:
		return l.pool(s, layer, in[0])
	case nn.GlobalPool:
		return l.globalPool(layer, s.InSizes[0], in[0])
	case nn.BinPool:
		return l.pool(s, layer.Pool(s.InSizes[0]), in[0])
	case nn.GeM:
		var p *program.Value
		if layer.Fixed {
			p = b.Emit(program.Expand{Shape: tensor.Of(1), Scale: layer.P})
		} else {
			p = l.held(s.Params[0])
		}
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, 1, s.Size.C)}, b.Emit(program.GeM{}, in[0], p))
	case nn.Add:
		sum := in[0]
		for _, x := range in[1:] {
			sum = b.Emit(program.Add{}, sum, x)
		}
		return sum
	case nn.Concat:
		if len(in) == 1 {
			return in[0]
		}
		return b.Emit(program.Concat{}, in...)
	case nn.Flatten:
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, 1, s.Size.C)}, in[0])
	case nn.Scale:
		return b.Emit(program.Scale{By: layer.By}, in[0])
	case nn.Shuffle:
		return b.Emit(program.ShuffleChannels{Groups: layer.Groups}, in[0])
	case nn.Split:
		c := s.Size.C
		return b.Emit(program.SliceChannels{From: (layer.Part - 1) * c, To: layer.Part * c}, in[0])
	case nn.Recurrent:
		return l.recurrent(s, layer, in[0])
	case nn.Shortcut:
		x := in[0]
		if layer.Stride > 1 {
			x = b.Emit(program.Subsample{Stride: layer.Stride}, x)
		}
		if more := layer.Out - s.InSizes[0].C; more > 0 {
			x = b.Emit(program.PadChannels{After: more}, x)
		}
		return x
	case nn.Gate:
		return b.Emit(program.Gate{}, in...)
	case nn.ChannelPool:
		return l.channelPool(layer, in[0])
	case nn.ChannelConv:
		return l.channelConv(s, layer, in[0])
	case nn.Stack:
		return l.stack(s, in)
	case nn.Attention:
		return l.attention(s, layer, in)
	case nn.AttentionPool:
		return l.attentionPool(s, in[0], in[1])
	case nn.Reorg:
		return l.reorg(s, layer, in[0])
	case nn.Region:
		return in[0]
	case nn.LayerScale:
		return b.Emit(program.Conv{Window: program.Square(1, 1, 0), Groups: s.Size.C}, in[0], l.held(s.Params[0]))
	}
	b.Fail(fmt.Errorf("%s: no lowering for a layer of kind %q", s.Node.Name, s.Node.Layer.Kind()))
	return nil
}

// weight is what a convolution or linear layer weighs by: its parameter, or what the overlay makes of that.
func (l *lowering) weight(s nn.Step) *program.Value {
	w := l.held(s.Params[0])
	for _, a := range s.OverOut {
		switch e := a.Layer.(type) {
		case nn.WeightNorm:
			w = l.b.Emit(program.WeightNorm{}, w, l.held(a.Params[0]))
		case nn.WeightStandard:
			w = l.b.EmitAll(program.BatchNorm{Eps: e.Eps}, w)[0] // of each output channel, the last axis of a weight as of a map
		}
	}
	for _, a := range s.OverIn[0] {
		if d, ok := a.Layer.(nn.Dropout); ok && d.Of == nn.Weights && l.random(s.Node) {
			w = l.dropout(a, d, w)
		}
	}
	return w
}

// dropout emits noise on x, drawn by the name of its place.
func (l *lowering) dropout(a nn.Applied, d nn.Dropout, x *program.Value) *program.Value {
	if d.Rate == 0 {
		return x
	}
	key := tensor.NewStream(l.f.seed, a.Name).Key()
	var rate *program.Value
	if d.Ramp {
		rate = l.f.ramp(l.b, d.Rate)
	} else {
		rate = l.f.constant(l.b, "rate", d.Rate)
	}
	clock := l.b.Scalar(Clock)
	if d.Of == nn.Block {
		mask := program.BlockMask{Key: key, Shape: x.Shape(), Size: d.Side()}
		_, down, across := mask.Places()
		mask.First = l.f.part * x.Shape()[0] * down * across * x.Shape()[3]
		return l.b.Emit(program.Mul{}, x, l.b.Emit(mask, rate, clock))
	}
	drop := program.Dropout{Key: key, Gaussian: d.Gaussian, Of: map[nn.Whole]program.Whole{nn.Channel: program.Channels, nn.Depth: program.Images}[d.Of]}
	if d.Of != nn.Weights { // which all parts of a step share
		drop.First = l.f.part * drop.Index(x.Shape().Elems(), x.Shape())
	}
	return l.b.Emit(drop, x, rate, clock)
}

// overlay emits what lies over a value, the output of a layer or an input of it.
func (l *lowering) overlay(over []nn.Applied, x *program.Value, at *nn.Node) *program.Value {
	for _, a := range over {
		switch e := a.Layer.(type) {
		case nn.Bias:
			x = l.b.Emit(program.BiasAdd{}, x, l.held(a.Params[0]))
			l.raw[at] = x
		case nn.BatchNorm:
			x = l.batchNorm(a, e, at.Path(), x)
			if e.Shift {
				x = l.b.Emit(program.BiasAdd{}, x, l.held(a.Params[0]))
			}
		case nn.LayerNorm:
			x = l.b.Emit(program.LayerNorm{Eps: e.Eps}, x, l.held(a.Params[0]), l.held(a.Params[1]))
		case nn.GroupNorm:
			x = l.b.Emit(program.GroupNorm{Eps: e.Eps, Groups: e.Of(a.Size.C)}, x, l.held(a.Params[0]), l.held(a.Params[1]))
		case nn.WeightNorm, nn.WeightStandard: // see weight
		case nn.LRN:
			x = l.b.Emit(program.LRN{Size: e.Size, Alpha: e.Alpha, Beta: e.Beta, K: e.K}, x)
		case nn.Dropout:
			if e.Of != nn.Weights && l.random(at) { // for weights see weight
				x = l.dropout(a, e, x)
			}
		default:
			l.b.Fail(fmt.Errorf("%s: no lowering for %s", a.Name, e.Kind()))
		}
	}
	return x
}

// random reports whether a layer, with what lies over it, is left to chance.
func (l *lowering) random(n *nn.Node) bool { return l.mode == training && !l.f.still(n.Path()) }

// batchNorm emits the norm, without a shift that is learnt alone, and, in training, the move of its running statistics. One over a frozen layer is in training what it
// is in evaluation: its statistics are those that came with the frozen weights, as in Keras' trainable = False.
func (l *lowering) batchNorm(a nn.Applied, e nn.BatchNorm, path string, x *program.Value) *program.Value {
	b := l.b
	var affine []*program.Value
	if e.Affine {
		affine = []*program.Value{l.held(a.Params[0]), l.held(a.Params[1])}
	}
	mean, variance := l.held(a.Buffers[0]), l.held(a.Buffers[1])
	if l.mode == evaluation || l.mode == training && l.f.frozen(path) {
		return b.Emit(program.BatchNormInference{Eps: e.Eps, Affine: e.Affine}, append([]*program.Value{x, mean, variance}, affine...)...)
	}
	groups, images := 0, l.batch
	if e.Ghost > 0 && e.Ghost != l.batch { // which divides: see Family.divides
		groups, images = l.batch/e.Ghost, e.Ghost
	}
	outs := b.EmitAll(program.BatchNorm{Eps: e.Eps, Affine: e.Affine, Groups: groups}, append([]*program.Value{x}, affine...)...)
	if len(outs) != 3 {
		return outs[0] // the builder has failed
	}
	if l.mode == training && l.at == nil {
		keep := l.f.keep
		if keep == nil {
			keep = l.f.constant(b, "keep", e.Momentum)
		}
		b.EmitAll(program.Blend{Scale: 1}, mean, outs[1], keep)
		b.EmitAll(program.Blend{Scale: unbiased(images * a.Size.H * a.Size.W)}, variance, outs[2], keep)
	}
	return outs[0]
}

// before is how many elements of an image's so many are in the parts of the batch before this one.
func (l *lowering) before(elems int) int { return l.f.part * l.batch * elems }

// activation emits a non-linearity.
func (l *lowering) activation(s nn.Step, a nn.Activation, x *program.Value) *program.Value {
	b := l.b
	switch a.Func {
	case nn.Identity:
		return x
	case nn.PReLU:
		return b.Emit(program.PReLU{}, x, l.held(s.Params[0]))
	case nn.APL:
		return b.Emit(program.APL{}, x, l.held(s.Params[0]), l.held(s.Params[1]))
	case nn.FReLU:
		return b.Emit(program.BiasAdd{}, b.Emit(program.Activation{Func: program.ReLU}, x), l.held(s.Params[0]))
	case nn.CReLU, nn.Maxout: // the groups of a pixel, blocks of channels, are as many pixels in a row, and so are a group's pieces: a pooling joins them
		of, row := s.Size, [2]int{1, a.Pieces}
		op := program.Op(program.CReLU{})
		width, reads := of.W*a.Groups, of.C/2/a.Groups
		if a.Func == nn.Maxout {
			op = program.MaxPool{Window: program.Window{Kernel: row, Stride: row, Dilation: [2]int{1, 1}}}
			width, reads = width*a.Pieces, of.C/a.Groups
		}
		x = b.Emit(op, b.Emit(program.Reshape{Shape: tensor.Of(l.batch, of.H, width, reads)}, x))
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, of.H, of.W, of.C)}, x)
	case nn.VeryLeaky:
		return b.Emit(program.Activation{Func: program.Leaky, Alpha: a.Alpha}, x)
	case nn.RReLU:
		if l.random(s.Node) {
			key := tensor.NewStream(l.f.seed, s.Node.Name+"/rrelu").Key()
			return b.Emit(program.RReLU{Key: key, First: l.before(s.Size.Elems())}, x, b.Scalar(Clock))
		}
		return b.Emit(program.Activation{Func: program.Leaky, Alpha: 2. / (program.RReLULow + program.RReLUHigh)}, x)
	}
	for _, f := range program.Funcs() {
		if f.String() == string(a.Func) {
			return b.Emit(program.Activation{Func: f, Alpha: a.Alpha}, x)
		}
	}
	l.b.Fail(fmt.Errorf("%s: no lowering for the activation %q", s.Node.Name, a.Func))
	return x
}

// recurrent emits, for each direction, the input products of all steps and the sweep over them.
func (l *lowering) recurrent(s nn.Step, r nn.Recurrent, x *program.Value) *program.Value {
	b := l.b
	var ends []*program.Value
	for i, direction := range r.Directions() {
		ps := s.Params[4*i:][:4] // input weight, recurrent weight, a bias of each
		patches := program.Window{Kernel: r.Patch, Stride: r.Patch, Dilation: [2]int{1, 1}}
		y := b.Emit(program.Conv{Window: patches, Groups: 1}, x, l.held(ps[0]))
		y = b.Emit(program.BiasAdd{}, y, l.held(ps[2]))
		steps := y.Shape().Clone()
		if r.Scan == nn.Positions {
			y = b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, steps[1]*steps[2], steps[3])}, y)
		}
		scan := program.Scan{Columns: r.Scan == nn.Columns, Reverse: direction != ""}
		cell := program.Op(program.LSTM{Scan: scan})
		if r.Cell == nn.GRU {
			cell = program.GRU{Scan: scan}
		}
		y = b.EmitAll(cell, y, l.held(ps[1]), l.held(ps[3]))[0]
		switch {
		case r.Last:
			y = l.end(scan, y)
		case r.Scan == nn.Positions:
			y = b.Emit(program.Reshape{Shape: tensor.Of(l.batch, steps[1], steps[2], r.Units)}, y)
		}
		ends = append(ends, y)
	}
	if len(ends) == 1 {
		return ends[0]
	}
	return b.Emit(program.Concat{}, ends...)
}

// end cuts out the last step of a sweep: of columns a row, else a column.
func (l *lowering) end(scan program.Scan, y *program.Value) *program.Value {
	s := y.Shape()
	rows, steps, width, of := s[1], s[2], s[3], tensor.Of(l.batch, s[1], 1, s[3])
	if scan.Columns {
		rows, steps, width, of = 1, s[1], s[2]*s[3], tensor.Of(l.batch, 1, s[2], s[3])
	}
	last := (steps - 1) * width
	if scan.Reverse {
		last = 0
	}
	y = l.b.Emit(program.Reshape{Shape: tensor.Of(l.batch, rows, 1, steps*width)}, y)
	y = l.b.Emit(program.SliceChannels{From: last, To: last + width}, y)
	return l.b.Emit(program.Reshape{Shape: of}, y)
}

// reorg emits the moves of pixels into channels: of darknet's in the memory of [C,H,W], taken for [C/s²,H,s,W,s].
func (l *lowering) reorg(st nn.Step, r nn.Reorg, x *program.Value) *program.Value {
	b, s, in, out, n := l.b, r.Stride, st.InSizes[0], st.Size, l.batch
	moved := func(x *program.Value, as tensor.Shape, axes ...int) *program.Value {
		return b.Emit(program.Transpose{Axes: axes}, b.Emit(program.Reshape{Shape: as}, x))
	}
	if r.Type == nn.Plain {
		x = moved(x, tensor.Of(n, out.H, s, out.W, s, in.C), 0, 1, 3, 2, 4, 5)
		return b.Emit(program.Reshape{Shape: tensor.Of(n, out.H, out.W, out.C)}, x)
	}
	x = b.Emit(program.Transpose{Axes: []int{0, 3, 1, 2}}, x)
	x = moved(x, tensor.Of(n, in.C/(s*s), in.H, s, in.W, s), 0, 3, 5, 1, 2, 4)
	return moved(x, tensor.Of(n, out.C, out.H, out.W), 0, 2, 3, 1)
}

// held is a parameter or buffer.
func (l *lowering) held(p nn.Param) *program.Value {
	if v := l.at[p.Name]; v != nil {
		return v
	}
	return l.b.Held(p.Name, p.Shape)
}

// flat is a map as rows, [N, H·W·C].
func (l *lowering) flat(x *program.Value) *program.Value {
	return l.b.Emit(program.Reshape{Shape: tensor.Of(l.batch, x.Shape().Elems()/l.batch)}, x)
}
