package data

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/data/format"
	"github.com/assaylab/assay/tensor"
)

// Cut is the parts of a set in one repeat: indices of items, rising. A part may be empty.
type Cut struct {
	Train, Val, Test []int
}

// Cut divides the set. Parts that the set brings along stay as they are. Otherwise the test part is drawn from the content of
// the images alone, the same for every seed and repeat, and the validation part anew for each repeat, by the stream "split"
// of the seed. Both are balanced by class (the same share of every class, at least one image) and keep pictures that are
// nearly the same on one side. A set that brings train and test only has its validation part cut from train.
func (s *Set) Cut(seed uint64, repeat int) Cut {
	var c Cut
	var open, loose []int // what validation may be drawn from, and, of that, the test
	own := map[Split]bool{}
	for i, it := range s.Items {
		own[it.Split] = true
		switch it.Split {
		case format.Val:
			c.Val = append(c.Val, i)
		case format.Test:
			c.Test = append(c.Test, i)
		case format.Train:
			open = append(open, i)
		default:
			open, loose = append(open, i), append(loose, i)
		}
	}
	of := make([]int, len(s.Classes)) // the images of each class that the shares are shares of
	for _, i := range open {
		of[s.Items[i].Label]++
	}
	if !own[format.Test] && !own[format.Val] && len(loose) > 0 {
		groups := s.groups(loose)
		slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(s.lowestHash(a), s.lowestHash(b)) })
		c.Test, open = s.draw(groups, of, s.spec.Test)
	}
	if own[format.Val] {
		c.Train = open
		return c
	}
	groups := s.groups(open)
	order := tensor.NewStream(seed, "split").At(uint64(repeat), 0).Perm(len(groups))
	drawn := make([][]int, len(groups))
	for i, g := range order {
		drawn[i] = groups[g]
	}
	c.Val, c.Train = s.draw(drawn, of, s.spec.Val)
	return c
}

// groups joins items that are nearly the same picture, in the order of their first items.
func (s *Set) groups(items []int) [][]int {
	var groups [][]int
	at := map[int32]int{}
	for _, i := range items {
		g, ok := at[s.Items[i].Group]
		if !ok {
			g = len(groups)
			at[s.Items[i].Group] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

func (s *Set) lowestHash(items []int) string {
	low := s.Items[items[0]].Hash
	for _, i := range items[1:] {
		low = min(low, s.Items[i].Hash)
	}
	return low
}

// draw takes groups in their order as long as none of their classes gets more than its share; a class that is still without
// an image then takes its first group that leaves some. What is not taken is the rest. Both rise.
func (s *Set) draw(groups [][]int, of []int, share float64) (taken, rest []int) {
	left, got := make([]int, len(of)), make([]int, len(of)) // groups of a class not taken yet, images taken
	quota := make([]int, len(of))
	for c, n := range of {
		if share > 0 {
			quota[c] = max(1, int(math.Round(share*float64(n))))
		}
	}
	in := make([]bool, len(groups))
	counts := func(g []int) map[int32]int {
		n := map[int32]int{}
		for _, i := range g {
			n[s.Items[i].Label]++
		}
		return n
	}
	for _, g := range groups {
		for c := range counts(g) {
			left[c]++
		}
	}
	take := func(k int, fits func(class int32, n int) bool) {
		n := counts(groups[k])
		for c, images := range n {
			if in[k] || left[c] < 2 || !fits(c, images) {
				return
			}
		}
		in[k] = true
		for c, images := range n {
			got[c] += images
			left[c]--
		}
	}
	for k := range groups {
		take(k, func(c int32, n int) bool { return got[c]+n <= quota[c] })
	}
	for k := range groups {
		take(k, func(c int32, _ int) bool { return got[c] == 0 && quota[c] > 0 })
	}
	for k, g := range groups {
		if in[k] {
			taken = append(taken, g...)
		} else {
			rest = append(rest, g...)
		}
	}
	slices.Sort(taken)
	slices.Sort(rest)
	return taken, rest
}

// Subset is n of the given items (all of them where n is too large), rising: the same share of every class, drawn by the
// stream "subset" of the seed. A smaller subset lies within a larger one.
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
	for c, of := range byClass {
		for place, k := range stream.At(0, uint64(c)).Perm(len(of)) {
			// the i-th of n images of a class stands at (i+1/2)/n of the way, so that every start of the list is balanced
			all = append(all, ranked{of[k], (float64(place) + 0.5) / float64(len(of))})
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
