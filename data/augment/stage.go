package augment

import (
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// stage is one change of the bytes of what is seen. They are made one after the other, in the order in which operations said them.
type stage struct {
	kind   stageKind
	amount float64 // what the kind says
	colour Colour  // of a linear one
	mix    AugMix  // of a mixture
	rand   tensor.Rand
}

type stageKind byte

const (
	linear       stageKind = iota // a [Colour], into which the next one is joined
	apart                         // a Colour that is cut off at 0 and 255 before the next one
	hue                           // turns colours; amount: of the circle, -0.5 to 0.5
	invert                        // 255 less each byte
	posterize                     // amount: the upper bits that stay, 0 to 8
	solarize                      // inverts what is not below the amount
	autocontrast                  // stretches each channel to 0 and 255
	equalize                      // makes all levels of each channel about as frequent
	sharpen                       // amount: 0 smooth, 1 as it is, 2 sharper
	blurred                       // amount: the Gauss curve's standard deviation, in pixels
	mixture                       // of the picture with changed ones
)

// apply changes a picture that has pixels, between the spans where there are any: beside them it may write what it likes.
func (t *stage) apply(s *Sample, m Image, spans []Span) {
	var table [3][256]byte
	switch t.kind {
	case linear, apart:
		t.colour.apply(m, spans)
	case hue:
		turn(m, t.amount)
	case invert, posterize, solarize:
		for v := range 256 {
			b := byte(v)
			switch {
			case t.kind == posterize:
				b &^= byte(1<<(8-int(t.amount)) - 1)
			case t.kind == invert || float64(v) >= t.amount:
				b = ^b
			}
			table[0][v] = b
		}
		for i, v := range m.Pix {
			m.Pix[i] = table[0][v]
		}
	case autocontrast, equalize:
		counts := histogram(m, spans)
		for c := range m.C {
			t.kind.levels(&table[c], &counts[c])
		}
		look(m, &table)
	case sharpen:
		bleed(m, spans)
		s.sharpen(m, t.amount)
	case blurred:
		bleed(m, spans)
		s.blur(m, t.amount)
	case mixture:
		bleed(m, spans)
		r := t.rand
		s.mixed(m, t.mix, &r)
	}
}

// levels fills a channel's table from how often each of its levels is seen.
func (k stageKind) levels(table *[256]byte, counts *[256]int) {
	low, high, n := 256, -1, 0
	for v, count := range counts {
		table[v] = byte(v)
		if count > 0 {
			low, high = min(low, v), v
			n += count
		}
	}
	if low >= high { // one level, or none
		return
	}
	if k == autocontrast { // Pillow's ImageOps.autocontrast
		for v := range table {
			table[v] = cut(int64((v - low) * 255 / (high - low)))
		}
		return
	}
	step := (n - counts[high]) / 255 // Pillow's ImageOps.equalize
	if step == 0 {
		return
	}
	sum := step / 2
	for v := range table {
		table[v] = cut(int64(sum / step))
		sum += counts[v]
	}
}

// histogram counts the levels of each channel of what is seen.
func histogram(m Image, spans []Span) (counts [3][256]int) {
	for y := range m.H {
		row := m.Pix[y*m.W*m.C : (y+1)*m.W*m.C]
		if spans != nil {
			row = row[spans[y].X0*m.C : spans[y].X1*m.C]
		}
		if m.C == 1 {
			for _, v := range row {
				counts[0][v]++
			}
			continue
		}
		for ; len(row) >= 3; row = row[3:] {
			counts[0][row[0]]++
			counts[1][row[1]]++
			counts[2][row[2]]++
		}
	}
	return counts
}

// look replaces each byte by what its channel's table has for it.
func look(m Image, table *[3][256]byte) {
	if m.C == 1 {
		for i, v := range m.Pix {
			m.Pix[i] = table[0][v]
		}
		return
	}
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		p[0], p[1], p[2] = table[0][p[0]], table[1][p[1]], table[2][p[2]]
	}
}

// turn turns the hue of colours by a share of the circle, in Smith's hexagon (HSV), saturation and value kept: a pixel's largest and
// smallest channel stay what they are, on other colours. Grey ones have none. In whole numbers: a sixth of the circle is 2^16.
func turn(m Image, share float64) {
	if m.C == 1 {
		return
	}
	by := int64(math.Floor(float64(share*(6<<16)) + 0.5))
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		r, g, b := int64(p[0]), int64(p[1]), int64(p[2])
		high, low := max(r, g, b), min(r, g, b)
		d := high - low
		if d == 0 {
			continue
		}
		var h int64 // 12 sixths more than it is, so that it stays above 0
		switch high {
		case r:
			h = (12*d + g - b) << 16 / d
		case g:
			h = (14*d + b - r) << 16 / d
		default:
			h = (16*d + r - g) << 16 / d
		}
		h += by
		f := h & (1<<16 - 1)
		falling, rising := byte((high<<16-d*f+1<<15)>>16), byte((low<<16+d*f+1<<15)>>16)
		v, u := byte(high), byte(low)
		switch (h >> 16) % 6 {
		case 0:
			p[0], p[1], p[2] = v, rising, u
		case 1:
			p[0], p[1], p[2] = falling, v, u
		case 2:
			p[0], p[1], p[2] = u, v, rising
		case 3:
			p[0], p[1], p[2] = u, falling, v
		case 4:
			p[0], p[1], p[2] = rising, u, v
		case 5:
			p[0], p[1], p[2] = v, u, falling
		}
	}
}

