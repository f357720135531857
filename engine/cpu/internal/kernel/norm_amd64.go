//go:build !purego

package kernel

import "unsafe"

// sweep is what a pass over maps reads: the extent, and for each map where it begins and the bytes from a pixel to the next and
// from the end of a row to the next row.
type sweep struct {
	rows, pixels, c int
	data            [5]unsafe.Pointer
	step, skip      [5]int
	vec             [5]unsafe.Pointer // of channels
	scalar          [4]float32
	ahead           int // bytes from what is written to what to prefetch
	later           int // rows that next goes on with; kernels do not read it
}

func (s *sweep) bytes() *byte { return (*byte)(unsafe.Pointer(s)) }

// vectors sets the coefficients or sums by channel; one that is too short panics here.
func (s *sweep) vectors(vs ...[]float32) {
	for i, v := range vs {
		s.vec[i] = unsafe.Pointer(&v[:s.c][0])
	}
}

// sweep says how to pass over a block of maps, false if there is nothing in it. A map that is too short panics here.
func (b Block) sweep(maps ...Map) (sweep, bool) {
	s := sweep{rows: b.Rows, pixels: b.Pixels, c: b.C}
	if b.Rows <= 0 || b.Pixels <= 0 || b.C <= 0 {
		return s, false
	}
	for i, m := range maps {
		s.data[i] = unsafe.Pointer(&m.Data[0])
		_ = m.at(b.Rows-1, b.Pixels-1, b.C)
		s.step[i], s.skip[i] = 4*m.Pix, 4*(m.Row-b.Pixels*m.Pix)
	}
	s.ahead = aheadPixels * s.step[0]
	return s, true
}

// channels is a sweep for a pass by blocks of channels: over some rows after others, where all of them are more than stay near.
func (b Block) channels(maps ...Map) (sweep, bool) {
	s, ok := b.sweep(maps...)
	if row := 4 * len(maps) * b.Pixels * b.C; ok && b.C > 16 && b.Rows*row > nearBytes {
		s.rows = min(max(nearBytes/row, 1), b.Rows)
		s.later = b.Rows - s.rows
	}
	return s, ok
}

// next moves on to the next rows; false: they are done.
func (s *sweep) next() bool {
	if s.later == 0 {
		return false
	}
	for i, d := range s.data {
		if d != nil {
			s.data[i] = unsafe.Add(d, s.rows*(s.pixels*s.step[i]+s.skip[i]))
		}
	}
	s.rows = min(s.rows, s.later)
	s.later -= s.rows
	return true
}

func (w wide) moments(b Block, x Map, pivot, sum, sq []float32) {
	s, ok := b.channels(x)
	if !ok {
		return
	}
	s.vectors(pivot, sum, sq)
	for ; ok; ok = s.next() {
		if w {
			momentsAVX512(s.bytes())
		} else {
			momentsAVX2(s.bytes())
		}
	}
}

func (w wide) colSums(b Block, x Map, sum []float32) {
	s, ok := b.channels(x)
	if !ok {
		return
	}
	s.vectors(sum)
	for ; ok; ok = s.next() {
		if w {
			colSumsAVX512(s.bytes())
		} else {
			colSumsAVX2(s.bytes())
		}
	}
}

func (w wide) affine(b Block, relu bool, y, x, res Map, scale, shift []float32) {
	if res.Data == nil {
		s, ok := b.channels(y, x)
		switch {
		case !ok:
		case scale != nil:
			s.vectors(scale, shift)
			for ; ok; ok = s.next() {
				w.affine2(&s, relu)
			}
		default:
			s.vectors(shift)
			for ; ok; ok = s.next() {
				if w {
					biasAVX512(s.bytes())
				} else {
					biasAVX2(s.bytes())
				}
			}
			if relu {
				w.activation(b, ReLU, 0, y, y)
			}
		}
		return
	}
	s, ok := b.channels(y, x, res)
	switch {
	case !ok:
	case scale == nil: // nothing fused asks for it
		affine(b, relu, y, x, res, scale, shift)
	default:
		s.vectors(scale, shift)
		for ; ok; ok = s.next() {
			w.affine3(&s, relu)
		}
	}
}

