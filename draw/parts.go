package draw

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// kind is how a part arranges what it holds.
type kind int

const (
	leaf   kind = iota // a box
	column             // parts behind one another
	row                // lanes beside one another, from one map to one join; a lane without parts lets the map through
	frame              // a column with a border and a name: a scope of the network
	more               // what stands for frames like those round it
	mesh               // boxes whose edges are no lanes
)

// part is a piece of the picture. The axis is the vertical line on which a part is entered and left.
type part struct {
	kind  kind
	box   *box    // of a leaf; of a mesh the one behind it, of a lane in it the one whose map passes
	parts []*part // of the others; of a frame one column
	label string  // of a frame, of more
	note  string  // size of the map behind it, where that changes
	torn  bool    // of a frame: goes on from the column before
	hangs []hang  // of a column: what nothing of it reads again, such as auxiliary heads

	left, right, height float64 // extents from the axis, height
	x, y                float64 // of the axis, of the top
}

// hang is a part that hangs at the right of a column, below one of its leaves.
type hang struct{ from, part *part }

// arrange makes a picture of boxes: branches become lanes, scopes frames, and what does not lead to the first output hangs
// at its side.
func arrange(all []*box) *part {
	main := all[slices.IndexFunc(all, func(b *box) bool { return b.class == "out" })]
	leads := map[*box]bool{main: true}
	for i := len(all) - 1; i >= 0; i-- {
		for _, r := range all {
			if leads[r] && slices.Contains(r.in, all[i]) {
				leads[all[i]] = true
			}
		}
	}
	trunk := slices.DeleteFunc(slices.Clone(all), func(b *box) bool { return !leads[b] })
	rest := slices.DeleteFunc(slices.Clone(all), func(b *box) bool { return leads[b] })
	c := &part{kind: column, parts: framed(series(trunk, nil, nil), "")}
	c.annotate()
	for _, side := range components(rest) {
		from := side[0].in[0]
		for _, b := range side {
			b.dash = true
		}
		c.hangs = append(c.hangs, hang{c.leaf(from), &part{kind: column, parts: framed(series(side, from, nil), "")}})
	}
	return c
}

// annotate notes the size of the map behind each part of a column that changes its height or width.
func (p *part) annotate() {
	for i := 1; i < len(p.parts)-1; i++ {
		a, b, next := p.parts[i-1].last(), p.parts[i].last(), p.parts[i+1]
		if a == nil { // of a row
			a = p.parts[i-2].last()
		}
		if b != nil && b.class != "linear" && (a.size.H != b.size.H || a.size.W != b.size.W) && next.kind != more {
			p.parts[i].note = fmt.Sprintf("%d×%d×%d", b.size.H, b.size.W, b.size.C)
		}
	}
}

// series lays boxes that stand between entry and exit out behind one another: those that every path goes through, and between two
// of them a row. The boxes are in graph order; nil is a beginning or end of its own.
func series(set []*box, entry, exit *box) []*part {
	at := map[*box]int{}
	for i, b := range set {
		at[b] = i
	}
	// far[i] is how far an edge reaches from entry or a box before i
	reach := func(b *box) int {
		far := -1
		for i, r := range set {
			if slices.Contains(r.in, b) {
				far = i
			}
		}
		if b != entry && exit != nil && slices.Contains(exit.in, b) { // from entry to exit is a lane of its own
			far = len(set)
		}
		return far
	}
	var parts []*part
	between := func(from, to int, a, b *box) {
		if p := lanes(set[from:to], a, b); p != nil {
			parts = append(parts, p)
		}
	}
	begin, a, far := 0, entry, -1
	if entry != nil {
		far = reach(entry)
	}
	for i, b := range set {
		if far <= i {
			between(begin, i, a, b)
			parts = append(parts, &part{kind: leaf, box: b})
			begin, a = i+1, b
		}
		far = max(far, reach(b))
	}
	switch {
	case begin == 0 && len(set) > 0:
		parts = append(parts, net(set, exit))
	case begin < len(set):
		between(begin, len(set), a, exit)
	}
	return parts
}

// lanes is what stands between two boxes with no box between that every path goes through: nil where there is nothing but an
// edge. Lanes come in the order in which b
// reads them, or of a sum by length.
func lanes(set []*box, a, b *box) *part {
	if len(set) == 0 {
		return nil
	}
	type lane struct {
		order int
		part  *part
	}
	var ls []lane
	order := func(c []*box) int {
		if b == nil {
			return 0
		}
		return slices.IndexFunc(b.in, func(in *box) bool { return slices.Contains(c, in) })
	}
	for _, c := range components(set) {
		ls = append(ls, lane{order(c), nest(series(c, a, b))})
	}
	if a != nil && b != nil && slices.Contains(b.in, a) {
		ls = append(ls, lane{slices.Index(b.in, a), &part{kind: column}})
	}
	slices.SortStableFunc(ls, func(x, y lane) int {
		if b != nil && b.title == "+" { // a sum has no order: the longest first, what lets the map through last
			return count(y.part.parts) - count(x.part.parts)
		}
		return x.order - y.order
	})
	if len(ls) == 1 && len(ls[0].part.parts) == 1 { // branches that cross
		return ls[0].part.parts[0]
	}
	r := &part{kind: row}
	for _, l := range ls {
		r.parts = append(r.parts, l.part)
	}
	return r
}

