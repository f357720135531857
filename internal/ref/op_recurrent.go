package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// sequences lists the sequences of a map of that shape: of each the positions in the order of its steps, numbered n·H·W + h·W + w.
func sequences(s program.Scan, of array) [][]int {
	h, w := of.Shape[1], of.Shape[2]
	count, steps := h, w
	if s.Columns {
		count, steps = w, h
	}
	var all [][]int
	for n := range of.Shape[0] {
		for i := range count {
			var places []int
			for t := range steps {
				if s.Reverse {
					t = steps - 1 - t
				}
				row, col := i, t
				if s.Columns {
					row, col = t, i
				}
				places = append(places, (n*h+row)*w+col)
			}
			all = append(all, places)
		}
	}
	return all
}

// pixel is the channels of a position of a map.
func (a array) pixel(p int) []float64 { return a.v[p*a.channels():][:a.channels()] }

// recurrent: p[j] = b[j] + Σ_k h[k]·u[k,j].
func recurrent(h []float64, u, b array) []float64 {
	p := append([]float64(nil), b.v...)
	for k, v := range h {
		for j := range p {
			p[j] += v * u.v[k*len(p)+j]
		}
	}
	return p
}

// recurrentBack: dh[k] = Σ_j dp[j]·u[k,j].
func recurrentBack(dp []float64, u array) []float64 {
	dh := make([]float64, u.Shape[0])
	for k := range dh {
		for j, v := range dp {
			dh[k] += v * u.v[k*len(dp)+j]
		}
	}
	return dh
}

// lstm: i, f, o = σ(a), g = tanh(a), c = f·c + i·g, h = o·tanh(c).
func lstm(op program.LSTM, x, u, b, y, gates, cells array) {
	units := u.Shape[0]
	for _, places := range sequences(op.Scan, y) {
		h, c := make([]float64, units), make([]float64, units)
		for _, at := range places {
			a, p, g := x.pixel(at), recurrent(h, u, b), gates.pixel(at)
			for j := range units {
				g[j] = sigmoid(a[j] + p[j])
				g[units+j] = sigmoid(a[units+j] + p[units+j])
				g[2*units+j] = math.Tanh(a[2*units+j] + p[2*units+j])
				g[3*units+j] = sigmoid(a[3*units+j] + p[3*units+j])
				c[j] = g[units+j]*c[j] + g[j]*g[2*units+j]
				h[j] = g[3*units+j] * math.Tanh(c[j])
			}
			copy(cells.pixel(at), c)
			copy(y.pixel(at), h)
		}
	}
}

// lstmGrad walks the steps back: what comes to h from above and from the next step, and to c from h and the next step.
func lstmGrad(op program.LSTMGrad, gates, cells, u, dy, dx array) {
	units := u.Shape[0]
	for _, places := range sequences(op.Scan, dy) {
		dh, dc := make([]float64, units), make([]float64, units) // from the next step
		for t := len(places) - 1; t >= 0; t-- {
			at := places[t]
			before := make([]float64, units)
			if t > 0 {
				before = cells.pixel(places[t-1])
			}
			gate, c, d := gates.pixel(at), cells.pixel(at), dx.pixel(at)
			for j := range units {
				i, f, g, o := gate[j], gate[units+j], gate[2*units+j], gate[3*units+j]
				dh[j] += dy.pixel(at)[j]
				tc := math.Tanh(c[j])
				dc[j] += dh[j] * o * (1 - tc*tc)
				d[j] = dc[j] * g * i * (1 - i)
				d[units+j] = dc[j] * before[j] * f * (1 - f)
				d[2*units+j] = dc[j] * i * (1 - g*g)
				d[3*units+j] = dh[j] * tc * o * (1 - o)
				dc[j] *= f
			}
			dh = recurrentBack(d, u)
		}
	}
}

// gru: r, z = σ(x + p), n = tanh(x + r·p), h = (1-z)·n + z·h.
func gru(op program.GRU, x, u, b, y, gates array) {
	units := u.Shape[0]
	for _, places := range sequences(op.Scan, y) {
		h := make([]float64, units)
		for _, at := range places {
			a, p, g := x.pixel(at), recurrent(h, u, b), gates.pixel(at)
			for j := range units {
				r, z := sigmoid(a[j]+p[j]), sigmoid(a[units+j]+p[units+j])
				n := math.Tanh(a[2*units+j] + r*p[2*units+j])
				g[j], g[units+j], g[2*units+j], g[3*units+j] = r, z, n, p[2*units+j]
				h[j] = (1-z)*n + z*h[j]
			}
			copy(y.pixel(at), h)
		}
	}
}

// gruGrad walks the steps back; a part of dh passes by the gates to the step before.
func gruGrad(op program.GRUGrad, gates, y, u, dy, dx, dp array) {
	units := u.Shape[0]
	for _, places := range sequences(op.Scan, dy) {
		dh := make([]float64, units) // from the next step
		for t := len(places) - 1; t >= 0; t-- {
			at := places[t]
			before := make([]float64, units)
			if t > 0 {
				before = y.pixel(places[t-1])
			}
			gate, d, e := gates.pixel(at), dx.pixel(at), dp.pixel(at)
			past := make([]float64, units)
			for j := range units {
				r, z, n, p := gate[j], gate[units+j], gate[2*units+j], gate[3*units+j]
				g := dy.pixel(at)[j] + dh[j]
				dn := g * (1 - z) * (1 - n*n)
				d[j] = dn * p * r * (1 - r)
				d[units+j] = g * (before[j] - n) * z * (1 - z)
				d[2*units+j] = dn
				e[j], e[units+j], e[2*units+j] = d[j], d[units+j], dn*r
				past[j] = g * z
			}
			dh = recurrentBack(e, u)
			for j := range dh {
				dh[j] += past[j]
			}
		}
	}
}

// sweepGradWeight: du[k,j] = Σ h_{t-1}[k]·dp_t[j].
func sweepGradWeight(op program.SweepGradWeight, h, dp, du array) {
	for _, places := range sequences(op.Scan, h) {
		for t := 1; t < len(places); t++ {
			for k, v := range h.pixel(places[t-1]) {
				for j, d := range dp.pixel(places[t]) {
					du.v[k*dp.channels()+j] += v * d
				}
			}
		}
	}
}
