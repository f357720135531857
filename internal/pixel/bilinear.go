package pixel

// Line is a row of places in a picture, evenly apart: where the first lies, counted from the centre of the picture's first pixel, and the
// step to the next, all with 32 bits behind the point.
type Line struct{ X, Y, DX, DY int64 }

// Places is how many bits stand behind the point of a coordinate; Fine, how many of them weigh neighbours.
const (
	Places = 32
	Fine   = 11
)

// Among says which of the first n places of a line, from one to before another, lie among the centres of four pixels of a picture.
func (p Line) Among(w, h, n int) (from, to int) {
	from, to = within(p.X, p.DX, int64(w-1)<<Places, n)
	from2, to2 := within(p.Y, p.DY, int64(h-1)<<Places, n)
	from = max(from, from2)
	return from, max(from, min(to, to2))
}

// within says for which i from 0 to before n start + i·step is from 0 to before end.
func within(start, step, end int64, n int) (from, to int) {
	if step < 0 {
		start, step = end-1-start, -step
	}
	if step == 0 {
		if start < 0 || start >= end {
			return 0, 0
		}
		return 0, n
	}
	steps := func(way int64) int { // that are needed to go so far
		if way <= 0 {
			return 0
		}
		return int(min(int64(n), (way-1)/step+1))
	}
	from = steps(-start)
	return from, max(from, steps(end-start))
}

// Bilinear makes a pixel of 1 or 3 channels for each place of a line, all of which lie among four pixels of a picture w wide and h high: the
// four by their nearness, weights with 11 bits, rounded.
func (l Level) Bilinear(dst, src []byte, w, h, channels int, p Line) {
	n := len(dst) / channels
	if l == AVX2 && channels == 3 {
		if from, to := p.Among(w, h-1, n); to-from > 1 { // where two bytes more can be read
			l = Generic
			l.Bilinear(dst[:3*from], src, w, h, channels, p)
			p.X, p.Y = p.X+int64(from)*p.DX, p.Y+int64(from)*p.DY
			pairs := (to - from) / 2
			bilinearAVX2(&dst[3*from], &src[0], 3*w, p.X, p.Y, p.DX, p.DY, pairs)
			p.X, p.Y = p.X+int64(2*pairs)*p.DX, p.Y+int64(2*pairs)*p.DY
			dst = dst[3*(from+2*pairs):]
		}
	}
	for ; len(dst) >= channels; dst = dst[channels:] {
		fx, fy := uint32(p.X>>(Places-Fine))&(1<<Fine-1), uint32(p.Y>>(Places-Fine))&(1<<Fine-1)
		at := (int(p.Y>>Places)*w + int(p.X>>Places)) * channels
		upper, lower := src[at:at+2*channels:at+2*channels], src[at+w*channels:][:2*channels]
		if channels == 3 {
			dst[0] = Mix(upper[0], upper[3], lower[0], lower[3], fx, fy)
			dst[1] = Mix(upper[1], upper[4], lower[1], lower[4], fx, fy)
			dst[2] = Mix(upper[2], upper[5], lower[2], lower[5], fx, fy)
		} else {
			dst[0] = Mix(upper[0], upper[1], lower[0], lower[1], fx, fy)
		}
		p.X, p.Y = p.X+p.DX, p.Y+p.DY
	}
}

// Mix weighs four pixels, two of a row and two of the next, by fx to the right and fy down, of 2048 each.
func Mix(a, b, c, d byte, fx, fy uint32) byte {
	upper := uint32(a)*(1<<Fine-fx) + uint32(b)*fx
	lower := uint32(c)*(1<<Fine-fx) + uint32(d)*fx
	return byte((upper*(1<<Fine-fy) + lower*fy + 1<<(2*Fine-1)) >> (2 * Fine))
}
