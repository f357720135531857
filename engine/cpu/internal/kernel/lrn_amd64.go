//go:build !purego

package kernel

// Local response normalisation in sweeps that know nothing of channels: squares go to a scratch with zeros around the channels of
// each pixel, so that the sum over a window is the sum of that scratch shifted by one channel after the other. A strip of
// pixels at a time stays in the first-level cache. A power of d is taken by logarithm and exponential.

// lrnScratch is how many elements a strip may have: 8 KB, of two buffers.
const lrnScratch = 2048

// lrnStrip is a strip of pixels of one row.
type lrnStrip struct {
	w        wide
	b        Block
	l        LRN
	padded   [lrnScratch]float32 // channels with Size/2 zeros on either side
	sums     [lrnScratch]float32
	channels int // of padded
}

// strips calls f for every strip of a block, with its first row and pixel.
func (s *lrnStrip) strips(b Block, f func(s *lrnStrip, r, p int)) {
	s.channels = b.C + s.l.Size - 1
	most := lrnScratch / max(s.channels, 1)
	for r := range b.Rows {
		for p := 0; p < b.Pixels; p += most {
			s.b = Block{Rows: 1, Pixels: min(most, b.Pixels-p), C: b.C}
			f(s, r, p)
		}
	}
}

// from is the part of a map that begins at pixel p of row r.
func (m Map) from(r, p int) Map {
	m.Data = m.Data[r*m.Row+p*m.Pix:]
	return m
}

// sum is the map of the sums.
func (s *lrnStrip) sum() Map { return Map{Data: s.sums[:], Row: s.b.Pixels * s.b.C, Pix: s.b.C} }

// window leaves the sums of x·y over the channels around each one in sums.
func (s *lrnStrip) window(x, y Map) {
	n := s.b.Pixels * s.channels
	clear(s.padded[:n])
	at := func(c int) Map { return Map{Data: s.padded[c:], Row: n, Pix: s.channels} }
	s.w.elements(addProductElements, s.b, [4]float32{1}, at(s.l.Size/2), x, y)
	if s.l.Size == 1 {
		copyMap(s.b, s.sum(), at(0))
		return
	}
	s.w.add(s.b, s.sum(), at(0), at(1))
	for c := 2; c < s.l.Size; c++ {
		s.w.add(s.b, s.sum(), s.sum(), at(c))
	}
}

// pow is y = x·d^power, d = K + Alpha/Size·sum.
func (s *lrnStrip) pow(y, x Map, power float32) {
	s.w.elements(powScaleElements, s.b, [4]float32{s.l.K - 1, s.l.Alpha / float32(s.l.Size), power}, y, x, s.sum())
}

func (w wide) lrn(b Block, y, x Map, l LRN) {
	if b.C+l.Size-1 > lrnScratch {
		lrn(b, y, x, l)
		return
	}
	s := lrnStrip{w: w, l: l}
	s.strips(b, func(s *lrnStrip, r, p int) {
		x := x.from(r, p)
		s.window(x, x)
		s.pow(y.from(r, p), x, -l.Beta)
	})
}

func (w wide) lrnGrad(b Block, dx, x, dy Map, l LRN) {
	if b.C+l.Size-1 > lrnScratch {
		lrnGrad(b, dx, x, dy, l)
		return
	}
	s := lrnStrip{w: w, l: l}
	k := -2 * l.Alpha * l.Beta / float32(l.Size)
	s.strips(b, func(s *lrnStrip, r, p int) {
		dx, x := dx.from(r, p), x.from(r, p)
		s.window(x, x)
		s.pow(dx, dy.from(r, p), -l.Beta)
		s.pow(s.sum(), dx, -1)
		s.window(s.sum(), x) // of dy·x·d^(−Beta−1)
		s.w.elements(addProductElements, s.b, [4]float32{k}, dx, x, s.sum())
	})
}
