package nn

import (
	"fmt"
	"strings"
)

// Dropout zeroes values at random in training and scales the others by 1/(1-Rate). Hinton et al., arXiv:1207.0580.
type Dropout struct {
	Rate float32 `yaml:"rate" spec:"bare"` // probability of zeroing, 0 to below 1
	Of   Whole   `yaml:"of"`               // what is zeroed as a whole; default: a value
}

// Whole is what a dropout zeroes as a whole: a value by itself if empty.
type Whole string

// Wholes.
const (
	Channel Whole = "channel" // a channel of an image: Tompson et al., arXiv:1411.4280, §3.2
	Depth   Whole = "depth"   // all that an image has; on a branch of a sum it drops blocks: Huang et al., arXiv:1603.09382, §3
)

// Kind is "dropout".
func (Dropout) Kind() string { return "dropout" }

// Slot is SlotDropout.
func (Dropout) Slot() Slot { return SlotDropout }

// String prints "dropout 0.5", "depth dropout 0.2".
func (l Dropout) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s dropout %g", l.Of, l.Rate))
}

// Check looks at the range.
func (l Dropout) Check(Size) error {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return fmt.Errorf("dropout rate %g; give the probability of zeroing, from 0 to below 1", l.Rate)
	}
	if l.Of != "" && l.Of != Channel && l.Of != Depth {
		return fmt.Errorf("dropout of %q; give channel or depth, or leave it out for single values", l.Of)
	}
	return nil
}

// Params is none.
func (Dropout) Params(Size) []Param { return nil }

// Buffers is none.
func (Dropout) Buffers(Size) []Param { return nil }