// bleed has the picture go on beside the spans, for whoever looks at neighbours: by the row's edge, in rows that have none by the
// nearest row that has.
func bleed(m Image, spans []Span) {
	if spans == nil {
		return
	}
	c, last := m.C, -1
	row := func(y int) []byte { return m.Pix[y*m.W*c : (y+1)*m.W*c] }
	for y, span := range spans {
		if span.X0 >= span.X1 {
			if last >= 0 {
				copy(row(y), row(last))
			}
			continue
		}
		out := row(y)
		for x := span.X0 - 1; x >= 0; x-- {
			copy(out[x*c:], out[(x+1)*c:(x+2)*c])
		}
		for x := span.X1; x < m.W; x++ {
			copy(out[x*c:], out[(x-1)*c:x*c])
		}
		for above := last + 1; last < 0 && above < y; above++ { // the rows above the first
			copy(row(above), out)
		}
		last = y
	}
}

// sharpen blends a picture with its smooth form, of which it takes 1 - factor: Pillow's ImageEnhance.Sharpness. Smooth is the mean of
// a pixel and its eight neighbours in which it counts five times; pixels at the edge, which have fewer, stay as they are.
func (s *Sample) sharpen(m Image, factor float64) {
	c, stride := m.C, m.W*m.C
	s.spare = append(s.spare[:0], m.Pix...)
	f := whole(factor)
	for y := 1; y < m.H-1; y++ {
		above, here, below := s.spare[(y-1)*stride:][:stride], s.spare[y*stride:][:stride], s.spare[(y+1)*stride:][:stride]
		out := m.Pix[y*stride:][:stride]
		for i := c; i < stride-c; i++ {
			v := int64(here[i])
			sum := int64(above[i-c]) + int64(above[i]) + int64(above[i+c]) + int64(here[i-c]) + 5*v + int64(here[i+c]) +
				int64(below[i-c]) + int64(below[i]) + int64(below[i+c])
			smooth := (sum + 6) / 13
			out[i] = cut((smooth<<16 + f*(v-smooth) + 1<<15) >> 16)
		}
	}
}

// blur takes the mean of neighbours, weighed by Gauss's curve of a standard deviation as far as three of them, along the rows, then
// along the columns; beyond the edge the picture is mirrored. Weights have 16 bits behind the point and sum to 1.
func (s *Sample) blur(m Image, sigma float64) {
	var weights [maxReach + 1]uint32
	reach := blurWeights(&weights, sigma)
	w := weights[:reach+1]
	c, stride := m.C, m.W*m.C
	s.spare = resized(s.spare, (m.W+2*reach)*c+len(m.Pix))
	padded, rows := s.spare[:(m.W+2*reach)*c], s.spare[(m.W+2*reach)*c:]
	for y := range m.H {
		in, out := m.Pix[y*stride:][:stride], rows[y*stride:][:stride]
		for x := range reach {
			from, to := neighbour(x-reach, m.W, true), neighbour(m.W+x, m.W, true)
			copy(padded[x*c:(x+1)*c], in[from*c:])
			copy(padded[(reach+m.W+x)*c:(reach+m.W+x+1)*c], in[to*c:])
		}
		copy(padded[reach*c:], in)
		for i := range out {
			at := i + reach*c
			sum := uint32(padded[at])*w[0] + 1<<15
			for k := 1; k <= reach; k++ {
				sum += (uint32(padded[at-k*c]) + uint32(padded[at+k*c])) * w[k]
			}
			out[i] = byte(sum >> 16)
		}
	}
	s.sums = resized(s.sums, stride)
	for y := range m.H {
		sums := s.sums
		for i, v := range rows[y*stride:][:stride] {
			sums[i] = uint32(v)*w[0] + 1<<15
		}
		for k := 1; k <= reach; k++ {
			above, below := rows[neighbour(y-k, m.H, true)*stride:][:stride], rows[neighbour(y+k, m.H, true)*stride:][:stride]
			for i := range sums {
				sums[i] += (uint32(above[i]) + uint32(below[i])) * w[k]
			}
		}
		out := m.Pix[y*stride:][:stride]
		for i, v := range sums {
			out[i] = byte(v >> 16)
		}
	}
}

// maxReach is three standard deviations of the widest blur there is.
const maxReach = 30

// blurWeights sets the weight of a pixel and of its neighbours at each distance, and returns the largest.
func blurWeights(w *[maxReach + 1]uint32, sigma float64) int {
	reach := min(int(math.Ceil(float64(3*sigma))), maxReach)
	var exact [maxReach + 1]float64
	sum := 0.0
	for k := range reach + 1 {
		exact[k] = elementary.Exp(-float64(k*k) / float64(2*sigma*sigma))
		sum += exact[k]
		if k > 0 {
			sum += exact[k]
		}
	}
	w[0] = 1 << 16
	for k := 1; k <= reach; k++ {
		w[k] = uint32(whole(exact[k] / sum))
		w[0] -= 2 * w[k]
	}
	return reach
}
