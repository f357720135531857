package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// Which objects a detector's effect comes from: precision against recall, a panel a class with the baseline behind it, and average precision
// by class and by size of objects, each the mean over repeats. It is exploratory: no verdict comes of it.

// boxes is the section, for the template.
type boxes struct {
	Baseline, Compared string // the arms; Compared is "" where there is none beside the baseline
	Classes, Sizes     []boxesRow
	Panels, Folded     []Panel
}

// boxesRow is a class or a size.
type boxesRow struct{ Name, Objects, Baseline, Compared, Change string }

// mostCurves is how many classes' curves stand open.
const mostCurves = 9

// boxes is nil where trials keep no details of boxes.
func (k ranking) boxes() *boxes {
	b := &boxes{Baseline: k.base.Name, Compared: k.compared()}
	base, other := k.details(b.Baseline), k.details(b.Compared)
	if len(base) == 0 {
		return nil
	}
	if len(other) == 0 {
		b.Compared, other = "", nil
	}
	var classes, curves []string
	for d := range base {
		switch {
		case d.Of == task.OfClass && d.Says == task.DetailBoxes:
			classes = append(classes, d.Name)
		case d.Of == task.OfCurve && d.Says == "0":
			curves = append(curves, d.Name)
		}
	}
	slices.SortFunc(classes, func(a, b string) int { // the rarest last, as they tell least
		n := func(class string) float64 {
			return base[task.Detail{Of: task.OfClass, Name: class, Says: task.DetailBoxes}]
		}
		return cmp.Or(cmp.Compare(n(b), n(a)), cmp.Compare(a, b))
	})
	row := func(of, name, metric string) (boxesRow, bool) {
		at := task.Detail{Of: of, Name: name, Says: metric}
		v, ok := base[at]
		r := boxesRow{Name: name, Objects: say.Thousands(int(math.Round(base[task.Detail{Of: of, Name: name, Says: task.DetailBoxes}]))), Baseline: fixed(&v, 1)}
		if w, there := other[at]; there {
			r.Compared, r.Change = fixed(&w, 1), signed(w-v, 1)
		}
		return r, ok
	}
	for _, name := range classes {
		if r, ok := row(task.OfClass, name, task.AP50.Name); ok {
			b.Classes = append(b.Classes, r)
		}
	}
	for _, name := range []string{"small", "medium", "large"} {
		if r, ok := row(task.OfSize, name, task.AP.Name); ok {
			b.Sizes = append(b.Sizes, r)
		}
	}
	slices.SortFunc(curves, func(a, b string) int { // the mean first, then as in the table
		return cmp.Compare(slices.Index(classes, a), slices.Index(classes, b))
	})
	stand := baseline
	for _, j := range k.variants {
		if j.Name == b.Compared {
			stand = standOf(j)
		}
	}
	for i, name := range curves {
		p := Panel{Class: stand, At: k.placeOf(cmp.Or(b.Compared, b.Baseline)), Name: name, SVG: b.panel(name, base, other, stand)}
		if name == "" {
			p.Name = "all classes"
		} else if at := slices.IndexFunc(b.Classes, func(r boxesRow) bool { return r.Name == name }); at >= 0 {
			p.Note = cmp.Or(b.Classes[at].Change, b.Classes[at].Baseline)
		}
		if i <= mostCurves {
			b.Panels = append(b.Panels, p)
		} else {
			b.Folded = append(b.Folded, p)
		}
	}
	return b
}

// placeOf is an arm's place in the ranking.
func (k ranking) placeOf(arm string) int {
	return slices.IndexFunc(k.all(), func(j study.Judgement) bool { return j.Name == arm })
}

// details are the means over an arm's finished trials of what they keep of boxes. A class that one of them has not is told of by the others.
func (k ranking) details(arm string) map[task.Detail]float64 {
	sum, n := map[task.Detail]float64{}, map[task.Detail]float64{}
	for _, t := range k.Trials {
		if t.Arm != arm || t.Status != study.Done {
			continue
		}
		for name, v := range t.Metrics {
			if d, ok := task.ReadDetail(name); ok && finite(v) {
				sum[d] += v
				n[d]++
			}
		}
	}
	for d := range sum {
		sum[d] /= n[d]
	}
	return sum
}

// panel draws precision against recall of a class, "" for the mean.
func (b *boxes) panel(class string, base, other map[task.Detail]float64, stand stand) template.HTML {
	const left, right, top, bottom = 34.0, 8.0, 6.0, 22.0
	f := &canvas{w: 270, h: 190}
	x, y := scale{high: 1, from: left, to: f.w - right}, scale{high: 1, from: f.h - bottom, to: top}
	for _, t := range []float64{0, 0.25, 0.5, 0.75, 1} {
		f.line("grid", left, y.at(t), f.w-right, y.at(t))
		f.text("tick", "end", left-5, y.at(t)+4, tickText(t, false))
		f.text("tick", "middle", x.at(t), f.h-6, tickText(t, false))
	}
	var recalls []float64
	at := map[float64]task.Detail{}
	for d := range base {
		if d.Of == task.OfCurve && d.Name == class {
			if r, err := strconv.ParseFloat(d.Says, 64); err == nil {
				recalls, at[r] = append(recalls, r), d
			}
		}
	}
	slices.Sort(recalls)
	draw := func(line string, of map[task.Detail]float64) {
		var xs, ys []float64
		for _, r := range recalls {
			p, ok := of[at[r]]
			if !ok {
				p = math.NaN()
			}
			xs, ys = append(xs, x.at(r)), append(ys, y.at(p))
		}
		f.path(line, xs, ys)
	}
	fmt.Fprintf(f, `<g class="arm %s">`, stand)
	if b.Compared == "" {
		draw("mean", base)
	} else {
		draw("reference", base)
		draw("mean", other)
	}
	f.WriteString("</g>")
	for i, r := range recalls {
		from, to := left, f.w-right
		if i > 0 {
			from = x.at((recalls[i-1] + r) / 2)
		}
		if i+1 < len(recalls) {
			to = x.at((r + recalls[i+1]) / 2)
		}
		tip := fmt.Sprintf("recall %s\n%s: precision %.2f", tickText(r, false), b.Baseline, base[at[r]])
		if p, ok := other[at[r]]; ok {
			tip = fmt.Sprintf("recall %s\n%s: precision %.2f\n%s: %.2f", tickText(r, false), b.Compared, p, b.Baseline, base[at[r]])
		}
		f.rect("epoch", tip, from, top, to-from, f.h-bottom-top)
	}
	return f.svg("panel", "precision against recall of "+cmp.Or(class, "all classes"))
}
