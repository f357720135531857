package report

import (
	"fmt"
	"html/template"

	"github.com/assaylab/assay/study"
)

// forest draws the effects: a row an arm with its interval, a shape for its verdict, and a faint dot a repeat. The band
// around 0 is what was declared too small to matter. On a narrow page an arm's words stand above its interval.
func (k ranking) forest(width float64) template.HTML {
	const top, axis = 24.0, 36.0
	row, left, right := 30.0, 90.0, 214.0
	for _, j := range k.asked {
		left = min(230, max(left, letters(j.Name)*1.16+26))
	}
	if width < wide {
		row, left, right = 50, 8, 8
	}
	c := &canvas{w: width, h: top + row*float64(len(k.asked)) + axis}
	bottom := c.h - axis
	low, high := k.domain()
	x := scale{low: low, high: high, from: left, to: width - right}
	if k.Delta > 0 {
		c.rect("band", fmt.Sprintf("less than %.2g %s: too small to matter", k.Delta, k.primary().Unit), x.at(max(low, -k.Delta)), top, x.at(min(high, k.Delta))-x.at(max(low, -k.Delta)), bottom-top)
	}
	for _, t := range ticks(low, high, int((x.to-x.from)/60)) {
		c.line("grid", x.at(t), top, x.at(t), bottom)
		c.text("tick", "middle", x.at(t), bottom+16, tickText(t, true))
	}
	c.line("zero", x.at(0), top, x.at(0), bottom)
	if k.base.Mean != nil {
		zero := k.base.Name + " " + fixed(k.base.Mean, k.decimals)
		if len(k.bases) > 1 {
			zero = "each its own baseline"
		}
		c.text("tick strong", "middle", clampText(x.at(0), zero, width), top-8, zero)
	}
	c.text("tick", "middle", (x.from+x.to)/2, bottom+32, "effect on "+k.outcome()+", "+k.primary().Unit)
	for i, j := range k.asked {
		y := top + row*float64(i)
		fmt.Fprintf(c, `<g class="arm %s">`, standOf(j))
		c.rect("row", k.tip(j), 0, y, width, row)
		middle := y + row/2
		if width < wide {
			middle = y + 33
			c.text("name", "start", 4, y+16, fitted(j.Name, (width-letters(k.effectCell(j))-26)/1.16))
			c.text("figures", "end", width-4, y+16, k.effectCell(j))
		} else {
			c.text("name", "end", left-14, middle+4.5, fitted(j.Name, (left-22)/1.16))
			c.text("figures", "start", width-right+14, middle+4.5, k.effectCell(j))
		}
		for _, d := range k.paired(j) {
			if x.holds(d) {
				c.dot("repeat", "", x.at(d), middle+7, 2.5)
			}
		}
		k.drawEffect(c, x, middle, j)
		c.WriteString("</g>")
	}
	return c.svg(sizeClass(width), fmt.Sprintf("effects of %s with intervals; the figures are in the table above", counted(len(k.asked), k.what())))
}

// The size of an interval in the ranking's rows, in pixels.
const (
	plotWidth  = 240.0
	plotHeight = 28.0
)

// plot draws an arm's interval for its row of the ranking; the baseline's row has the axis.
func (k ranking) plot(j study.Judgement) template.HTML {
	c := &canvas{w: plotWidth, h: plotHeight}
	low, high := k.domain()
	x := scale{low: low, high: high, from: 6, to: plotWidth - 6}
	if k.Delta > 0 {
		c.rect("band", "", x.at(max(low, -k.Delta)), 0, x.at(min(high, k.Delta))-x.at(max(low, -k.Delta)), plotHeight)
	}
	for _, t := range ticks(low, high, 5) {
		c.line("grid", x.at(t), 0, x.at(t), plotHeight)
	}
	c.line("zero", x.at(0), 0, x.at(0), plotHeight)
	if j.Baseline {
		for _, t := range ticks(low, high, 5) {
			s := tickText(t, true)
			c.rect("paper", "", clampText(x.at(t), s, plotWidth)-letters(s)/2, 6, letters(s), 15)
			c.text("tick", "middle", clampText(x.at(t), s, plotWidth), 18, s)
		}
		return c.svg("axis", "axis of the effects below")
	}
	fmt.Fprintf(c, `<g class="arm %s">`, standOf(j))
	c.rect("row", k.tip(j), 0, 0, plotWidth, plotHeight)
	k.drawEffect(c, x, plotHeight/2, j)
	c.WriteString("</g>")
	return c.svg("interval", k.effectCell(j))
}

