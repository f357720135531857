//go:build !purego

package kernel

import "unsafe"

// Channels in another order, as of a shuffle or of channels dealt out to a multiplier. What a vector of outputs takes mostly lies
// within few vectors of x: each is permuted by a register, and the lanes are put together. Where it does not, the elements are
// gathered one by one. GB/s of x and y, one thread of an AMD Zen 4, second-level cache, 128 channels: dealt out to two 45, to three 27, to four
// 24 (AVX2 27, 19 and 16); gathered 14 (12), whatever the order.

// permuteFrame is a vector of outputs as the kernels read it. Pitches are in bytes.
type permuteFrame struct {
	y, x         unsafe.Pointer
	rows, pixels int
	ystep, yskip int
	xstep, xskip int
	cols         int              // outputs, at most a vector
	at           [4]int           // bytes from the pixel of x to each vector
	order, has   [4][lanes]uint32 // which element each output takes of it, and all ones where it does
}

const lanes = 16 // of the widest vector

func (f *permuteFrame) bytes() *byte { return (*byte)(unsafe.Pointer(f)) }

// nearby fills in the vectors that outputs come from and returns how many those are, 0 if too many. x has end channels in use.
func (f *permuteFrame) nearby(from []int32, end, width int) int {
	f.cols = len(from)
	rest, n := uint32(1)<<len(from)-1, 0 // outputs without a place yet
	for ; rest != 0; n++ {
		if n == len(f.at) || end < width {
			return 0
		}
		first := end
		for i, o := range from {
			if rest>>i&1 == 1 {
				first = min(first, int(o))
			}
		}
		first = min(first, end-width)
		f.at[n] = 4 * first
		for i, o := range from {
			f.order[n][i], f.has[n][i] = uint32(int(o)-first)&uint32(width-1), 0
			if o := int(o) - first; rest>>i&1 == 1 && o < width {
				f.has[n][i] = ^uint32(0)
				rest &^= 1 << i
			}
		}
	}
	return n
}

func (w wide) permute(b Block, y, x Map, from []int32) {
	s, ok := b.sweep(y, x)
	if !ok {
		return
	}
	width, end := 8, int32(0)
	if w {
		width = 16
	}
	for _, o := range from[:b.C] {
		end = max(end, o+1)
	}
	_ = x.at(b.Rows-1, b.Pixels-1, int(end))
	f := permuteFrame{rows: s.rows, pixels: s.pixels, ystep: s.step[0], yskip: s.skip[0], xstep: s.step[1], xskip: s.skip[1]}
	for c := 0; c < b.C; c += width {
		some := from[c:min(c+width, b.C)]
		f.y, f.x = unsafe.Add(s.data[0], 4*c), s.data[1]
		n := f.nearby(some, int(end), width)
		switch {
		case n == 0:
			t := s
			t.c, t.data[0], t.vec[0] = len(some), f.y, unsafe.Pointer(&some[0])
			if w {
				permuteAVX512(t.bytes())
			} else {
				permuteAVX2(t.bytes())
			}
		case bool(w):
			permuteNearbyAVX512(n, f.bytes())
		default:
			permuteNearbyAVX2(n, f.bytes())
		}
	}
}

func permuteNearbyAVX512(n int, f *byte) {
	switch n {
	case 1:
		permuteOf1AVX512(f)
	case 2:
		permuteOf2AVX512(f)
	case 3:
		permuteOf3AVX512(f)
	case 4:
		permuteOf4AVX512(f)
	}
}

func permuteNearbyAVX2(n int, f *byte) {
	switch n {
	case 1:
		permuteOf1AVX2(f)
	case 2:
		permuteOf2AVX2(f)
	case 3:
		permuteOf3AVX2(f)
	case 4:
		permuteOf4AVX2(f)
	}
}
