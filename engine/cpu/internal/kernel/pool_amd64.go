//go:build !purego

package kernel

import "unsafe"

// windows is what a pooling kernel reads for one row of output pixels: the rows under it, the pixels, and for x and dx, y and
// dy, where they begin and their pitches in bytes. The last fresh of the rows belong to no window above.
type windows struct {
	rows, pixels, c int
	in              [2]unsafe.Pointer // x and dx at the first row of the windows
	out             [2]unsafe.Pointer // y and dy
	inRow, inPix    [2]int
	outPix          [2]int
	lo, hi, old     unsafe.Pointer // of the columns
	k               unsafe.Pointer
	fresh           int
}

func (s *windows) bytes() *byte { return (*byte)(unsafe.Pointer(s)) }

// windows is what all rows of a pooling have in common, false if there are no pixels. A map that is not there is the zero Map.
func (p *Pool) windows(x, dx, y, dy Map) (windows, bool) {
	n := len(p.W.Lo)
	s := windows{pixels: n, c: p.C}
	if len(p.H.Lo) == 0 || n == 0 || p.C <= 0 {
		return s, false
	}
	s.inRow, s.inPix = [2]int{4 * x.Row, 4 * dx.Row}, [2]int{4 * x.Pix, 4 * dx.Pix}
	s.outPix = [2]int{4 * y.Pix, 4 * dy.Pix}
	s.lo, s.hi, s.old = unsafe.Pointer(&p.W.Lo[0]), unsafe.Pointer(&p.W.Hi[:n][0]), unsafe.Pointer(&p.W.Old[:n][0])
	if dx.Data != nil { // windows with gaps set and add to what they reach, all else is 0
		p.clear(dx, p.H.reach(), p.W.reach())
	}
	return s, true
}

// row moves to output row i. A map that is too short for it panics here.
func (s *windows) row(p *Pool, i int, x, dx, y, dy Map) {
	n := len(p.W.Lo)
	h0, h1 := int(p.H.Lo[i]), int(p.H.Hi[i])
	s.rows = h1 - h0
	s.fresh = s.rows - int(p.H.Old[i])
	s.k = unsafe.Pointer(&p.K[i*n : (i+1)*n][0])
	for k, m := range [2]Map{x, dx} {
		if m.Data != nil {
			_ = m.at(h1-1, int(p.W.Hi[n-1])-1, p.C)
			s.in[k] = unsafe.Pointer(&m.Data[h0*m.Row])
		}
	}
	for k, m := range [2]Map{y, dy} {
		if m.Data != nil {
			_ = m.at(i, n-1, p.C)
			s.out[k] = unsafe.Pointer(&m.Data[i*m.Row])
		}
	}
}

func (w wide) maxPool(p *Pool, y, x Map) {
	s, ok := p.windows(x, Map{}, y, Map{})
	for i := 0; ok && i < len(p.H.Lo); i++ {
		s.row(p, i, x, Map{}, y, Map{})
		if w {
			maxPoolAVX512(s.bytes())
		} else {
			maxPoolAVX2(s.bytes())
		}
	}
}

func (w wide) maxPoolGrad(p *Pool, dx, x, y, dy Map) {
	s, ok := p.windows(x, dx, y, dy)
	for i := 0; ok && i < len(p.H.Lo); i++ {
		s.row(p, i, x, dx, y, dy)
		if w {
			maxPoolGradAVX512(s.bytes())
		} else {
			maxPoolGradAVX2(s.bytes())
		}
	}
}

func (w wide) avgPool(p *Pool, y, x Map) {
	s, ok := p.windows(x, Map{}, y, Map{})
	for i := 0; ok && i < len(p.H.Lo); i++ {
		s.row(p, i, x, Map{}, y, Map{})
		if w {
			avgPoolAVX512(s.bytes())
		} else {
			avgPoolAVX2(s.bytes())
		}
	}
}

func (w wide) avgPoolGrad(p *Pool, dx, dy Map) {
	s, ok := p.windows(Map{}, dx, Map{}, dy)
	for i := 0; ok && i < len(p.H.Lo); i++ {
		s.row(p, i, Map{}, dx, Map{}, dy)
		if w {
			avgPoolGradAVX512(s.bytes())
		} else {
			avgPoolGradAVX2(s.bytes())
		}
	}
}

// stochasticPool draws the numbers of a strip of output pixels, or of a part of one pixel's channels, then pools those.
func (w wide) stochasticPool(p *Pool, y, x Map, first uint64, step uint32, key [2]uint32) {
	row, ok := p.windows(x, Map{}, y, Map{Pix: p.C})
	var u uniforms
	for i := 0; ok && i < len(p.H.Lo); i++ {
		row.row(p, i, x, Map{}, y, Map{})
		most := max(drawStrip/p.C, 1)
		for j := 0; j < len(p.W.Lo); j += most {
			for c := 0; c < p.C; c += drawStrip {
				s := row.part(j, min(most, len(p.W.Lo)-j), c, min(drawStrip, p.C-c))
				n := s.pixels * s.c
				s.out[1] = unsafe.Pointer(&w.draw(&u, n, first, step, key)[0])
				if w {
					stochasticPoolAVX512(s.bytes())
				} else {
					stochasticPoolAVX2(s.bytes())
				}
				first += uint64(n)
			}
		}
	}
}

// part is pixels of the row from the j-th on, channels from c on.
func (s windows) part(j, pixels, c, channels int) windows {
	s.pixels, s.c = pixels, channels
	s.lo, s.hi, s.old, s.k = unsafe.Add(s.lo, 4*j), unsafe.Add(s.hi, 4*j), unsafe.Add(s.old, 4*j), unsafe.Add(s.k, 4*j)
	s.in[0] = unsafe.Add(s.in[0], 4*c)
	s.out[0] = unsafe.Add(s.out[0], j*s.outPix[0]+4*c)
	return s
}

func (w wide) stochasticPoolInference(p *Pool, y, x Map) {
	s, ok := p.windows(x, Map{}, y, Map{})
	for i := 0; ok && i < len(p.H.Lo); i++ {
		s.row(p, i, x, Map{}, y, Map{})
		if w {
			stochasticPoolInferenceAVX512(s.bytes())
		} else {
			stochasticPoolInferenceAVX2(s.bytes())
		}
	}
}
