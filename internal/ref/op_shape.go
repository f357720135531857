package ref

import "github.com/assaylab/assay/internal/program"

// move copies len channels of each row of x, from channel cx on, to channel cy of y on.
func move(y array, cy int, x array, cx, len int) {
	for row := range x.Elems() / x.channels() {
		copy(y.v[row*y.channels()+cy:][:len], x.v[row*x.channels()+cx:][:len])
	}
}

func concat(xs []array, y array) {
	c := 0
	for _, x := range xs {
		move(y, c, x, 0, x.channels())
		c += x.channels()
	}
}

func sliceChannels(op program.SliceChannels, x, y array) { move(y, 0, x, op.From, y.channels()) }

func padChannels(op program.PadChannels, x, y array) { move(y, op.Before, x, 0, x.channels()) }

// shuffleChannels: y[..., c·G+g] = x[..., g·C/G+c].
func shuffleChannels(op program.ShuffleChannels, x, y array) {
	c := x.channels()
	for p := 0; p < len(x.v); p += c {
		for g := range op.Groups {
			for k := range c / op.Groups {
				y.v[p+k*op.Groups+g] = x.v[p+g*(c/op.Groups)+k]
			}
		}
	}
}

func subsample(op program.Subsample, x, y array) {
	strided(op.Stride, x, y, func(ix, iy int) { y.v[iy] = x.v[ix] })
}

func subsampleGrad(op program.SubsampleGrad, dy, dx array) {
	strided(op.Stride, dx, dy, func(ix, iy int) { dx.v[ix] = dy.v[iy] })
}

// transpose: y[i0,i1,...] = x[...], of which index Axes[k] is ik.
func transpose(op program.Transpose, x, y array) {
	at := make([]int, len(op.Axes)) // of x
	for i := range y.v {
		for k, rest := len(at)-1, i; k >= 0; k-- {
			at[op.Axes[k]], rest = rest%y.Shape[k], rest/y.Shape[k]
		}
		from := 0
		for k, index := range at {
			from = from*x.Shape[k] + index
		}
		y.v[i] = x.v[from]
	}
}

// strided calls f with the places of y and those of x that they come from.
func strided(stride int, x, y array, f func(ix, iy int)) {
	for n := range y.Shape[0] {
		for h := range y.Shape[1] {
			for w := range y.Shape[2] {
				for c := range y.Shape[3] {
					f(x.at(n, h*stride, w*stride, c), y.at(n, h, w, c))
				}
			}
		}
	}
}
