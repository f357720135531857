package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/study"
)

// What the primary metric costs is drawn against each of three costs, of which the page shows one. Arms that no other beats at less cost are
// joined by a line (Pareto's front). A name stands beside its mark where there is room; where there is none, a number does, whose name
// is in the key below: no arm goes without.

// axis is a cost to draw against.
type axis struct {
	ID, Title string // "macs", "multiply-adds"
	head      string // below the axis
	of        func(study.Judgement) float64
	tick      func(float64) string
}

var axes = []axis{
	{"time", "training time", "seconds of one training", func(j study.Judgement) float64 { return j.TrainSeconds }, func(v float64) string { return tickText(v, false) }},
	{"macs", "multiply-adds", "multiply-adds an image", func(j study.Judgement) float64 { return float64(j.MACs) }, siTick},
	{"params", "parameters", "parameters", func(j study.Judgement) float64 { return float64(j.Params) }, siTick},
}

// Trade is the primary metric against one cost, for the template.
type Trade struct {
	ID, Title string
	Checked   bool
	Figures   []template.HTML // wide, narrow
	Keys      [][]keyed       // of these
}

// keyed is a number in a figure and the arm that it stands for.
type keyed struct {
	N     int
	Name  string
	Class stand
}

// trades are the figures of time, what a user pays, and of all other costs in which arms differ. The first to see is time, unless it is rough.
func (k ranking) trades() []Trade {
	var list []Trade
	for _, a := range axes {
		arms := k.costed(a)
		differs := slices.ContainsFunc(arms, func(j study.Judgement) bool { return a.of(j) != a.of(arms[0]) })
		if len(arms) < 2 || !differs && a.ID != "time" {
			continue
		}
		t := Trade{ID: a.ID, Title: a.Title}
		for _, width := range []float64{wide, narrow} {
			figure, keys := k.scatter(a, width)
			t.Figures, t.Keys = append(t.Figures, figure), append(t.Keys, keys)
		}
		list = append(list, t)
	}
	if len(list) > 0 {
		first := 0
		if list[0].ID == "time" && k.rough() && len(list) > 1 {
			first = 1
		}
		list[first].Checked = true
	}
	return list
}

// costed are the arms that have both a mean and this cost.
func (k ranking) costed(a axis) []study.Judgement {
	var arms []study.Judgement
	for _, j := range k.all() {
		if j.Mean != nil && a.of(j) > 0 {
			arms = append(arms, j)
		}
	}
	return arms
}

// spot is an arm's place in the scatter.
type spot struct {
	j          study.Judgement
	cost, x, y float64
	at         int // the arm's place in the ranking
}

