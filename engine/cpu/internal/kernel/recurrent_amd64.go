//go:build !purego

package kernel

import "unsafe"

func (a *Cell) bytes() *byte { return (*byte)(unsafe.Pointer(a)) }

// none reports whether there is nothing to do. A map of that many gates that is too short panics here.
func (a *Cell) none(gates int, maps ...Map) bool {
	if a.Rows <= 0 || a.Units <= 0 {
		return true
	}
	for _, m := range maps {
		_ = m.row(a.Rows-1, gates*a.Units)
	}
	return false
}

func (w wide) lstm(a *Cell) {
	switch {
	case a.none(4, a.X, a.P, a.G) || a.none(1, a.Before, a.C, a.H):
	case bool(w):
		lstmAVX512(a.bytes())
	default:
		lstmAVX2(a.bytes())
	}
}

func (w wide) lstmGrad(a *Cell) {
	switch {
	case a.none(4, a.G, a.DX) || a.none(1, a.Before, a.C, a.DY, a.DH, a.DC):
	case bool(w):
		lstmGradAVX512(a.bytes())
	default:
		lstmGradAVX2(a.bytes())
	}
}

func (w wide) gru(a *Cell) {
	switch {
	case a.none(4, a.G) || a.none(3, a.X, a.P) || a.none(1, a.Before, a.H):
	case bool(w):
		gruAVX512(a.bytes())
	default:
		gruAVX2(a.bytes())
	}
}

func (w wide) gruGrad(a *Cell) {
	switch {
	case a.none(4, a.G) || a.none(3, a.DX, a.DP) || a.none(1, a.Before, a.DY, a.DH):
	case bool(w):
		gruGradAVX512(a.bytes())
	default:
		gruGradAVX2(a.bytes())
	}
}
