package ref

import "github.com/assaylab/assay/internal/program"

// rrelu: y = x for x > 0, else x/a, a drawn for each element.
func rrelu(op program.RReLU, x, step, y array) {
	for i, v := range x.v {
		y.v[i] = f(program.Leaky, float64(op.Slope(i, uint32(step.v[0]))), v)
	}
}

// rreluGrad: dx = dy for y > 0, else dy/a.
func rreluGrad(op program.RReLUGrad, y, dy, step, dx array) {
	for i, v := range y.v {
		dx.v[i] = dy.v[i] * derivative(program.Leaky, float64(program.RReLU(op).Slope(i, uint32(step.v[0]))), v)
	}
}
