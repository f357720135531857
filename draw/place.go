package draw

import (
	"math"
	"strings"
)

// Distances, in pixels.
const (
	gap      = 18.0 // between parts behind one another
	roomy    = 30.0 // where a size stands between them
	fan      = 16.0 // from a row's end to its lanes
	aside    = 14.0 // between lanes
	bypass   = 9.0  // half the room of a lane without parts
	border   = 10.0 // of a frame, at the sides and below
	heading  = 18.0 // of a frame, above
	gutter   = 44.0 // between columns of the page
	leafLine = 15.0 // of text
)

// measure finds the extents of a part, and where its parts are from its axis and top.
func (p *part) measure() {
	p.left, p.right, p.height = 0, 0, 0
	for _, q := range p.parts {
		q.measure()
	}
	for _, h := range p.hangs {
		h.part.measure()
	}
	switch p.kind {
	case leaf:
		p.measureLeaf()
	case column:
		p.measureColumn()
	case frame:
		in := p.parts[0]
		in.x, in.y = 0, heading
		p.left, p.right, p.height = max(in.left+border, letters(p.label, 11)+14), in.right+border, in.height+heading+border
	case more:
		p.left, p.height = 20, 40
		p.right = max(20, 14+letters(p.label, 11))
	case row:
		p.measureRow()
	case mesh:
		p.measureMesh()
	}
}

func (p *part) measureLeaf() {
	b := p.box
	if b.title == "+" && b.below == "" && b.above == "" {
		p.left, p.right, p.height = 10, 10, 20
		return
	}
	w := letters(b.title, 12)
	lines := 1.0
	for _, t := range []string{b.above, b.below} {
		if t != "" {
			w, lines = max(w, letters(t, 10.5)), lines+1
		}
	}
	if b.class == "join" && lines == 2 { // on one line
		w, lines = letters(joined(b), 12), 1
	}
	w = math.Ceil(w) + 18
	p.left, p.right, p.height = w/2, w/2, 8+leafLine*lines
	if b.class == "in" {
		p.height += leafLine
		s := letters(b.size.String(), 10.5) + 18
		p.left, p.right = max(p.left, s/2), max(p.right, s/2)
	}
}

// joined is what a join with something behind it shows.
func joined(b *box) string {
	if b.title != "+" {
		return join(b.title, b.above, b.below)
	}
	return strings.TrimSpace(b.title + "  " + join(b.above, b.below))
}

func (p *part) measureColumn() {
	y, left, right := 0.0, 0.0, 0.0
	for i, q := range p.parts {
		q.x, q.y = 0, y
		p.left, p.right = max(p.left, q.left), max(p.right, q.right)
		if q.kind == frame || q.kind == more {
			left, right = max(left, q.left), max(right, q.right)
		}
		y += q.height
		switch {
		case i < len(p.parts)-1:
			y += q.space(p.parts[i+1])
		case q.note != "":
			y += gap
		}
	}
	for _, q := range p.parts {
		q.widen(left, right) // all frames as wide as the widest
	}
	p.height = y
	if len(p.parts) == 0 {
		p.left, p.right = bypass, bypass
	}
	for i, h := range p.hangs {
		h.part.y = p.bottom(h.from) + gap
		h.part.x = p.right + gutter/2 + h.part.left
		for _, other := range p.hangs[:i] { // beside the one before, if that reaches further down
			if o := other.part; h.part.y < o.y+o.height+gap {
				h.part.x = max(h.part.x, o.x+o.right+aside+h.part.left)
			}
		}
		p.height = max(p.height, h.part.y+h.part.height)
	}
	for _, h := range p.hangs {
		p.right = max(p.right, h.part.x+h.part.right)
	}
}

// widen gives a frame other extents, and with it the frames in it.
func (p *part) widen(left, right float64) {
	if p.kind != frame {
		return
	}
	p.left, p.right = left, right
	for _, q := range p.parts[0].parts {
		q.widen(left-border, right-border)
	}
}

// space is between two parts of a column.
func (p *part) space(next *part) float64 {
	switch {
	case p.note != "":
		return roomy
	case p.fans() && next.kind == leaf || p.kind == leaf && next.fans(): // the row has room of its own
		return 0
	case p.kind == more || next.kind == more:
		return 4
	}
	return gap
}

// fans reports parts whose own edges reach from their top to their foot.
func (p *part) fans() bool { return p.kind == row || p.kind == mesh }

// bottom is how far below the top of a part a leaf of it ends, before places are fixed; -1 if the part does not hold it.
func (p *part) bottom(l *part) float64 {
	if p == l {
		return p.height
	}
	for _, q := range p.parts {
		if y := q.bottom(l); y >= 0 {
			return q.y + y
		}
	}
	return -1
}

// leaf is the part of a box, or what stands for it; nil if p does not hold it.
func (p *part) leaf(b *box) *part {
	if p.kind == leaf && p.box == b {
		return p
	}
	for _, q := range p.parts {
		switch l := q.leaf(b); {
		case l != nil && p.kind == more:
			return p
		case l != nil:
			return l
		}
	}
	return nil
}

// measureRow puts lanes beside one another. The axis is the middle, or of a bypassed lane its own.
func (p *part) measureRow() {
	width, high := -aside, 0.0
	for _, q := range p.parts {
		width += q.left + q.right + aside
		high = max(high, q.height)
	}
	p.height = high + 2*fan
	from, axis := 0.0, width/2
	for _, q := range p.parts {
		q.x = from + q.left
		q.y = fan + (high-q.height)/2
		from += q.left + q.right + aside
	}
	if len(p.parts) == 2 {
		a, b := p.parts[0], p.parts[1]
		switch m, n := count(a.parts), count(b.parts); {
		case n < 2 && m > n:
			axis = a.x
		case m < 2 && n > m:
			axis = b.x
		}
	}
	for _, q := range p.parts {
		q.x -= axis
	}
	p.left, p.right = axis, width-axis
}

// measureMesh puts ranks below one another, each about the axis.
func (p *part) measureMesh() {
	y := fan
	for _, r := range p.parts {
		width := -aside
		r.x, r.y, r.height = 0, y, 0
		for _, q := range r.parts {
			width += q.left + q.right + aside
			r.height = max(r.height, q.height)
		}
		from := -width / 2
		for _, q := range r.parts {
			q.x = from + q.left
			from += q.left + q.right + aside
			if q.kind != leaf { // a map passes
				q.height = r.height
			}
			q.y = (r.height - q.height) / 2
		}
		p.left, p.right = max(p.left, width/2), max(p.right, width/2)
		y += r.height + roomy
	}
	p.height = y - roomy + fan
}

// fix turns places from a part's own corner into places on the page.
func (p *part) fix(x, y float64) {
	p.x, p.y = p.x+x, p.y+y
	for _, q := range p.parts {
		if p.kind != more {
			q.fix(p.x, p.y)
		}
	}
	for _, h := range p.hangs {
		h.part.fix(p.x, p.y)
	}
}

// letters is about how many pixels wide a text is at a height.
func letters(s string, height float64) float64 {
	n := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljtfrI.,:;'|![]()/ ·", r):
			n += 0.33
		case strings.ContainsRune("mwMW%@…", r):
			n += 0.88
		case r >= 'A' && r <= 'Z', r == '×', r == '+':
			n += 0.72
		default:
			n += 0.59
		}
	}
	return n * height
}
