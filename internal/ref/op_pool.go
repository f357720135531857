package ref

import "github.com/assaylab/assay/internal/program"

// window calls f with every output place and the places of x in its window, in row-major order.
func window(op program.Window, x, y array, f func(iy int, in []int)) {
	var in []int
	for n := range y.Shape[0] {
		for ho := range y.Shape[1] {
			for wo := range y.Shape[2] {
				for c := range y.Shape[3] {
					in = in[:0]
					for kh := range op.Kernel[0] {
						for kw := range op.Kernel[1] {
							hi, wi := ho*op.Stride[0]+kh-op.Pad[0], wo*op.Stride[1]+kw-op.Pad[2]
							if x.holds(hi, wi) {
								in = append(in, x.at(n, hi, wi, c))
							}
						}
					}
					f(y.at(n, ho, wo, c), in)
				}
			}
		}
	}
}

// largest is the place of the largest element, the first among equal ones.
func largest(x array, in []int) int {
	best := in[0]
	for _, i := range in {
		if x.v[i] > x.v[best] {
			best = i
		}
	}
	return best
}

func maxPool(op program.MaxPool, x, y array) {
	window(op.Window, x, y, func(iy int, in []int) { y.v[iy] = x.v[largest(x, in)] })
}

// maxPoolGrad: dy goes to the first element that equals y.
func maxPoolGrad(op program.MaxPoolGrad, x, y, dy, dx array) {
	window(op.Window, x, dy, func(iy int, in []int) {
		for _, ix := range in {
			if x.v[ix] == y.v[iy] {
				dx.v[ix] += dy.v[iy]
				return
			}
		}
	})
}

func avgPool(op program.AvgPool, x, y array) {
	window(op.Window, x, y, func(iy int, in []int) {
		for _, ix := range in {
			y.v[iy] += x.v[ix] / divisor(op, in)
		}
	})
}

func avgPoolGrad(op program.AvgPoolGrad, dy, dx array) {
	window(op.Window, dx, dy, func(iy int, in []int) {
		for _, ix := range in {
			dx.v[ix] += dy.v[iy] / divisor(program.AvgPool{Window: op.Window, CountPad: op.CountPad}, in)
		}
	})
}

func divisor(op program.AvgPool, in []int) float64 {
	if op.CountPad {
		return float64(op.Kernel[0] * op.Kernel[1])
	}
	return float64(len(in))
}
