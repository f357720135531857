package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// Learning curves are a small panel an arm, all of one scale: above, the arm's mean and repeats of the primary metric over the baseline's
// mean, with a ring at the best epoch; below, what is lost on validation and in training, which tells over-fitting at a glance. So each
// panel has its name above it, no line needs a colour to be told apart, and forty arms are read as easily as four. A panel has an unseen
// column an epoch, which tells that epoch's figures.

// Panel is one arm's learning curve, for the template.
type Panel struct {
	Class      stand
	At         int // the arm's place in the ranking
	Name, Note string
	SVG        template.HTML
}

// curve is an arm's figures at each epoch, NaN where there are none.
type curve struct {
	epochs []float64
	runs   [][]float64 // [repeat][epoch] of the primary metric
	mean   []float64   // of finished runs
	loss   []float64   // log loss on validation, their mean
	train  []float64   // training loss, their mean
	best   int         // epoch of the best mean, -1 where there is none
}

func (k ranking) curveOf(arm string) curve {
	c := curve{best: -1}
	for _, t := range k.curves[arm] {
		for _, p := range t.Curve {
			if finite(p.Epoch) && !slices.Contains(c.epochs, p.Epoch) {
				c.epochs = append(c.epochs, p.Epoch)
			}
		}
	}
	slices.Sort(c.epochs)
	over := func(of func(study.Point) (float64, bool)) (runs [][]float64, mean []float64) {
		n := make([]float64, len(c.epochs))
		mean = make([]float64, len(c.epochs))
		for _, t := range k.curves[arm] {
			run := make([]float64, len(c.epochs))
			for i := range run {
				run[i] = math.NaN()
			}
			for _, p := range t.Curve {
				v, measured := of(p)
				if i, ok := slices.BinarySearch(c.epochs, p.Epoch); ok && measured && finite(v) {
					run[i] = v
					if t.Status == study.Done {
						mean[i], n[i] = mean[i]+v, n[i]+1
					}
				}
			}
			if len(t.Curve) > 0 {
				runs = append(runs, run)
			}
		}
		for i := range mean {
			mean[i] /= n[i] // NaN where no finished run has this epoch
		}
		return runs, mean
	}
	metric := func(name string) func(study.Point) (float64, bool) {
		return func(p study.Point) (float64, bool) { v, ok := p.Metrics[name]; return v, ok }
	}
	c.runs, c.mean = over(metric(k.Metric))
	_, c.loss = over(metric(task.LogLoss.Name))
	_, c.train = over(func(p study.Point) (float64, bool) { return p.TrainLoss, p.TrainLoss != 0 })
	for i, v := range c.mean {
		if finite(v) && (c.best < 0 || k.better()*(v-c.mean[c.best]) > 0) {
			c.best = i
		}
	}
	return c
}

// reach is the range of values that panels show, widened a little; few, as early or diverged points, may leave it at the bad end.
func reach(values []float64, better float64) (low, high float64) {
	if len(values) == 0 {
		return 0, 1
	}
	slices.Sort(values)
	low, high = values[0], values[len(values)-1]
	if better < 0 {
		high = values[len(values)-1-len(values)/20]
	} else {
		low = values[len(values)/20]
	}
	margin := 0.06 * (high - low)
	if margin == 0 {
		margin = max(0.01*math.Abs(high), 1e-6)
	}
	return low - margin, high + margin
}

// panels draws every arm that has a curve, the baseline first.
func (k ranking) panels() []Panel {
	curves := map[string]curve{}
	var values, losses, epochs []float64
	for _, j := range k.all() {
		c := k.curveOf(j.Name)
		curves[j.Name] = c
		epochs = append(epochs, c.epochs...)
		for _, run := range c.runs {
			values = append(values, slices.DeleteFunc(slices.Clone(run), math.IsNaN)...)
		}
		losses = append(losses, slices.DeleteFunc(append(slices.Clone(c.loss), c.train...), math.IsNaN)...)
	}
	if len(values) == 0 || slices.Min(epochs) == slices.Max(epochs) {
		return nil // one evaluation is no curve
	}
	g := grid{x: scale{low: slices.Min(epochs), high: slices.Max(epochs)}}
	g.y.low, g.y.high = reach(values, k.better())
	if len(losses) > 0 {
		low, high := reach(losses, -1)
		g.loss = &scale{low: max(0, low), high: high}
	}
	var panels []Panel
	for i, j := range k.all() {
		c := curves[j.Name]
		if len(c.runs) == 0 {
			continue
		}
		p := Panel{Name: j.Name, Class: standOf(j), At: i, SVG: k.panel(j, c, curves[k.against(j).Name], g)}
		switch {
		case j.Diverged > 0:
			p.Note = k.called(j)
		case j.Baseline && j.Mean != nil:
			p.Note = fixed(j.Mean, k.decimals)
		case j.Effect != nil:
			p.Note = signed(*j.Effect, k.decimals)
		}
		if doubt := k.grey(j); doubt != "" {
			p.Note += ", " + doubt
		}
		panels = append(panels, p)
	}
	return panels
}

