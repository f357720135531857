package kernel

import "github.com/assaylab/assay/internal/elementary"

// Losses of rows of k logits, package program's op_losses.go. Sums are in float64.

// Targets are what rows should give: a class each, or shares of the classes where these are not nil; Smoothing of it is spread evenly.
type Targets struct {
	Labels    []int32
	Shares    []float32
	Smoothing float32
}

// row is the sum of a row's targets, 0 of one that counts nothing, and its label, if it has one.
func (t *Targets) row(n, k int) (sum float64, label int) {
	if t.Shares != nil {
		return sumOf(t.Shares[n*k:][:k]), 0
	}
	if label = int(t.Labels[n]); label >= 0 {
		sum = 1
	}
	return sum, label
}

// at is the target of a class.
func (t *Targets) at(n, i, k int, sum float64, label int) float64 {
	q := float64(float64(t.Smoothing) / float64(k) * sum)
	switch {
	case t.Shares != nil:
		q += float64((1 - float64(t.Smoothing)) * float64(t.Shares[n*k+i]))
	case i == label:
		q += 1 - float64(t.Smoothing)
	}
	return q
}

// binaryCrossEntropy is loss[n] = 1/k·Σ log(1+eˣ) − q·x.
func binaryCrossEntropy(loss, logits []float32, t Targets, k int) {
	for n := range loss {
		total := 0.0
		if sum, label := t.row(n, k); sum != 0 {
			for i, v := range logits[n*k:][:k] {
				x := float64(v)
				total += max(x, 0) + elementary.Log(1+elementary.Exp(-max(x, -x))) - float64(t.at(n, i, k, sum, label)*x)
			}
		}
		loss[n] = float32(total / float64(k))
	}
}

// binaryCrossEntropyGrad is dlogits[n] = dloss[n]/k·(σ(x) − q).
func binaryCrossEntropyGrad(dlogits, logits, dloss []float32, t Targets, k int) {
	for n, g := range dloss {
		sum, label := t.row(n, k)
		d := dlogits[n*k:][:k]
		if sum == 0 {
			clear(d)
			continue
		}
		for i, v := range logits[n*k:][:k] {
			d[i] = float32(float64(g) / float64(k) * (1/(1+elementary.Exp(-float64(v))) - t.at(n, i, k, sum, label)))
		}
	}
}

// focal is loss[n] = −Σ q·(1−p)^γ·log p, p the softmax of the row.
func focal(loss, logits []float32, t Targets, gamma float32, k int) {
	for n := range loss {
		sum, label := t.row(n, k)
		x, total := logits[n*k:][:k], 0.0
		z := logSumExp(x)
		for i, v := range x {
			if q := t.at(n, i, k, sum, label); q != 0 {
				logp := float64(v) - z
				total -= float64(float64(q*raised(rest(logp), float64(gamma))) * logp)
			}
		}
		loss[n] = float32(total)
	}
}

// focalGrad is dlogits[n] = dloss[n]·(t − p·Σ t), t = −q·((1−p)^γ − γ·(1−p)^(γ−1)·p·log p).
func focalGrad(dlogits, logits, dloss []float32, t Targets, gamma float32, k int) {
	for n, g := range dloss {
		sum, label := t.row(n, k)
		x, d, total := logits[n*k:][:k], dlogits[n*k:][:k], 0.0
		z, y := logSumExp(x), float64(gamma)
		for i, v := range x {
			logp := float64(v) - z
			r, part := rest(logp), 0.0
			if q := t.at(n, i, k, sum, label); q != 0 && (r > 0 || y == 0) {
				part = -float64(q * raised(r, y))
				if y != 0 {
					part += float64(float64(q*y) * float64(raised(r, y-1)*float64(elementary.Exp(logp)*logp)))
				}
			}
			d[i] = float32(part)
			total += part
		}
		for i, v := range x {
			d[i] = g * (d[i] - float32(float64(elementary.Exp(float64(v)-z)*total)))
		}
	}
}

// rest is 1 − p.
func rest(logp float64) float64 { return max(1-elementary.Exp(logp), 0) }

// raised is rᵞ; the usual γ of 2, and its derivative's 1, are products.
func raised(r, gamma float64) float64 {
	switch gamma {
	case 0:
		return 1
	case 1:
		return r
	case 2:
		return r * r
	}
	return elementary.Pow(r, gamma)
}

// entropy is h[n] = −Σ p·log p, p the softmax of the row.
func entropy(h, logits []float32, k int) {
	for n := range h {
		h[n] = float32(entropyOf(logits[n*k:][:k]))
	}
}

// entropyGrad is dlogits[n] = −dh[n]·p·(log p + h).
func entropyGrad(dlogits, logits, dh []float32, k int) {
	for n, g := range dh {
		x, d := logits[n*k:][:k], dlogits[n*k:][:k]
		z, h := logSumExp(x), entropyOf(x)
		for i, v := range x {
			logp := float64(v) - z
			d[i] = float32(-float64(g) * elementary.Exp(logp) * (logp + h))
		}
	}
}

func entropyOf(x []float32) float64 {
	z, h := logSumExp(x), 0.0
	for _, v := range x {
		logp := float64(v) - z
		h -= float64(elementary.Exp(logp) * logp)
	}
	return h
}
