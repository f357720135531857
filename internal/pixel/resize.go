package pixel

import "slices"

// Precision is how many bits of a weight stand behind the point: 8 of a pixel, 2 for weights beyond 1 and below 0, and these make 32.
const Precision = 32 - 8 - 2

// half rounds a sum of products when it is shifted back.
const half = 1 << (Precision - 1)

// Taps are of which inputs, and by which weights, each output along one direction of a resizing is made. A sum of products wraps at 32
// bits, is rounded and clipped to a byte.
type Taps struct {
	Inputs       int     // along the direction
	First, Count []int   // of each output: its inputs, which lie side by side
	Weights      []int32 // of each output, Size apart
	Size         int

	n, groups int // what split was made for

	from  []int32 // of each output, the first input of whole groups: zeros around its own
	split []int16 // weights of groups, the low 16 bits, signed, apart from the rest, which the vector code multiplies each by themselves
	edge  []byte  // the last rows, and room behind them
}

// Outputs sets how many outputs there are, and the most inputs of one. Their First, Count and Weights are then to be filled in.
func (t *Taps) Outputs(n, size int) {
	t.Size, t.n = size, 0
	t.First, t.Count = slices.Grow(t.First[:0], n)[:n], slices.Grow(t.Count[:0], n)[:n]
	t.Weights = slices.Grow(t.Weights[:0], n*size)[:n*size]
}

// group lays the weights out for code that takes inputs in groups of n, and says how many groups an output has; 0 where a direction has too
// few inputs for it.
func (t *Taps) group(n int) int {
	if t.n == n {
		return t.groups
	}
	groups := (slices.Max(t.Count) + n - 1) / n
	if t.n, t.groups = n, groups; groups*n > t.Inputs {
		t.groups = 0
		return 0
	}
	outs := len(t.First)
	t.from = slices.Grow(t.from[:0], outs)[:outs]
	t.split = slices.Grow(t.split[:0], outs*groups*2*n)[:outs*groups*2*n]
	clear(t.split)
	for o, first := range t.First {
		from := min(first, t.Inputs-groups*n)
		t.from[o] = int32(from)
		to := t.split[o*groups*2*n:]
		for i, w := range t.Weights[o*t.Size:][:t.Count[o]] {
			at := first - from + i
			at += at / n * n // the high parts of the groups before
			low := int16(w)
			to[at], to[at+n] = low, int16((w-int32(low))>>16)
		}
	}
	return groups
}

// Rows makes each row of len(First) pixels of one of Inputs pixels, of 1 or 3 channels; src holds whole rows, and dst as many. Four bytes
// more in the capacity of src save it a copy of the last rows.
func (t *Taps) Rows(l Level, dst, src []byte, channels int) {
	in, out := t.Inputs*channels, len(t.First)*channels
	if l == AVX2 && channels == 3 {
		if fours := t.group(4); fours > 0 {
			for len(src) >= in {
				n, a, apart, outApart := 4, src, in, out
				if len(src) < 4*in { // what is left, each by itself
					n, apart, outApart = 1, 0, 0
				}
				if cap(src) < n*in+4 {
					t.edge = append(append(t.edge[:0], src[:n*in]...), 0, 0, 0, 0)
					a = t.edge
				}
				to := dst[:n*out]
				rowsAVX2(&to[0], outApart, &a[0], apart, &t.from[0], &t.split[0], len(t.First), fours)
				src, dst = src[n*in:], dst[n*out:]
			}
			return
		}
	}
	for ; len(src) >= in; src, dst = src[in:], dst[out:] {
		if channels == 1 {
			t.row1(dst[:out], src[:in])
		} else {
			t.row3(dst[:out], src[:in])
		}
	}
}

func clip(v int32) byte {
	if v >>= Precision; uint32(v) > 255 {
		return byte(^(v >> 31)) // 0 below, 255 above
	}
	return byte(v)
}

func (t *Taps) row1(out, in []byte) {
	for o := range out {
		sum := int32(half)
		weights := t.Weights[o*t.Size:][:t.Count[o]]
		for i, v := range in[t.First[o]:][:len(weights)] {
			sum += int32(v) * weights[i]
		}
		out[o] = clip(sum)
	}
}

func (t *Taps) row3(out, in []byte) {
	for o := range len(out) / 3 {
		r, g, b := int32(half), int32(half), int32(half)
		px := in[3*t.First[o]:]
		for _, k := range t.Weights[o*t.Size:][:t.Count[o]] {
			p := px[:3]
			r += int32(p[0]) * k
			g += int32(p[1]) * k
			b += int32(p[2]) * k
			px = px[3:]
		}
		out[3*o], out[3*o+1], out[3*o+2] = clip(r), clip(g), clip(b)
	}
}

// Columns makes len(First) rows of Inputs rows, of n bytes each.
func (t *Taps) Columns(l Level, dst, src []byte, n int) {
	done, pairs := 0, 0
	if l == AVX2 && n >= 16 {
		if pairs = t.group(2); pairs > 0 {
			done = n &^ 15
		}
	}
	for o, first := range t.First {
		weights := t.Weights[o*t.Size:][:t.Count[o]]
		row, from := dst[o*n:(o+1)*n], first*n
		x := done
		if done > 0 {
			in := src[int(t.from[o])*n:]
			_ = in[2*pairs*n-1]
			columnsAVX2(&row[0], &in[0], n, done, &t.split[4*pairs*o], pairs)
		}
		for ; x+4 <= n; x += 4 {
			a, b, c, d := int32(half), int32(half), int32(half), int32(half)
			at := from + x
			for _, k := range weights {
				p := src[at : at+4 : at+4]
				a += int32(p[0]) * k
				b += int32(p[1]) * k
				c += int32(p[2]) * k
				d += int32(p[3]) * k
				at += n
			}
			row[x], row[x+1], row[x+2], row[x+3] = clip(a), clip(b), clip(c), clip(d)
		}
		for ; x < n; x++ {
			sum, at := int32(half), from+x
			for _, k := range weights {
				sum += int32(src[at]) * k
				at += n
			}
			row[x] = clip(sum)
		}
	}
}
