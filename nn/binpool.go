package nn

import "fmt"

// BinPool joins the values of each channel in a fixed number of bins, whatever the size of the map: [H,W,C] to [Bins,C]. A level of
// spatial pyramid pooling: He, Zhang, Ren, Sun, arXiv:1406.4729, §2.2. Bins begin ⌊extent/bins⌋ apart and reach as far as the
// last needs to end with the map; this is the paper's ⌈extent/bins⌉ wherever that covers the map in so many bins.
type BinPool struct {
	Type PoolKind `yaml:"type"` // default max
	Bins HW       `yaml:"bins"` // of height and width
}

// Kind is "bin-pool".
func (BinPool) Kind() string { return "bin-pool" }

// Normal makes it a maximum.
func (l BinPool) Normal() Layer {
	if l.Type == "" {
		l.Type = Max
	}
	return l
}

// String prints "max pool to 3x3".
func (l BinPool) String() string { return fmt.Sprintf("%s pool to %v", l.Type, l.Bins) }

// Pool is the pooling that it is on a map of that size.
func (l BinPool) Pool(in Size) Pool {
	p := Pool{Type: l.Type}
	for axis, extent := range [2]int{in.H, in.W} {
		p.Stride[axis] = max(1, extent/max(1, l.Bins[axis]))
		p.Kernel[axis] = extent - (l.Bins[axis]-1)*p.Stride[axis]
	}
	return p
}

// Infer gives Bins and the channels.
func (l BinPool) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	switch {
	case err != nil:
		return Size{}, err
	case l.Bins[0] < 1 || l.Bins[1] < 1:
		return Size{}, fmt.Errorf("%v bins; give 1 or more", l.Bins)
	case l.Bins[0] > x.H || l.Bins[1] > x.W:
		return Size{}, fmt.Errorf("%v bins do not fit a %dx%d map; give fewer", l.Bins, x.H, x.W)
	}
	if err := l.Type.check(); err != nil {
		return Size{}, err
	}
	return l.Pool(x).Infer(in, 0)
}
