package kernel

import "math"

// Sweeps element by element, and copies.

// add is z = x + y.
func add(b Block, z, x, y Map) {
	b = b.merged(z, x, y)
	for r := range b.Rows {
		for p := range b.Pixels {
			z, x, y := z.at(r, p, b.C), x.at(r, p, b.C), y.at(r, p, b.C)
			for i := range z {
				z[i] = x[i] + y[i]
			}
		}
	}
}

// mul is z = x·y.
func mul(b Block, z, x, y Map) {
	b = b.merged(z, x, y)
	for r := range b.Rows {
		for p := range b.Pixels {
			z, x, y := z.at(r, p, b.C), x.at(r, p, b.C), y.at(r, p, b.C)
			for i := range z {
				z[i] = x[i] * y[i]
			}
		}
	}
}

// scale is y = k·x.
func scale(b Block, y, x Map, k float32) {
	b = b.merged(y, x, Map{})
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x := y.at(r, p, b.C), x.at(r, p, b.C)
			for i := range y {
				y[i] = k * x[i]
			}
		}
	}
}

// axpy is y += k·x.
func axpy(b Block, y, x Map, k float32) {
	b = b.merged(y, x, Map{})
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x := y.at(r, p, b.C), x.at(r, p, b.C)
			for i := range y {
				y[i] += float32(k * x[i])
			}
		}
	}
}

// copyMap is y = x, between any pitches: a halo in or out, channels into or out of a wider map, every second pixel.
func copyMap(b Block, y, x Map) {
	b = b.merged(y, x, Map{})
	for r := range b.Rows {
		if b.C == 1 { // a call of copy takes five times as long
			for p := range b.Pixels {
				y.Data[r*y.Row+p*y.Pix] = x.Data[r*x.Row+p*x.Pix]
			}
			continue
		}
		for p := range b.Pixels {
			copy(y.at(r, p, b.C), x.at(r, p, b.C))
		}
	}
}

// permute is y[c] = x[from[c]] in every pixel.
func permute(b Block, y, x Map, from []int32) {
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x := y.at(r, p, b.C), x.at(r, p, b.C)
			for c, o := range from[:b.C] {
				y[c] = x[o]
			}
		}
	}
}

// fill is y = k.
func fill(b Block, y Map, k float32) {
	b = b.merged(y, Map{}, Map{})
	for r := range b.Rows {
		for p := range b.Pixels {
			y := y.at(r, p, b.C)
			if k == 0 {
				clear(y) // several times faster than the loop
				continue
			}
			for i := range y {
				y[i] = k
			}
		}
	}
}

// dropout is y = x/(1−rate) where the element is kept, else 0 (Srivastava et al., JMLR 15, 2014). Element i of the whole array
// is kept at a step where the upper 24 bits of word i%4 of Philox4x32({i/4, step, 0, 0}, key), as a number in [0,1), are at
// least rate. The block's elements are first, first+1 ... in row-major order. Applied to dy it is its own gradient.
func dropout(b Block, y, x Map, first uint64, rate float32, step uint32, key [2]uint32) {
	threshold := uint32(math.Ceil(min(max(float64(rate), 0), 1) * (1 << 24)))
	k := 1 / (1 - rate)
	b = b.merged(y, x, Map{})
	i := first
	var word [4]uint32
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x := y.at(r, p, b.C), x.at(r, p, b.C)
			for c := range y {
				if c == 0 || i%4 == 0 {
					word = philox(uint32(i/4), step, key)
				}
				v := float32(0)
				if word[i%4]>>8 >= threshold {
					v = x[c] * k
				}
				y[c] = v
				i++
			}
		}
	}
}

// rrelu is y = dy where x > 0, else dy/a, a uniform in [low, high) for each element: Xu et al., arXiv:1505.00853. With dy = x
// it is the activation, else its gradient, where x may as well be the activation's output. An element's bits are those that
// dropout has, its a is low + (high−low)·u of their upper 24.
func rrelu(b Block, y, x, dy Map, first uint64, low, high float32, step uint32, key [2]uint32) {
	b = b.merged(y, x, dy)
	i := first
	var word [4]uint32
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x, dy := y.at(r, p, b.C), x.at(r, p, b.C), dy.at(r, p, b.C)
			for c := range y {
				if c == 0 || i%4 == 0 {
					word = philox(uint32(i/4), step, key)
				}
				v := dy[c]
				if !(x[c] > 0) {
					v *= 1 / (low + float32((high-low)*unit(word[i%4])))
				}
				y[c] = v
				i++
			}
		}
	}
}

// unit is the number in [0,1) that the upper 24 bits make.
func unit(word uint32) float32 { return float32(word>>8) * (1.0 / (1 << 24)) }

// philox is Philox4x32 of 10 rounds (Salmon, Moraes, Dror, Shaw, SC 2011) at the counter {i, step, 0, 0}.
func philox(i, step uint32, key [2]uint32) [4]uint32 {
	const m0, m1, w0, w1 = 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85
	a, b, c, d, k0, k1 := i, step, uint32(0), uint32(0), key[0], key[1]
	for range 10 {
		p, q := uint64(m0)*uint64(a), uint64(m1)*uint64(c)
		a, b, c, d = uint32(q>>32)^b^k0, uint32(q), uint32(p>>32)^d^k1, uint32(p)
		k0, k1 = k0+w0, k1+w1
	}
	return [4]uint32{a, b, c, d}
}
