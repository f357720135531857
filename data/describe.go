package data

import (
	"context"
	"slices"
)

// Description is what a person wants to know of a set before training on it.
type Description struct {
	Name       string       `json:"name"`
	Images     int          `json:"images"`
	Classes    []ClassCount `json:"classes"`
	Channels   int          `json:"channels"` // 1 where no image has colour
	Height     Range        `json:"height"`
	Width      Range        `json:"width"`
	OneSize    bool         `json:"one_size"`
	Parts      Parts        `json:"parts"`      // of the first repeat
	Own        []string     `json:"own"`        // the parts among train, val and test that the set brings along and keeps
	Redrawn    bool         `json:"redrawn"`    // it brings train and val along, and they are pooled
	Folds      int          `json:"folds"`      // repeats in which every image is validated once; 0: validation is cut anew each repeat, or the set's own
	Duplicates int          `json:"duplicates"` // images that are nearly the same as another one
	Twins      []Twins      `json:"twins"`      // of those, pairs; at most 1000
	Leaks      []Twins      `json:"leaks"`      // of those, between parts that the set brings along; at most 100
	Doubts     []Doubt      `json:"doubts"`     // what else its figures must be read with
	Faults     []Fault      `json:"faults"`
	Problem    string       `json:"problem,omitempty"` // why it cannot be trained on as it is: the stops in one line
	Stops      []Stop       `json:"stops,omitempty"`   // each with its mend
}

// ClassCount is a class and its images.
type ClassCount struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
}

// Range is of pixels.
type Range struct {
	Min    int `json:"min"`
	Median int `json:"median"`
	Max    int `json:"max"`
}

// Parts counts images.
type Parts struct {
	Train int `json:"train"`
	Val   int `json:"val"`
	Test  int `json:"test"`
}

// Twins are two images that are nearly the same.
type Twins struct {
	A string `json:"a"`
	B string `json:"b"`
}

// Describe opens a set, to look at it alone, and says what is in it. It fails only where nothing can be read, or a key of spec would change nothing; what
// hinders training stands in Problem.
func Describe(ctx context.Context, spec Spec, opt Options) (Description, error) {
	opt.Look = true
	s, err := scanned(ctx, spec, opt)
	if err != nil {
		return Description{}, err
	}
	defer s.Close()
	problem, wrong := s.check(), s.ignored()
	if problem == nil && wrong == nil {
		wrong = s.dealable()
	}
	if wrong != nil {
		return Description{}, wrong
	}
	d := s.Describe()
	if problem != nil {
		d.Problem, d.Stops = problem.Error(), s.allStops()
	}
	return d, nil
}

// Describe says what is in an opened set.
func (s *Set) Describe() Description {
	d := Description{Name: s.Name, Images: len(s.Items), Channels: s.C, OneSize: s.H > 0, Redrawn: s.spec.Parts == Redraw, Folds: s.spec.Folds, Classes: []ClassCount{}, Own: []string{},
		Twins: []Twins{}, Leaks: []Twins{}, Doubts: append([]Doubt{}, s.doubts...), Faults: append([]Fault{}, s.Faults...)}
	for c, n := range s.Images() {
		d.Classes = append(d.Classes, ClassCount{s.Classes[c], n})
	}
	for part, own := range s.ownParts() {
		if own {
			d.Own = append(d.Own, Split(part).String())
		}
	}
	var heights, widths []int
	for i, it := range s.Items {
		heights, widths = append(heights, it.H), append(widths, it.W)
		if first := int(it.Group); first != i {
			d.Duplicates++
			twins := Twins{s.Items[first].Name, it.Name}
			if len(d.Twins) < 1000 {
				d.Twins = append(d.Twins, twins)
			}
			if it.Split != s.Items[first].Split && len(d.Leaks) < 100 {
				d.Leaks = append(d.Leaks, twins)
			}
		}
	}
	d.Height, d.Width = rangeOf(heights), rangeOf(widths)
	c := s.Cut(1, 1)
	d.Parts = Parts{len(c.Train), len(c.Val), len(c.Test)}
	return d
}

func rangeOf(v []int) Range {
	if len(v) == 0 {
		return Range{}
	}
	slices.Sort(v)
	return Range{v[0], v[len(v)/2], v[len(v)-1]}
}
