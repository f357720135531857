//go:build !purego

package kernel

import "unsafe"

// step runs the step of a solver: tensors of as many elements, and its coefficients in the order of _asm/solvers.go.
func (w wide) step(e elements, k *[10]float32, tensors ...[]float32) {
	if len(tensors[0]) == 0 {
		return
	}
	s := sweep{rows: 1, pixels: len(tensors[0])}
	for i, t := range tensors {
		s.data[i] = unsafe.Pointer(&t[:s.pixels][0])
	}
	s.vec[0] = unsafe.Pointer(k)
	w.run(e, &s)
}

func (w wide) adam(p, m, v, g []float32, k Adam) {
	w.step(adamElements, &[10]float32{k.Step, k.Direct, k.Root, k.Eps, k.Beta1, 1 - k.Beta1, k.Beta2, 1 - k.Beta2, k.L2, k.Decay}, p, m, v, g)
}

func (w wide) lambMoments(p, m, v, g []float32, k Adam) (pp, uu float64) {
	c := [10]float32{k.Step, k.Root, k.Eps, k.Beta1, 1 - k.Beta1, k.Beta2, 1 - k.Beta2, k.L2, k.Decay}
	var block [512]float32 // of the step, whose squares are summed in order
	for len(p) > 0 {
		n := min(len(block), len(p))
		u := block[:n]
		w.step(lambMomentsElements, &c, p[:n], m, v, g, u)
		for i, w := range p[:n] {
			pp += float64(float64(w) * float64(w))
			uu += float64(float64(u[i]) * float64(u[i]))
		}
		p, m, v, g = p[n:], m[n:], v[n:], g[n:]
	}
	return pp, uu
}

func (w wide) lambStep(p, m, v []float32, rate float32, k Adam) {
	w.step(lambStepElements, &[10]float32{k.Step, k.Root, k.Eps, k.Decay, rate}, p, m, v)
}

func (w wide) blend(to, x []float32, keep, by float32) {
	w.step(blendElements, &[10]float32{keep, by}, to, x)
}

// squareSum has one form, AVX2's: its eight sums are one chain of additions, and AVX-512's took a turn of 16 elements in two of them as well.
func (w wide) squareSum(x []float32) (total float64) {
	for len(x) > 0 {
		n := min(squareBlock, len(x))
		var sums [8]float32
		s := sweep{rows: 1, pixels: n}
		s.data[0], s.vec[0] = unsafe.Pointer(&x[0]), unsafe.Pointer(&sums)
		squareSumAVX2(s.bytes())
		for _, v := range sums {
			total += float64(v)
		}
		x = x[n:]
	}
	return total
}

func (w wide) lion(p, m, g []float32, lr, beta1, beta2, l2, decay float32) {
	w.step(lionElements, &[10]float32{lr, beta1, 1 - beta1, beta2, 1 - beta2, l2, decay}, p, m, g)
}

func (w wide) adaDelta(p, v, u, g []float32, lr, rho, eps, l2 float32) {
	w.step(adaDeltaElements, &[10]float32{lr, rho, 1 - rho, eps, l2}, p, v, u, g)
}

func (w wide) rmsprop(p, v, b, g []float32, k RMSProp) {
	c := [10]float32{k.LR, k.Keep, k.Add, k.Eps, k.L2, k.Momentum}
	switch {
	case b == nil && k.EpsInside:
		w.step(rmspropInsideElements, &c, p, v, g)
	case b == nil:
		w.step(rmspropElements, &c, p, v, g)
	case k.EpsInside:
		w.step(rmspropInsideMomentumElements, &c, p, v, b, g)
	default:
		w.step(rmspropMomentumElements, &c, p, v, b, g)
	}
}

func (w wide) lars(p, v, g []float32, lr, momentum, l2, ratio float32, nesterov bool) {
	e := larsElements
	if nesterov {
		e = larsNesterovElements
	}
	w.step(e, &[10]float32{lr, momentum, l2, ratio}, p, v, g)
}
