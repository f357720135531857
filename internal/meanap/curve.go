package meanap

import "math"

// Every definition of average precision is a weighted sum, over the truths in the order in which they are found, of the best precision
// that is had from there on. The area under the curve gives each truth the weight 1/positives; definitions by points give the m-th
// truth the share of the points that it is the first to reach. So a definition is a list of weights, the m-th truth's at m.

// area is the weights of the area under the curve.
func area(positives int) []float64 {
	w := make([]float64, positives+1)
	for m := 1; m <= positives; m++ {
		w[m] = 1 / float64(positives)
	}
	return w
}

// points is the weights of n recalls from 0 to 1, equally far apart.
func points(n, positives int) []float64 {
	w := make([]float64, positives+1)
	step := 1 / float64(n-1)
	for i := range n {
		recall := float64(i) * step // its bits decide: 3/10 does not reach 3·0.1
		m := max(1, int(math.Ceil(recall*float64(positives)))-1)
		for float64(m)/float64(positives) < recall {
			m++
		}
		w[m] += 1 / float64(n)
	}
	return w
}

// average is the average precision, given the ranks, from 1, of the detections that are right among those that count.
func average(hits []float64, weights []float64) float64 {
	best, sum := 0.0, 0.0
	for m := len(hits); m > 0; m-- {
		if p := float64(m) / hits[m-1]; p > best {
			best = p
		}
		sum += float64(weights[m] * best)
	}
	return sum
}

// hits are the ranks at a threshold.
func (r *ranking) hits(t int) []float64 {
	var hits []float64
	rank := 0.0
	for _, m := range r.marks {
		if m.out>>t&1 == 1 {
			continue
		}
		if rank++; m.right>>t&1 == 1 {
			hits = append(hits, rank)
		}
	}
	return hits
}

// Curve is precision against recall: a point for each detection that counts, the surest first.
type Curve struct {
	Positives int       // truths asked for
	Scores    []float64 // by detection
	Right     []int     // by detection: how many of it and those before it are right
}

func (r *ranking) curve(t int) Curve {
	c := Curve{Positives: r.positives}
	right := 0
	for _, m := range r.marks {
		if m.out>>t&1 == 1 {
			continue
		}
		right += int(m.right >> t & 1)
		c.Scores, c.Right = append(c.Scores, m.score), append(c.Right, right)
	}
	return c
}

// Point is what comes of taking the detections whose score is Score or more.
type Point struct{ Score, Precision, Recall, F1 float64 }

// At is what comes of taking the first n detections of the curve, 1 or more.
func (c Curve) At(n int) Point {
	right, taken := float64(c.Right[n-1]), float64(n)
	p := Point{Score: c.Scores[n-1], Precision: right / taken, F1: 2 * right / (taken + float64(c.Positives))}
	if c.Positives > 0 {
		p.Recall = right / float64(c.Positives)
	}
	return p
}

// Best is the point of the largest F1, of equals that with the highest score; false where nothing is found, or nothing is right. A
// score takes all detections that have it.
func (c Curve) Best() (best Point, ok bool) {
	for n := range c.Scores {
		if n+1 < len(c.Scores) && c.Scores[n+1] == c.Scores[n] {
			continue
		}
		if p := c.At(n + 1); p.F1 > best.F1 {
			best, ok = p, true
		}
	}
	return best, ok
}

// Envelope is the best precision that is had at each of n recalls from 0 to 1, equally far apart, or beyond: what a plot shows.
func (c Curve) Envelope(n int) []float64 {
	out, best, at := make([]float64, n), 0.0, len(c.Right)
	for i := n - 1; i >= 0; i-- {
		recall := float64(i) * (1 / float64(n-1)) // as points has it
		for ; at > 0 && float64(c.Right[at-1])/float64(c.Positives) >= recall; at-- {
			best = max(best, float64(c.Right[at-1])/float64(at))
		}
		out[i] = best
	}
	return out
}
