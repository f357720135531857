package meanap

import (
	"cmp"
	"slices"

	"github.com/assaylab/assay/data/box"
)

// Kind is what a detection is, or that a truth was missed. Kinds of errors are those of TIDE (Bolya, Foley, Hays, Hoffman, "TIDE: A
// General Toolbox for Identifying Object Detection Errors", ECCV 2020, arXiv:2008.08115), with its thresholds; a poor box of a wrong
// class is background here.
type Kind string

const (
	Right      Kind = "right"       // it finds a truth of its class by an IoU of .5 or more
	Missed     Kind = "missed"      // a truth that no detection finds, and that no wrong class or poor box is about
	Twice      Kind = "twice"       // it would be right, had a surer one not found the truth
	WrongClass Kind = "wrong class" // it would find a truth of another class
	PoorBox    Kind = "poor box"    // it overlaps a truth of its class by .1 or more, and less than .5
	Background Kind = "background"  // all other detections
	Ignored    Kind = "ignored"     // it finds a truth that is difficult or a crowd
)

// Errors are the kinds that are errors, in the order in which people are told them.
var Errors = []Kind{Missed, Twice, WrongClass, PoorBox, Background}

const (
	found    = 0.5 // IoU from which on a detection is about a truth
	overlaps = 0.1 // and from which on it may be meant for it
)

// Case is a detection that counts, or a truth that was missed.
type Case struct {
	Kind  Kind
	Truth int     // in Image.Truths: what it finds, or is about; -1 of background
	Found int     // in Image.Found; -1 of a missed truth
	IoU   float64 // of the two
	Image int     // of a list, as [Worst] has it; else 0
}

// Explain says what each detection of a score of at least sure is, the surest first, and which truths were missed. From the surest on
// a detection takes the free truth of its class that it overlaps most; those that take none may then be of a wrong class about a truth
// that nobody took, one detection each.
func (im Image) Explain(sure float64) []Case {
	var cases []Case
	for i, d := range im.Found {
		if d.Score >= sure {
			cases = append(cases, Case{Truth: -1, Found: i})
		}
	}
	slices.SortStableFunc(cases, func(a, b Case) int { return cmp.Compare(im.Found[b.Found].Score, im.Found[a.Found].Score) })
	taken := make([]bool, len(im.Truths))
	asked := func(t box.Object) bool { return !t.Difficult && !t.Crowd }
	// give gives a case of no kind yet the truth that it overlaps most, of those that may be had, by least or more.
	give := func(c *Case, kind Kind, least float64, may func(t int, same bool) bool) bool {
		if c.Kind != "" {
			return false
		}
		best, most := -1, least
		for t, truth := range im.Truths {
			if iou := overlap(im.Found[c.Found].Box, truth); iou >= most && (best < 0 || iou > most) && may(t, truth.Class == im.Found[c.Found].Class) {
				best, most = t, iou
			}
		}
		if best < 0 {
			return false
		}
		c.Kind, c.Truth, c.IoU = kind, best, most
		return true
	}
	about := slices.Clone(taken) // truths that an error is about
	for i := range cases {
		c := &cases[i]
		if give(c, Right, found, func(t int, same bool) bool { return same && asked(im.Truths[t]) && !taken[t] }) {
			taken[c.Truth] = true
		} else {
			give(c, Ignored, found, func(t int, same bool) bool { return same && !asked(im.Truths[t]) })
		}
	}
	for i := range cases {
		c := &cases[i]
		give(c, Twice, found, func(t int, same bool) bool { return same && taken[t] })
		if give(c, WrongClass, found, func(t int, same bool) bool { return !same && asked(im.Truths[t]) && !taken[t] && !about[t] }) {
			about[c.Truth] = true
		}
	}
	for i := range cases {
		c := &cases[i]
		give(c, Ignored, found, func(t int, _ bool) bool { return !asked(im.Truths[t]) }) // whatever its class
		give(c, WrongClass, found, func(t int, same bool) bool { return !same && asked(im.Truths[t]) })
		if give(c, PoorBox, overlaps, func(t int, same bool) bool { return same && asked(im.Truths[t]) }) {
			about[c.Truth] = true
		}
		if c.Kind == "" {
			c.Kind = Background
		}
	}
	for t, truth := range im.Truths {
		if asked(truth) && !taken[t] && !about[t] {
			cases = append(cases, Case{Kind: Missed, Truth: t, Found: -1})
		}
	}
	return cases
}

// Confusion counts truths by their class (row) and by that of the detection that finds them (column), [K+1][K+1] for K classes: the
// last row is background that is taken for a class, the last column truths that are not found. Detections of a score of at least sure
// count. A truth stands in one cell, and so does a detection, but for those of what is not asked for; their classes are below K.
func Confusion(images []Image, classes int, sure float64) [][]int {
	table := make([][]int, classes+1)
	for i := range table {
		table[i] = make([]int, classes+1)
	}
	for _, im := range images {
		taken := make([]bool, len(im.Truths))
		for _, c := range im.Explain(sure) {
			switch {
			case c.Kind == Missed || c.Kind == Ignored:
			case (c.Kind == Right || c.Kind == WrongClass) && !taken[c.Truth]:
				taken[c.Truth] = true
				table[im.Truths[c.Truth].Class][im.Found[c.Found].Class]++
			default:
				table[classes][im.Found[c.Found].Class]++
			}
		}
		for t, truth := range im.Truths {
			if !taken[t] && !truth.Difficult && !truth.Crowd {
				table[truth.Class][classes]++
			}
		}
	}
	return table
}

// Worst are the errors of each kind, the worst first: detections by their score, missed truths by their area, which a person would have
// seen. Equals stay in the order of images.
func Worst(images []Image, sure float64) map[Kind][]Case {
	by := map[Kind][]Case{}
	for i, im := range images {
		for _, c := range im.Explain(sure) {
			c.Image = i
			by[c.Kind] = append(by[c.Kind], c)
		}
	}
	delete(by, Right)
	delete(by, Ignored)
	weight := func(c Case) float64 {
		if im := images[c.Image]; c.Found >= 0 {
			return im.Found[c.Found].Score
		} else {
			return im.Truths[c.Truth].Extent()
		}
	}
	for _, cases := range by {
		slices.SortStableFunc(cases, func(a, b Case) int { return cmp.Compare(weight(b), weight(a)) })
	}
	return by
}
