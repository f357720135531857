package study

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/assaylab/assay/study/stat"
)

// The two ways in which a schedule casts doubt on a verdict.
const (
	underTrained = "under-trained"
	overLong     = "over-long"
)

// plateau tells whether an arm's training stopped too early or ran too long, by the curves of its finished trials; "" else, and for
// curves of fewer than three points.
//
// Over-long: the mean curve is best in the first tenth, and ends lower than there by more than its noise. Under-trained, where
// the rate falls to its end: a training of twice the epochs would gain delta or more ([curves.gain]); such a curve always rises
// as the rate falls, so that its rise alone says nothing. Under-trained, of another rate: best in the last quarter, and rising there
// by more than its noise. Where learning is over, at most 5 of 100 arms are called under-trained, 8 where the curve has but six points:
// TestAPlateauIsSeldomTakenForALackOfTraining.
func plateau(t *table, v int, delta float64) string {
	c := t.curves(v)
	if len(c.runs) == 0 || len(c.epochs) < 3 {
		return ""
	}
	last := len(c.epochs) - 1
	end, best := c.epochs[last], c.best()
	early := 1 // points of the first tenth, of which the best one is chosen
	for early <= last && c.epochs[early] <= 0.1*end {
		early++
	}
	switch at := c.epochs[best]; {
	case at <= 0.1*end:
		if _, falls := c.rise(last, []int{best}, early); falls {
			return overLong
		}
	case c.falling():
		if c.gains(delta) {
			return underTrained
		}
	case at > 0.75*end:
		from := last - 1
		for from > 0 && c.epochs[from] > 0.75*end {
			from--
		}
		if _, rises := c.rise(from, []int{last}, 1); rises {
			return underTrained
		}
	}
	return ""
}

// curves are those of an arm's finished trials as far as all of them go, more being better.
type curves struct {
	epochs, rates []float64   // by point
	runs          [][]float64 // by trial and point
	single        float64     // variance of the difference of two points where there is one run, +Inf where nothing tells
}

func (t *table) curves(v int) curves {
	m := t.metrics[0]
	var c curves
	done, points := t.curved(v)
	if points == 0 {
		return c
	}
	for _, p := range done[0].Curve[:points] {
		c.epochs, c.rates = append(c.epochs, p.Epoch), append(c.rates, p.LR)
	}
	for _, tr := range done {
		var y []float64
		for _, p := range tr.Curve[:points] {
			y = append(y, float64(m.Better)*p.Metrics[m.Name])
		}
		c.runs = append(c.runs, y)
	}
	c.single = math.Inf(1)
	if m.Counts { // at least that of counting images
		images := done[0].Curve[points-1].Images
		if images == 0 {
			images = t.images
		}
		p := min(1, max(0, math.Abs(c.runs[0][points-1]/m.Scale)))
		c.single = 2 * m.Scale * m.Scale * p * (1 - p) / float64(max(1, images))
	}
	return c
}

// curved are an arm's finished trials, and the points that the curves of all of them have.
func (t *table) curved(v int) (done []*Trial, points int) {
	for _, tr := range t.cells[v] {
		if tr != nil && tr.Status == Done {
			if done = append(done, tr); len(done) == 1 || len(tr.Curve) < points {
				points = len(tr.Curve)
			}
		}
	}
	return done, points
}

// best is the point where the mean curve is.
func (c curves) best() int {
	best, top := 0, math.Inf(-1)
	for i := range c.epochs {
		sum := 0.0
		for _, y := range c.runs {
			sum += y[i]
		}
		if sum > top {
			best, top = i, sum
		}
	}
	return best
}

// falling tells whether the rate ends at a tenth of its highest or below.
func (c curves) falling() bool {
	top := 0.0
	for _, r := range c.rates {
		top = max(top, r)
	}
	return top > 0 && c.rates[len(c.rates)-1] <= 0.1*top
}

// rise is by how much the mean of some points is above another one, run by run, and whether that is more than noise: a one-sided t
// test at 5 %, where it was chosen among so many at 5 % for all of these.
func (c curves) rise(from int, to []int, among int) (mean float64, real bool) {
	var d []float64
	for _, y := range c.runs {
		sum := 0.0
		for _, i := range to {
			sum += y[i]
		}
		d = append(d, sum/float64(len(to))-y[from])
	}
	return c.above(d, 1, among)
}

