//go:build !purego

package kernel

import "unsafe"

// draws is what the random numbers of a strip follow from.
type draws struct {
	to            unsafe.Pointer
	rounds        int // of 4 vectors
	counter, step uint32
	key           [2]uint32
}

// drawStrip is how many random numbers are drawn at a time.
const drawStrip = 2048

// uniforms is room for a strip, for the numbers in front of its first in the same word, and for those that complete a round.
type uniforms [drawStrip + 3 + 64]float32

// draw returns n uniform numbers, those of the elements from first on as [unit] makes them of their bits.
func (w wide) draw(u *uniforms, n int, first uint64, step uint32, key [2]uint32) []float32 {
	skip := int(first % 4)
	d := draws{to: unsafe.Pointer(u), counter: uint32(first / 4), step: step, key: key}
	if w {
		d.rounds = (skip + n + 63) / 64
		uniformAVX512((*byte)(unsafe.Pointer(&d)))
	} else {
		d.rounds = (skip + n + 31) / 32
		uniformAVX2((*byte)(unsafe.Pointer(&d)))
	}
	return u[skip : skip+n]
}

// drawn runs an element kernel with a last map of random numbers, strip by strip.
func (w wide) drawn(e elements, b Block, scalar [4]float32, first uint64, step uint32, key [2]uint32, y, x, dy Map) {
	var u uniforms
	b = b.merged(y, x, dy)
	for r := range b.Rows {
		for p := range b.Pixels {
			for c := 0; c < b.C; c += drawStrip {
				n := min(drawStrip, b.C-c)
				at := r*y.Row + p*y.Pix + c
				blk, my := Flat(y.Data[at : at+n])
				_, mx := Flat(x.Data[r*x.Row+p*x.Pix+c:][:n])
				_, mu := Flat(w.draw(&u, n, first, step, key))
				if dy.Data == nil {
					w.elements(e, blk, scalar, my, mx, mu)
				} else {
					_, mdy := Flat(dy.Data[r*dy.Row+p*dy.Pix+c:][:n])
					w.elements(e, blk, scalar, my, mx, mdy, mu)
				}
				first += uint64(n)
			}
		}
	}
}

func (w wide) dropout(b Block, y, x Map, first uint64, rate float32, step uint32, key [2]uint32) {
	w.drawn(dropElements, b, [4]float32{rate, 1 / (1 - rate)}, first, step, key, y, x, Map{})
}

func (w wide) rrelu(b Block, y, x, dy Map, first uint64, low, high float32, step uint32, key [2]uint32) {
	w.drawn(rreluElements, b, [4]float32{low, high - low}, first, step, key, y, x, dy)
}
