package ref

import "github.com/assaylab/assay/internal/program"

// channelMean: y[n,h,w] = Σ_c x[n,h,w,c] / C.
func channelMean(x, y array) {
	for i, v := range x.v {
		y.v[i/x.channels()] += v / float64(x.channels())
	}
}

func channelMax(x, y array) {
	for p := range y.v {
		y.v[p] = x.v[largest(x, pixel(x, p))]
	}
}

func channelMaxGrad(x, dy, dx array) {
	for p, g := range dy.v {
		dx.v[largest(x, pixel(x, p))] += g
	}
}

// spreadChannels: x[n,h,w,c] = Scale·y[n,h,w].
func spreadChannels(op program.SpreadChannels, y, x array) {
	for i := range x.v {
		x.v[i] = float64(op.Scale) * y.v[i/op.C]
	}
}

// pixel is the places of a position's channels.
func pixel(x array, p int) []int {
	places := make([]int, x.channels())
	for c := range places {
		places[c] = p*x.channels() + c
	}
	return places
}