// affine2 is without a residual.
func (w wide) affine2(s *sweep, relu bool) {
	switch {
	case relu && bool(w):
		affineReLUAVX512(s.bytes())
	case relu:
		affineReLUAVX2(s.bytes())
	case bool(w):
		affineAVX512(s.bytes())
	default:
		affineAVX2(s.bytes())
	}
}

// affine3 is with a residual.
func (w wide) affine3(s *sweep, relu bool) {
	switch {
	case relu && bool(w):
		affineResReLUAVX512(s.bytes())
	case relu:
		affineResReLUAVX2(s.bytes())
	case bool(w):
		affineResAVX512(s.bytes())
	default:
		affineResAVX2(s.bytes())
	}
}

func (w wide) normGradSums(b Block, dy, x, y Map, mean, sum, dot []float32) {
	if y.Data == nil {
		s, ok := b.channels(dy, x)
		if !ok {
			return
		}
		s.vectors(mean, sum, dot)
		for ; ok; ok = s.next() {
			if w {
				normGradSumsAVX512(s.bytes())
			} else {
				normGradSumsAVX2(s.bytes())
			}
		}
		return
	}
	s, ok := b.channels(dy, x, y)
	if !ok {
		return
	}
	s.vectors(mean, sum, dot)
	for ; ok; ok = s.next() {
		if w {
			normGradSumsReLUAVX512(s.bytes())
		} else {
			normGradSumsReLUAVX2(s.bytes())
		}
	}
}

func (w wide) normGrad(b Block, dx, dres, dy, x, y Map, mean, kdy, kx, k0 []float32) {
	switch {
	case y.Data == nil:
		if dres.Data != nil {
			copyMap(b, dres, dy)
		}
		s, ok := b.channels(dx, dy, x)
		if !ok {
			return
		}
		s.vectors(mean, kdy, kx, k0)
		for ; ok; ok = s.next() {
			if w {
				normGradAVX512(s.bytes())
			} else {
				normGradAVX2(s.bytes())
			}
		}
	case dres.Data == nil:
		s, ok := b.channels(dx, dy, x, y)
		if !ok {
			return
		}
		s.vectors(mean, kdy, kx, k0)
		for ; ok; ok = s.next() {
			if w {
				normGradReLUAVX512(s.bytes())
			} else {
				normGradReLUAVX2(s.bytes())
			}
		}
	default:
		s, ok := b.channels(dx, dy, x, y, dres)
		if !ok {
			return
		}
		s.vectors(mean, kdy, kx, k0)
		for ; ok; ok = s.next() {
			if w {
				normGradReLUResAVX512(s.bytes())
			} else {
				normGradReLUResAVX2(s.bytes())
			}
		}
	}
}

func (w wide) prelu(b Block, y, x Map, a []float32) {
	s, ok := b.channels(y, x)
	if !ok {
		return
	}
	s.vectors(a)
	for ; ok; ok = s.next() {
		if w {
			preluAVX512(s.bytes())
		} else {
			preluAVX2(s.bytes())
		}
	}
}

func (w wide) preluGrad(b Block, dx, x, dy Map, a, da []float32) {
	s, ok := b.channels(dx, x, dy)
	if !ok {
		return
	}
	s.vectors(a, da)
	for ; ok; ok = s.next() {
		if w {
			preluGradAVX512(s.bytes())
		} else {
			preluGradAVX2(s.bytes())
		}
	}
}

func (w wide) spread(b Block, y Map, v []float32, k float32) {
	s, ok := b.channels(y)
	if !ok {
		return
	}
	s.vectors(v)
	s.scalar[0] = k
	for ; ok; ok = s.next() {
		if w {
			spreadAVX512(s.bytes())
		} else {
			spreadAVX2(s.bytes())
		}
	}
}

func (w wide) gate(b Block, y, x Map, g []float32) {
	s, ok := b.sweep(y, x)
	if !ok {
		return
	}
	s.vectors(g)
	if w {
		gateAVX512(s.bytes())
	} else {
		gateAVX2(s.bytes())
	}
}

func (w wide) colDots(b Block, x, y Map, dot []float32) {
	s, ok := b.sweep(x, y)
	if !ok {
		return
	}
	s.vectors(dot)
	if w {
		colDotsAVX512(s.bytes())
	} else {
		colDotsAVX2(s.bytes())
	}
}