// net is the form for branches that cross: boxes by rank, read by exit. A map that is read further down passes the ranks between
// in lanes without parts.
func net(set []*box, exit *box) *part {
	rank, deepest := map[*box]int{}, 0
	for _, b := range set {
		for _, in := range b.in {
			if slices.Contains(set, in) {
				rank[b] = max(rank[b], rank[in]+1)
			}
		}
		deepest = max(deepest, rank[b])
	}
	last := func(b *box) int { // the rank above the last that reads b
		l := rank[b]
		for _, r := range set {
			if slices.Contains(r.in, b) {
				l = max(l, rank[r]-1)
			}
		}
		if exit != nil && slices.Contains(exit.in, b) {
			l = deepest
		}
		return l
	}
	m := &part{kind: mesh, box: exit}
	place := map[*box]float64{} // in the rank above
	for i := range deepest + 1 {
		r := &part{kind: row}
		for _, b := range set {
			switch {
			case rank[b] == i:
				r.parts = append(r.parts, &part{kind: leaf, box: b})
			case rank[b] < i && last(b) >= i:
				r.parts = append(r.parts, &part{kind: column, box: b})
			}
		}
		middle := func(p *part) float64 { // of what it reads
			if rank[p.box] < i {
				return place[p.box]
			}
			sum, n := 0.0, 0.0
			for _, in := range p.box.in {
				if at, ok := place[in]; ok {
					sum, n = sum+at, n+1
				}
			}
			return sum / max(1, n)
		}
		slices.SortStableFunc(r.parts, func(p, q *part) int { return cmp.Compare(middle(p), middle(q)) })
		for j, p := range r.parts {
			place[p.box] = float64(j) - float64(len(r.parts)-1)/2
		}
		m.parts = append(m.parts, r)
	}
	return m
}

// nest is a lane; its scope goes without saying.
func nest(parts []*part) *part { return &part{kind: column, parts: framed(parts, prefix(parts))} }

// components splits boxes into those that edges between them join.
func components(set []*box) [][]*box {
	group := map[*box]int{}
	for i, b := range set {
		group[b] = i
	}
	for again := true; again; {
		again = false
		for _, b := range set {
			for _, in := range b.in {
				if g, ok := group[in]; ok && g != group[b] {
					low := min(g, group[b])
					group[b], group[in], again = low, low, true
				}
			}
		}
	}
	var cs [][]*box
	place := map[int]int{}
	for _, b := range set {
		g := group[b]
		if _, ok := place[g]; !ok {
			place[g] = len(cs)
			cs = append(cs, nil)
		}
		cs[place[g]] = append(cs[place[g]], b)
	}
	return cs
}

// scope is the path that all boxes of a part stand in.
func (p *part) scope() string {
	if p.kind == leaf {
		return p.box.scope()
	}
	return prefix(p.parts)
}

func prefix(parts []*part) string {
	var common []string
	first := true
	for _, p := range parts {
		if p.kind == column && len(p.parts) == 0 {
			continue
		}
		path := strings.Split(p.scope(), "/")
		if first {
			common, first = path, false
		}
		n := 0
		for n < min(len(common), len(path)) && common[n] == path[n] {
			n++
		}
		common = common[:n]
	}
	return strings.Join(common, "/")
}

// framed puts a frame round neighbours of one scope below the one given, and what stands for the middle of a long run of equal frames.
func framed(parts []*part, scope string) []*part {
	below := func(p *part) string { // the next name of its path
		path, ok := strings.CutPrefix(p.scope(), scope)
		if path = strings.TrimPrefix(path, "/"); !ok || path == "" {
			return ""
		}
		name, _, _ := strings.Cut(path, "/")
		return name
	}
	var out []*part
	for i := 0; i < len(parts); {
		name, j := below(parts[i]), i+1
		for name != "" && j < len(parts) && below(parts[j]) == name {
			j++
		}
		if group := parts[i:j]; name != "" && count(group) > 1 {
			full := strings.TrimPrefix(scope+"/"+name, "/")
			inner := framed(group, full)
			if len(inner) == 1 && inner[0].kind == frame {
				inner[0].label = name + "/" + inner[0].label
				out = append(out, inner[0])
			} else {
				out = append(out, &part{kind: frame, label: name, parts: []*part{{kind: column, parts: inner}}})
			}
		} else {
			out = append(out, group...)
		}
		i = j
	}
	return abridged(out)
}

// abridged leaves out the middle of runs of five and more frames that look alike.
func abridged(parts []*part) []*part {
	var out []*part
	for i := 0; i < len(parts); {
		j := i + 1
		for parts[i].kind == frame && j < len(parts) && parts[j].look() == parts[i].look() {
			j++
		}
		if n := j - i; n >= 5 {
			out = append(out, parts[i], parts[i+1], &part{kind: more, label: parts[i+2].label + dots(n-3) + parts[j-2].label, parts: parts[i+2 : j-1]}, parts[j-1])
		} else {
			out = append(out, parts[i:j]...)
		}
		i = j
	}
	return out
}

// dots is what stands between the first and the last name of several.
func dots(n int) string {
	if n == 2 {
		return ", "
	}
	return " … "
}

// look is a part without names and sizes of joins, which grow along a dense block.
func (p *part) look() string {
	switch {
	case p.kind == leaf && p.box.class == "join":
		title, _, _ := strings.Cut(p.box.title, ",")
		return title + p.box.below
	case p.kind == leaf:
		return p.box.text()
	}
	var s strings.Builder
	s.WriteByte("bcrfmx"[p.kind])
	for _, q := range p.parts {
		s.WriteString("(" + q.look() + ")")
	}
	return s.String()
}

// count is the boxes in parts.
func count(parts []*part) int {
	n := 0
	for _, p := range parts {
		if p.kind == leaf {
			n++
		}
		n += count(p.parts)
	}
	return n
}

// last is the last box that a part passes through.
func (p *part) last() *box {
	if p.kind == leaf {
		return p.box
	}
	for i := len(p.parts) - 1; i >= 0 && p.kind != row && p.kind != mesh; i-- {
		if b := p.parts[i].last(); b != nil {
			return b
		}
	}
	return nil
}
