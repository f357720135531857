package augment

import "github.com/assaylab/assay/tensor"

// Flip mirrors what the network sees left to right, wherever it stands in a list, or with Vertical upside down, where it stands. It does
// harm where sides mean something: digits, text, traffic signs. [Chance] of one half is what everyone uses.
//
// With Alternate chance decides once for each picture, and every other epoch mirrors those that the one before did not: Jordan,
// "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, arXiv:2404.00498, §3.6. [List] sees to that.
type Flip struct {
	Vertical  bool `yaml:"vertical" is:"true or false" help:"upside down in place of left to right"`
	Alternate bool `yaml:"alternate" is:"true or false" help:"odd epochs mirror the pictures that even ones did not"`
}

// Apply draws nothing.
func (o Flip) Apply(s *Sample, _ *tensor.Rand) {
	if o.Vertical {
		s.Move(Warp{A: 1, E: -1})
	} else {
		s.Flip = !s.Flip
	}
}

// String is "flip".
func (o Flip) String() string {
	text := "flip"
	if o.Vertical {
		text = "flip upside down"
	}
	if o.Alternate {
		text += " in turns"
	}
	return text
}

// alternating is the flip that an operation is, if it is one that alternates.
func alternating(op Op) (Flip, bool) {
	if c, ok := op.(Chance); ok {
		op = c.Op
	}
	f, ok := op.(Flip)
	return f, ok && f.Alternate
}