func (k ranking) scatter(a axis, width float64) (template.HTML, []keyed) {
	const left, right, top, bottom = 46.0, 10.0, 26.0, 44.0
	height := 360.0
	if width < wide {
		height = 340
	}
	c := &canvas{w: width, h: height}
	arms := k.costed(a)
	minX, maxX, minY, maxY := math.Inf(1), 0.0, math.Inf(1), math.Inf(-1)
	low, high := k.domain()
	for _, j := range arms {
		minX, maxX = min(minX, a.of(j)), max(maxX, a.of(j))
		if k.base.Mean == nil || k.contrasts() || *j.Mean-*k.base.Mean >= low && *j.Mean-*k.base.Mean <= high {
			minY, maxY = min(minY, *j.Mean), max(maxY, *j.Mean)
		}
	}
	log := maxX > 3*minX
	padY := 0.12 * (maxY - minY)
	if padY == 0 {
		padY = max(0.01*math.Abs(maxY), 1e-6)
	}
	y := scale{low: minY - padY, high: maxY + padY, from: height - bottom, to: top}
	x := scale{low: minX - 0.12*(maxX-minX), high: maxX + 0.12*(maxX-minX), from: left, to: width - right, log: log}
	if log {
		margin := math.Pow(maxX/minX, 0.12)
		x.low, x.high = minX/margin, maxX*margin
	} else if minX == maxX {
		x.low, x.high = 0.9*minX, 1.1*maxX
	}
	for _, t := range ticks(y.low, y.high, 6) {
		c.line("grid", left, y.at(t), width-right, y.at(t))
		c.text("tick", "end", left-6, y.at(t)+4, tickText(t, false))
	}
	across := ticks(x.low, x.high, int((x.to-x.from)/90))
	if log {
		across = logTicks(x.low, x.high)
	}
	free := 0.0
	for _, t := range across {
		c.line("grid", x.at(t), top, x.at(t), height-bottom)
		if s := a.tick(t); x.at(t)-letters(s)/2 > free { // ticks of a logarithm may stand close
			c.text("tick", "middle", x.at(t), height-bottom+16, s)
			free = x.at(t) + letters(s)/2 + 6
		}
	}
	head := a.head
	if a.ID == "time" {
		head += k.roughly()
	}
	c.text("tick", "middle", (left+width)/2, height-8, head+map[bool]string{true: " (log scale)"}[log])
	c.text("tick", "start", 4, 12, k.Metric)

	var spots []spot
	for i, j := range k.all() {
		if j.Mean != nil && a.of(j) > 0 {
			// An arm far out stands at the edge, as in the ranking's plot.
			spots = append(spots, spot{j: j, cost: a.of(j), x: x.at(a.of(j)), y: y.at(max(y.low, min(*j.Mean, y.high))), at: i})
		}
	}
	line := k.front(c, spots)
	for _, s := range slices.Backward(spots) { // the best on top
		fmt.Fprintf(c, `<g class="arm %s" data-arm="%d">`, standOf(s.j), s.at)
		c.dot("spot", k.priceTag(s.j), s.x, s.y, 9)
		switch {
		case *s.j.Mean < y.low:
			c.mark("path", "arrow", "", "d", fmt.Sprintf("M%s %sl5 -8h-10z", px(s.x), px(s.y)))
		case *s.j.Mean > y.high:
			c.mark("path", "arrow", "", "d", fmt.Sprintf("M%s %sl5 8h-10z", px(s.x), px(s.y)))
		case s.j.Baseline:
			c.dot("origin", "", s.x, s.y, 5)
		default:
			c.shape(s.j, s.x, s.y, 5)
		}
		c.WriteString("</g>")
	}
	keys := k.label(c, spots, y, line)
	return c.svg(sizeClass(width), k.Metric+" against "+a.Title+"; the figures are in the tables"), keys
}

// priceTag is what a mark tells on asking.
func (k ranking) priceTag(j study.Judgement) string {
	return fmt.Sprintf("%s: %s %s, one training %s, %s multiply-adds, %s parameters", j.Name, k.Metric, fixed(j.Mean, k.decimals), k.lasts(j), si(float64(j.MACs)), si(float64(j.Params)))
}

// front joins the arms that none beats at the same cost or less, and tells where the line lies. An arm that diverged is none to go for.
func (k ranking) front(c *canvas, spots []spot) (line []box) {
	spots = slices.DeleteFunc(slices.Clone(spots), func(s spot) bool { return s.j.Diverged > 0 })
	best := slices.DeleteFunc(slices.Clone(spots), func(s spot) bool { return k.beaten(s, spots) })
	slices.SortStableFunc(best, func(a, b spot) int { return cmp.Compare(a.cost, b.cost) })
	var xs, ys []float64
	for i, s := range best {
		if i > 0 {
			from := best[i-1]
			xs, ys = append(xs, s.x), append(ys, from.y) // up to this cost the cheaper one is the best
			line = append(line, box{from.x, s.x, from.y - 1, from.y + 1}, box{s.x - 1, s.x + 1, min(s.y, from.y), max(s.y, from.y)})
		}
		xs, ys = append(xs, s.x), append(ys, s.y)
	}
	c.path("front", xs, ys)
	return line
}

