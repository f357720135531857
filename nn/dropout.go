package nn

import "fmt"

// Dropout zeroes values at random in training and scales the others by 1/(1-Rate). Hinton et al., arXiv:1207.0580.
type Dropout struct {
	Rate float32 `yaml:"rate" spec:"bare"` // probability of zeroing, 0 to below 1
}

// Kind is "dropout".
func (Dropout) Kind() string { return "dropout" }

// Slot is SlotDropout.
func (Dropout) Slot() Slot { return SlotDropout }

// String prints "dropout 0.5".
func (l Dropout) String() string { return fmt.Sprintf("dropout %g", l.Rate) }

// Check looks at the range.
func (l Dropout) Check(Size) error {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return fmt.Errorf("dropout rate %g; give the probability of zeroing, from 0 to below 1", l.Rate)
	}
	return nil
}

// Params is none.
func (Dropout) Params(Size) []Param { return nil }

// Buffers is none.
func (Dropout) Buffers(Size) []Param { return nil }
