package data

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/tensor"
)

// Cut is the parts of a set in one repeat: indices of items, rising. A part may be empty.
type Cut struct {
	Train, Val, Test []int
}

// Cut divides the set. Parts that the set brings along stay as they are, unless train and validation are pooled (Spec.Parts). Otherwise the test part is drawn from the content of
// the images alone, the same for every seed and repeat, and the validation part anew for each repeat, by the stream "split"
// of the seed. Both are stratified (the same share of every class, at least one image) and keep pictures that are nearly the
// same on one side. A set that brings train and test only has its validation part cut from train. Exact copies of one class
// count once in validation and test, the set's own parts too; training sees them as often as they are there.
//
// How it is drawn: each group of near-duplicates draws a number from the stream by its lowest content hash. First the groups
// that hold several classes are taken in the order of their numbers, as long as they fit into the share of all images of such
// groups; then those of each class alone, as long as they fit into what is left of round(share · images) of the class.
//
// So names and places of files decide nothing, and one file more or less, of a class without near-duplicates, moves no image
// of another class and at most 3 of its own: one that the rounding moves into or out of the test, or that the file takes the
// place of, one that follows it in validation, and one for the rounding there. Where the groups of the class hold up to S
// images (the file's own counted as it is with the file; copies count once) it moves less than 13·S, still of its class
// alone: its group, whose number is drawn anew where the file has the lowest hash of it, and what gives way to it, fills the
// room, or no longer fits. A file that makes one group of several moves no more than that. A file in a group of several
// classes moves such groups likewise, and of each class that they hold what makes up for them.
func (s *Set) Cut(seed uint64, repeat int) Cut {
	var c Cut
	var open []int // what validation and, where the set brings no parts, the test may be drawn from
	own := s.ownParts()
	for i, it := range s.Items {
		switch it.Split {
		case format.Val:
			c.Val = append(c.Val, i)
		case format.Test:
			c.Test = append(c.Test, i)
		default:
			open = append(open, i)
		}
	}
	all := s.groups(open)
	left := all
	if !own[format.Test] && !own[format.Val] && !own[format.Train] {
		c.Test, left = s.draw(left, s.quotas(all, s.spec.Test), tensor.NewStream(0, "test"), 0)
	}
	switch k := s.spec.Folds; {
	case own[format.Val]:
	case k > 0:
		c.Val, left = s.fold(left, tensor.NewStream(seed, "split"), max(repeat-1, 0))
	default: // the share is one of all images, those of the test too
		c.Val, left = s.draw(left, s.quotas(all, s.spec.Val), tensor.NewStream(seed, "split"), repeat)
	}
	for _, g := range left {
		c.Train = append(c.Train, g.items...)
	}
	slices.Sort(c.Train)
	c.Val, c.Test = s.once(c.Val), s.once(c.Test)
	return c
}

// Slice divides the training part of a cut: a share of it, drawn by the stream "slice" of the seed as validation is, is evaluated on, the
// rest trained on. The cut's own validation and test are in neither.
func (s *Set) Slice(c Cut, share float64, seed uint64) Cut {
	all := s.groups(c.Train)
	val, left := s.draw(all, s.quotas(all, share), tensor.NewStream(seed, "slice"), 0)
	of := Cut{Val: s.once(val)}
	for _, g := range left {
		of.Train = append(of.Train, g.items...)
	}
	slices.Sort(of.Train)
	return of
}

// ownParts says, by part, whether the set brings it along.
func (s *Set) ownParts() (own [4]bool) {
	for _, it := range s.Items {
		own[it.Split] = own[it.Split] || it.Split != format.Unsplit
	}
	return own
}

// kin are items that are nearly the same picture, and copies of them.
type kin struct {
	items   []int   // rising
	hash    Hash    // the lowest: of the first of the whole group, whatever part it is in
	size    int     // images, exact copies of one class counted once
	classes []int32 // of the images, rising; at least one
	sizes   []int   // images of each; nil where there is one class
}

// mixed says whether the group holds several classes.
func (g *kin) mixed() bool { return len(g.classes) > 1 }

// count calls add for each class with its images.
func (g *kin) count(add func(class int32, images int)) {
	if !g.mixed() {
		add(g.classes[0], g.size)
		return
	}
	for k, c := range g.classes {
		add(c, g.sizes[k])
	}
}

