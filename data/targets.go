package data

import (
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
)

// Targets says what a batch holds beside its images, and fills it: a loader knows pictures, and asks whoever knows what they
// are for. Its methods are called from several goroutines, each with arrays of its own.
type Targets interface {
	// Room makes the arrays of a batch of so many rows, all 0.
	Room(batch int) []Array

	// Fill writes one row of arrays that Room made, all of it, from what the row shows; of nothing it is 0. Seen is how many images
	// training saw before this row, in evaluation 0. It allocates nothing.
	Fill(arrays []Array, row int, shown []Shown, seen int)
}

// Labelling is what the pictures of a set are labelled with.
type Labelling struct {
	Classes []string // as [Set.Classes]
	Objects int      // the most boxes that a row of a batch can have; 0 where the set has none
	Beside  []string // classes of pictures of another set that are among the rows, [Beside]
}

// Labelling says what the set's pictures are labelled with.
func (s *Set) Labelling() Labelling { return Labelling{Classes: s.Classes, Objects: s.most} }

// LabellingUnder is Labelling for rows that operations may make of several pictures.
func (s *Set) LabellingUnder(ops augment.List) Labelling {
	of := s.Labelling()
	of.Objects *= ops.Pictures()
	return of
}

// Anchoring finds anchors as [Set.Anchors] does, always the same; nil of a set without boxes.
func (s *Set) Anchoring() func(k int) ([][2]float64, error) {
	if !s.Boxed {
		return nil
	}
	return func(k int) ([][2]float64, error) { return s.Anchors(k, 0) }
}

// Array is one of a batch's targets, rows one after another: Real or Index holds them, the other is nil.
type Array struct {
	Name  string // of the program's input
	Real  []float32
	Index []int32
}

// Put enters the array by its name where a program's inputs are.
func (a Array) Put(reals map[string][]float32, indices map[string][]int32) {
	if a.Index != nil {
		indices[a.Name] = a.Index
	} else {
		reals[a.Name] = a.Real
	}
}

// Shown is a picture that a row of a batch shows: one alone, or several where they are mixed.
type Shown struct {
	Item   int     // of the set
	Label  int32   // its class, index in [Set.Classes]
	Beside bool    // it is of the other set, Item and Label too, and shows its class somewhere
	Share  float32 // of the row, above 0; the shares of a row sum to 1
	Weight float32 // how much the picture counts, 0 or more; 1: as any

	// Objects are the boxes of a boxed set, in shares of the window, cut off at it: in training after augmentation. Those marked
	// as difficult or as a crowd are not among them, as nobody learns from them. They are the batch's until it is filled again.
	Objects []box.Object
}