// grid is what all panels share.
type grid struct {
	x, y scale
	loss *scale // nil where no loss is known
}

func (k ranking) panel(j study.Judgement, c, base curve, g grid) template.HTML {
	const left, right, top, bottom, strip, gap = 34.0, 8.0, 6.0, 22.0, 52.0, 10.0
	f := &canvas{w: 270, h: 160}
	x, y := g.x, g.y
	if g.loss != nil {
		f.h += strip + gap
	}
	x.from, x.to, y.from, y.to = left, f.w-right, 160-bottom, top
	level := func(s scale, n int) {
		for _, t := range ticks(s.low, s.high, n) {
			f.line("grid", left, s.at(t), f.w-right, s.at(t))
			f.text("tick", "end", left-5, s.at(t)+4, tickText(t, false))
		}
	}
	level(y, 4)
	draw := func(class string, s scale, epochs, values []float64) {
		xs, ys := make([]float64, len(values)), make([]float64, len(values))
		for i, v := range values {
			xs[i], ys[i] = x.at(epochs[i]), s.at(max(s.low, min(v, s.high)))
			if !finite(v) {
				ys[i] = math.NaN()
			}
		}
		f.path(class, xs, ys)
	}
	fmt.Fprintf(f, `<g class="arm %s">`, standOf(j))
	if !j.Baseline {
		draw("reference", y, base.epochs, base.mean)
	}
	for _, run := range c.runs {
		draw("run", y, c.epochs, run)
	}
	draw("mean", y, c.epochs, c.mean)
	if c.best >= 0 {
		f.dot("best", "", x.at(c.epochs[c.best]), y.at(max(y.low, min(c.mean[c.best], y.high))), 3.5)
	}
	if g.loss != nil {
		s := *g.loss
		s.from, s.to = f.h-bottom, f.h-bottom-strip
		level(s, 3)
		for i, values := range [][]float64{c.loss, c.train} {
			if slices.ContainsFunc(values, finite) { // a detector has no log loss
				draw([]string{"loss", "training"}[i], s, c.epochs, values)
			}
		}
	}
	f.WriteString("</g>")
	for _, t := range ticks(x.low, x.high, 5) {
		if t == math.Trunc(t) {
			f.text("tick", "middle", x.at(t), f.h-6, tickText(t, false))
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
		f.rect("epoch", k.tell(c, i, j, base), from, top, to-from, f.h-bottom-top)
	}
	return f.svg("panel", "learning curve of "+j.Name)
}

// tell is what an epoch's column says.
func (k ranking) tell(c curve, i int, j study.Judgement, base curve) string {
	m := k.primary()
	s := fmt.Sprintf("epoch %s\n%s", tickText(c.epochs[i], false), j.Name)
	if finite(c.mean[i]) {
		s += " " + k.figure(m, c.mean[i])
	}
	var runs []string
	for _, run := range c.runs {
		if finite(run[i]) {
			runs = append(runs, k.figure(m, run[i]))
		}
	}
	s += " (" + strings.Join(runs, ", ") + ")"
	if i == c.best {
		s += ", its best"
	}
	if b, ok := slices.BinarySearch(base.epochs, c.epochs[i]); ok && !j.Baseline && finite(base.mean[b]) {
		s += fmt.Sprintf("\n%s %s", k.against(j).Name, k.figure(m, base.mean[b]))
	}
	if finite(c.loss[i]) {
		s += fmt.Sprintf("\nlog loss %.3f", c.loss[i])
	}
	if finite(c.train[i]) {
		s += fmt.Sprintf("\ntraining loss %.3f", c.train[i])
	}
	return s
}
