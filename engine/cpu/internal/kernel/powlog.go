package kernel

import "github.com/assaylab/assay/internal/elementary"

// powLog is y = x^p·(k + l·ln x) where x > 0, and 0 elsewhere: a power (k 1, l 0), and its derivative by the exponent (k 0, l 1).
// A positive x is a normal number. Measured on one core of an AMD EPYC, GB/s read and written: Go .6, AVX2 7.4, AVX-512 12.
func powLog(b Block, y, x Map, p, k, l float32) {
	for r := range b.Rows {
		for pixel := range b.Pixels {
			x, y := x.at(r, pixel, b.C), y.at(r, pixel, b.C)
			for c, v := range x {
				y[c] = 0
				if v > 0 {
					ln := elementary.Log(float64(v))
					y[c] = float32(elementary.Exp(float64(p)*ln) * (float64(k) + float64(float64(l)*ln)))
				}
			}
		}
	}
}
