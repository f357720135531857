package nn

import "fmt"

// Add is the element-wise sum of two or more maps of one size.
type Add struct{}

// Kind is "add".
func (Add) Kind() string { return "add" }

// String is "add".
func (Add) String() string { return "add" }

// Infer wants equal sizes.
func (Add) Infer(in []Size, _ int) (Size, error) {
	if len(in) < 2 {
		return Size{}, fmt.Errorf("adds %d layers; give it two or more", len(in))
	}
	for _, x := range in[1:] {
		if x != in[0] {
			return Size{}, fmt.Errorf("cannot add %v and %v; bring one to the other's size by a shortcut or a 1x1 convolution", in[0], x)
		}
	}
	return in[0], nil
}

// Concat puts the channels of maps of one height and width behind one another.
type Concat struct{}

// Kind is "concat".
func (Concat) Kind() string { return "concat" }

// String is "concat".
func (Concat) String() string { return "concat" }

// Infer adds the channels up.
func (Concat) Infer(in []Size, _ int) (Size, error) {
	if len(in) == 0 {
		return Size{}, fmt.Errorf("concatenates nothing; give it a layer or more")
	}
	out := in[0]
	for _, x := range in[1:] {
		if x.H != out.H || x.W != out.W {
			return Size{}, fmt.Errorf("cannot concatenate %v and %v; bring both to one height and width by padding or stride", in[0], x)
		}
		out.C += x.C
	}
	return out, nil
}

// Flatten makes a map a vector, in the order H, W, C. A [Linear] does so by itself; poolings of several sizes that are to be
// concatenated need it.
type Flatten struct{}

// Kind is "flatten".
func (Flatten) Kind() string { return "flatten" }

// String is "flatten".
func (Flatten) String() string { return "flatten" }

// Infer gives 1x1x(H·W·C).
func (Flatten) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	return Size{1, 1, x.Elems()}, err
}

// Scale multiplies by a constant, such as a residual branch by 0.1: arXiv:1602.07261, §3.3.
type Scale struct {
	By float32 `yaml:"by"`
}

// Kind is "scale".
func (Scale) Kind() string { return "scale" }

// String prints "scale 0.1".
func (l Scale) String() string { return fmt.Sprintf("scale %g", l.By) }

// Infer keeps the size.
func (l Scale) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err == nil && !(l.By > -1e6 && l.By < 1e6) {
		err = fmt.Errorf("scale by %g; give a finite number", l.By)
	}
	return x, err
}

// Shortcut is option A of residual networks: every Stride-th row and column, and zeros for the channels that are missing,
// behind those that are there. No parameters. He, Zhang, Ren, Sun, arXiv:1512.03385, §3.3.
type Shortcut struct {
	Stride int `yaml:"stride"` // default 1
	Out    int `yaml:"out"`    // channels, at least the input's
}

// Kind is "shortcut".
func (Shortcut) Kind() string { return "shortcut" }

// Normal sets the stride to 1.
func (l Shortcut) Normal() Layer {
	if l.Stride == 0 {
		l.Stride = 1
	}
	return l
}

// String prints "shortcut /2".
func (l Shortcut) String() string {
	if l.Stride == 1 {
		return "shortcut"
	}
	return fmt.Sprintf("shortcut /%d", l.Stride)
}

// Infer gives the size of a convolution with that stride and same padding.
func (l Shortcut) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	switch {
	case err != nil:
		return Size{}, err
	case l.Stride < 1:
		return Size{}, fmt.Errorf("stride %d; give 1 or more", l.Stride)
	case l.Out < x.C:
		return Size{}, fmt.Errorf("a shortcut cannot narrow %d channels to %d; use a 1x1 convolution (option B)", x.C, l.Out)
	}
	return Size{(x.H-1)/l.Stride + 1, (x.W-1)/l.Stride + 1, l.Out}, nil
}
