package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/study"
)

// Learning curves are a small panel an arm, all of one scale: the arm's mean and repeats over the baseline's mean. So each
// line has its name beside it, no line needs a colour to be told apart, and forty arms are read as easily as four. A panel
// has an unseen column an epoch, which tells that epoch's figures.

// Panel is one arm's learning curve, for the template.
type Panel struct {
	Name, Class, Note string
	SVG               template.HTML
}

// curve is an arm's primary metric at each epoch: each repeat's, and their mean.
type curve struct {
	epochs []float64
	runs   [][]float64 // [repeat][epoch], NaN where a run had ended
	mean   []float64   // of finished runs
}

func (k ranking) curveOf(arm string) curve {
	var c curve
	for _, t := range k.curves[arm] {
		for _, p := range t.Curve {
			if finite(p.Epoch) && !slices.Contains(c.epochs, p.Epoch) {
				c.epochs = append(c.epochs, p.Epoch)
			}
		}
	}
	slices.Sort(c.epochs)
	sum, count := make([]float64, len(c.epochs)), make([]float64, len(c.epochs))
	for _, t := range k.curves[arm] {
		run := make([]float64, len(c.epochs))
		for i := range run {
			run[i] = math.NaN()
		}
		for _, p := range t.Curve {
			v, measured := p.Metrics[k.Metric]
			if i, ok := slices.BinarySearch(c.epochs, p.Epoch); ok && measured && finite(v) {
				run[i] = v
				if t.Status == study.Done {
					sum[i], count[i] = sum[i]+v, count[i]+1
				}
			}
		}
		if len(t.Curve) > 0 {
			c.runs = append(c.runs, run)
		}
	}
	for i := range sum {
		c.mean = append(c.mean, sum[i]/count[i]) // NaN where no finished run has this epoch
	}
	return c
}

// panels draws every arm that has a curve, the baseline first.
func (k ranking) panels() []Panel {
	curves := map[string]curve{}
	var values, epochs []float64
	for _, j := range k.all() {
		c := k.curveOf(j.Name)
		curves[j.Name] = c
		epochs = append(epochs, c.epochs...)
		for _, run := range c.runs {
			for _, v := range run {
				if finite(v) {
					values = append(values, v)
				}
			}
		}
	}
	if len(values) == 0 || slices.Min(epochs) == slices.Max(epochs) {
		return nil // one evaluation is no curve
	}
	slices.Sort(values)
	low, high := values[len(values)/20], values[len(values)-1] // a few early or diverged points may leave below
	margin := max(0.05*(high-low), 0.5)
	y := scale{low: low - margin, high: high + 3*margin} // room above for names
	x := scale{low: slices.Min(epochs), high: slices.Max(epochs)}
	var panels []Panel
	for _, j := range k.all() {
		c := curves[j.Name]
		if len(c.runs) == 0 {
			continue
		}
		p := Panel{Name: j.Name, Class: verdictClass(j), SVG: k.panel(j, c, curves[k.base.Name], x, y)}
		switch {
		case j.Diverged > 0:
			p.Note = fmt.Sprintf("diverged in %d of %d", j.Diverged, j.Trials)
		case j.Baseline && j.Mean != nil:
			p.Note = fixed(j.Mean, k.decimals)
		case j.Effect != nil:
			p.Note = signed(*j.Effect, k.decimals)
		}
		panels = append(panels, p)
	}
	return panels
}

func (k ranking) panel(j study.Judgement, c, base curve, x, y scale) template.HTML {
	const left, right, top, bottom = 30.0, 10.0, 6.0, 22.0
	f := &canvas{w: 270, h: 160}
	x.from, x.to, y.from, y.to = left, f.w-right, f.h-bottom, top
	for _, t := range ticks(y.low, min(y.high, 100), 4) {
		f.line("grid", left, y.at(t), f.w-right, y.at(t))
		f.text("tick", "end", left-5, y.at(t)+4, tickText(t, false))
	}
	for _, t := range ticks(x.low, x.high, 5) {
		if t == math.Trunc(t) {
			f.text("tick", "middle", x.at(t), f.h-6, tickText(t, false))
		}
	}
	draw := func(class string, epochs, values []float64) {
		xs, ys := make([]float64, len(epochs)), make([]float64, len(epochs))
		for i := range epochs {
			xs[i], ys[i] = x.at(epochs[i]), y.at(max(values[i], y.low))
			if !finite(values[i]) {
				ys[i] = math.NaN()
			}
		}
		f.path(class, xs, ys)
	}
	fmt.Fprintf(f, `<g class="arm %s">`, verdictClass(j))
	if !j.Baseline {
		draw("reference", base.epochs, base.mean)
	}
	for _, run := range c.runs {
		draw("run", c.epochs, run)
	}
	draw("mean", c.epochs, c.mean)
	f.WriteString("</g>")
	if !j.Baseline && len(base.mean) > 0 { // the two lines by name, where they end
		end, mine := base.mean[len(base.mean)-1], c.mean[len(c.mean)-1]
		if finite(end) && finite(mine) {
			f.endLabels(x.to, y.at(max(end, y.low)), y.at(max(mine, y.low)), k.base.Name, j)
		}
	}
	for i, e := range c.epochs {
		from, to := left, f.w-right
		if i > 0 {
			from = (x.at(c.epochs[i-1]) + x.at(e)) / 2
		}
		if i+1 < len(c.epochs) {
			to = (x.at(c.epochs[i+1]) + x.at(e)) / 2
		}
		f.rect("epoch", c.tell(i, j, base, k.base.Name), from, top, to-from, f.h-bottom-top)
	}
	return f.svg("panel", "learning curve of "+j.Name)
}

// endLabels names the baseline's line and the arm's near their ends, the upper one above its line, the lower one below.
func (c *canvas) endLabels(x, base, mine float64, name string, j study.Judgement) {
	above, below := -7.0, 15.0
	if mine > base {
		above, below = below, above
	}
	clampY := func(y float64) float64 { return max(14, min(y, c.h-26)) }
	c.text("label "+verdictClass(j), "end", x, clampY(mine+above), fitted(j.Name, 130))
	c.text("label reference", "end", x, clampY(base+below), fitted(name, 110))
}

// tell is what an epoch's column says.
func (c curve) tell(i int, j study.Judgement, base curve, name string) string {
	s := fmt.Sprintf("epoch %s\n%s", tickText(c.epochs[i], false), j.Name)
	if finite(c.mean[i]) {
		s += fmt.Sprintf(" %.2f", c.mean[i])
	}
	var runs []string
	for _, run := range c.runs {
		if finite(run[i]) {
			runs = append(runs, fmt.Sprintf("%.2f", run[i]))
		}
	}
	s += " (" + strings.Join(runs, ", ") + ")"
	if b, ok := slices.BinarySearch(base.epochs, c.epochs[i]); ok && !j.Baseline && finite(base.mean[b]) {
		s += fmt.Sprintf("\n%s %.2f", name, base.mean[b])
	}
	return s
}
