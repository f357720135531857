package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// binaryCrossEntropy: -1/K·Σ_k q·log σ(x) + (1-q)·log(1-σ(x)), that is 1/K·Σ_k log(1+eˣ) - q·x. Rows whose targets are 0 count nothing.
func binaryCrossEntropy(op program.BinaryCrossEntropy, logits, labels, loss array) error {
	return rows(float64(op.Smoothing), logits, labels, func(n, i int, _, q, sum float64) {
		if sum != 0 {
			x := logits.v[i]
			loss.v[n] += (math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - q*x) / float64(logits.channels())
		}
	})
}

// binaryCrossEntropyGrad: dloss/K·(σ(x) - q).
func binaryCrossEntropyGrad(op program.BinaryCrossEntropyGrad, logits, labels, dloss, dlogits array) error {
	return rows(float64(op.Smoothing), logits, labels, func(n, i int, _, q, sum float64) {
		if sum != 0 {
			dlogits.v[i] = dloss.v[n] * (1/(1+math.Exp(-logits.v[i])) - q) / float64(logits.channels())
		}
	})
}

// focal: -Σ_k q·(1-p)^γ·log p.
func focal(op program.Focal, logits, labels, loss array) error {
	return rows(float64(op.Smoothing), logits, labels, func(n, i int, logp, q, _ float64) {
		if q != 0 {
			loss.v[n] -= q * math.Pow(-math.Expm1(logp), float64(op.Gamma)) * logp
		}
	})
}

// focalGrad: dloss·(t - p·Σ t), t = -q·((1-p)^γ - γ·(1-p)^(γ-1)·p·log p).
func focalGrad(op program.FocalGrad, logits, labels, dloss, dlogits array) error {
	t, p, gamma := make([]float64, len(logits.v)), make([]float64, len(logits.v)), float64(op.Gamma)
	err := rows(float64(op.Smoothing), logits, labels, func(n, i int, logp, q, _ float64) {
		p[i] = math.Exp(logp)
		if rest := -math.Expm1(logp); rest > 0 {
			t[i] = -q * (math.Pow(rest, gamma) - gamma*math.Pow(rest, gamma-1)*p[i]*logp)
		} else if gamma == 0 {
			t[i] = -q
		}
	})
	k := logits.channels()
	for n := range logits.Shape[0] {
		sum := 0.0
		for _, v := range t[n*k:][:k] {
			sum += v
		}
		for i := n * k; i < n*k+k; i++ {
			dlogits.v[i] = dloss.v[n] * (t[i] - p[i]*sum)
		}
	}
	return err
}

// entropy: -Σ p·log p of each row's softmax.
func entropy(logits, h array) {
	softmaxRows(logits, func(n, i int, p, logp float64) { h.v[n] -= p * logp })
}

// entropyGrad: -dh·p·(log p + h).
func entropyGrad(logits, dh, dlogits array) {
	h := make([]float64, len(dh.v))
	softmaxRows(logits, func(n, i int, p, logp float64) { h[n] -= p * logp })
	softmaxRows(logits, func(n, i int, p, logp float64) { dlogits.v[i] = -dh.v[n] * p * (logp + h[n]) })
}

// softmaxRows calls f with the row and place of each logit, its probability and the log of that.
func softmaxRows(logits array, f func(n, i int, p, logp float64)) {
	k := logits.channels()
	for n := range logits.Shape[0] {
		most, sum := math.Inf(-1), 0.0
		for _, v := range logits.v[n*k:][:k] {
			most = math.Max(most, v)
		}
		for _, v := range logits.v[n*k:][:k] {
			sum += math.Exp(v - most)
		}
		for i := n * k; i < n*k+k; i++ {
			logp := logits.v[i] - most - math.Log(sum)
			f(n, i, math.Exp(logp), logp)
		}
	}
}
