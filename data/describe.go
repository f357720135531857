package data

import (
	"context"
	"math"
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
	Boxes      *Boxes       `json:"boxes,omitempty"`   // of a boxed set
	Problem    string       `json:"problem,omitempty"` // why it cannot be trained on as it is: the stops in one line
	Stops      []Stop       `json:"stops,omitempty"`   // each with its mend
}

// ClassCount is a class and its images.
type ClassCount struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
	Boxes  int    `json:"boxes,omitempty"`
}

// Boxes sums up the boxes of a set.
type Boxes struct {
	Count   int   `json:"count"`
	Images  int   `json:"images"`  // that have some
	Image   Range `json:"image"`   // boxes of an image
	Height  Range `json:"height"`  // in pixels, rounded
	Width   Range `json:"width"`   // likewise
	Percent Range `json:"percent"` // root of the area by that of the picture, in percent of its root
	Marked  int   `json:"marked"`  // difficult ones and crowds, which nobody learns from
	Wrong   int   `json:"wrong"`   // left out or changed: they are among the faults
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
		d.Classes = append(d.Classes, ClassCount{Name: s.Classes[c], Images: n})
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
	if s.Boxed {
		d.Boxes = s.describeBoxes(d.Classes)
		d.Faults = append(d.Faults, s.amiss...)
	}
	c := s.Cut(1, 1)
	d.Parts = Parts{len(c.Train), len(c.Val), len(c.Test)}
	return d
}

// describeBoxes sums up the boxes, and counts those of each class.
func (s *Set) describeBoxes(classes []ClassCount) *Boxes {
	b := &Boxes{Count: len(s.objects), Wrong: s.wrong}
	var per, heights, widths, shares []int
	for i, it := range s.Items {
		objects := s.Objects(i)
		per = append(per, len(objects))
		if len(objects) > 0 {
			b.Images++
		}
		for _, o := range objects {
			classes[o.Class].Boxes++
			heights, widths = append(heights, int(math.Round(o.H()))), append(widths, int(math.Round(o.W())))
			shares = append(shares, int(math.Round(float64(100*math.Sqrt(o.Area()/float64(it.H*it.W))))))
			if !shown(o) {
				b.Marked++
			}
		}
	}
	b.Image, b.Height, b.Width, b.Percent = rangeOf(per), rangeOf(heights), rangeOf(widths), rangeOf(shares)
	return b
}

func rangeOf(v []int) Range {
	if len(v) == 0 {
		return Range{}
	}
	slices.Sort(v)
	return Range{v[0], v[len(v)/2], v[len(v)-1]}
}
