package nn

import (
	"fmt"
	"slices"
	"strings"
)

// Dropout zeroes values at random in training and scales the others by 1/(1-Rate). Hinton et al., arXiv:1207.0580.
type Dropout struct {
	Rate     float32 `yaml:"rate" spec:"bare"` // probability of zeroing, 0 to below 1
	Of       Whole   `yaml:"of"`               // what is zeroed as a whole; default: a value
	Size     int     `yaml:"size"`             // of blocks: pixels of a side, at most the map's; default 7
	Ramp     bool    `yaml:"ramp"`             // the rate rises from 0 to Rate over the training
	Gaussian bool    `yaml:"gaussian"`         // multiply by normal numbers of mean 1 and the same variance, Rate/(1-Rate), in place of zeroing
}

// Whole is what a dropout zeroes as a whole: a value by itself if empty.
type Whole string

// Wholes.
const (
	Channel Whole = "channel" // a channel of an image: Tompson et al., arXiv:1411.4280, §3.2
	Depth   Whole = "depth"   // all that an image has; on a branch of a sum it drops blocks: Huang et al., arXiv:1603.09382, §3
	Block   Whole = "block"   // a square of a channel: Ghiasi, Lin, Le, arXiv:1810.12890
	Weights Whole = "weights" // no value at all but a weight of the layer that reads them, the same for a whole batch: Wan et al., ICML 2013
)

// Side is how many pixels a block's side has where the map allows.
func (l Dropout) Side() int {
	if l.Size == 0 {
		return 7
	}
	return l.Size
}

// Kind is "dropout".
func (Dropout) Kind() string { return "dropout" }

// Slot is SlotDropout.
func (Dropout) Slot() Slot { return SlotDropout }

// String prints "dropout 0.5", "depth dropout 0.2".
func (l Dropout) String() string {
	what := string(l.Of)
	switch {
	case l.Gaussian:
		what = "gaussian"
	case l.Of == Block:
		what = fmt.Sprintf("block %d", l.Side())
	}
	s := strings.TrimSpace(fmt.Sprintf("%s dropout %g", what, l.Rate))
	if l.Ramp {
		s += " from 0"
	}
	return s
}

// Check looks at the range.
func (l Dropout) Check(Size) error {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return fmt.Errorf("dropout rate %g; give the probability of zeroing, from 0 to below 1", l.Rate)
	}
	switch {
	case !slices.Contains([]Whole{"", Channel, Depth, Block, Weights}, l.Of):
		return fmt.Errorf("dropout of %q; give channel, depth, block or weights, or leave it out for single values", l.Of)
	case l.Size != 0 && l.Of != Block, l.Size < 0, l.Size > maxExtent, l.Size > 0 && l.Size%2 == 0:
		return fmt.Errorf("dropout size %d; give an odd number of pixels, such as 7, to a dropout of block, and none to others", l.Size)
	case l.Gaussian && l.Of != "":
		return fmt.Errorf("gaussian dropout is of single values, not of %q; leave out one of the two", l.Of)
	}
	return nil
}

// Params is none.
func (Dropout) Params(Size) []Param { return nil }

// Buffers is none.
func (Dropout) Buffers(Size) []Param { return nil }
