package kernel

// Depthwise convolution (a channel sees itself alone; multiplier 1) is bound by memory: vectors run over the channels. The
// gradient of the input is the forward kernel over dy with the taps of the window negated.

func depthwise(a *ConvArgs) {
	for p, xo := range a.XOff {
		y := a.Y[a.YOff[p]:][:a.Cols]
		if !a.Add {
			clear(y)
		}
		for c, v := range a.Bias {
			y[c] += v
		}
		for t, tap := range a.Taps {
			x, w := a.X[xo+tap:][:len(y)], a.W[t*a.Cols:][:len(y)]
			for c := range y {
				y[c] += x[c] * w[c]
			}
		}
		if a.ReLU {
			for c, v := range y {
				y[c] = max(v, 0)
			}
		}
	}
}

func depthwiseGrad(a *WgradArgs) {
	for t, tap := range a.Rows {
		dw := a.DW[t*a.LD:][:a.Cols]
		for p, xo := range a.XOff {
			x, dy := a.X[xo+tap:][:len(dw)], a.DY[a.YOff[p]:][:len(dw)]
			for c := range dw {
				dw[c] += x[c] * dy[c]
			}
		}
	}
}
