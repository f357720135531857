//go:build !purego

package kernel

import "unsafe"

func convTile6x16(a *ConvArgs)  { conv6x16AVX2((*byte)(unsafe.Pointer(a))) }
func convTile12x8(a *ConvArgs)  { conv12x8AVX2((*byte)(unsafe.Pointer(a))) }
func convTile12x32(a *ConvArgs) { conv12x32AVX512((*byte)(unsafe.Pointer(a))) }
func convTile8x48(a *ConvArgs)  { conv8x48AVX512((*byte)(unsafe.Pointer(a))) }
func convTile12x16(a *ConvArgs) { conv12x16AVX512((*byte)(unsafe.Pointer(a))) }

func wgradTile6x16(a *WgradArgs)  { wgrad6x16AVX2((*byte)(unsafe.Pointer(a))) }
func wgradTile8x8(a *WgradArgs)   { wgrad8x8AVX2((*byte)(unsafe.Pointer(a))) }
func wgradTile12x32(a *WgradArgs) { wgrad12x32AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x48(a *WgradArgs)  { wgrad8x48AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x32(a *WgradArgs)  { wgrad8x32AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x16(a *WgradArgs)  { wgrad8x16AVX512((*byte)(unsafe.Pointer(a))) }

// depthwise runs blocks of two vectors of channels.
func (w wide) depthwise(a *ConvArgs) {
	b, nc := *a, 16
	if w {
		nc = 32
	}
	for c := 0; c < a.Cols; c += nc {
		b.X, b.W, b.Y, b.Cols = a.X[c:], a.W[min(c, len(a.W)):], a.Y[c:], min(nc, a.Cols-c)
		if a.Bias != nil {
			b.Bias = a.Bias[c:]
		}
		if w {
			depthwiseAVX512((*byte)(unsafe.Pointer(&b)), a.Cols*4)
		} else {
			depthwiseAVX2((*byte)(unsafe.Pointer(&b)), a.Cols*4)
		}
	}
}

func (w wide) depthwiseGrad(a *WgradArgs) {
	b, nc := *a, 16
	if w {
		nc = 32
	}
	for c := 0; c < a.Cols; c += nc {
		b.X, b.DY, b.DW, b.Cols = a.X[c:], a.DY[c:], a.DW[c:], min(nc, a.Cols-c)
		if w {
			depthwiseGradAVX512((*byte)(unsafe.Pointer(&b)))
		} else {
			depthwiseGradAVX2((*byte)(unsafe.Pointer(&b)))
		}
	}
}
