package study

import (
	"math"

	"github.com/assaylab/assay/study/stat"
)

// The two ways in which a schedule casts doubt on a verdict.
const (
	underTrained = "under-trained"
	overLong     = "over-long"
)

// plateau tells whether an arm's training stopped too early or ran too long. The mean validation curve of its finished
// trials is best in the last quarter, and rises there by more than its noise: under-trained; best in the first tenth:
// over-long. "" else, and for curves of fewer than three points.
func plateau(t *table, v int) string {
	m := t.metrics[0]
	value := func(p Point) float64 { return float64(m.Better) * p.Metrics[m.Name] }
	var curves [][]Point
	points := math.MaxInt
	for _, c := range t.cells[v] {
		if c != nil && c.Status == Done {
			curves = append(curves, c.Curve)
			points = min(points, len(c.Curve))
		}
	}
	if len(curves) == 0 || points < 3 {
		return ""
	}
	best, top, end := 0, math.Inf(-1), curves[0][points-1].Epoch
	for i := range points {
		sum := 0.0
		for _, c := range curves {
			sum += value(c[i])
		}
		if sum > top {
			best, top = i, sum
		}
	}
	at := curves[0][best].Epoch
	if at <= 0.1*end {
		return overLong
	}
	if at <= 0.75*end {
		return ""
	}
	// The rise over the last quarter: from its last point before to the end, run by run.
	from := points - 2
	for from > 0 && curves[0][from].Epoch > 0.75*end {
		from--
	}
	var rise []float64
	for _, c := range curves {
		rise = append(rise, value(c[points-1])-value(c[from]))
	}
	mean, variance, df := stat.Paired(rise)
	if len(rise) == 1 { // one run: the noise is at least that of counting images
		if !m.Counts {
			return ""
		}
		p := min(1, max(0, math.Abs(top/m.Scale)))
		variance, df = 2*m.Scale*m.Scale*p*(1-p)/float64(max(1, t.images)), math.Inf(1)
	}
	if mean > 0 && mean > stat.StudentCritical(0.9, df)*math.Sqrt(variance) {
		return underTrained
	}
	return ""
}
