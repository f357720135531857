package nn

import "fmt"

// Input is the node of the images; a network has one, its first.
type Input struct {
	Size Size `yaml:"size"`
}

// Kind is "input".
func (Input) Kind() string { return "input" }

// String is "input".
func (Input) String() string { return "input" }

// Infer gives the image's size.
func (l Input) Infer(in []Size, _ int) (Size, error) {
	s := l.Size
	if s.H < 1 || s.W < 1 || s.C < 1 || s.H > maxExtent || s.W > maxExtent || s.C > maxExtent {
		return s, fmt.Errorf("an image of %v is none; give height, width and channels above 0", s)
	}
	return s, nil
}
