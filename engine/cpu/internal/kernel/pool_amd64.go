//go:build !purego

package kernel

import "unsafe"

// windows is what a pooling kernel reads for one row of output pixels: the rows under it, the pixels, and for x and dx, y and
// dy, where they begin and their pitches in bytes.
type windows struct {
	rows, pixels, c int
	in              [2]unsafe.Pointer // x and dx at the first row of the windows
	out             [2]unsafe.Pointer // y and dy
	inRow, inPix    [2]int
	outPix          [2]int
	w0, w1, wn      unsafe.Pointer
	hn              int
}

func (s *windows) bytes() *byte { return (*byte)(unsafe.Pointer(s)) }

// windows is what all rows of a pooling have in common, false if there are no pixels. A map that is not there is the zero Map.
func (p *Pool) windows(x, dx, y, dy Map) (windows, bool) {
	s := windows{pixels: len(p.W0), c: p.C}
	if len(p.H0) == 0 || len(p.W0) == 0 || p.C <= 0 {
		return s, false
	}
	s.inRow, s.inPix = [2]int{4 * x.Row, 4 * dx.Row}, [2]int{4 * x.Pix, 4 * dx.Pix}
	s.outPix = [2]int{4 * y.Pix, 4 * dy.Pix}
	s.w0, s.w1 = unsafe.Pointer(&p.W0[0]), unsafe.Pointer(&p.W1[:len(p.W0)][0])
	if p.WN != nil {
		s.wn = unsafe.Pointer(&p.WN[:len(p.W0)][0])
	}
	return s, true
}

// row moves to output row i. A map that is too short for it panics here.
func (s *windows) row(p *Pool, i int, x, dx, y, dy Map) {
	n := len(p.W0)
	h0, h1 := int(p.H0[i]), int(p.H1[i])
	s.rows = h1 - h0
	if p.HN != nil {
		s.hn = int(p.HN[i])
	}
	for k, m := range [2]Map{x, dx} {
		if m.Data != nil {
			_ = m.at(h1-1, int(p.W1[n-1])-1, p.C)
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
	for i := 0; ok && i < len(p.H0); i++ {
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
	for i := 0; ok && i < len(p.H0); i++ {
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
	for i := 0; ok && i < len(p.H0); i++ {
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
	for i := 0; ok && i < len(p.H0); i++ {
		s.row(p, i, Map{}, dx, Map{}, dy)
		if w {
			avgPoolGradAVX512(s.bytes())
		} else {
			avgPoolGradAVX2(s.bytes())
		}
	}
}
