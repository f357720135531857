package data

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/tensor"
)

// A small set is used whole: what its folder keeps apart for validation may be pooled with the rest and drawn anew, and folds
// validate every image once in as many repeats.

// pool makes one part of train and validation, so that the set is the one that its files would be without these folders. The
// listing stays as it is.
func (s *Set) pool(l *listing) {
	part := format.Unsplit
	if s.own[format.Test] {
		part = format.Train
	}
	s.Items = slices.Clone(s.Items)
	for i := range s.Items {
		if s.Items[i].Split != format.Test {
			s.Items[i].Split = part
		}
	}
	slices.SortFunc(s.Items, byContent) // copies that lay in two parts stand by name now; their group is one, so its first item stays the first
	pooled := &listing{head: l.head, items: s.Items, objects: s.objects, first: s.first}
	kept := func(kinds ...string) (of doubts) {
		for _, d := range l.Doubts {
			if slices.Contains(kinds, d.Kind) {
				of = append(of, d)
			}
		}
		return of
	}
	s.doubts = slices.Concat(kept(DoubtNames, DoubtBoxes), pooled.likenesses(), kept(DoubtDepth, DoubtContrast), pooled.proportions())
}

// fold takes a fold out of groups: the one of a number, from 0, modulo the folds, of the round that the number falls in.
func (s *Set) fold(groups []kin, stream tensor.Stream, number int) (taken []int, rest []kin) {
	home := s.deal(groups, stream, number/s.spec.Folds)
	for k, g := range groups {
		if home[k] == number%s.spec.Folds {
			taken = append(taken, g.items...)
		} else {
			rest = append(rest, g)
		}
	}
	slices.Sort(taken)
	return taken, rest
}

// deal gives each group a fold. Groups of several classes come first, then class by class those of several images, the
// largest first, each to the fold that has the fewest images of its classes; then single images, in the order of their lots,
// so many to each fold that it has as many of the class as the others, within one, where larger groups have not given it
// more. Single images lie in runs of their order, so that one image more moves at most one at the end of each run.
func (s *Set) deal(groups []kin, stream tensor.Stream, round int) []int {
	folds := s.spec.Folds
	order := make([]drawn, len(groups))
	for k := range groups {
		order[k] = drawn{lot(stream, groups[k].hash, round, 0), k}
	}
	rank(order)
	slices.SortStableFunc(order, func(a, b drawn) int {
		g, h := &groups[a.index], &groups[b.index]
		return cmp.Or(len(h.classes)-len(g.classes), h.size-g.size)
	})
	got := make([][]int, len(s.Classes)) // images by class and fold
	for c := range got {
		got[c] = make([]int, folds)
	}
	// emptiest is the fold in which the fullest of some classes is the least full. Among equals each class begins at another fold.
	emptiest := func(classes []int32) int {
		best, least := 0, math.MaxInt
		for n := range folds {
			f := (n + int(classes[0])) % folds
			most := 0
			for _, c := range classes {
				most = max(most, got[c][f])
			}
			if most < least {
				best, least = f, most
			}
		}
		return best
	}
	home := make([]int, len(groups))
	single := make([][]int, len(s.Classes)) // groups of one image
	for _, d := range order {
		g := &groups[d.index]
		if g.size == 1 && !g.mixed() {
			single[g.classes[0]] = append(single[g.classes[0]], d.index)
			continue
		}
		f := emptiest(g.classes)
		home[d.index] = f
		g.count(func(c int32, n int) { got[c][f] += n })
	}
	for c, of := range single {
		room := make([]int, folds)
		for range of {
			f := emptiest([]int32{int32(c)})
			room[f]++
			got[c][f]++
		}
		for f, n := range room {
			for _, k := range of[:n] {
				home[k] = f
			}
			of = of[n:]
		}
	}
	return home
}

// dealable refuses more folds than a class can fill: a fault at their key. Groups of several classes count as one of
// each, as they may have to lie in one fold.
func (s *Set) dealable() error {
	folds := s.spec.Folds
	if folds == 0 || s.Boxed { // a picture of several classes stands for one of them
		return nil
	}
	var open []kin
	if s.ownParts()[format.Test] {
		var items []int
		for i, it := range s.Items {
			if it.Split != format.Test {
				items = append(items, i)
			}
		}
		open = s.groups(items)
	} else {
		all := s.groups(every(len(s.Items)))
		_, open = s.draw(all, s.quotas(all, s.spec.Test), tensor.NewStream(0, "test"), 0)
	}
	return s.fill(open, folds, "val.folds", "validated")
}

