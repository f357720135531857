//go:build !purego

package kernel

import "unsafe"

func (w wide) winogradIn(t *Transform) {
	if w {
		winogradInAVX512((*byte)(unsafe.Pointer(t)))
	} else {
		winogradInAVX2((*byte)(unsafe.Pointer(t)))
	}
}

func (w wide) winogradWeight(t *Transform) {
	if w {
		winogradWeightAVX512((*byte)(unsafe.Pointer(t)))
	} else {
		winogradWeightAVX2((*byte)(unsafe.Pointer(t)))
	}
}

func (w wide) winogradOut(t *Transform) {
	if w {
		winogradOutAVX512((*byte)(unsafe.Pointer(t)))
	} else {
		winogradOutAVX2((*byte)(unsafe.Pointer(t)))
	}
}

func (w wide) winogradOutGrad(t *Transform) {
	if w {
		winogradOutGradAVX512((*byte)(unsafe.Pointer(t)))
	} else {
		winogradOutGradAVX2((*byte)(unsafe.Pointer(t)))
	}
}

func (w wide) winogradWeightGrad(t *Transform) {
	if w {
		winogradWeightGradAVX512((*byte)(unsafe.Pointer(t)))
	} else {
		winogradWeightGradAVX2((*byte)(unsafe.Pointer(t)))
	}
}
