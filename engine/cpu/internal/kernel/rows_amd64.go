//go:build !purego

package kernel

import "unsafe"

// narrow sets map i, of one number a pixel; one that is too short panics here.
func (s *sweep) narrow(i int, m Map) {
	_ = m.at(s.rows-1, s.pixels-1, 1)
	s.data[i] = unsafe.Pointer(&m.Data[0])
	s.step[i], s.skip[i] = 4*m.Pix, 4*(m.Row-s.pixels*m.Pix)
}

func (w wide) rowSums(b Block, y, x Map, k float32) {
	s, ok := b.sweep(x, x)
	if !ok {
		return
	}
	s.narrow(0, y)
	s.scalar[0] = k
	if w {
		rowSumsAVX512(s.bytes())
	} else {
		rowSumsAVX2(s.bytes())
	}
}

func (w wide) rowDots(b Block, d, x, y Map) {
	s, ok := b.sweep(x, x, y)
	if !ok {
		return
	}
	s.narrow(0, d)
	if w {
		rowDotsAVX512(s.bytes())
	} else {
		rowDotsAVX2(s.bytes())
	}
}

func (w wide) rowMax(b Block, y, x Map) {
	s, ok := b.sweep(x, x)
	if !ok {
		return
	}
	s.narrow(0, y)
	if w {
		rowMaxAVX512(s.bytes())
	} else {
		rowMaxAVX2(s.bytes())
	}
}

func (w wide) rowMaxGrad(b Block, dx, x, y, dy Map) {
	fill(b, dx, 0)
	s, ok := b.sweep(dx, x)
	if !ok {
		return
	}
	s.narrow(2, y)
	s.narrow(3, dy)
	if w {
		rowMaxGradAVX512(s.bytes())
	} else {
		rowMaxGradAVX2(s.bytes())
	}
}

func (w wide) spreadRows(b Block, x, y Map, k float32) {
	s, ok := b.sweep(x)
	if !ok {
		return
	}
	s.narrow(1, y)
	s.scalar[0] = k
	if w {
		spreadRowsAVX512(s.bytes())
	} else {
		spreadRowsAVX2(s.bytes())
	}
}

func (w wide) gateRows(b Block, y, x, g Map) {
	s, ok := b.sweep(y, x)
	if !ok {
		return
	}
	s.narrow(2, g)
	if w {
		gateRowsAVX512(s.bytes())
	} else {
		gateRowsAVX2(s.bytes())
	}
}

func (w wide) softmax(b Block, y, x Map) {
	s, ok := b.sweep(y, x)
	if !ok {
		return
	}
	if w {
		softmaxAVX512(s.bytes())
	} else {
		softmaxAVX2(s.bytes())
	}
}

func (w wide) softmaxGrad(b Block, dx, y, dy Map) {
	s, ok := b.sweep(dx, y, dy)
	if !ok {
		return
	}
	if w {
		softmaxGradAVX512(s.bytes())
	} else {
		softmaxGradAVX2(s.bytes())
	}
}

func (w wide) layerNorm(b Block, y, x Map, gamma, beta []float32, eps float32) {
	s, ok := b.sweep(y, x)
	if !ok {
		return
	}
	s.vectors(gamma, beta)
	s.scalar[0], s.scalar[1] = 1/float32(b.C), eps
	if w {
		layerNormAVX512(s.bytes())
	} else {
		layerNormAVX2(s.bytes())
	}
}

func (w wide) layerNormGrad(b Block, dx, x, dy Map, gamma, dgamma, dbeta []float32, eps float32) {
	s, ok := b.sweep(dx, x, dy)
	if !ok {
		return
	}
	s.vectors(gamma, dgamma, dbeta)
	s.scalar[0], s.scalar[1] = 1/float32(b.C), eps
	if w {
		layerNormGradAVX512(s.bytes())
	} else {
		layerNormGradAVX2(s.bytes())
	}
}
