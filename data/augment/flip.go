package augment

import "github.com/assaylab/assay/tensor"

// Flip mirrors what the network sees left to right, wherever it stands in a list. It does harm where sides mean something: digits,
// text, traffic signs. [Chance] of one half is what everyone uses.
type Flip struct{}

// Apply draws nothing.
func (Flip) Apply(s *Sample, _ *tensor.Rand) { s.Flip = !s.Flip }

// String is "flip".
func (Flip) String() string { return "flip" }
