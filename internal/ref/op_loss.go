package ref

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/program"
)

// logSoftmax: x[n,k] - log Σ_j exp x[n,j], each row shifted by its largest element so that nothing overflows.
func logSoftmax(x, y array) {
	k := x.channels()
	for n := range x.Shape[0] {
		row, largest, sum := x.v[n*k:][:k], math.Inf(-1), 0.0
		for _, v := range row {
			largest = math.Max(largest, v)
		}
		for _, v := range row {
			sum += math.Exp(v - largest)
		}
		for i, v := range row {
			y.v[n*k+i] = v - largest - math.Log(sum)
		}
	}
}

// crossEntropy: -Σ_k q[k]·log softmax[k].
func crossEntropy(op program.CrossEntropy, logits, labels, loss array) error {
	return rows(float64(op.Smoothing), logits, labels, func(n, i int, logp, q, _ float64) { loss.v[n] -= q * logp })
}

// crossEntropyGrad: dloss·(softmax·Σ q - q).
func crossEntropyGrad(op program.CrossEntropyGrad, logits, labels, dloss, dlogits array) error {
	return rows(float64(op.Smoothing), logits, labels, func(n, i int, logp, q, sum float64) { dlogits.v[i] = dloss.v[n] * (math.Exp(logp)*sum - q) })
}

// rows calls f for every row n that has a label and every class, with its place i, log-probability, target q and the row's sum of
// targets.
func rows(smoothing float64, logits, labels array, f func(n, i int, logp, q, sum float64)) error {
	k := logits.channels()
	logp := array{Shape: logits.Shape, v: make([]float64, len(logits.v))}
	logSoftmax(logits, logp)
	for n := range logits.Shape[0] {
		if labels.i != nil {
			continue
		}
		shares, sum := labels.v[n*k:][:k], 0.0
		for _, p := range shares {
			sum += p
		}
		for class, p := range shares {
			f(n, n*k+class, logp.v[n*k+class], (1-smoothing)*p+smoothing/float64(k)*sum, sum)
		}
	}
	for n, label := range labels.i {
		if int(label) >= k {
			return fmt.Errorf("cross-entropy: label %d of row %d where there are %d classes", label, n, k)
		}
		if label < 0 {
			continue
		}
		for class := range k {
			q := smoothing / float64(k)
			if class == int(label) {
				q += 1 - smoothing
			}
			f(n, n*k+class, logp.v[n*k+class], q, 1)
		}
	}
	return nil
}

// variance: Σ (x-mean)²/M over all elements.
func variance(x, y array) {
	m := array{v: make([]float64, 1)}
	mean(x, m)
	for _, v := range x.v {
		y.v[0] += (v - m.v[0]) * (v - m.v[0]) / float64(len(x.v))
	}
}
