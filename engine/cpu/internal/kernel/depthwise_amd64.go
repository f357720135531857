//go:build !purego

package kernel

import "unsafe"

// depthwiseFrame is what the depthwise kernels read: where things begin, and pitches in bytes.
type depthwiseFrame struct {
	x, y, w, bias   unsafe.Pointer
	rows, pixels, c int
	xrow, xpix      int
	yrow, ypix      int
	kh, kw          int
	krow, kpix      int
	tap             int // bytes from the weights of a tap to the next; of groups, lines of weights that sixteen channels have
	ahead           int // rows from those under way to those to prefetch
	high            float32
	add, act        bool
}

func (f *depthwiseFrame) bytes() *byte { return (*byte)(unsafe.Pointer(f)) }

// nearBytes is how much of a map blocks of channels pass over, one after the other, before they go on: it stays in the
// second-level cache, and far memory is read once and in order.
const nearBytes = 128 << 10

// aheadPixels is how far ahead kernels prefetch what only they touch: y, of the gradient x.
const aheadPixels = 64

// frame is the arguments as the kernels read them, false if there is nothing to do. Maps and vectors that are too short panic
// here.
func (a *DepthwiseArgs) frame() (depthwiseFrame, bool) {
	f := depthwiseFrame{rows: a.Rows, pixels: a.Pixels, c: a.C, xrow: 4 * a.X.Row, xpix: 4 * a.X.Pix, yrow: 4 * a.Y.Row, ypix: 4 * a.Y.Pix,
		kh: a.KH, kw: a.KW, krow: 4 * a.KRow, kpix: 4 * a.KPix, tap: 4 * a.C, high: a.Act.high(), add: a.Add, act: a.Act != Identity}
	if a.Rows <= 0 || a.Pixels <= 0 || a.C <= 0 {
		return f, false
	}
	_ = a.Y.at(a.Rows-1, a.Pixels-1, a.C)
	f.y = unsafe.Pointer(&a.Y.Data[0])
	if a.KH > 0 && a.KW > 0 {
		_, _ = a.x(a.Rows-1, a.Pixels-1, a.KH-1, a.KW-1), a.W[a.weights()-1]
		f.x, f.w = unsafe.Pointer(&a.X.Data[0]), unsafe.Pointer(&a.W[0])
	} else {
		f.kh = 0
	}
	if a.Group > 1 {
		f.tap = a.KH * a.KW * a.Group
	}
	if a.Bias != nil {
		f.bias = unsafe.Pointer(&a.Bias[:a.C][0])
	}
	f.ahead = (aheadPixels + a.Pixels - 1) / a.Pixels
	if row := max(f.xrow, f.yrow); a.C > 16 && a.Rows*row > nearBytes {
		f.rows = min(max(nearBytes/row&^1, 2), a.Rows) // kernels take two rows together
	}
	return f, true
}

// next moves on from the rows that have been done and tells how many those are now; false: all.
func (f *depthwiseFrame) next(a *DepthwiseArgs, done *int) bool {
	if *done += f.rows; *done >= a.Rows {
		return false
	}
	f.rows = min(f.rows, a.Rows-*done)
	f.y = unsafe.Pointer(&a.Y.Data[*done*a.Y.Row])
	if f.x != nil {
		f.x = unsafe.Pointer(&a.X.Data[*done*a.X.Row])
	}
	return true
}

// neighbours is the stride in taps if the taps of a kernel row are neighbours in this sense: outputs side by side share what
// they read; else 0.
func (f *depthwiseFrame) neighbours() int {
	switch f.xpix {
	case f.kpix:
		return 1
	case 2 * f.kpix:
		return 2
	}
	return 0
}

func (w wide) depthwise(a *DepthwiseArgs) {
	f, more := a.frame()
	s := f.neighbours()
	square := a.KH == 3 && a.KW == 3 && f.xrow == s*f.krow // then rows of outputs share rows of x, too
	for done := 0; more; more = f.next(a, &done) {
		switch {
		case a.Group > 1:
			w.grouped(a.Group, a.KW, s, f.bytes())
		case bool(w) && square && s == 1:
			depthwise3x3by1AVX512(f.bytes())
		case bool(w) && square && s == 2:
			depthwise3x3by2AVX512(f.bytes())
		case bool(w) && a.KW == 2 && s == 1:
			depthwise2by1AVX512(f.bytes())
		case bool(w) && a.KW == 3 && s == 1:
			depthwise3by1AVX512(f.bytes())
		case bool(w) && a.KW == 3 && s == 2:
			depthwise3by2AVX512(f.bytes())
		case bool(w) && a.KW == 5 && s == 1:
			depthwise5by1AVX512(f.bytes())
		case bool(w) && a.KW == 5 && s == 2:
			depthwise5by2AVX512(f.bytes())
		case bool(w) && a.KW == 7 && s == 1:
			depthwise7by1AVX512(f.bytes())
		case bool(w):
			depthwiseAVX512(f.bytes())
		case a.KW == 2 && s == 1:
			depthwise2by1AVX2(f.bytes())
		case a.KW == 3 && s == 1:
			depthwise3by1AVX2(f.bytes())
		case a.KW == 3 && s == 2:
			depthwise3by2AVX2(f.bytes())
		case a.KW == 5 && s == 1:
			depthwise5by1AVX2(f.bytes())
		case a.KW == 5 && s == 2:
			depthwise5by2AVX2(f.bytes())
		case a.KW == 7 && s == 1:
			depthwise7by1AVX2(f.bytes())
		default:
			depthwiseAVX2(f.bytes())
		}
	}
}

