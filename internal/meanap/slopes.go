package meanap

// slopes finds, of hits in a stretch, the best precision that is had once so many hits and ranks before them are gone: (m-hit)/(rank-before), the
// slope from (before, hit) up to a hit as the point (rank, m). The steepest is a corner of the upper hull, which blocks of hits have at hand, and
// twos of blocks, and so on: a stretch takes a number of steps that grows as the logarithm of its length, or its square at worst.
type slopes struct {
	ranks   []float64 // of the m-th hit, at m-1
	corners [][]int32 // by level, the smallest blocks first: numbers of hits from 1, each block's in order
	begins  [][]int32 // by level and block, where its corners begin, and the end of all
}

// leaf is how many hits the smallest block has.
const leaf = 8

// fraction is a precision: quotients are rounded once, when they are read.
type fraction struct{ over, under float64 }

// above says whether a is more than b. Their parts are counts, so that products are exact.
func (a fraction) above(b fraction) bool { return float64(a.over*b.under) > float64(b.over*a.under) }

// of takes other hits, by their rising ranks.
func (s *slopes) of(ranks []float64) {
	s.ranks = ranks
	for level, blocks := 0, len(ranks)/leaf; blocks > 0; level, blocks = level+1, blocks/2 {
		if level == len(s.corners) {
			s.corners, s.begins = append(s.corners, nil), append(s.begins, nil)
		}
		corners, begins := s.corners[level][:0], append(s.begins[level][:0], 0)
		for b := range blocks {
			begin := len(corners)
			if level == 0 {
				for m := b*leaf + 1; m <= (b+1)*leaf; m++ {
					corners = s.bend(corners, begin, int32(m))
				}
			} else {
				for _, m := range s.corners[level-1][s.begins[level-1][2*b]:s.begins[level-1][2*b+2]] {
					corners = s.bend(corners, begin, m)
				}
			}
			begins = append(begins, int32(len(corners)))
		}
		s.corners[level], s.begins[level] = corners, begins
	}
}

// bend adds a hit to the right of a hull that begins at a place, and takes away the corners that it hides.
func (s *slopes) bend(hull []int32, begin int, m int32) []int32 {
	x, y := s.ranks[m-1], float64(m)
	for n := len(hull); n > begin+1; n-- {
		a, b := hull[n-2], hull[n-1]
		left, right := fraction{float64(b - a), s.ranks[b-1] - s.ranks[a-1]}, fraction{y - float64(b), x - s.ranks[b-1]}
		if left.above(right) {
			break
		}
		hull = hull[:n-1]
	}
	return append(hull, m)
}

// best is the largest of a fraction and the precisions of the hits from+1 to to.
func (s *slopes) best(of fraction, from, to int, hit, before float64) fraction {
	low, high := (from+leaf-1)/leaf, to/leaf // blocks that lie in the stretch
	if low >= high {
		return s.scan(of, from, to, hit, before)
	}
	of = s.scan(of, high*leaf, to, hit, before)
	of = s.scan(of, from, low*leaf, hit, before)
	for level := 0; low < high; level++ {
		if low&1 == 1 {
			of = s.steepest(of, level, low, hit, before)
			low++
		}
		if high&1 == 1 {
			high--
			of = s.steepest(of, level, high, hit, before)
		}
		low, high = low/2, high/2
	}
	return of
}

func (s *slopes) scan(of fraction, from, to int, hit, before float64) fraction {
	for m := from + 1; m <= to; m++ {
		if p := (fraction{float64(m) - hit, s.ranks[m-1] - before}); p.above(of) {
			of = p
		}
	}
	return of
}

// steepest goes by halves to the corner of a block behind which slopes fall.
func (s *slopes) steepest(of fraction, level, block int, hit, before float64) fraction {
	hull := s.corners[level][s.begins[level][block]:s.begins[level][block+1]]
	at := func(i int) fraction { return fraction{float64(hull[i]) - hit, s.ranks[hull[i]-1] - before} }
	low, high := 0, len(hull)-1
	for low < high {
		if middle := (low + high) / 2; at(middle + 1).above(at(middle)) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if p := at(low); p.above(of) {
		return p
	}
	return of
}
