package draw

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	margin = 16.0
	bend   = 6.0 // radius of an edge's corners
)

// canvas collects the marks, those behind others first.
type canvas struct {
	frames, edges, marks strings.Builder
	width, height        float64
	tall                 float64         // up to which a network stays in one column
	seen                 map[string]bool // classes
}

// style is written into every picture, of the classes those that it has. Without variables, which not every reader of SVG knows.
var style = []struct{ class, light, dark string }{
	{"name", "font-size:18px;font-weight:600", ""},
	{"soft", "font-size:10.5px;fill:#585e66", "fill:#a6adb6"},
	{"note", "font-size:11px;fill:#585e66", "fill:#a6adb6"},
	{"size", "font-size:10.5px;fill:#585e66", "fill:#a6adb6"},
	{"paper", "fill:#fff", "fill:#141619"},
	{"edge", "fill:none;stroke:#7b838d;stroke-width:1.3", "stroke:#8d959f"},
	{"tip", "fill:#7b838d", "fill:#8d959f"},
	{"frame", "fill:#60708012;stroke:#60708055", "fill:#a0b0c012;stroke:#a0b0c044"},
	{"in", "fill:#f1f2f4;stroke:#8b929b", "fill:#24282d;stroke:#7d858f"},
	{"out", "fill:#f1f2f4;stroke:#8b929b", "fill:#24282d;stroke:#7d858f"},
	{"conv", "fill:#cfe1fb;stroke:#2f6fc0", "fill:#1b3a63;stroke:#6ea5ee"},
	{"pointwise", "fill:#e9f1fd;stroke:#6d9bd8", "fill:#1a2a40;stroke:#4d7ab5"},
	{"grouped", "fill:#cdeee6;stroke:#20806b", "fill:#12423a;stroke:#4fbfa6"},
	{"linear", "fill:#e3d8f7;stroke:#7a52b8", "fill:#3a2a5c;stroke:#a98be0"},
	{"pool", "fill:#fbdccb;stroke:#c0602a", "fill:#5a2d17;stroke:#ee9a6b"},
	{"act", "fill:#fbf0c0;stroke:#a08620", "fill:#463c12;stroke:#cdb34a"},
	{"join", "fill:#fff;stroke:#585e66", "fill:#141619;stroke:#a6adb6"},
	{"other", "fill:#f8d5e6;stroke:#b03d77", "fill:#551f3b;stroke:#e485b4"},
	{"plain", "fill:#eceef1;stroke:#8b929b", "fill:#2a2e33;stroke:#7d858f"},
	{"dash", "stroke-dasharray:4 3", ""},
	{"fresh", "stroke-width:2.6", ""},
}

// sheet is the style of the classes that marks use.
func sheet(marks string) string {
	var light, dark strings.Builder
	light.WriteString(`text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;fill:#1b1d20}rect,circle{stroke-width:1.2}`)
	dark.WriteString("text{fill:#e9eaec}")
	for _, s := range style {
		if !strings.Contains(marks, `"`+s.class) && !strings.Contains(marks, " "+s.class+`"`) {
			continue
		}
		fmt.Fprintf(&light, ".%s{%s}", s.class, s.light)
		if s.dark != "" {
			fmt.Fprintf(&dark, ".%s{%s}", s.class, s.dark)
		}
	}
	return "<style>" + light.String() + "@media(prefers-color-scheme:dark){" + dark.String() + "}</style>\n"
}

// svg closes the picture. label says to who cannot see it what it shows.
func (w *canvas) svg(label string) string {
	marks := `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 1L8 4L0 7z"/></marker></defs>` +
		fmt.Sprintf("\n<rect class=\"paper\" width=\"%s\" height=\"%s\" rx=\"8\"/>\n", px(w.width), px(w.height)) + w.frames.String() + w.edges.String() + w.marks.String()
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" aria-label="%[3]s">`,
		px(w.width), px(w.height), escaped(label)) + sheet(marks) + marks + "</svg>\n"
}

