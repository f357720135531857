//go:build !purego

package kernel

func (w wide) powLog(b Block, y, x Map, p, k, l float32) {
	w.elements(powLogElements, b, [4]float32{p, k, l}, y, x)
}
