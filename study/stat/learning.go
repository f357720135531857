package stat

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Learning is how an outcome grows with the number of images that are trained on, as far as trainings on some numbers tell.
//
// The curve is a power law with an offset, f(n) = a - b n^-c: Cortes et al., "Learning curves: asymptotic values and rate of
// convergence", NIPS 1993; of deep networks Hestness et al., "Deep learning scaling is predictable, empirically",
// arXiv:1712.00409, and, among many others, Viering and Loog, "The shape of learning curves: a review", arXiv:2103.10948.
// No network follows one exactly, least of all where few images make few steps, so that each number of images has a deviation
// of its own, normal with a standard deviation that the points must show.
//
// What is not known is integrated out: the values of f at the fewest and the most images, flat, so that no choice of unit counts; c, whose
// logarithm is uniform from 0.05 to 2 (Hestness et al. found 0.07 to 0.35 on real data, theory has 1/2 and 1); the deviation, half-Cauchy
// with a scale of 3 % of the span of the points; the noise of a training, by its estimate and degrees of freedom. Given the
// latter three all is normal, so that a prediction is a mixture of normal distributions, and an interval its quantiles.
// Its honesty: the table "data size" of internal/simulate.
type Learning struct {
	sizes []float64
	cells []learningCell
	each  float64 // trainings behind a point
	block float64
}

// learningCell is one exponent, deviation and noise, with the curve given these.
type learningCell struct {
	weight        float64
	c, deviation2 float64
	noise2        float64 // of a point
	first, last   float64 // f at the fewest and at the most images
	v11, v12, v22 float64 // their covariance
	residual      float64 // of the last point
}

// LeastSizes is the fewest points of a learning curve: as many as it has parameters.
const LeastSizes = 3

// FitLearning fits the curve to the mean outcome at each number of images, which rise. Each mean is of so many trainings, whose residual
// variance has df degrees of freedom; block is the variance that all trainings of one repeat share. It is an error if there are fewer than
// [LeastSizes] points, sizes do not rise, or no noise is known.
func FitLearning(sizes, means []float64, each int, variance float64, df int, block float64) (*Learning, error) {
	switch {
	case len(sizes) < LeastSizes || len(means) != len(sizes):
		return nil, errors.New("learning curve: fewer than three numbers of images; give more")
	case each < 1 || df < 1 || !(variance > 0) || !(block >= 0):
		return nil, errors.New("learning curve: the noise of a training is not known; give two repeats or more")
	}
	for i, n := range sizes {
		if !(n > 0) || math.IsNaN(means[i]) || math.IsInf(means[i], 0) || i > 0 && n <= sizes[i-1] {
			return nil, errors.New("learning curve: numbers of images must rise, and each must have an outcome")
		}
	}
	l := &Learning{sizes: sizes, each: float64(each), block: block}
	low, high := means[0], means[0]
	for _, y := range means {
		low, high = min(low, y), max(high, y)
	}
	scale := max(0.03*(high-low), 0.1*math.Sqrt(variance/l.each)) // of points that are level the noise alone
	chi := distuv.ChiSquared{K: float64(df)}
	const exponents, deviations, noises = 15, 13, 6
	top := math.Inf(-1)
	for i := range exponents {
		c := 0.05 * math.Pow(40, float64(i)/(exponents-1))
		for j := range deviations {
			t := 0.03 * math.Pow(1000, float64(j)/(deviations-1)) // in units of the scale
			prior := math.Log(t / (1 + t*t))                      // of its logarithm
			for k := range noises {
				noise2 := variance * float64(df) / chi.Quantile((float64(k)+0.5)/noises) / l.each
				cell, logML := l.cell(means, c, t*t*scale*scale, noise2)
				cell.weight = logML + prior
				top = max(top, cell.weight)
				l.cells = append(l.cells, cell)
			}
		}
	}
	sum := 0.0
	for i := range l.cells {
		l.cells[i].weight = math.Exp(l.cells[i].weight - top)
		sum += l.cells[i].weight
	}
	for i := range l.cells {
		l.cells[i].weight /= sum
	}
	return l, nil
}

