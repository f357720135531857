package ref

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// Eval runs a program once in float64 with nothing rounded, for gradient checks and goldens. real holds the inputs, scalars and
// held values by name, row-major; index the class indices. What the program writes to the State is written to the slices
// of real. It returns the outputs by name.
func Eval(p *program.Program, real map[string][]float64, index map[string][]int32) (map[string][]float64, error) {
	m, err := start(p, real, index)
	if err != nil {
		return nil, err
	}
	for _, n := range p.Nodes {
		in, out := m.of(n.In), m.of(n.Out)
		if err := run(n.Op, in, out); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	outputs := map[string][]float64{}
	for _, o := range p.Outputs {
		outputs[o.Name] = m[o.Value.ID].v
	}
	return outputs, nil
}

// array is a value while it runs: v where it is real, i where it holds class indices.
type array struct {
	tensor.Shape
	v []float64
	i []int32
}

// at is the place of an element of a feature map [N,H,W,C] or a weight [KH,KW,Cin,Cout].
func (a array) at(n, h, w, c int) int {
	return ((n*a.Shape[1]+h)*a.Shape[2]+w)*a.Shape[3] + c
}

// holds reports whether row h and column w lie on the map and not in its padding.
func (a array) holds(h, w int) bool {
	return h >= 0 && h < a.Shape[1] && w >= 0 && w < a.Shape[2]
}

// channels is the extent of the last axis.
func (a array) channels() int { return a.Shape[len(a.Shape)-1] }

// memory is the arrays of a run, by Value.ID. What is computed starts as zeros.
type memory []array

func (m memory) of(values []*program.Value) []array {
	as := make([]array, len(values))
	for i, v := range values {
		as[i] = m[v.ID]
	}
	return as
}

// start places what is given and makes room for the rest.
func start(p *program.Program, real map[string][]float64, index map[string][]int32) (memory, error) {
	m := make(memory, len(p.Values))
	for _, v := range p.Values {
		a := array{Shape: v.Shape()}
		size, missing := a.Elems(), false
		switch {
		case v.Source == program.Computed:
			a.v = make([]float64, size)
		case v.Type.DType == program.Index:
			a.i = index[v.Name]
			missing = len(a.i) != size
		default:
			a.v = real[v.Name]
			missing = len(a.v) != size
		}
		if missing {
			return nil, fmt.Errorf("%s: %q must be fed with %d elements, got %d", p.Name, v.Name, size, len(a.v)+len(a.i))
		}
		m[v.ID] = a
	}
	return m, nil
}

// scalars are the numbers of scalar inputs.
func scalars(in []array) []float64 {
	s := make([]float64, len(in))
	for i, a := range in {
		s[i] = a.v[0]
	}
	return s
}

// run executes one op: the list of what this engine knows, in the order of program.Ops.
func run(op program.Op, in, out []array) error {
	switch op := op.(type) {
	case program.Conv:
		conv(op, in[0], in[1], out[0])
	case program.ConvGradInput:
		convGradInput(op, in[0], in[1], out[0])
	case program.ConvGradWeight:
		convGradWeight(op, in[0], in[1], out[0])
	case program.MatMul:
		matMul(op, in[0], in[1], out[0])
	case program.BatchMatMul:
		batchMatMul(op, in[0], in[1], out[0])
	case program.BiasAdd:
		biasAdd(in[0], in[1], out[0])
	case program.SumChannels:
		sumChannels(in[0], out[0])
	case program.Activation:
		activation(op, in[0], out[0])
	case program.ActivationGrad:
		activationGrad(op, in[0], in[1], out[0])
	case program.PReLU:
		prelu(in[0], in[1], out[0])
	case program.PReLUGrad:
		preluGrad(in[0], in[1], in[2], out[0], out[1])
	case program.CReLU:
		crelu(in[0], out[0])
	case program.CReLUGrad:
		creluGrad(in[0], in[1], out[0])
	case program.APL:
		apl(in[0], in[1], in[2], out[0])
	case program.APLGrad:
		aplGrad(in[0], in[1], in[2], in[3], out[0], out[1], out[2])
	case program.RReLU:
		rrelu(op, in[0], in[1], out[0])
	case program.RReLUGrad:
		rreluGrad(op, in[0], in[1], in[2], out[0])
	case program.MaxPool:
		maxPool(op, in[0], out[0])
	case program.MaxPoolGrad:
		maxPoolGrad(op, in[0], in[1], in[2], out[0])
	case program.AvgPool:
		avgPool(op, in[0], out[0])
	case program.AvgPoolGrad:
		avgPoolGrad(op, in[0], out[0])
	case program.StochasticPool:
		stochasticPool(op, in[0], in[1], out[0])
	case program.StochasticPoolInference:
		stochasticPoolInference(op, in[0], out[0])
	case program.GlobalAvgPool:
		globalAvgPool(in[0], out[0])
	case program.SpreadHW:
		spreadHW(op, in[0], out[0])
	case program.GeM:
		gem(in[0], in[1], out[0])
	case program.GeMGrad:
		gemGrad(in[0], in[1], in[2], in[3], out[0], out[1])
	case program.ChannelMean:
		channelMean(in[0], out[0])
	case program.ChannelMax:
		channelMax(in[0], out[0])
	case program.ChannelMaxGrad:
		channelMaxGrad(in[0], in[2], out[0])
	case program.SpreadChannels:
		spreadChannels(op, in[0], out[0])
	case program.Gate:
		gate(in[0], in[1], out[0])
	case program.GateGrad:
		gateGrad(in[0], in[1], out[0])
	case program.Softmax:
		softmax(in[0], out[0])
	case program.SoftmaxGrad:
		softmaxGrad(in[0], in[1], out[0])
	case program.SplitHeads:
		splitHeads(op, in[0], out[0])
	case program.MergeHeads:
		mergeHeads(in[0], out[0])
	case program.RelativeBias:
		relativeBias(op, in[0], in[1], out[0])
	case program.RelativeBiasGrad:
		relativeBiasGrad(op, in[0], out[0])
	case program.Add:
		add(in[0], in[1], out[0])
	case program.Mul:
		mul(in[0], in[1], out[0])
	case program.Scale:
		scale(op, in[0], out[0])
	case program.Mean:
		mean(in[0], out[0])
	case program.Expand:
		expand(op, in, out[0])
	case program.Reshape:
		copy(out[0].v, in[0].v)
	case program.Concat:
		concat(in, out[0])
	case program.SliceChannels:
		sliceChannels(op, in[0], out[0])
	case program.PadChannels:
		padChannels(op, in[0], out[0])
	case program.ShuffleChannels:
		shuffleChannels(op, in[0], out[0])
	case program.Subsample:
		subsample(op, in[0], out[0])
	case program.SubsampleGrad:
		subsampleGrad(op, in[0], out[0])
	case program.Transpose:
		transpose(op, in[0], out[0])
	case program.BatchNorm:
		batchNorm(op, in[0], in[1:], out[0], out[1], out[2])
	case program.BatchNormGrad:
		batchNormGrad(op, in[0], in[1], in[2], in[3:], out)
	case program.BatchNormInference:
		normalise(op.Eps, in[0], in[1], in[2], in[3:], out[0])
	case program.LayerNorm:
		layerNorm(op, in[0], in[1], in[2], out[0])
	case program.LayerNormGrad:
		layerNormGrad(op, in[0], in[1], in[2], out[0], out[1], out[2])
	case program.GroupNorm:
		groupNorm(op, in[0], in[1], in[2], out[0])
	case program.GroupNormGrad:
		groupNormGrad(op, in[0], in[1], in[2], out[0], out[1], out[2])
	case program.WeightNorm:
		weightNorm(in[0], in[1], out[0])
	case program.WeightNormGrad:
		weightNormGrad(in[0], in[1], in[2], out[0], out[1])
	case program.LRN:
		lrn(op, in[0], out[0])
	case program.LRNGrad:
		lrnGrad(op, in[0], in[1], out[0])
	case program.LSTM:
		lstm(op, in[0], in[1], in[2], out[0], out[1], out[2])
	case program.LSTMGrad:
		lstmGrad(op, in[0], in[1], in[2], in[3], out[0])
	case program.GRU:
		gru(op, in[0], in[1], in[2], out[0], out[1])
	case program.GRUGrad:
		gruGrad(op, in[0], in[1], in[2], in[3], out[0], out[1])
	case program.SweepGradWeight:
		sweepGradWeight(op, in[0], in[1], out[0])
	case program.Dropout:
		dropout(op, in[0], in[1], in[2], out[0])
	case program.BlockMask:
		blockMask(op, in[0], in[1], out[0])
	case program.CrossEntropy:
		return crossEntropy(op, in[0], in[1], out[0])
	case program.CrossEntropyGrad:
		return crossEntropyGrad(op, in[0], in[1], in[2], out[0])
	case program.BinaryCrossEntropy:
		return binaryCrossEntropy(op, in[0], in[1], out[0])
	case program.BinaryCrossEntropyGrad:
		return binaryCrossEntropyGrad(op, in[0], in[1], in[2], out[0])
	case program.Focal:
		return focal(op, in[0], in[1], out[0])
	case program.FocalGrad:
		return focalGrad(op, in[0], in[1], in[2], out[0])
	case program.Region:
		return region(op, in[0], in[1], in[2], in[3], out[0])
	case program.RegionGrad:
		return regionGrad(op, in[0], in[1], in[2], in[3], in[4], out[0])
	case program.RegionBoxes:
		regionBoxes(op, in[0], out[0])
	case program.Entropy:
		entropy(in[0], out[0])
	case program.EntropyGrad:
		entropyGrad(in[0], in[1], out[0])
	case program.LogSoftmax:
		logSoftmax(in[0], out[0])
	case program.Variance:
		variance(in[0], out[0])
	case program.SGD:
		sgd(op, in[0], in[1], in[2], in[3], in[4], in[5])
	case program.Blend:
		blend(op, in[0], in[1], in[2])
	case program.Adam:
		s := scalars(in[4:])
		adam(in[0], in[1], in[2], in[3], s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
	case program.RMSProp:
		if !op.Momentum {
			s := scalars(in[3:])
			rmsprop(op, in[0], in[1], in[2], nil, s[0], s[1], s[2], s[3], s[4], 0)
			break
		}
		s := scalars(in[4:])
		rmsprop(op, in[0], in[1], in[2], in[3].v, s[0], s[1], s[2], s[3], s[4], s[5])
	case program.AdaDelta:
		s := scalars(in[4:])
		adaDelta(in[0], in[1], in[2], in[3], s[0], s[1], s[2], s[3])
	case program.Lion:
		s := scalars(in[3:])
		lion(in[0], in[1], in[2], s[0], s[1], s[2], s[3], s[4])
	case program.LARS:
		s := scalars(in[3:])
		lars(op, in[0], in[1], in[2], s[0], s[1], s[2], s[3], s[4])
	case program.LAMB:
		s := scalars(in[4:])
		lamb(in[0], in[1], in[2], in[3], s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
	case program.Combine:
		combine(in, out[0])
	case program.Norm:
		normOf(in, out[0])
	case program.Quotient:
		quotient(op, in[0], in[1], out[0])
	case program.Shift:
		shift(in[0], in[1], in[2])
	case program.Lasso:
		lasso(in[0], in[1], in[2], out[0])
	case program.Clamp:
		clamp(in[0], in[1], out[0])
	case program.ClipChannels:
		clipChannels(in[0], in[1], in[2], out[0])
	case program.MaxNorm:
		maxNorm(in[0], in[1])
	default:
		return fmt.Errorf("ref: no meaning for %s; add it to internal/ref", op.Kind())
	}
	return nil
}