// fill refuses folds of groups that a class is too small for: a fault at a key.
func (s *Set) fill(open []kin, folds int, key, held string) error {
	images := 0
	alone, shared := make([]int, len(s.Classes)), make([]int, len(s.Classes))
	for _, g := range open {
		images += g.size
		for _, c := range g.classes {
			if g.mixed() {
				shared[c] = 1
			} else {
				alone[c]++
			}
		}
	}
	least := 0
	for c := range alone {
		if alone[c] += shared[c]; alone[c] < alone[least] {
			least = c
		}
	}
	switch most := alone[least]; {
	case folds > images:
		return fault(key, "folds: %d folds of %d images; give at most %d", folds, images, max(most, 2))
	case most < 2:
		return fault(key, "folds: class %s has %s, so it cannot be both trained on and %s; add other pictures of it, or leave the class out with skip", s.Classes[least], few(most), held)
	case folds > most:
		return fault(key, "folds: class %s has %d images or groups of near-duplicates, too few for %d folds; give at most %d", s.Classes[least], most, folds, most)
	}
	return nil
}

// few is none or one image.
func few(n int) string {
	if n == 0 {
		return "no image to train on"
	}
	return "1 image or group of near-duplicates"
}

// Deal deals items out into folds, each item to one: stratified by what the overlay takes them for, near-duplicates together, by the
// stream "clean" of the seed. A class that has fewer images or groups of near-duplicates than there are folds is a fault at the key folds.
func (s *Set) Deal(items []int, o Overlay, folds int, seed uint64) ([][]int, error) {
	with := Set{spec: Spec{Folds: folds}, Classes: s.Classes, Items: slices.Clone(s.Items)}
	for i := range with.Items {
		with.Items[i].Label = o.Label(s, i)
	}
	groups := with.groups(items)
	if err := with.fill(groups, folds, "folds", "held out"); err != nil {
		return nil, err
	}
	dealt := make([][]int, folds)
	for k, home := range with.deal(groups, tensor.NewStream(seed, "clean"), 0) {
		dealt[home] = append(dealt[home], groups[k].items...)
	}
	for _, of := range dealt {
		slices.Sort(of)
	}
	return dealt, nil
}

// every is 0, 1, ... n-1.
func every(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

// Use is a way to use the images of a set, and what it gives.
type Use struct {
	Spec  Spec    // of the set, with parts, val and test as they had best be
	Train int     // images trained on in a repeat
	Val   int     // images validated in a repeat
	Rests float64 // images that the mean over all repeats rests on: one split of so many, never redrawn, would let it vary as much by the images that it holds
}

// Use is how a set had best be used by a study of so many repeats that wants a share of train and validation, such as a third,
// for validation. Validation images of its own stay if they are that many, and many enough to rest on. Else they are pooled
// with train; and where the share is that of a fold, within a twentieth, and repeats make whole rounds of folds, each image is
// validated equally often, which rests the mean on all images. What folds gain over a share redrawn is the image term alone:
// at a third and 6 repeats the mean rests on all images in place of 0.75 of them. A test part is cut where images are many
// enough for a tenth of them to tell 90 % right within 6 points.
func (s *Set) Use(share float64, repeats int) Use {
	const manyEnough = 1000
	var pool []int
	own := 0 // validation images
	for i, it := range s.Items {
		if it.Split != format.Test {
			pool = append(pool, i)
		}
		if it.Split == format.Val {
			own++
		}
	}
	u := Use{Spec: s.spec}
	if n := len(s.once(pool)); own >= manyEnough && float64(own) >= share*float64(n) {
		c := s.Cut(1, 1)
		u.Train, u.Val, u.Rests = len(c.Train), len(c.Val), float64(len(c.Val))
		return u
	}
	if s.own[format.Val] {
		u.Spec.Parts = Redraw
	}
	if !s.own[format.Test] && len(pool) < manyEnough {
		u.Spec.Test = 0
	}
	u.Spec.Val, u.Spec.Folds = share, 0
	with := Set{spec: u.Spec, opt: s.opt, Classes: s.Classes, Items: s.Items, own: s.own}
	if u.Spec.Parts == Redraw {
		with.pool(&listing{head: head{Classes: s.Classes}})
	}
	if k := int(math.Round(1 / share)); k >= 2 && math.Abs(1/float64(k)-share) <= share/20 && repeats > 0 && repeats%k == 0 {
		with.spec.Val, with.spec.Folds = 0, k
		if with.dealable() != nil {
			with.spec = u.Spec
		}
	}
	u.Spec = with.spec
	c := with.Cut(1, 1)
	n, m, r := float64(len(c.Train)+len(c.Val)), float64(len(c.Val)), float64(max(repeats, 1))
	u.Train, u.Val = len(c.Train), len(c.Val)
	if u.Rests = n; u.Spec.Folds == 0 { // mean overlap of two splits over its square: 1/m of one with itself, 1/n of two
		u.Rests = 1 / (1/(m*r) + (r-1)/(r*n))
	}
	return u
}
