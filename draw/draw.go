// Package draw makes a picture of a network: an SVG that stands alone, laid out so that an inception module, a residual or a dense
// block is recognised at a glance. It imports nn only. Start at [SVG].
//
// boxes.go fuses layers with what lies over them; parts.go finds branches, joins and scopes, and leaves out the middle of long runs
// of equal blocks; place.go gives every part its place and pages.go breaks a tall network into columns; svg.go writes the marks.
package draw

import "github.com/assaylab/assay/nn"

// Options of a picture.
type Options struct {
	Plain bool // without title and legend, for a page that has both
}

// SVG draws a network. Its colours follow the light or dark scheme of whoever looks.
func SVG(g *nn.Graph, o Options) (string, error) {
	all, err := boxes(g)
	if err != nil {
		return "", err
	}
	c, err := g.Cost()
	if err != nil {
		return "", err
	}
	pages := paged(arrange(all))
	w := &canvas{seen: map[string]bool{}}
	x, top, bottom := margin, margin, 0.0
	title := nn.Thousands(c.Params) + " parameters, " + nn.Thousands(c.MACs) + " multiply-adds"
	if !o.Plain {
		w.text("name", margin, margin+12, "start", g.Name)
		w.text("soft", margin, margin+30, "start", title)
		top += 48
		w.width = max(letters(title, 11), letters(g.Name, 18)) + 2*margin
	}
	for i, p := range pages {
		p.x, p.y = 0, 0
		p.fix(x+p.left, top)
		if i > 0 {
			w.turn(pages[i-1], p)
		}
		x += p.left + p.right + gutter
		bottom = max(bottom, p.y+p.height)
	}
	for _, p := range pages {
		w.part(p)
	}
	w.width, w.height = max(w.width, x-gutter+margin), bottom+margin
	if !o.Plain {
		w.legend()
	}
	return w.svg(g.Name + ": " + title), nil
}
