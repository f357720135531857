package compile

import (
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Poolings are few operations, put together: a kind is a line or three of maximum, mean and what mixes them.

// pool emits a pooling over windows.
func (l *lowering) pool(s nn.Step, p nn.Pool, x *program.Value) *program.Value {
	b := l.b
	reach := p.Reach(s.InSizes[0])
	for i := range reach {
		reach[i] = max(reach[i], 0) // rows that no window reads need no mention
	}
	w := program.Window{Kernel: p.Kernel, Stride: p.Stride, Dilation: [2]int{1, 1}, Pad: reach}
	largest := func() *program.Value { return b.Emit(program.MaxPool{Window: w}, x) }
	mean := func(x *program.Value) *program.Value {
		return b.Emit(program.AvgPool{Window: w, CountPad: p.CountPad}, x)
	}
	switch p.Type {
	case nn.Mixed:
		return l.mixed(s, p, largest(), mean(x))
	case nn.Gated:
		filter := b.Emit(program.Conv{Window: w, Groups: s.Size.C}, x, l.everywhere(s.Params[0], p.Kernel, s.Size.C))
		share := b.Emit(program.Activation{Func: program.Sigmoid}, filter)
		avg := mean(x)
		return b.Emit(program.Add{}, avg, b.Emit(program.Mul{}, share, l.minus(largest(), avg)))
	case nn.Stochastic:
		if l.mode == training {
			key := tensor.NewStream(l.f.seed, s.Node.Name+"/stochastic").Key()
			return b.Emit(program.StochasticPool{Window: w, Key: key, First: l.before(s.Size.Elems())}, x, b.Scalar(Clock))
		}
		return b.Emit(program.StochasticPoolInference{Window: w}, x)
	case nn.Lp:
		power := func(p float32, x *program.Value) *program.Value {
			return b.Emit(program.Activation{Func: program.Power, Alpha: p}, x)
		}
		return power(1/p.Power, mean(power(p.Power, x)))
	case nn.Blur:
		return l.blurred(p, reach, x)
	}
	return l.poolKinds(p.Type, func(kind nn.PoolKind) *program.Value {
		if kind == nn.Max {
			return largest()
		}
		return mean(x)
	})
}

// mixed is m·max + (1-m)·avg, m given or learned.
func (l *lowering) mixed(s nn.Step, p nn.Pool, largest, mean *program.Value) *program.Value {
	b := l.b
	if p.Mix > 0 {
		return b.Emit(program.Add{}, b.Emit(program.Scale{By: p.Mix}, largest), b.Emit(program.Scale{By: 1 - p.Mix}, mean))
	}
	point := program.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	share := l.everywhere(s.Params[0], point.Kernel, s.Size.C)
	return b.Emit(program.Add{}, mean, b.Emit(program.Conv{Window: point, Groups: s.Size.C}, l.minus(largest, mean), share))
}

// minus is a-b.
func (l *lowering) minus(a, b *program.Value) *program.Value {
	return l.b.Emit(program.Add{}, a, l.b.Emit(program.Scale{By: -1}, b))
}

// everywhere is one small filter for each channel alike, as a depthwise weight: a product with a row of ones, so that the filter's
// gradient sums over channels.
func (l *lowering) everywhere(p nn.Param, kernel nn.HW, channels int) *program.Value {
	b := l.b
	filter := b.Emit(program.Reshape{Shape: tensor.Of(p.Shape.Elems(), 1)}, l.held(p))
	ones := b.Emit(program.Expand{Shape: tensor.Of(1, channels), Scale: 1})
	return b.Emit(program.Reshape{Shape: tensor.Of(kernel[0], kernel[1], 1, channels)}, b.Emit(program.MatMul{}, filter, ones))
}

// blurred is the maximum at every position, and of those the ones that the stride reaches, blurred by [1 2 1]/4 both ways. That
// filter is two means of two neighbours; the first reaches a position beyond each border, where a mean of those inside repeats it.
func (l *lowering) blurred(p nn.Pool, reach [4]int, x *program.Value) *program.Value {
	b, one, two := l.b, [2]int{1, 1}, [2]int{2, 2}
	x = b.Emit(program.MaxPool{Window: program.Window{Kernel: p.Kernel, Stride: one, Dilation: one, Pad: reach}}, x)
	x = b.Emit(program.AvgPool{Window: program.Window{Kernel: two, Stride: one, Dilation: one, Pad: [4]int{1, 1, 1, 1}}}, x)
	return b.Emit(program.AvgPool{Window: program.Window{Kernel: two, Stride: p.Stride, Dilation: one}}, x)
}

// globalPool emits a pooling of all positions.
func (l *lowering) globalPool(p nn.GlobalPool, in nn.Size, x *program.Value) *program.Value {
	b, all := l.b, [2]int{in.H, in.W}
	return l.poolKinds(p.Type, func(kind nn.PoolKind) *program.Value {
		if kind == nn.Max {
			return b.Emit(program.MaxPool{Window: program.Window{Kernel: all, Stride: all, Dilation: [2]int{1, 1}}}, x)
		}
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, 1, in.C)}, b.Emit(program.GlobalAvgPool{}, x))
	})
}

// poolKinds emits one kind of pooling, or the sum of both.
func (l *lowering) poolKinds(kind nn.PoolKind, one func(nn.PoolKind) *program.Value) *program.Value {
	if kind == nn.MaxAvg {
		return l.b.Emit(program.Add{}, one(nn.Max), one(nn.Avg))
	}
	return one(kind)
}