// drawEffect draws interval and mark of one arm. An effect beyond the axis stands as its figure at the edge, as does the cross of an
// arm that never ended, on the side that is worse.
func (k ranking) drawEffect(c *canvas, x scale, y float64, j study.Judgement) {
	low, high, ok := bounds(j.Finding)
	effect, class := j.Effect, "interval"
	if i := j.Conditional; !ok && i != nil {
		effect, class = &i.Effect, "interval conditional"
		if i.Low != nil && i.High != nil {
			low, high, ok = *i.Low, *i.High, true
		}
	}
	worse, anchor, inward := x.from, "start", 1.0
	if k.better() < 0 {
		worse, anchor, inward = x.to, "end", -1
	}
	switch {
	case effect == nil && j.Diverged > 0:
		c.shape(j, worse+inward*4, y, 4.5)
		c.text("tick", anchor, worse+inward*14, y+4, "in every repeat")
		return
	case effect == nil:
		c.text("tick", anchor, worse+inward*4, y+4, k.called(j))
		return
	}
	if ok && low < x.high && high > x.low {
		c.line(class, x.at(max(low, x.low)), y, x.at(min(high, x.high)), y)
		for _, end := range []float64{low, high} {
			if x.holds(end) {
				c.line(class, x.at(end), y-4, x.at(end), y+4)
			}
		}
	}
	if low < x.low && ok || *effect < x.low {
		c.mark("path", "arrow", "", "d", fmt.Sprintf("M%s %sl8 -5v10z", px(x.from-2), px(y)))
	}
	if high > x.high && ok || *effect > x.high {
		c.mark("path", "arrow", "", "d", fmt.Sprintf("M%s %sl-8 -5v10z", px(x.to+2), px(y)))
	}
	switch figure := signed(*effect, k.decimals); {
	case *effect < x.low:
		c.text("edge", "start", x.from+10, y-4, figure)
	case *effect > x.high:
		c.text("edge", "end", x.to-10, y-4, figure)
	default:
		c.shape(j, x.at(*effect), y, 5.5)
	}
}

// shape is the mark of a verdict, told apart without colour: a triangle up helps, down hurts, a square makes no difference,
// a ring is undecided, a cross has diverged.
func (c *canvas) shape(j study.Judgement, x, y, r float64) {
	d := ""
	switch {
	case j.Diverged > 0:
		d = fmt.Sprintf("M%s %sl%s %sm0 %sl%s %s", px(x-r), px(y-r), px(2*r), px(2*r), px(-2*r), px(-2*r), px(2*r))
	case j.Verdict == study.Helps:
		d = fmt.Sprintf("M%s %sl%s %sh%sz", px(x), px(y-r-1), px(r+1), px(2*r), px(-2*r-2))
	case j.Verdict == study.Hurts:
		d = fmt.Sprintf("M%s %sl%s %sh%sz", px(x), px(y+r+1), px(r+1), px(-2*r), px(-2*r-2))
	case j.Verdict == study.None:
		d = fmt.Sprintf("M%s %sh%sv%sh%sz", px(x-r+1), px(y-r+1), px(2*r-2), px(2*r-2), px(-2*r+2))
	default:
		c.dot("mark", "", x, y, r-0.5)
		return
	}
	c.mark("path", "mark", "", "d", d)
}

// tip is what a row tells on asking.
func (k ranking) tip(j study.Judgement) string {
	s := k.state(j)
	out := s.String()
	for i, y := range j.Outcomes {
		if i == 0 {
			out += "\nby repeat:"
		}
		if y == nil {
			out += " " + nothing
		} else {
			out += " " + k.figure(k.primary(), *y)
		}
	}
	return out
}

func sizeClass(width float64) string {
	if width < wide {
		return "narrow"
	}
	return "wide"
}

// clampText keeps a centred text inside the figure.
func clampText(x float64, s string, width float64) float64 {
	half := letters(s)/2 + 4
	return max(half, min(x, width-half))
}