// above is the mean of a figure that each run gives, and whether it is above 0 by more than noise. share is its variance in units of that
// of the difference of two points.
func (c curves) above(d []float64, share float64, among int) (mean float64, real bool) {
	mean, variance, df := stat.Paired(d)
	if len(d) == 1 {
		variance, df = c.single*share, math.Inf(1)
	}
	return mean, mean > stat.StudentCritical(1-0.1/float64(among), df)*math.Sqrt(variance)
}

// gains tells whether twice the epochs would gain delta or more, by two bounds which must both say so.
//
// Half of what the second half of the training gained is the first. Were there trainings of half, once and twice the epochs, each
// with its rate falling to its end, the second doubling would gain at most as much as the first, and the first at most what this
// curve gained since its middle, where the rate was still high: the fall of the rate is part of it. Half of that is what
// real trainings gained (docs/statistics.md).
//
// The second takes that part out, where there are points enough to tell it: value = a - b S^-1/2 - c r, with S the learning rate
// summed up to a point, which twice the epochs double, and r the rate there, by least squares for each run on what follows the
// first fifth, and the first two points, in which all learn fast. A power of the sum less what the rate has yet to lose is the law of Tissue et al., "Scaling law with learning
// rate annealing", arXiv:2408.11029. Twice the epochs gain b S^-1/2 (1 - 2^-1/2).
func (c curves) gains(delta float64) bool {
	last := len(c.epochs) - 1
	if !(delta > 0) || last < 3 {
		return false
	}
	end := c.epochs[last]
	var middle []int
	for i, e := range c.epochs {
		if e >= 0.4*end && e <= 0.6*end {
			middle = append(middle, i)
		}
	}
	if len(middle) == 0 {
		return false
	}
	var half []float64
	for _, y := range c.runs {
		sum := 0.0
		for _, i := range middle {
			sum += y[i]
		}
		half = append(half, (y[last]-sum/float64(len(middle)))/2)
	}
	if gain, real := c.above(half, 0.25, 1); gain < delta || !real {
		return false
	}
	weights, ok := c.extrapolation()
	if !ok {
		return false
	}
	var twice []float64
	squares := 0.0
	for _, w := range weights {
		squares += w * w
	}
	for _, y := range c.runs {
		gain := 0.0
		for i, w := range weights {
			gain += w * y[i]
		}
		twice = append(twice, gain)
	}
	gain, real := c.above(twice, squares/2, 1)
	return gain >= delta && real
}

// extrapolation is the gain of twice the epochs as a weighted sum of a curve's points.
func (c curves) extrapolation() (weights []float64, ok bool) {
	last := len(c.epochs) - 1
	sums, top := make([]float64, last+1), 0.0
	for i, e := range c.epochs {
		if top = max(top, c.rates[i]); i == 0 {
			sums[0] = c.rates[0] * e
		} else {
			sums[i] = sums[i-1] + (c.rates[i]+c.rates[i-1])/2*(e-c.epochs[i-1])
		}
	}
	from := 0
	for from < last-3 && (from < 2 || c.epochs[from] <= 0.2*c.epochs[last]) {
		from++
	}
	n := last + 1 - from
	x := mat.NewDense(n, 3, nil)
	for k := range n {
		i := from + k
		if !(sums[i] > 0) {
			return nil, false
		}
		x.SetRow(k, []float64{1, -math.Pow(sums[i]/sums[last], -0.5), -c.rates[i] / top})
	}
	unit := mat.NewDense(n, n, nil)
	for k := range n {
		unit.Set(k, k, 1)
	}
	var inverse mat.Dense // of least squares: coefficients by points
	if err := inverse.Solve(x, unit); err != nil {
		return nil, false
	}
	weights = make([]float64, last+1)
	for k := range n {
		weights[from+k] = inverse.At(1, k) * (1 - math.Sqrt2/2)
	}
	return weights, true
}
