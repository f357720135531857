package nn

import "fmt"

// LRN is local response normalisation: each value over a power of the mean square of the Size channels around it,
// y = x/(K + Alpha/Size·Σx²)^Beta. Krizhevsky, Sutskever, Hinton, NIPS 2012, section 3.3, in the form of Caffe and PyTorch (the
// paper multiplies the sum by α, 1e-4, itself, with k 2). [NewLRN] has the defaults.
type LRN struct {
	Size  int     `yaml:"size"`  // channels, odd; default 5
	Alpha float32 `yaml:"alpha"` // default 1e-4
	Beta  float32 `yaml:"beta"`  // default 0.75
	K     float32 `yaml:"k"`     // default 1
}

// NewLRN returns CaffeNet's numbers: 5 channels, α 1e-4, β 0.75, k 1.
func NewLRN() LRN { return LRN{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1} }

// Kind is "lrn".
func (LRN) Kind() string { return "lrn" }

// Slot is SlotNorm.
func (LRN) Slot() Slot { return SlotNorm }

// String prints "lrn", with what is not the default.
func (l LRN) String() string {
	s, d := "lrn", NewLRN()
	if l.Size != d.Size {
		s += fmt.Sprintf(" size %d", l.Size)
	}
	if l.Alpha != d.Alpha {
		s += fmt.Sprintf(" alpha %g", l.Alpha)
	}
	if l.Beta != d.Beta {
		s += fmt.Sprintf(" beta %g", l.Beta)
	}
	if l.K != d.K {
		s += fmt.Sprintf(" k %g", l.K)
	}
	return s
}

// Check looks at the ranges. A window wider than the map has fewer channels at every place.
func (l LRN) Check(Size) error {
	switch {
	case l.Size < 1 || l.Size%2 == 0 || l.Size > maxExtent:
		return fmt.Errorf("lrn size %d; give an odd number of channels, such as 5", l.Size)
	case !(l.Alpha >= 0 && l.Alpha < 1e6):
		return fmt.Errorf("lrn alpha %g; give one from 0, such as 1e-4", l.Alpha)
	case !(l.Beta >= 0 && l.Beta < 100):
		return fmt.Errorf("lrn beta %g; give one from 0, such as 0.75", l.Beta)
	case !(l.K > 0 && l.K < 1e6):
		return fmt.Errorf("lrn k %g; give one above 0, such as 1", l.K)
	}
	return nil
}

// Params is none.
func (LRN) Params(Size) []Param { return nil }

// Buffers is none.
func (LRN) Buffers(Size) []Param { return nil }