// place is where a number of images lies between the fewest, 1, and the most, 0, on the curve of an exponent; below 0 beyond these.
func (l *Learning) place(c, n float64) float64 {
	last := l.sizes[len(l.sizes)-1]
	return (math.Pow(n/last, -c) - 1) / (math.Pow(l.sizes[0]/last, -c) - 1)
}

// cell is the least-squares curve of an exponent, and the logarithm of the likelihood with both values of the curve integrated out. The
// variance of blocks moves all points alike, so it changes neither.
func (l *Learning) cell(means []float64, c, deviation2, noise2 float64) (learningCell, float64) {
	x := learningCell{c: c, deviation2: deviation2, noise2: noise2}
	v := deviation2 + noise2
	var a11, a12, a22, b1, b2 float64 // columns w, 1-w
	for i, n := range l.sizes {
		w := l.place(c, n)
		a11, a12, a22 = a11+w*w, a12+w*(1-w), a22+(1-w)*(1-w)
		b1, b2 = b1+w*means[i], b2+(1-w)*means[i]
	}
	det := a11*a22 - a12*a12
	x.first, x.last = (a22*b1-a12*b2)/det, (a11*b2-a12*b1)/det
	x.v11, x.v12, x.v22 = v*a22/det, -v*a12/det, v*a11/det
	squares := 0.0
	for i, n := range l.sizes {
		w := l.place(c, n)
		r := means[i] - w*x.first - (1-w)*x.last
		squares += r * r
		x.residual = r
	}
	free := float64(len(l.sizes) - 2)
	return x, -free/2*math.Log(v) - math.Log(det)/2 - squares/(2*v)
}

// Prediction is a value with its 95 % interval.
type Prediction struct {
	Value, Low, High float64
}

// At is the mean outcome of as many trainings as each point has, on n images, in repeats of their own.
func (l *Learning) At(n float64) Prediction {
	return l.mixture(func(x learningCell) (mean, variance float64) {
		w := l.place(x.c, n)
		mean = w*x.first + (1-w)*x.last
		return mean, w*w*x.v11 + 2*w*(1-w)*x.v12 + (1-w)*(1-w)*x.v22 + x.deviation2 + x.noise2 + 2*l.block/l.each
	})
}

// Gain is by how much the true outcome of n images differs from that of the most images trained on, trainings' luck apart.
func (l *Learning) Gain(n float64) Prediction {
	return l.mixture(func(x learningCell) (mean, variance float64) {
		// The last point's own deviation is partly known from its residual: of it that share is no noise.
		share := x.deviation2 / (x.deviation2 + x.noise2)
		w := l.place(x.c, n)
		d1, d2 := w, -w // of the curve: f(n) - f(last), by its two values
		d2 += share     // and less the deviation at the last, share (y - f(last))
		mean = w*(x.first-x.last) - share*x.residual
		variance = d1*d1*x.v11 + 2*d1*d2*x.v12 + d2*d2*x.v22 + x.deviation2 + x.deviation2*(1-share)
		return mean, variance
	})
}

// mixture is the mean and the quantiles of what is normal given a cell.
func (l *Learning) mixture(of func(learningCell) (mean, variance float64)) Prediction {
	type normal struct{ weight, mean, sd float64 }
	var parts []normal
	var p Prediction
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range l.cells {
		if x.weight < 1e-7 {
			continue
		}
		mean, variance := of(x)
		sd := math.Sqrt(variance)
		parts = append(parts, normal{x.weight, mean, sd})
		p.Value += x.weight * mean
		low, high = min(low, mean-8*sd), max(high, mean+8*sd)
	}
	quantile := func(q float64) float64 {
		a, b := low, high
		for range 40 {
			m, below := (a+b)/2, 0.0
			for _, n := range parts {
				below += n.weight * 0.5 * math.Erfc((n.mean-m)/(n.sd*math.Sqrt2))
			}
			if below < q {
				a = m
			} else {
				b = m
			}
		}
		return (a + b) / 2
	}
	p.Low, p.High = quantile(0.025), quantile(0.975)
	return p
}
