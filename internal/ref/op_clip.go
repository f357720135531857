package ref

import "math"

// lasso: y = g + l1·sign(p).
func lasso(g, p, l1, y array) {
	for i := range y.v {
		y.v[i] = g.v[i] + l1.v[0]*sign(p.v[i])
	}
}

// clamp: y = min(max(g, -most), most).
func clamp(g, most, y array) {
	for i, v := range g.v {
		y.v[i] = min(max(v, -most.v[0]), most.v[0])
	}
}

// clipChannels: y = g·min(1, share·max(‖p‖, 1e-3) / max(‖g‖, 1e-6)), norms over all axes but the last, of a vector over all.
func clipChannels(g, p, share, y array) {
	channels := 1
	if len(g.Shape) > 1 {
		channels = g.channels()
	}
	for c := range channels {
		pp, gg := 0.0, 0.0
		for i := c; i < len(g.v); i += channels {
			pp += p.v[i] * p.v[i]
			gg += g.v[i] * g.v[i]
		}
		by := min(1, share.v[0]*max(math.Sqrt(pp), 1e-3)/max(math.Sqrt(gg), 1e-6))
		for i := c; i < len(g.v); i += channels {
			y.v[i] = by * g.v[i]
		}
	}
}
