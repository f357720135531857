package ref

import "math"

// crelu: y = [max(x, 0), max(-x, 0)], the two one after the other in each pixel.
func crelu(x, y array) {
	c := x.channels()
	for i, v := range x.v {
		at := i/c*2*c + i%c
		y.v[at], y.v[at+c] = math.Max(v, 0), math.Max(-v, 0)
	}
}

// creluGrad: the gradient of the side that is positive, that of the second turned round.
func creluGrad(y, dy, dx array) {
	c := dx.channels()
	for i := range dx.v {
		at := i/c*2*c + i%c
		switch {
		case y.v[at] > 0:
			dx.v[i] = dy.v[at]
		case y.v[at+c] > 0:
			dx.v[i] = -dy.v[at+c]
		}
	}
}