// part draws a part and the edges in it.
func (w *canvas) part(p *part) {
	for _, q := range p.parts {
		if p.kind != more && p.kind != mesh {
			w.part(q)
		}
	}
	switch p.kind {
	case leaf:
		w.box(p)
	case frame:
		fmt.Fprintf(&w.frames, `<rect class="frame%s" x="%s" y="%s" width="%s" height="%s" rx="8"/>`+"\n", dashed(p.dash()), px(p.x-p.left), px(p.y), px(p.left+p.right), px(p.height))
		w.text("note", p.x-p.left+8, p.y+13, "start", p.label)
	case more:
		fmt.Fprintf(&w.edges, `<path class="edge" stroke-dasharray="1.5 4" d="M%s %sV%s"/>`+"\n", px(p.x), px(p.y), px(p.y+p.height))
		w.text("note", p.x+12, p.y+17, "start", fmt.Sprintf("%d more like these", len(p.parts)))
		w.text("soft", p.x+12, p.y+31, "start", p.label)
	case column:
		for i := 1; i < len(p.parts); i++ {
			a, b := p.parts[i-1], p.parts[i]
			from := a.exit()
			to, box := b.entry()
			w.edge(box, b.dash(), p.x, from, p.x, to)
		}
		for _, h := range p.hangs {
			from := h.from.y + h.from.height
			to, box := h.part.entry()
			w.edge(box, true, h.from.x, from, h.from.x, from+gap/2, h.part.x, from+gap/2, h.part.x, to)
			w.part(h.part)
		}
		for _, q := range p.parts {
			if q.note != "" {
				w.text("size", p.x+7, q.y+q.height+gap-3, "start", q.note)
			}
		}
	case row:
		for _, q := range p.parts {
			dash := len(q.parts) > 0 && q.dash()
			if len(q.parts) == 0 { // round the others
				w.edge(false, dash, p.x, p.y, p.x, p.y+fan/2, q.x, p.y+fan/2, q.x, p.y+p.height-fan/2, p.x, p.y+p.height-fan/2, p.x, p.y+p.height)
				continue
			}
			to, box := q.entry()
			w.edge(box, dash, p.x, p.y, p.x, p.y+fan/2, q.x, p.y+fan/2, q.x, to)
			w.edge(false, dash, q.x, q.exit(), q.x, p.y+p.height-fan/2, p.x, p.y+p.height-fan/2, p.x, p.y+p.height)
		}
	case mesh:
		w.mesh(p)
	}
}

// mesh draws boxes by rank with an edge for each input.
func (w *canvas) mesh(p *part) {
	above := map[*box]*part{} // where a box, or a lane of its map, stands in the rank above
	curve := func(x1, y1, x2, y2 float64) {
		fmt.Fprintf(&w.edges, `<path class="edge" d="M%s %sC%[1]s %[3]s %[4]s %[3]s %[4]s %[5]s"/>`+"\n", px(x1), px(y1), px((y1+y2)/2), px(x2), px(y2))
	}
	for _, r := range p.parts {
		at := map[*box]*part{}
		for _, q := range r.parts {
			at[q.box] = q
			reads := q.box.in
			if q.kind == leaf {
				w.box(q)
			} else {
				reads = []*box{q.box}
				w.edge(false, false, q.x, r.y, q.x, r.y+r.height)
			}
			for _, in := range reads {
				if from := above[in]; from != nil {
					curve(from.x, from.y+from.height, q.x, q.y)
				} else {
					curve(p.x, p.y, q.x, q.y)
				}
			}
		}
		above = at
	}
	for _, r := range p.parts[len(p.parts)-1:] {
		for _, q := range r.parts {
			if p.box != nil && slices.Contains(p.box.in, q.box) {
				curve(q.x, q.y+q.height, p.x, p.y+p.height)
			}
		}
	}
}

// entry is where an edge into a part ends on its axis, and whether that is a box.
func (p *part) entry() (y float64, box bool) {
	switch {
	case p.kind == leaf:
		return p.y, true
	case (p.kind == frame || p.kind == column) && len(p.parts) > 0:
		return p.parts[0].entry()
	}
	return p.y, false
}

// exit is where an edge out of a part begins.
func (p *part) exit() float64 {
	if (p.kind == frame || p.kind == column) && len(p.parts) > 0 {
		return p.parts[len(p.parts)-1].exit()
	}
	return p.y + p.height
}

// dash reports whether training alone computes the part.
func (p *part) dash() bool {
	b := p.first()
	return b != nil && b.dash
}

func (p *part) first() *box {
	if p.kind == leaf {
		return p.box
	}
	for _, q := range p.parts {
		if b := q.first(); b != nil {
			return b
		}
	}
	return nil
}

func dashed(yes bool) string {
	if yes {
		return " dash"
	}
	return ""
}

