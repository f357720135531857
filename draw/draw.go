// Package draw makes a picture of a network: an SVG that stands alone, laid out so that an inception module, a residual or a dense
// block is recognised at a glance. It imports nn only. Start at [SVG].
//
// boxes.go fuses layers with what lies over them; parts.go finds branches, joins and scopes, and leaves out the middle of long runs
// of equal blocks; place.go gives every part its place and pages.go breaks a tall network into columns; svg.go writes the marks.
package draw

import (
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/nn"
)

// SVG draws a network under its name and those of the approaches that were applied to it, with what it costs and what the colours
// stand for. Colours follow the light or dark scheme of whoever looks.
func SVG(g *nn.Graph, applied ...string) (string, error) {
	all, err := boxes(g)
	if err != nil {
		return "", err
	}
	cost, err := told(g)
	if err != nil {
		return "", err
	}
	w := &canvas{seen: map[string]bool{}, tall: 620}
	title := strings.Join(append([]string{g.Name}, applied...), " + ")
	w.text("name", margin, margin+12, "start", title)
	w.width = margin + letters(title, 18) + margin
	w.network(all, cost, margin, margin+30)
	w.legend()
	return w.svg(title + ": " + cost), nil
}

// Pair draws a network before and after a change side by side. What the change brought has a stronger border.
func Pair(before, after *nn.Graph) (string, error) {
	a, err := boxes(before)
	if err != nil {
		return "", err
	}
	b, err := boxes(after)
	if err != nil {
		return "", err
	}
	old := map[string]string{}
	for _, x := range a {
		old[x.name] = x.text()
	}
	for _, x := range b {
		x.fresh = old[x.name] != x.text()
	}
	w := &canvas{seen: map[string]bool{}, tall: 950} // a change is easier to follow in one column
	left := margin
	for _, side := range []struct {
		title string
		graph *nn.Graph
		boxes []*box
	}{{"before", before, a}, {"after", after, b}} {
		cost, err := told(side.graph)
		if err != nil {
			return "", err
		}
		w.text("name", left, margin+12, "start", side.title)
		w.network(side.boxes, cost, left, margin+30)
		left = w.width - margin + gutter
	}
	return w.svg("before and after"), nil
}

// told is what a network costs.
func told(g *nn.Graph) (string, error) {
	c, err := g.Cost()
	return say.Thousands(c.Params) + " parameters, " + say.Thousands(c.MACs) + " multiply-adds", err
}

// network draws boxes below a line of text, and grows the canvas to hold them.
func (w *canvas) network(all []*box, text string, left, top float64) {
	w.text("soft", left, top, "start", text)
	top += 18
	pages := paged(arrange(all), w.tall)
	x := left
	for i, p := range pages {
		p.x, p.y = 0, 0
		p.fix(x+p.left, top)
		if i > 0 {
			w.turn(pages[i-1], p)
		}
		w.part(p)
		x += p.left + p.right + gutter
		w.height = max(w.height, p.y+p.height+margin)
	}
	w.width = max(w.width, x-gutter+margin, left+letters(text, 11)+margin)
}
