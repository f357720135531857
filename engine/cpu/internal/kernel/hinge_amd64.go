//go:build !purego

package kernel

// aplStrip is how many elements go through all hinges before the next: they stay in the first-level cache.
const aplStrip = 2048

// strips calls f for every few rows of a block, from the first row on.
func (b Block) strips(f func(b Block, r int)) {
	most := max(aplStrip/max(b.Pixels*b.C, 1), 1)
	for r := 0; r < b.Rows; r += most {
		f(Block{Rows: min(most, b.Rows-r), Pixels: b.Pixels, C: b.C}, r)
	}
}

func (w wide) apl(b Block, y, x Map, a, h []float32) {
	b.strips(func(b Block, r int) {
		y, x := y.from(r, 0), x.from(r, 0)
		w.activation(b, ReLU, 0, y, x)
		s, ok := b.sweep(y, x)
		for i := 0; ok && i < len(a); i += b.C {
			s.vectors(a[i:], h[i:])
			if w {
				hingeAVX512(s.bytes())
			} else {
				hingeAVX2(s.bytes())
			}
		}
	})
}

func (w wide) aplGrad(b Block, dx, x, dy Map, a, h, da, dh []float32) {
	b.strips(func(b Block, r int) {
		dx, x, dy := dx.from(r, 0), x.from(r, 0), dy.from(r, 0)
		w.activationGrad(b, ReLU, 0, dx, x, dy)
		s, ok := b.sweep(dx, x, dy)
		for i := 0; ok && i < len(a); i += b.C {
			s.vectors(a[i:], h[i:], da[i:], dh[i:])
			if w {
				hingeGradAVX512(s.bytes())
			} else {
				hingeGradAVX2(s.bytes())
			}
		}
	})
}

// after is the map of the channels from c on.
func (m Map) after(c int) Map {
	if len(m.Data) > c {
		m.Data = m.Data[c:]
	}
	return m
}

func (w wide) crelu(b Block, y, x Map) {
	w.elements(creluElements, b, [4]float32{}, y, y.after(b.C), x)
}

func (w wide) creluGrad(b Block, dx, y, dy Map) {
	w.elements(creluGradElements, b, [4]float32{}, dx, y, y.after(b.C), dy, dy.after(b.C))
}