func (w wide) depthwiseGrad(a *DepthwiseArgs) {
	f, more := a.frame()
	s := f.neighbours()
	for done := 0; more; more = f.next(a, &done) {
		switch {
		case a.Group > 1:
			w.groupedGrad(a.Group, a.KW, s, f.bytes())
		case bool(w) && a.KH == 3 && a.KW == 3 && s == 1:
			depthwiseGrad3x3by1AVX512(f.bytes())
		case bool(w) && a.KH == 3 && a.KW == 3 && s == 2:
			depthwiseGrad3x3by2AVX512(f.bytes())
		case bool(w) && a.KW == 5 && s == 1:
			depthwiseGrad5by1AVX512(f.bytes())
		case bool(w) && a.KW == 5 && s == 2:
			depthwiseGrad5by2AVX512(f.bytes())
		case bool(w) && a.KW == 7 && s == 1:
			depthwiseGrad7by1AVX512(f.bytes())
		case bool(w):
			depthwiseGradAVX512(f.bytes())
		case a.KH == 3 && a.KW == 3 && s == 1:
			depthwiseGrad3x3by1AVX2(f.bytes())
		case a.KH == 3 && a.KW == 3 && s == 2:
			depthwiseGrad3x3by2AVX2(f.bytes())
		case a.KW == 5 && s == 1:
			depthwiseGrad5by1AVX2(f.bytes())
		case a.KW == 5 && s == 2:
			depthwiseGrad5by2AVX2(f.bytes())
		case a.KW == 7 && s == 1:
			depthwiseGrad7by1AVX2(f.bytes())
		default:
			depthwiseGradAVX2(f.bytes())
		}
	}
}

// grouped is the forward kernel of groups for windows of that width and neighbours.
func (w wide) grouped(group, kw, stride int, f *byte) {
	if kw != 3 {
		stride = 0
	}
	switch {
	case bool(w) && group == 4 && stride == 1:
		depthwiseOf4x3by1AVX512(f)
	case bool(w) && group == 4 && stride == 2:
		depthwiseOf4x3by2AVX512(f)
	case bool(w) && group == 4:
		depthwiseOf4AVX512(f)
	case bool(w) && stride == 1:
		depthwiseOf8x3by1AVX512(f)
	case bool(w) && stride == 2:
		depthwiseOf8x3by2AVX512(f)
	case bool(w):
		depthwiseOf8AVX512(f)
	case group == 4 && stride == 1:
		depthwiseOf4x3by1AVX2(f)
	case group == 4 && stride == 2:
		depthwiseOf4x3by2AVX2(f)
	case group == 4:
		depthwiseOf4AVX2(f)
	case stride == 1:
		depthwiseOf8x3by1AVX2(f)
	case stride == 2:
		depthwiseOf8x3by2AVX2(f)
	default:
		depthwiseOf8AVX2(f)
	}
}

// groupedGrad is the same of the gradient by the weights.
func (w wide) groupedGrad(group, kw, stride int, f *byte) {
	if kw != 3 {
		stride = 0
	}
	switch {
	case bool(w) && group == 4 && stride == 1:
		depthwiseGradOf4x3by1AVX512(f)
	case bool(w) && group == 4 && stride == 2:
		depthwiseGradOf4x3by2AVX512(f)
	case bool(w) && group == 4:
		depthwiseGradOf4AVX512(f)
	case bool(w) && stride == 1:
		depthwiseGradOf8x3by1AVX512(f)
	case bool(w) && stride == 2:
		depthwiseGradOf8x3by2AVX512(f)
	case bool(w):
		depthwiseGradOf8AVX512(f)
	case group == 4 && stride == 1:
		depthwiseGradOf4x3by1AVX2(f)
	case group == 4 && stride == 2:
		depthwiseGradOf4x3by2AVX2(f)
	case group == 4:
		depthwiseGradOf4AVX2(f)
	default:
		depthwiseGradOf8AVX2(f)
	}
}
