package nn

import "fmt"

// GroupNorm normalises each image over all positions and a group of channels: y = γ(x-μ)/sqrt(σ²+ε) + β, in training and evaluation
// alike. Wu, He, arXiv:1803.08494, eq. 7. A group of each channel by itself is instance normalisation: Ulyanov, Vedaldi, Lempitsky,
// arXiv:1607.08022, here with γ and β. [NewGroupNorm] has the defaults.
type GroupNorm struct {
	Groups int     `yaml:"groups"` // of a map; where they do not divide its channels, as many fewer as do; 0: one of each channel
	Eps    float32 `yaml:"eps"`    // added to the variance; default 1e-5
}

// NewGroupNorm returns the paper's 32 groups and PyTorch's ε, 1e-5.
func NewGroupNorm() GroupNorm { return GroupNorm{Groups: 32, Eps: 1e-5} }

// Kind is "groupnorm".
func (GroupNorm) Kind() string { return "groupnorm" }

// Slot is SlotNorm.
func (GroupNorm) Slot() Slot { return SlotNorm }

// Of is the number of groups of so many channels.
func (l GroupNorm) Of(channels int) int {
	if l.Groups == 0 {
		return channels
	}
	for n := min(l.Groups, channels); n > 1; n-- {
		if channels%n == 0 {
			return n
		}
	}
	return 1
}

// String prints "groupnorm 32" or "instancenorm", with an ε that is not the default.
func (l GroupNorm) String() string {
	s := fmt.Sprintf("groupnorm %d", l.Groups)
	if l.Groups == 0 {
		s = "instancenorm"
	}
	if l.Eps != NewGroupNorm().Eps {
		s += fmt.Sprintf(" eps %g", l.Eps)
	}
	return s
}

// Check looks at the ranges, and whether there is more than one value to normalise by.
func (l GroupNorm) Check(x Size) error {
	switch {
	case l.Groups < 0 || l.Groups > maxExtent:
		return fmt.Errorf("groupnorm of %d groups; give 1 or more, such as 32, or 0 for one of each channel", l.Groups)
	case !(l.Eps > 0 && l.Eps < 1):
		return fmt.Errorf("groupnorm eps %g; give a small number above 0, such as 1e-5", l.Eps)
	case x.Elems() > 0 && x.Elems() == l.Of(x.C):
		return fmt.Errorf("%v normalises each value of a map of %v by itself, which leaves nothing of it; give fewer groups, or leave the layer out with where", l, x)
	}
	return nil
}

// Params is γ and β, each [C].
func (GroupNorm) Params(x Size) []Param { return BatchNorm{Affine: true}.Params(x) }

// Buffers is none.
func (GroupNorm) Buffers(Size) []Param { return nil }
