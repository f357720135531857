package ref

import "github.com/assaylab/assay/internal/program"

// A convolution is a sum over taps; its two gradients are the same walk with the roles of x, w and y exchanged, so one walk
// serves all three.

// conv: y[n,ho,wo,co] = Σ_{kh,kw,ci} x[n, ho·s+kh·d-top, wo·s+kw·d-left, g·Cin/groups+ci] · w[kh,kw,ci,co].
func conv(op program.Conv, x, w, y array) {
	taps(op, x, w, y, func(ix, iw, iy int) { y.v[iy] += x.v[ix] * w.v[iw] })
}

// convGradInput: every product x·w that went into y sends dy·w back to x.
func convGradInput(op program.ConvGradInput, dy, w, dx array) {
	taps(program.Conv{Window: op.Window, Groups: op.Groups}, dx, w, dy, func(ix, iw, iy int) { dx.v[ix] += dy.v[iy] * w.v[iw] })
}

// convGradWeight: every product x·w that went into y sends dy·x back to w.
func convGradWeight(op program.ConvGradWeight, x, dy, dw array) {
	taps(program.Conv(op), x, dw, dy, func(ix, iw, iy int) { dw.v[iw] += dy.v[iy] * x.v[ix] })
}

// taps calls f with the places of x, w and y of every product of a convolution. Products with padding are left out: it is zero.
func taps(op program.Conv, x, w, y array, f func(ix, iw, iy int)) {
	cin, perGroup := w.Shape[2], w.Shape[3]/op.Groups
	for n := range y.Shape[0] {
		for ho := range y.Shape[1] {
			for wo := range y.Shape[2] {
				for kh := range op.Kernel[0] {
					for kw := range op.Kernel[1] {
						hi := ho*op.Stride[0] + kh*op.Dilation[0] - op.Pad[0]
						wi := wo*op.Stride[1] + kw*op.Dilation[1] - op.Pad[2]
						if !x.holds(hi, wi) {
							continue
						}
						for ci := range cin {
							for co := range w.Shape[3] {
								g := co / perGroup
								f(x.at(n, hi, wi, g*cin+ci), w.at(kh, kw, ci, co), y.at(n, ho, wo, co))
							}
						}
					}
				}
			}
		}
	}
}