// beaten reports an arm that another one equals or beats at the same cost or less, and at one of both truly.
func (k ranking) beaten(s spot, spots []spot) bool {
	return slices.ContainsFunc(spots, func(o spot) bool {
		gain := k.better() * (*o.j.Mean - *s.j.Mean)
		return gain > 0 && o.cost <= s.cost || gain == 0 && o.cost < s.cost
	})
}

// siTick is si without decimals that say nothing.
func siTick(x float64) string {
	number, prefix, _ := strings.Cut(si(x), "\u00a0")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + "\u00a0" + prefix)
}

// box is a place that is taken.
type box struct{ x0, x1, y0, y1 float64 }

func (b box) hits(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// label names every mark, the most telling first: by its name beside it where that covers nothing, farther off at the end of a thin line, or by its
// number in the ranking, of which the key tells the names. What is taken is covered by no text.
func (k ranking) label(c *canvas, spots []spot, y scale, taken []box) []keyed {
	for _, s := range spots {
		taken = append(taken, box{s.x - 6, s.x + 6, s.y - 6, s.y + 6})
	}
	order := slices.Clone(spots)
	slices.SortStableFunc(order, func(a, b spot) int { return cmp.Compare(k.telling(b, spots), k.telling(a, spots)) })
	var keys []keyed
	named := 14
	if c.w < wide {
		named = 7
	}
	for i, s := range order {
		text := s.j.Name
		if !y.holds(*s.j.Mean) {
			text += " " + fixed(s.j.Mean, k.decimals)
		}
		at, ok := box{}, false
		if i < named && letters(text) < 0.25*c.w {
			at, ok = room(s, 1.08*letters(text), 4, c, taken)
		}
		if !ok {
			text = strconv.Itoa(s.at)
			keys = append(keys, keyed{s.at, s.j.Name, standOf(s.j)})
			at, _ = room(s, 1.08*letters(text), 40, c, taken)
		}
		taken = append(taken, at)
		fmt.Fprintf(c, `<g class="arm %s" data-arm="%d">`, standOf(s.j), s.at)
		if middle := (at.x0 + at.x1) / 2; math.Abs((at.y0+at.y1)/2-s.y) > 12 || math.Abs(middle-s.x) > (at.x1-at.x0)/2+14 {
			c.line("leader", s.x, s.y, max(at.x0, min(s.x, at.x1)), max(at.y0, min(s.y, at.y1)))
		}
		if at.x1 < s.x {
			c.text("label", "end", at.x1, at.y1-3, text)
		} else {
			c.text("label", "start", at.x0, at.y1-3, text)
		}
		c.WriteString("</g>")
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Compare(a.N, b.N) })
	return keys
}

// room finds a place for a text of a width near a mark, so many steps away at most; ok is false where there is none, and the place then beside the
// mark whatever it covers.
func room(s spot, width float64, steps int, c *canvas, taken []box) (at box, ok bool) {
	const high = 14.0
	for step := range steps + 1 {
		for _, side := range []float64{1, -1} {
			for _, up := range []float64{0, -1, 1} {
				x0 := s.x + side*(9+3*float64(step))
				if side < 0 {
					x0 -= width
				}
				middle := s.y + up*high*float64(max(step, 1))*0.9
				if up == 0 && step > 0 {
					continue // straight away it would cover what stands nearer
				}
				b := box{x0, x0 + width, middle - high/2, middle + high/2}
				if b.x0 < 46 || b.x1 > c.w-2 || b.y0 < 14 || b.y1 > c.h-46 || slices.ContainsFunc(taken, b.hits) {
					continue
				}
				return b, true
			}
		}
	}
	return box{s.x + 9, s.x + 9 + width, s.y - high/2, s.y + high/2}, false
}

// telling orders names by use: the baseline, the winner, arms that none beats at less cost, then the size of the effect.
func (k ranking) telling(s spot, spots []spot) float64 {
	if s.j.Baseline {
		return 1e9
	}
	if s.j.Name == k.Winner {
		return 1e8
	}
	score := 0.0
	if s.j.Effect != nil {
		score = math.Abs(*s.j.Effect)
	}
	if !k.beaten(s, spots) {
		score += 1e6
	}
	return score
}
