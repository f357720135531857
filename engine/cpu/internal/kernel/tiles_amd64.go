//go:build !purego

package kernel

import "unsafe"

func convTile6x16(a *ConvArgs) { a.run(assembly{6, conv6x16AVX2}, assembly{1, conv1x16AVX2}) }
func convTile8x12(a *ConvArgs) {
	a.run(assembly{8, conv8x12AVX2}, assembly{4, conv4x12AVX2}, assembly{2, conv2x12AVX2})
}
func convTile12x8(a *ConvArgs) {
	a.run(assembly{12, conv12x8AVX2}, assembly{6, conv6x8AVX2}, assembly{1, conv1x8AVX2})
}
func convTile12x32(a *ConvArgs) {
	a.run(assembly{12, conv12x32AVX512}, assembly{8, conv8x32AVX512}, assembly{4, conv4x32AVX512}, assembly{1, conv1x32AVX512})
}
func convTile8x48(a *ConvArgs) {
	a.run(assembly{8, conv8x48AVX512}, assembly{4, conv4x48AVX512}, assembly{1, conv1x48AVX512})
}
func convTile12x16(a *ConvArgs) {
	a.run(assembly{12, conv12x16AVX512}, assembly{8, conv8x16AVX512}, assembly{4, conv4x16AVX512}, assembly{1, conv1x16AVX512})
}

// assembly is a kernel for so many pixels at a time.
type assembly struct {
	pixels int
	run    func(a *byte)
}

// run covers the pixels with the first kernel, and what is left over with the lowest that is high enough.
func (a *ConvArgs) run(kernels ...assembly) {
	x, y := a.XOff, a.YOff
	last := len(kernels) - 1
	rest := len(x) % kernels[0].pixels
	for last > 0 && rest > kernels[last].pixels {
		last--
	}
	if last == 0 || rest == 0 {
		kernels[0].run((*byte)(unsafe.Pointer(a)))
		return
	}
	if whole := len(x) - rest; whole > 0 {
		a.XOff, a.YOff = x[:whole], y[:whole]
		kernels[0].run((*byte)(unsafe.Pointer(a)))
		a.XOff, a.YOff = x[whole:], y[whole:]
	}
	kernels[last].run((*byte)(unsafe.Pointer(a)))
	a.XOff, a.YOff = x, y
}

func wgradTile6x16(a *WgradArgs)  { wgrad6x16AVX2((*byte)(unsafe.Pointer(a))) }
func wgradTile8x8(a *WgradArgs)   { wgrad8x8AVX2((*byte)(unsafe.Pointer(a))) }
func wgradTile12x32(a *WgradArgs) { wgrad12x32AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x48(a *WgradArgs)  { wgrad8x48AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x32(a *WgradArgs)  { wgrad8x32AVX512((*byte)(unsafe.Pointer(a))) }
func wgradTile8x16(a *WgradArgs)  { wgrad8x16AVX512((*byte)(unsafe.Pointer(a))) }
