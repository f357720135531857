package nn

import "fmt"

// Shuffle deals the channels of Groups groups out one after the other, so that the groups of the next convolution see all of
// them: Zhang, Zhou, Lin, Sun, arXiv:1707.01083, §3.1.
type Shuffle struct {
	Groups int `yaml:"groups"` // divides the channels
}

// Kind is "shuffle".
func (Shuffle) Kind() string { return "shuffle" }

// String prints "shuffle of 2".
func (l Shuffle) String() string { return fmt.Sprintf("shuffle of %d", l.Groups) }

// Infer keeps the size.
func (l Shuffle) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err == nil && (l.Groups < 1 || x.C%l.Groups != 0) {
		err = fmt.Errorf("%d groups do not divide %d channels; choose a divisor", l.Groups, x.C)
	}
	return x, err
}

// Split is one of Of equal parts of the channels: Ma, Zhang, Zheng, Sun, arXiv:1807.11164, §3.
type Split struct {
	Of   int `yaml:"of"`   // divides the channels; default 2
	Part int `yaml:"part"` // from 1
}

// Kind is "split".
func (Split) Kind() string { return "split" }

// Normal makes it a half.
func (l Split) Normal() Layer {
	if l.Of == 0 {
		l.Of = 2
	}
	return l
}

// String prints "split 1 of 2".
func (l Split) String() string { return fmt.Sprintf("split %d of %d", l.Part, l.Of) }

// Infer divides the channels.
func (l Split) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	switch {
	case err != nil:
	case l.Of < 1 || x.C%l.Of != 0:
		err = fmt.Errorf("%d parts do not divide %d channels; choose a divisor", l.Of, x.C)
	case l.Part < 1 || l.Part > l.Of:
		err = fmt.Errorf("part %d of %d; give 1 to %d", l.Part, l.Of, l.Of)
	default:
		x.C /= l.Of
	}
	return x, err
}
