package study

import (
	"math"

	"github.com/assaylab/assay/study/stat"
)

// overFitted is the doubt of an arm that learns its training images by heart.
const overFitted = "over-fitted"

// overfits tells whether an arm's loss on validation images was at its best in the first three quarters and has risen by 5 % or more since,
// by more than its noise, while the training loss went on falling: the last weights are surer of themselves than they may be, though their accuracy need not have
// fallen. The best point is chosen among all, which the level allows for. One run, and a study without a loss among its metrics, tell nothing.
func overfits(t *table, v int) bool {
	loss := -1
	for i, m := range t.metrics {
		if m.Better < 0 {
			loss = i
		}
	}
	if loss < 0 {
		return false
	}
	name := t.metrics[loss].Name
	done, points := t.curved(v)
	var runs [][]Point
	for _, tr := range done {
		runs = append(runs, tr.Curve)
	}
	if len(runs) < 2 || points < 4 {
		return false
	}
	mean := func(i int, of func(Point) float64) float64 {
		sum := 0.0
		for _, r := range runs {
			sum += of(r[i]) / float64(len(runs))
		}
		return sum
	}
	validation := func(p Point) float64 { return p.Metrics[name] }
	training := func(p Point) float64 { return p.TrainLoss }
	best, last := 0, points-1
	for i := range points {
		if mean(i, validation) < mean(best, validation) {
			best = i
		}
	}
	at, end := mean(best, validation), mean(last, validation)
	if runs[0][best].Epoch > 0.75*runs[0][last].Epoch || !(end >= 1.05*at) || !(mean(last, training) < mean(best, training)) {
		return false
	}
	var rise []float64
	for _, r := range runs {
		rise = append(rise, validation(r[last])-validation(r[best]))
	}
	m, variance, df := stat.Paired(rise)
	return m > stat.StudentCritical(1-0.1/float64(points), df)*math.Sqrt(variance)
}
