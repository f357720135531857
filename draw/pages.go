package draw

import "math"

// paged breaks a tall column into several that stand beside one another, so that the picture is about as wide as it is high. A
// frame too high for that goes on in the next column.
func paged(c *part, tall float64) []*part {
	best := []*part{c}
	score := shape(best, tall)
	for n := 2; n <= 12; n++ {
		for _, whole := range []bool{true, false} {
			pages := broken(c, n, whole)
			if s := shape(pages, tall); s < score {
				best, score = pages, s
			}
		}
	}
	for _, p := range best {
		p.measure() // the last trial left other places
	}
	return best
}

// shape is how far columns beside one another are from a good proportion, how much they break and how uneven they are. Up to
// the height tall one is enough.
func shape(pages []*part, tall float64) float64 {
	w, h, sum, torn, short := -gutter, 0.0, 0.0, 0.0, 0.0
	for _, p := range pages {
		p.measure()
		w += p.left + p.right + gutter
		h, sum = max(h, p.height), sum+p.height
		for _, q := range p.parts {
			if q.torn {
				torn++
			}
		}
	}
	if len(pages) == 1 && h < tall {
		return 0
	}
	for i, p := range pages {
		if p.height < h/4 { // such as the head alone
			short++
		}
		if i+1 == len(pages) || !pages[i+1].parts[0].torn {
			continue
		}
		for _, piece := range []*part{p.parts[len(p.parts)-1], pages[i+1].parts[0]} {
			if piece.height < h/6 { // a scrap of a frame
				short++
			}
		}
	}
	return math.Abs(math.Log(w/h/1.3)) + 0.12*torn + 0.3*short + 0.5*(1-sum/h/float64(len(pages)))
}

// unit is what stays together when a column is broken, and the frame that it is taken from, nil for none.
type unit struct{ part, of *part }

// broken is the column in n columns of about equal height, or fewer. Frames of frames are broken too unless they are to stay whole.
func broken(c *part, n int, whole bool) []*part {
	c.measure()
	var units []unit
	for _, p := range c.parts {
		if !whole && p.kind == frame && p.parts[0].holdsFrames() {
			for _, q := range p.parts[0].parts {
				units = append(units, unit{q, p})
			}
		} else {
			units = append(units, unit{p, nil})
		}
	}
	for limit := c.height / float64(n); ; limit *= 1.04 {
		if ends := filled(units, limit); len(ends) <= n {
			return columns(c, units, ends)
		}
	}
}

// holdsFrames reports whether a column holds frames: only what does is worth breaking.
func (p *part) holdsFrames() bool {
	for _, q := range p.parts {
		if q.kind == frame {
			return true
		}
	}
	return false
}

// filled gives the units at which columns of at most that height end. What stands for a run stays with its neighbours, a join with its lanes.
func filled(units []unit, limit float64) []int {
	var ends []int
	high := 0.0
	for i, u := range units {
		h := u.part.height + gap
		if i > 0 && high+h > limit && high > 0 {
			before := units[i-1].part
			if u.part.kind != more && before.kind != more && before.kind != row {
				ends, high = append(ends, i), 0
			}
		}
		high += h
	}
	return append(ends, len(units))
}

// columns puts units into columns that end there, and frames back round those taken from one.
func columns(c *part, units []unit, ends []int) []*part {
	var pages []*part
	begin := 0
	for _, end := range ends {
		page := &part{kind: column}
		var of, piece *part
		for i := begin; i < end; i++ {
			u := units[i]
			switch {
			case u.of == nil:
				page.parts = append(page.parts, u.part)
			case u.of == of:
				piece.parts[0].parts = append(piece.parts[0].parts, u.part)
			default:
				piece = &part{kind: frame, label: u.of.label, parts: []*part{{kind: column, parts: []*part{u.part}}}}
				if i > 0 && units[i-1].of == u.of {
					piece.label, piece.torn = piece.label+", continued", true
				}
				page.parts = append(page.parts, piece)
			}
			if of = u.of; of != nil && (i == len(units)-1 || units[i+1].of != of) {
				piece.note = of.note
			}
		}
		for _, h := range c.hangs {
			if page.bottom(h.from) >= 0 {
				page.hangs = append(page.hangs, h)
			}
		}
		pages, begin = append(pages, page), end
	}
	return pages
}