// edge is a line of upright and level pieces through points, its corners rounded; into a box it ends in an arrow.
func (w *canvas) edge(box, dash bool, at ...float64) {
	var points [][2]float64
	for i := 0; i+1 < len(at); i += 2 {
		q := [2]float64{at[i], at[i+1]}
		if k := len(points); k > 0 && points[k-1] == q {
			continue
		}
		if k := len(points); k > 1 && (points[k-1][0] == points[k-2][0] && q[0] == points[k-1][0] || points[k-1][1] == points[k-2][1] && q[1] == points[k-1][1]) {
			points = points[:k-1]
		}
		points = append(points, q)
	}
	if len(points) < 2 {
		return
	}
	fmt.Fprintf(&w.edges, `<path class="edge%s" d="M%s %s`, dashed(dash), px(points[0][0]), px(points[0][1]))
	for i := 1; i < len(points)-1; i++ {
		a, b, c := points[i-1], points[i], points[i+1]
		r := min(bend, length(a, b)/2, length(b, c)/2)
		p, q := toward(b, a, r), toward(b, c, r)
		fmt.Fprintf(&w.edges, "L%s %sQ%s %s %s %s", px(p[0]), px(p[1]), px(b[0]), px(b[1]), px(q[0]), px(q[1]))
	}
	end := points[len(points)-1]
	fmt.Fprintf(&w.edges, "L%s %s\"", px(end[0]), px(end[1]))
	if box {
		w.edges.WriteString(` marker-end="url(#tip)"`)
	}
	w.edges.WriteString("/>\n")
}

func length(a, b [2]float64) float64 { return math.Abs(a[0]-b[0]) + math.Abs(a[1]-b[1]) }

// toward is the point at a distance from a in the direction of b.
func toward(a, b [2]float64, by float64) [2]float64 {
	l := length(a, b)
	return [2]float64{a[0] + (b[0]-a[0])*by/l, a[1] + (b[1]-a[1])*by/l}
}

// turn is the edge from the foot of a column to the head of the next.
func (w *canvas) turn(a, b *part) {
	x := b.x - b.left - gutter/2
	to, box := b.entry()
	w.edge(box, false, a.x, a.exit(), a.x, a.y+a.height+margin/2, x, a.y+a.height+margin/2, x, b.y-margin/2, b.x, b.y-margin/2, b.x, to)
}

// box draws a leaf.
func (w *canvas) box(p *part) {
	b := p.box
	w.seen[b.class] = true
	fmt.Fprintf(&w.marks, `<g><title>%s</title>`, escaped(b.tip))
	class := b.class + dashed(b.dash)
	if b.fresh {
		class += " fresh"
	}
	if p.left == 10 && p.height == 20 {
		fmt.Fprintf(&w.marks, `<circle class="%s" cx="%s" cy="%s" r="10"/>`, class, px(p.x), px(p.y+10))
	} else {
		r := 6.0
		if b.class == "join" || b.class == "in" || b.class == "out" {
			r = min(12, p.height/2)
		}
		fmt.Fprintf(&w.marks, `<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="%s"/>`, class, px(p.x-p.left), px(p.y), px(p.left+p.right), px(p.height), px(r))
	}
	type written struct{ class, text string }
	lines := []written{{"soft", b.above}, {"", b.title}, {"soft", b.below}}
	switch {
	case b.class == "join":
		lines = []written{{"", joined(b)}}
	case b.class == "in":
		lines[2].text = strings.ReplaceAll(b.size.String(), "x", "×")
	}
	y := p.y + 4
	for _, l := range lines {
		if l.text != "" {
			w.text(l.class, p.x, y+11, "middle", l.text)
			y += leafLine
		}
	}
	w.marks.WriteString("</g>\n")
}

func (w *canvas) text(class string, x, y float64, anchor, s string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	if anchor != "start" {
		class += ` text-anchor="` + anchor + `"`
	}
	fmt.Fprintf(&w.marks, `<text%s x="%s" y="%s">%s</text>`, class, px(x), px(y), escaped(s))
}

// legend says what the colours stand for, below the picture.
func (w *canvas) legend() {
	x, y := margin, w.height+14
	for _, c := range classes {
		if !w.seen[c.class] {
			continue
		}
		wide := 20 + letters(c.word, 11) + 14
		if x > margin && x+wide > w.width-margin {
			x, y = margin, y+18
		}
		fmt.Fprintf(&w.marks, `<rect class="%s" x="%s" y="%s" width="14" height="10" rx="3"/>`, c.class, px(x), px(y-9))
		w.text("note", x+20, y, "start", c.word)
		x += wide
	}
	w.height = y + margin
}

// escaped is a text as XML can hold it.
func escaped(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s))
}

// px is a coordinate with one decimal at most.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }
