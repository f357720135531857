package nn

import "fmt"

// Sized is a copy of the network for images of another height and width, over the same parameters. Maps that do not fit such images,
// and parameters whose shape depends on the size, as those of a linear layer that reads positions, are errors.
func (g *Graph) Sized(h, w int) (*Graph, error) {
	own := g.InputSize()
	s := g.Clone()
	if h == own.H && w == own.W {
		return s, nil
	}
	s.SetInput(Size{H: h, W: w, C: own.C})
	if err := s.Tiles(); err != nil {
		return nil, err
	}
	if _, err := s.Steps(); err != nil {
		return nil, fmt.Errorf("images of %dx%d: %w", h, w, err)
	}
	was, err := g.Params()
	if err != nil {
		return nil, err
	}
	is, err := s.Params()
	if err != nil {
		return nil, err
	}
	for i, p := range is {
		if p.Name != was[i].Name || !p.Shape.Equal(was[i].Shape) {
			return nil, fmt.Errorf("images of %dx%d: %s is %v, and %v at %dx%d; a head that reads positions fits one size, write \"head: {kind: conv-avg, pool: keep}\"", h, w, p.Name, p.Shape, was[i].Shape, own.H, own.W)
		}
	}
	return s, nil
}

// Tiles reports images whose height or width is no multiple of the stride, so that the cells of a detector do not fill them, with the sizes
// next to theirs. Of a network that is no detector it says nothing.
func (g *Graph) Tiles() error {
	if _, detector := g.Region(); !detector {
		return nil
	}
	stride, err := g.Stride()
	if err != nil {
		return err
	}
	s := g.InputSize()
	for _, side := range []int{s.H, s.W} {
		if low := side / stride * stride; low != side {
			next := fmt.Sprint(low + stride)
			if low > 0 {
				next = fmt.Sprintf("%d or %d", low, low+stride)
			}
			return fmt.Errorf("images of %dx%d: a detector whose cells are %d pixels wide needs sides that are multiples of that; give %s (augment: {crop: {size: %d}})", s.H, s.W, stride, next, low+stride)
		}
	}
	return nil
}

// Stride is how many pixels of a side the coarsest map of several positions has for each of its own, by the strides on the way to it, at
// least 1: what sizes of images go by.
func (g *Graph) Stride() (int, error) {
	steps, err := g.Steps()
	if err != nil {
		return 0, err
	}
	most, at := 1, map[*Node]int{}
	for _, s := range steps {
		stride := 1
		for _, in := range s.Node.In {
			stride = max(stride, at[in])
		}
		switch l := s.Node.Layer.(type) {
		case Conv:
			stride *= max(1, l.Stride[0])
		case Pool:
			stride *= max(1, l.Stride[0])
		case Shortcut:
			stride *= max(1, l.Stride)
		case Reorg:
			stride *= max(1, l.Stride)
		}
		at[s.Node] = stride
		if s.Size.H > 1 && s.Size.W > 1 {
			most = max(most, stride)
		}
	}
	return most, nil
}
