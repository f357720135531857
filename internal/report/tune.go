package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/assaylab/assay/study"
)

// tunedRow is an arm at its own values: what its rungs came to, and its effect on the baseline at the baseline's own.
type tunedRow struct {
	Class                              stand
	Name, Chosen, Effect, Verdict, Why string
	Drawing                            template.HTML
	Outcomes                           string // by value, in words
}

// tuned are the rows of what the study tuned, the baseline first; nil where it tuned nothing. The effects are a family of claims by
// themselves.
func (k ranking) tuned() []tunedRow {
	if k.Tuning == nil {
		return nil
	}
	var own ranking
	if k.Tuning.Own != nil && len(k.Tuning.Own.Judged) > 0 {
		own = rank(k.Tuning.Own)
	}
	low, high := k.slices()
	var rows []tunedRow
	for _, r := range k.Tuning.Rungs {
		row := tunedRow{Name: r.Arm, Chosen: chosen(r), Effect: nothing, Outcomes: k.outcomes(r), Drawing: k.rungs(r, low, high)}
		if r.AtEdge {
			row.Why = "at the edge of what was tried"
		}
		if own.Result != nil {
			for _, j := range own.all() {
				if j.Name == r.Arm && !j.Baseline {
					row.Class, row.Effect, row.Verdict = standOf(j), own.effectCell(j), own.called(j)
				}
			}
		}
		rows = append(rows, row)
	}
	if own.Result != nil && own.contrasts() {
		for _, j := range own.asked {
			rows = append(rows, tunedRow{Class: standOf(j), Name: j.Name + ", over several arms", Effect: own.effectCell(j), Verdict: own.called(j)})
		}
	}
	return rows
}

// chosen says in how many repeats each value was the best: "0.02 in 5, 0.04 in 3".
func chosen(r study.Rungs) string {
	count := make([]int, len(r.Values))
	for _, p := range r.Picked {
		if p >= 0 {
			count[p]++
		}
	}
	var words []string
	for i, n := range count {
		if n > 0 {
			words = append(words, fmt.Sprintf("%.3g in %d", r.Values[i], n))
		}
	}
	return strings.Join(words, ", ")
}

// mean is that of a value's finished rungs, NaN where there are none, and how many diverged or are missing.
func meanOf(outcomes []*float64) (mean float64, lost int) {
	sum := 0.0
	for _, x := range outcomes {
		if x == nil {
			lost++
		} else {
			sum += *x
		}
	}
	return sum / float64(len(outcomes)-lost), lost
}

// outcomes are the means of an arm's rungs in words: "0.01: 61.2, 0.02: 63.0, 0.04: diverged in 2 of 2".
func (k ranking) outcomes(r study.Rungs) string {
	var words []string
	for i, v := range r.Values {
		mean, lost := meanOf(r.Slice[i])
		word := nothing
		if finite(mean) {
			word = k.figure(k.primary(), mean)
		}
		if lost > 0 {
			word += fmt.Sprintf(" (diverged in %d of %d)", lost, len(r.Slice[i]))
		}
		words = append(words, fmt.Sprintf("%.3g: %s", v, word))
	}
	return strings.Join(words, ", ")
}

// slices is the range of the means of all rungs.
func (k ranking) slices() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, r := range k.Tuning.Rungs {
		for i := range r.Values {
			if m, _ := meanOf(r.Slice[i]); finite(m) {
				low, high = min(low, m), max(high, m)
			}
		}
	}
	return low, high
}

// rungs draws an arm's values, on a logarithmic axis, against the mean of their rungs, on the scale that all arms share. A rung that diverged in
// every repeat has a mark at the foot, the value of most repeats a larger dot.
func (k ranking) rungs(r study.Rungs, low, high float64) template.HTML {
	const w, h, edge, foot = 150, 56, 5, 16
	c := canvas{w: w, h: h}
	x := scale{low: r.Values[0], high: r.Values[len(r.Values)-1], from: edge, to: w - edge, log: true}
	y := scale{low: low, high: high, from: h - foot - edge, to: edge}
	if k.better() < 0 {
		y.from, y.to = y.to, y.from
	}
	count := make([]int, len(r.Values))
	for _, p := range r.Picked {
		if p >= 0 {
			count[p]++
		}
	}
	most := 0
	for i, n := range count {
		if n > count[most] {
			most = i
		}
	}
	var xs, ys []float64
	for i, v := range r.Values {
		at := math.NaN()
		if mean, _ := meanOf(r.Slice[i]); finite(mean) {
			at = y.at(mean)
		}
		xs, ys = append(xs, x.at(v)), append(ys, at)
	}
	c.path("mean", xs, ys)
	for i, v := range r.Values {
		mean, lost := meanOf(r.Slice[i])
		if !finite(mean) {
			c.text("label", "middle", xs[i], h-foot-edge, "×")
			continue
		}
		size := 2.0
		if i == most && count[i] > 0 {
			size = 4
		}
		tip := fmt.Sprintf("%s %.3g: %s", k.Tuning.Key, v, k.figure(k.primary(), mean))
		if lost > 0 {
			tip += fmt.Sprintf(", diverged in %d of %d", lost, len(r.Slice[i]))
		}
		c.dot("mark", tip, xs[i], ys[i], size)
	}
	c.text("tick", "start", 0, h-3, fmt.Sprintf("%.3g", r.Values[0]))
	c.text("tick", "end", w, h-3, fmt.Sprintf("%.3g", r.Values[len(r.Values)-1]))
	return c.svg("rungs", fmt.Sprintf("%s of %s by %s on the slice: %s", k.Metric, r.Arm, k.Tuning.Key, k.outcomes(r)))
}

// ownConfidence is how sure the intervals at each arm's own values are; "" before these are judged.
func (k ranking) ownConfidence() string {
	if k.Tuning == nil || k.Tuning.Own == nil || len(k.Tuning.Own.Judged) == 0 {
		return ""
	}
	return rank(k.Tuning.Own).confidence()
}

// tuningSays is what a reader must know of the tuned family.
func (k ranking) tuningSays() string {
	return fmt.Sprintf("In each repeat every arm, the baseline too, tried %d values of %s in trainings of a third of the passes, on a slice of the images it trains on, and trained again at the one that did best. These effects are a family of claims by themselves.", len(k.Tuning.Rungs[0].Values), k.Tuning.Key)
}