// groups joins items that are nearly the same picture, in the order of their first items.
func (s *Set) groups(items []int) []kin {
	all := make([]kin, 0, len(items))
	homes := make([]int32, len(items)) // room for the classes of groups of one, which most are
	at := make([]int32, len(s.Items))  // place of an item's group in all, from 1
	for n, i := range items {
		it := &s.Items[i]
		k := at[it.Group]
		if k == 0 {
			homes[n] = it.Label
			all = append(all, kin{items: items[n : n+1 : n+1], hash: s.Items[it.Group].Hash, size: 1, classes: homes[n : n+1 : n+1]})
			at[it.Group] = int32(len(all))
			continue
		}
		g := &all[k-1]
		g.items = append(g.items, i)
		if place, in := slices.BinarySearch(g.classes, it.Label); !in {
			g.classes = slices.Insert(g.classes, place, it.Label)
		}
	}
	for k := range all {
		g := &all[k]
		if len(g.items) == 1 {
			continue
		}
		of := s.once(g.items)
		if g.size = len(of); g.mixed() {
			g.sizes = make([]int, len(g.classes))
			for _, i := range of {
				place, _ := slices.BinarySearch(g.classes, s.Items[i].Label)
				g.sizes[place]++
			}
		}
	}
	return all
}

// quotas are the images that a share comes to: of each class, and, last, of all groups of several classes.
func (s *Set) quotas(groups []kin, share float64) []int {
	quota := make([]int, len(s.Classes)+1)
	if !(share > 0) {
		return quota
	}
	for _, g := range groups {
		g.count(func(c int32, n int) { quota[c] += n })
		if g.mixed() {
			quota[len(s.Classes)] += g.size
		}
	}
	for c, n := range quota {
		if quota[c] = int(math.Round(share * float64(n))); n > 0 && c < len(s.Classes) {
			quota[c] = max(1, quota[c])
		}
	}
	return quota
}

// draw takes groups in the order of their lots as long as they fit, those of several classes first. A class that is then
// still without an image takes its first group. Every class keeps a group that is not taken. Taken items rise.
func (s *Set) draw(groups []kin, quota []int, stream tensor.Stream, round int) (taken []int, rest []kin) {
	order := make([]drawn, len(groups))
	left := make([]int, len(s.Classes)) // groups that hold the class and are not taken
	for k := range groups {
		order[k] = drawn{lot(stream, groups[k].hash, round, 0), k}
		for _, c := range groups[k].classes {
			left[c]++
		}
	}
	rank(order)
	in := make([]bool, len(groups))
	got := make([]int, len(s.Classes)) // images taken
	take := func(k int) bool {
		g := &groups[k]
		if in[k] || slices.ContainsFunc(g.classes, func(c int32) bool { return left[c] < 2 }) {
			return false
		}
		in[k] = true
		g.count(func(c int32, n int) { got[c], left[c] = got[c]+n, left[c]-1 })
		return true
	}
	for room, at := quota[len(s.Classes)], 0; at < len(order); at++ {
		if g := &groups[order[at].index]; g.mixed() && g.size <= room && take(order[at].index) {
			room -= g.size
		}
	}
	for _, d := range order {
		if g := &groups[d.index]; !g.mixed() && got[g.classes[0]]+g.size <= quota[g.classes[0]] {
			take(d.index)
		}
	}
	for _, d := range order {
		if slices.ContainsFunc(groups[d.index].classes, func(c int32) bool { return got[c] == 0 && quota[c] > 0 }) {
			take(d.index)
		}
	}
	for k, g := range groups {
		if in[k] {
			taken = append(taken, g.items...)
		} else {
			rest = append(rest, g)
		}
	}
	slices.Sort(taken)
	return taken, rest
}

// Subset is n of the given items (all of them where n is too large), rising: the same share of every class, those of each
// class ranked by the numbers that their contents draw from the stream "subset" of the seed. A smaller subset lies within a
// larger one. One item more or less among those given moves at most one of its class and one of another.
func (s *Set) Subset(items []int, n int, seed uint64) []int {
	type ranked struct {
		item int
		at   float64
	}
	byClass := make([][]int, len(s.Classes))
	for _, i := range items {
		byClass[s.Items[i].Label] = append(byClass[s.Items[i].Label], i)
	}
	stream := tensor.NewStream(seed, "subset")
	all := make([]ranked, 0, len(items))
	for _, of := range byClass {
		for place, i := range s.byLot(of, stream, 0) {
			// the i-th of n images of a class stands at (i+1/2)/n of the way, so that every start of the list is stratified
			all = append(all, ranked{i, (float64(place) + 0.5) / float64(len(of))})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.at, b.at) })
	all = all[:max(0, min(n, len(all)))]
	chosen := make([]int, len(all))
	for i, r := range all {
		chosen[i] = r.item
	}
	slices.Sort(chosen)
	return chosen
}
