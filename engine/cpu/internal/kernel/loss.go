package kernel

import (
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// Rows of k logits. Sums are in float64, so a row's result does not hang on how it was summed.

// logSoftmax is y = x − log Σ eˣ, row by row.
func logSoftmax(y, x []float32, k int) {
	for o := 0; o+k <= len(x); o += k {
		z := logSumExp(x[o:][:k])
		for i, v := range x[o:][:k] {
			y[o+i] = float32(float64(v) - z)
		}
	}
}

// crossEntropy is loss[n] = −Σ target·log softmax(logits[n]): target is 1−smoothing at the label and smoothing/k spread over all
// classes (Szegedy et al., CVPR 2016, arXiv:1512.00567). A label below 0 counts as loss 0, one of k or more as NaN.
func crossEntropy(loss, logits []float32, labels []int32, k int, smoothing float32) {
	for n, label := range labels {
		x := logits[n*k:][:k]
		switch {
		case label < 0:
			loss[n] = 0
			continue
		case int(label) >= k:
			loss[n] = float32(math.NaN())
			continue
		}
		z := logSumExp(x)
		l := z - float64(x[label])
		if smoothing != 0 {
			var sum float64
			for _, v := range x {
				sum += z - float64(v)
			}
			l = float64((1-float64(smoothing))*l) + float64(float64(smoothing)/float64(k)*sum)
		}
		loss[n] = float32(l)
	}
}

// crossEntropyGrad is dlogits[n] = dloss[n]·(softmax(logits[n]) − target).
func crossEntropyGrad(dlogits, logits []float32, labels []int32, dloss []float32, k int, smoothing float32) {
	for n, label := range labels {
		x, d := logits[n*k:][:k], dlogits[n*k:][:k]
		if label < 0 {
			clear(d)
			continue
		}
		g := dloss[n]
		if int(label) >= k {
			g = float32(math.NaN())
		}
		z := float32(logSumExp(x))
		for i, v := range x {
			d[i] = g * (exp(v-z) - smoothing/float32(k))
		}
		if int(label) < k {
			d[label] -= float32(g * (1 - smoothing))
		}
	}
}

// softCrossEntropy is crossEntropy for rows that have shares of the classes: target is (1−smoothing)·share and smoothing/k of the
// row's sum spread over all classes. A target of 0 counts nothing, however improbable its class.
func softCrossEntropy(loss, logits, shares []float32, k int, smoothing float32) {
	for n := range loss {
		x, p := logits[n*k:][:k], shares[n*k:][:k]
		z, keep, spread := logSumExp(x), 1-float64(smoothing), float64(float64(smoothing)/float64(k)*sumOf(p))
		var l float64
		for i, v := range x {
			if q := float64(keep*float64(p[i])) + spread; q != 0 {
				l += float64(q * (z - float64(v)))
			}
		}
		loss[n] = float32(l)
	}
}

// softCrossEntropyGrad is dlogits[n] = dloss[n]·(softmax(logits[n])·Σ target − target).
func softCrossEntropyGrad(dlogits, logits, shares, dloss []float32, k int, smoothing float32) {
	for n, g := range dloss {
		x, p, d := logits[n*k:][:k], shares[n*k:][:k], dlogits[n*k:][:k]
		z, sum := float32(logSumExp(x)), float32(sumOf(p))
		keep, spread := 1-smoothing, float32(smoothing/float32(k)*sum)
		for i, v := range x {
			d[i] = g * (float32(exp(v-z)*sum) - (float32(keep*p[i]) + spread))
		}
	}
}

func sumOf(p []float32) float64 {
	var s float64
	for _, v := range p {
		s += float64(v)
	}
	return s
}

func logSumExp(x []float32) float64 {
	m := x[0]
	for _, v := range x {
		m = max(m, v)
	}
	if math.IsInf(float64(m), 0) || m != m {
		return float64(m)
	}
	var s float64
	for _, v := range x {
		s += float64(exp(v - m))
	}
	return float64(m) + elementary.Log(s)
}
