package program

// Ops lists every operation, a zero value each, in the order of the files: the table of contents of what an engine must
// bind. Conventions: x is an input map, y an output map, w a weight, d... the gradient of the loss by that value.
//
// Adding one: docs/adding-an-op.md.
func Ops() []Op {
	return []Op{
		// op_conv.go
		Conv{},           // x[N,H,W,Cin], w[KH,KW,Cin/groups,Cout] → y[N,Ho,Wo,Cout]
		ConvGradInput{},  // dy, w → dx
		ConvGradWeight{}, // x, dy → dw
		// op_matmul.go
		MatMul{}, // a[M,K], b[K,N] (or transposed) → c[M,N]
		// op_batchmatmul.go
		BatchMatMul{}, // a[N,G,M,K], b[N,G,K,L] (or one of both transposed) → c[N,G,M,L]
		// op_bias.go
		BiasAdd{},     // x[...,C], b[C] → y
		SumChannels{}, // x[...,C] → [C], the sum over all but the last axis
		// op_activation.go
		Activation{},     // x → f(x)
		ActivationGrad{}, // r, dy → dx, r = y where the derivative follows from the output, else x
		PReLU{},          // x, a[C] → y
		PReLUGrad{},      // x, a, dy → dx, da
		// op_crelu.go
		CReLU{},     // x[...,C] → y[...,2C]
		CReLUGrad{}, // y, dy → dx
		// op_apl.go
		APL{},     // x[...,C], a[S,C], b[S,C] → y
		APLGrad{}, // x, a, b, dy → dx, da, db
		// op_rrelu.go
		RReLU{},     // x, step → y
		RReLUGrad{}, // y, dy, step → dx
		// op_pool.go
		MaxPool{},     // x → y
		MaxPoolGrad{}, // x, y, dy → dx
		AvgPool{},     // x → y
		AvgPoolGrad{}, // dy → dx
		// op_stochasticpool.go
		StochasticPool{},          // x, step → y
		StochasticPoolInference{}, // x → y
		// op_globalpool.go
		GlobalAvgPool{}, // x[N,H,W,C] → [N,C]
		SpreadHW{},      // y[N,C] → x[N,H,W,C], every position scaled alike
		// op_gem.go
		GeM{},     // x[N,H,W,C], p[1] → [N,C], the generalised mean
		GeMGrad{}, // x, p, y, dy → dx, dp
		// op_channelpool.go
		ChannelMean{},    // x[N,H,W,C] → [N,H,W,1]
		ChannelMax{},     // x[N,H,W,C] → [N,H,W,1]
		ChannelMaxGrad{}, // x, y, dy → dx
		SpreadChannels{}, // y[N,H,W,1] → x[N,H,W,C], every channel scaled alike
		// op_gate.go
		Gate{},     // x[N,H,W,C], g[N,1,1,C] or g[N,H,W,1] → x·g
		GateGrad{}, // x, dy → dg
		// op_softmax.go
		Softmax{},     // x[...,C] → shares of the last axis
		SoftmaxGrad{}, // y, dy → dx
		// op_heads.go
		SplitHeads{},       // x[N,H,W,C] → [N,Heads,H·W,C/Heads]
		MergeHeads{},       // y[N,G,H·W,D] → [N,H,W,G·D]
		RelativeBias{},     // s[N,G,H·W,H·W], table[G,2R+1,2R+1] → s + table by the offset of two positions
		RelativeBiasGrad{}, // ds → dtable
		// op_arith.go
		Add{},    // a, b of one shape → a+b
		Mul{},    // a, b of one shape → a·b
		Scale{},  // x → By·x
		Mean{},   // x → the mean of all elements, a scalar
		Expand{}, // (scalar) → every element of Shape, times Scale; 1 without an input
		// op_shape.go
		Reshape{},         // x → the same elements under another shape
		Concat{},          // x1[...,C1], x2[...,C2] ... → [...,C1+C2+...]
		SliceChannels{},   // x[...,C] → [...,To-From]
		PadChannels{},     // x[...,C] → [...,Before+C+After], zeros
		ShuffleChannels{}, // x[...,C] → its channels, one of each group in turn
		Subsample{},       // x[N,H,W,C] → every Stride-th row and column
		SubsampleGrad{},   // dy → dx[N,H,W,C], zeros between
		Transpose{},       // x[N,...] → the axes behind the first in another order
		// op_batchnorm.go
		BatchNorm{},          // x[N,H,W,C] (, gamma[C], beta[C]) → y, mean[C], var[C] (biased)
		BatchNormGrad{},      // x, mean, var (, gamma), dy → dx (, dgamma, dbeta)
		BatchNormInference{}, // x, mean, var (, gamma, beta) → y
		// op_layernorm.go
		LayerNorm{},     // x[...,C], gamma[C], beta[C] → y
		LayerNormGrad{}, // x, gamma, dy → dx, dgamma, dbeta
		// op_groupnorm.go
		GroupNorm{},     // x[N,...,C], gamma[C], beta[C] → y
		GroupNormGrad{}, // x, gamma, dy → dx, dgamma, dbeta
		// op_weightnorm.go
		WeightNorm{},     // v[...,C], g[C] → w
		WeightNormGrad{}, // v, g, dw → dv, dg
		// op_lrn.go
		LRN{},     // x[...,C] → y
		LRNGrad{}, // x, dy → dx
		// op_recurrent.go
		LSTM{},            // x[N,H,W,4U], u[U,4U], b[4U] → h[N,H,W,U], gates, c
		LSTMGrad{},        // gates, c, u, dh → dx
		GRU{},             // x[N,H,W,3U], u[U,3U], b[3U] → h[N,H,W,U], gates
		GRUGrad{},         // gates, h, u, dh → dx, dp
		SweepGradWeight{}, // h, dp → du
		// op_dropout.go
		Dropout{}, // x, rate, step → y; its gradient is itself
		// op_blockmask.go
		BlockMask{}, // rate, step → m[N,H,W,C]
		// op_loss.go
		CrossEntropy{},     // logits[N,K], labels[N] or shares[N,K] → loss[N]
		CrossEntropyGrad{}, // logits, labels, dloss[N] → dlogits
		LogSoftmax{},       // logits[N,K] → log-probabilities
		Variance{},         // x → the variance of all elements (biased), a scalar; for lsuv
		// op_losses.go
		BinaryCrossEntropy{},     // logits[N,K], labels[N] or shares[N,K] → loss[N]
		BinaryCrossEntropyGrad{}, // logits, labels, dloss[N] → dlogits
		Focal{},                  // logits[N,K], labels[N] or shares[N,K] → loss[N]
		FocalGrad{},              // logits, labels, dloss[N] → dlogits
		Entropy{},                // logits[N,K] → that of each row's softmax, [N]
		EntropyGrad{},            // logits, dh[N] → dlogits
		// op_region.go
		Region{},      // x[N,H,W,A·(5+K)], boxes[N,M,4], classes[N,M], seen[N] → loss[N]
		RegionGrad{},  // x, boxes, classes, seen, dloss[N] → dx
		RegionBoxes{}, // x[N,H,W,A·(5+K)] → [N,A·H·W,5+K]: boxes, objectness, probabilities
		// op_update.go: Writers
		SGD{},   // p, g, v, lr, momentum, l2; changes p and v
		Blend{}, // r, b, keep: r = keep·r + (1-keep)·Scale·b; changes r
		// op_adaptive.go: Writers
		Adam{},     // p, g, m, v, step, direct, root, eps, beta1, beta2, l2, decay; changes p, m and v
		RMSProp{},  // p, g, v, lr, keep, add, eps, l2 (, b, momentum); changes p and v (and b)
		AdaDelta{}, // p, g, v, u, lr, rho, eps, l2; changes p, v and u
		Lion{},     // p, g, m, lr, beta1, beta2, l2, decay; changes p and m
		// op_trust.go: Writers
		LARS{}, // p, g, v, lr, momentum, l2, trust, eps; changes p and v
		LAMB{}, // p, g, m, v, lr, first, root, eps, beta1, beta2, l2, decay; changes p, m and v
		// op_combine.go
		Combine{},  // x, a or x, y, a, b → a·x + b·y
		Norm{},     // x1, x2 ... → the Euclidean norm of all together, a scalar
		Quotient{}, // a, n → a / (n + Eps), a scalar
		Shift{},    // p, x, by: p = p - by·x; changes p
		// op_clip.go
		Lasso{},        // g, p, l1 → g + l1·sign(p)
		Clamp{},        // g, most → g within [-most, most]
		ClipChannels{}, // g, p, share → g, of each channel at most that share of p's norm
		MaxNorm{},      // p, limit; changes p, each channel to at most that norm
	}
}
