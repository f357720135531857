//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// Levels lists the sets that this processor runs, slowest first: generic, avx2, avx512.
func Levels() []Set {
	levels := []Set{Generic()}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA && x.HasBMI2 {
		levels = append(levels, avx2(levels[0]))
		if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
			levels = append(levels, avx512(levels[1]))
		}
	}
	return levels
}

func avx2(s Set) Set {
	s.Name = "avx2"
	s.Conv = []ConvTile{{"6x16", 6, 16, convTile6x16}, {"8x12", 8, 12, convTile8x12}, {"12x8", 12, 8, convTile12x8}}
	s.Wgrad = []WgradTile{{"6x16", 6, 16, 1, wgradTile6x16}, {"8x8", 8, 8, 1, wgradTile8x8}}
	s.Peak = func(n int) int { peakAVX2(n); return n * 48 * 8 * 2 }
	return wide(false).override(s)
}

func avx512(s Set) Set {
	s.Name = "avx512"
	s.Conv = []ConvTile{{"12x32", 12, 32, convTile12x32}, {"8x48", 8, 48, convTile8x48}, {"12x16", 12, 16, convTile12x16}}
	s.Wgrad = []WgradTile{{"12x32", 12, 32, 4, wgradTile12x32}, {"8x48", 8, 48, 4, wgradTile8x48},
		{"8x32", 8, 32, 1, wgradTile8x32}, {"8x16", 8, 16, 1, wgradTile8x16}}
	s.Peak = func(n int) int { peakAVX512(n); return n * 48 * 16 * 2 }
	return wide(true).override(s)
}

// wide chooses between the two forms of a kernel: AVX-512's, or AVX2's. The choice is an if around direct calls, because
// arguments of a call through a function value would be allocated on the heap.
type wide bool

func (w wide) override(s Set) Set {
	s.PackTranspose = w.packTranspose
	s.Depthwise, s.DepthwiseGrad = w.depthwise, w.depthwiseGrad
	s.WinogradIn, s.WinogradWeight, s.WinogradOut = w.winogradIn, w.winogradWeight, w.winogradOut
	s.WinogradOutGrad, s.WinogradWeightGrad = w.winogradOutGrad, w.winogradWeightGrad
	s.Moments, s.ColSums, s.Affine = w.moments, w.colSums, w.affine
	s.NormGradSums, s.NormGrad = w.normGradSums, w.normGrad
	s.PReLU, s.PReLUGrad, s.Spread = w.prelu, w.preluGrad, w.spread
	s.Gate, s.ColDots = w.gate, w.colDots
	s.RowSums, s.RowDots, s.RowMax, s.RowMaxGrad = w.rowSums, w.rowDots, w.rowMax, w.rowMaxGrad
	s.SpreadRows, s.GateRows = w.spreadRows, w.gateRows
	s.Softmax, s.SoftmaxGrad, s.LayerNorm, s.LayerNormGrad = w.softmax, w.softmaxGrad, w.layerNorm, w.layerNormGrad
	s.APL, s.APLGrad = w.apl, w.aplGrad
	s.Add, s.Mul, s.Scale, s.Axpy, s.Permute = w.add, w.mul, w.scale, w.axpy, w.permute
	s.Activation, s.ActivationGrad = w.activation, w.activationGrad
	s.CReLU, s.CReLUGrad = w.crelu, w.creluGrad
	s.RReLU, s.Dropout = w.rrelu, w.dropout
	s.MaxPool, s.MaxPoolGrad, s.AvgPool, s.AvgPoolGrad = w.maxPool, w.maxPoolGrad, w.avgPool, w.avgPoolGrad
	s.StochasticPool, s.StochasticPoolInference = w.stochasticPool, w.stochasticPoolInference
	s.LRN, s.LRNGrad, s.PowLog = w.lrn, w.lrnGrad, w.powLog
	s.LSTM, s.LSTMGrad, s.GRU, s.GRUGrad = w.lstm, w.lstmGrad, w.gru, w.gruGrad
	s.SGD, s.SquareSum, s.AllFinite = w.sgd, w.squareSum, w.allFinite
	s.Adam, s.Lion, s.AdaDelta, s.RMSProp, s.LARS = w.adam, w.lion, w.adaDelta, w.rmsprop, w.lars
	s.LAMBMoments, s.LAMBStep, s.Blend = w.lambMoments, w.lambStep, w.blend
	return s
}
