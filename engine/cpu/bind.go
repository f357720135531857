package cpu

import "github.com/assaylab/assay/program"

// binder plans a unit: it adds steps to the planner.
type binder func(b *planner, u unit) error

// bound is the binding of an op, nil if there is none: the table of contents of the op_ files.
func bound(op program.Op) binder {
	switch op.(type) {
	// op_conv.go
	case program.Conv:
		return bindConv
	// op_convgradinput.go
	case program.ConvGradInput:
		return bindConvGradInput
	// op_convgradweight.go
	case program.ConvGradWeight:
		return bindConvGradWeight
	// op_matmul.go
	case program.MatMul:
		return bindMatMul
	// op_bias.go
	case program.BiasAdd:
		return bindBiasAdd
	case program.SumChannels:
		return bindSumChannels
	// op_activation.go
	case program.Activation:
		return bindActivation
	case program.ActivationGrad:
		return bindActivationGrad
	case program.PReLU:
		return bindPReLU
	case program.PReLUGrad:
		return bindPReLUGrad
	// op_rrelu.go
	case program.RReLU:
		return bindRReLU
	case program.RReLUGrad:
		return bindRReLUGrad
	// op_lrn.go
	case program.LRN:
		return bindLRN
	case program.LRNGrad:
		return bindLRNGrad
	// op_pool.go
	case program.MaxPool:
		return bindMaxPool
	case program.MaxPoolGrad:
		return bindMaxPoolGrad
	case program.AvgPool:
		return bindAvgPool
	case program.AvgPoolGrad:
		return bindAvgPoolGrad
	case program.GlobalAvgPool:
		return bindGlobalAvgPool
	case program.SpreadHW:
		return bindSpreadHW
	// op_arith.go
	case program.Add:
		return bindAdd
	case program.Scale:
		return bindScale
	case program.Mean:
		return bindMean
	case program.Expand:
		return bindExpand
	case program.Variance:
		return bindVariance
	case program.Dropout:
		return bindDropout
	// op_shape.go
	case program.Reshape:
		return bindReshape
	case program.Concat:
		return bindConcat
	case program.SliceChannels:
		return bindSliceChannels
	case program.PadChannels:
		return bindPadChannels
	case program.Subsample:
		return bindSubsample
	case program.SubsampleGrad:
		return bindSubsampleGrad
	// op_batchnorm.go
	case program.BatchNorm:
		return bindBatchNorm
	case program.BatchNormGrad:
		return bindBatchNormGrad
	case program.BatchNormInference:
		return bindBatchNormInference
	// op_loss.go
	case program.CrossEntropy:
		return bindCrossEntropy
	case program.CrossEntropyGrad:
		return bindCrossEntropyGrad
	case program.LogSoftmax:
		return bindLogSoftmax
	// op_update.go
	case program.SGD:
		return bindSGD
	case program.Blend:
		return bindBlend
	}
	return nil
}
