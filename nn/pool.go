package nn

import "fmt"

// PoolKind says how a pooling joins the values of its window.
type PoolKind string

// The kinds of pooling.
const (
	Max    PoolKind = "max"
	Avg    PoolKind = "avg"
	MaxAvg PoolKind = "max+avg" // the element-wise sum of both: arXiv:1606.02228
)

// PoolKinds lists them.
func PoolKinds() []PoolKind { return []PoolKind{Max, Avg, MaxAvg} }

func (k PoolKind) check() error {
	if k == Max || k == Avg || k == MaxAvg {
		return nil
	}
	return fmt.Errorf("no pooling %q; choose one of max, avg, max+avg", string(k))
}

// Pool joins the values of a window moved over each channel.
type Pool struct {
	Type    PoolKind `yaml:"type"`
	Kernel  HW       `yaml:"kernel"`
	Stride  HW       `yaml:"stride"`  // default the kernel: no overlap
	Padding Padding  `yaml:"padding"` // smaller than the kernel; never the maximum
	Ceil    bool     `yaml:"ceil"`    // round the output's size up, as Caffe does; the last window may then hang over the edge
	// CountPad lets an average divide by the whole window, padding included (PyTorch's count_include_pad). What hangs over the
	// edge by Ceil then counts as well: a deviation from both frameworks where padding and a hanging window meet.
	CountPad bool `yaml:"count-pad"`
}

// Kind is "pool".
func (Pool) Kind() string { return "pool" }

// Normal sets the stride to the kernel where it is left out.
func (l Pool) Normal() Layer {
	if l.Stride == (HW{}) {
		l.Stride = l.Kernel
	}
	return l
}

// String prints "max pool 3x3/2".
func (l Pool) String() string {
	s := string(l.Type) + " pool " + window(l.Kernel, l.Stride, l.Padding)
	if l.Ceil {
		s += " ceil"
	}
	return s
}

// Infer slides the window over the map.
func (l Pool) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	if err := l.Type.check(); err != nil {
		return Size{}, err
	}
	p := l.Padding
	if max(p[0], p[1]) >= l.Kernel[0] && l.Kernel[0] > 0 || max(p[2], p[3]) >= l.Kernel[1] && l.Kernel[1] > 0 {
		return Size{}, fmt.Errorf("padding %v of a pool %v: a window would hold nothing but padding; pad less than the kernel", p, l.Kernel)
	}
	h, w, err := slide(x, l.Kernel, l.Stride, HW{1, 1}, p, l.Ceil)
	return Size{h, w, x.C}, err
}

// Reach is Padding with what Ceil lets the last windows over in hang over added at bottom and right, so that rounding down
// gives the output's size.
func (l Pool) Reach(in Size) Padding {
	h, w, err := slide(in, l.Kernel, l.Stride, HW{1, 1}, l.Padding, l.Ceil)
	if err != nil {
		return l.Padding
	}
	p := l.Padding
	if l.Ceil {
		p[1] = max(0, (h-1)*l.Stride[0]+l.Kernel[0]-in.H-p[0])
		p[3] = max(0, (w-1)*l.Stride[1]+l.Kernel[1]-in.W-p[2])
	}
	return p
}

// GlobalPool joins all positions of each channel: [H,W,C] to [1,1,C]. Lin, Chen, Yan, arXiv:1312.4400, §3.2.
type GlobalPool struct {
	Type PoolKind `yaml:"type"` // default avg
}

// Kind is "global-pool".
func (GlobalPool) Kind() string { return "global-pool" }

// Normal makes it an average.
func (l GlobalPool) Normal() Layer {
	if l.Type == "" {
		l.Type = Avg
	}
	return l
}

// String prints "global avg pool".
func (l GlobalPool) String() string { return "global " + string(l.Type) + " pool" }

// Infer gives 1x1xC.
func (l GlobalPool) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	return Size{1, 1, x.C}, l.Type.check()
}
