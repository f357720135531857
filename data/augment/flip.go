package augment

import "github.com/assaylab/assay/tensor"

// Flip mirrors the window left to right with probability P, in [0,1]; half is what everyone uses. It does harm where sides
// mean something: digits, text, traffic signs.
type Flip struct {
	P float64
}

// Apply draws one number.
func (f Flip) Apply(win *Window, _, _ int, r *tensor.Rand) {
	if float64(r.Float32()) < f.P {
		win.Flip = !win.Flip
	}
}
