package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/study"
)

// scatter draws the primary metric against multiply-adds, a circle an arm whose area is its parameters. Names stand beside the
// circles where there is room: first the arms that nothing beats at less cost, then those with the largest effects.
func (k ranking) scatter(width float64) template.HTML {
	const left, top, bottom = 46.0, 26.0, 44.0
	height, most := 360.0, 12
	if width < wide {
		height, most = 320, 6
	}
	c := &canvas{w: width, h: height}
	arms := k.costed()
	if len(arms) == 0 {
		return ""
	}
	minX, maxX, minY, maxY, maxP := math.Inf(1), 0.0, math.Inf(1), math.Inf(-1), int64(1)
	low, high := k.domain()
	for _, j := range arms {
		minX, maxX = min(minX, float64(j.MACs)), max(maxX, float64(j.MACs))
		maxP = max(maxP, j.Params)
		if k.base.Mean == nil || *j.Mean-*k.base.Mean >= low && *j.Mean-*k.base.Mean <= high {
			minY, maxY = min(minY, *j.Mean), max(maxY, *j.Mean)
		}
	}
	log := maxX > 3*minX
	padY := max(0.12*(maxY-minY), 0.2)
	y := scale{low: minY - padY, high: maxY + padY, from: height - bottom, to: top}
	x := scale{low: minX - 0.15*(maxX-minX), high: maxX + 0.15*(maxX-minX), from: left, to: width - 10, log: log}
	if log {
		margin := math.Pow(maxX/minX, 0.15)
		x.low, x.high = minX/margin, maxX*margin
	} else if minX == maxX {
		x.low, x.high = 0.9*minX, 1.1*maxX
	}
	for _, t := range ticks(y.low, y.high, 6) {
		c.line("grid", left, y.at(t), width-10, y.at(t))
		c.text("tick", "end", left-6, y.at(t)+4, tickText(t, false))
	}
	across := ticks(x.low, x.high, int((x.to-x.from)/90))
	if log {
		across = logTicks(x.low, x.high)
	}
	for _, t := range across {
		c.line("grid", x.at(t), top, x.at(t), height-bottom)
		c.text("tick", "middle", x.at(t), height-bottom+16, siTick(t))
	}
	c.text("tick", "middle", (left+width)/2, height-8, "multiply-adds an image"+map[bool]string{true: " (log scale)"}[log])
	c.text("tick", "start", 4, 12, k.Metric)

	slices.SortStableFunc(arms, func(a, b study.Judgement) int { return cmp.Compare(b.Params, a.Params) }) // small over large
	largest := 20 / (1 + float64(len(arms))/40)                                                            // many circles are small ones
	spots := make([]spot, len(arms))
	for i, j := range arms {
		spots[i] = spot{j: j, x: x.at(float64(j.MACs)), y: y.at(*j.Mean), r: max(2.5, largest*math.Sqrt(float64(j.Params)/float64(maxP)))}
	}
	for _, s := range spots {
		fmt.Fprintf(c, `<g class="arm %s">`, verdictClass(s.j))
		if !y.holds(*s.j.Mean) { // as far out as in the forest: an arrow at the edge, its figure in words
			d, edge := fmt.Sprintf("M%s %sl5 -8h-10z", px(s.x), px(y.from)), y.from-12
			if *s.j.Mean > y.high {
				d, edge = fmt.Sprintf("M%s %sl5 8h-10z", px(s.x), px(y.to)), y.to+16
			}
			c.mark("path", "arrow", "", "d", d)
			c.text("label", "middle", clampText(s.x, fitted(s.j.Name, 130), c.w), edge, fitted(s.j.Name, 130)+" "+fixed(s.j.Mean, k.decimals))
			c.WriteString("</g>")
			continue
		}
		c.dot("area", fmt.Sprintf("%s: %s %s, %s multiply-adds, %s parameters", s.j.Name, k.Metric, fixed(s.j.Mean, k.decimals), si(float64(s.j.MACs)), si(float64(s.j.Params))), s.x, s.y, s.r)
		c.dot("centre", "", s.x, s.y, 2)
		c.WriteString("</g>")
	}
	k.label(c, slices.DeleteFunc(spots, func(s spot) bool { return !y.holds(*s.j.Mean) }), most)
	return c.svg(sizeClass(width), k.Metric+" against multiply-adds; the figures are in the tables")
}

// siTick is si without decimals that say nothing.
func siTick(x float64) string {
	number, prefix, _ := strings.Cut(si(x), "\u00a0")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + "\u00a0" + prefix)
}

// costed are the arms that have both a mean and multiply-adds.
func (k ranking) costed() []study.Judgement {
	var arms []study.Judgement
	for _, j := range k.all() {
		if j.Mean != nil && j.MACs > 0 {
			arms = append(arms, j)
		}
	}
	return arms
}

// spot is an arm's place in the scatter.
type spot struct {
	j       study.Judgement
	x, y, r float64
}

// label names at most so many arms, the most telling first. A name stands to the right of its circle or, at the edge, to
// its left, and moves up or down until it covers no other name; then a thin line leads to it.
func (k ranking) label(c *canvas, spots []spot, most int) {
	type box struct{ x0, x1, y float64 }
	const high = 15.0
	var taken []box
	order := slices.Clone(spots)
	slices.SortStableFunc(order, func(a, b spot) int {
		return cmp.Or(cmp.Compare(k.telling(b, spots), k.telling(a, spots)), cmp.Compare(a.y, b.y))
	})
	for _, s := range order[:min(most, len(order))] {
		name := fitted(s.j.Name, 130)
		w := letters(name)
		x0, anchor := s.x+s.r+5, "start"
		if x0+w > c.w-4 {
			x0, anchor = s.x-s.r-5-w, "end"
		}
		y, found := s.y, false
		for _, d := range []float64{0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6} {
			y = s.y + d*high
			b := box{x0, x0 + w, y}
			if y > 12 && y < c.h-50 && !slices.ContainsFunc(taken, func(t box) bool { return b.x0 < t.x1 && t.x0 < b.x1 && math.Abs(b.y-t.y) < high }) {
				taken, found = append(taken, b), true
				break
			}
		}
		if !found {
			continue
		}
		at := x0
		if anchor == "end" {
			at += w
		}
		if y != s.y {
			c.line("leader", s.x, s.y, at-3+6*float64(btoi(anchor == "end")), y)
		}
		c.text("label "+verdictClass(s.j), anchor, at, y+4.5, name)
	}
}

// telling orders names by use: the baseline, the winner, arms that none beats at less cost, then the size of the effect.
func (k ranking) telling(s spot, spots []spot) float64 {
	if s.j.Baseline {
		return 1e6
	}
	if s.j.Name == k.Winner {
		return 1e5
	}
	score := 0.0
	if s.j.Effect != nil {
		score = math.Abs(*s.j.Effect)
	}
	beaten := slices.ContainsFunc(spots, func(o spot) bool {
		return *o.j.Mean > *s.j.Mean && o.j.MACs <= s.j.MACs || *o.j.Mean == *s.j.Mean && o.j.MACs < s.j.MACs
	})
	if !beaten {
		score += 1000
	}
	return score
}
