package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// PoolKind says how a pooling joins the values of its window.
type PoolKind string

// The kinds of pooling; a is an element of a window, n how many it holds.
const (
	Max        PoolKind = "max"
	Avg        PoolKind = "avg"
	MaxAvg     PoolKind = "max+avg"    // the element-wise sum of both: Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §3.3
	Mixed      PoolKind = "mixed"      // m·max + (1-m)·avg, m learned, one a layer, from ½, or fixed: Lee, Gallagher, Tu, arXiv:1509.08985, §3.1
	Gated      PoolKind = "gated"      // the same with m = σ(Σ w·a), the filter w learned, one a layer, from 0: there, §3.2
	Stochastic PoolKind = "stochastic" // an a drawn with probability a/Σa, in evaluation Σa²/Σa; of max(a, 0): Zeiler, Fergus, arXiv:1301.3557
	Lp         PoolKind = "lp"         // (Σ|a|^p/n)^(1/p): Sermanet, Chintala, LeCun, arXiv:1204.3968; Gulcehre et al., arXiv:1311.1780
	Blur       PoolKind = "blur"       // max of stride 1, then a blur [1 2 1]/4 both ways with the stride: Zhang, arXiv:1904.11486
)

// PoolKinds lists them in the order of the catalogue.
func PoolKinds() []PoolKind {
	return []PoolKind{Max, Avg, MaxAvg, Mixed, Gated, Stochastic, Lp, Blur}
}

// check is for layers that join all positions, or channels: they know the kinds that need nothing but the values.
func (k PoolKind) check() error { return k.in([]PoolKind{Max, Avg, MaxAvg}) }

func (k PoolKind) in(of []PoolKind) error {
	if slices.Contains(of, k) {
		return nil
	}
	var names []string
	for _, known := range of {
		names = append(names, string(known))
	}
	return fmt.Errorf("no pooling %q; choose one of %s", string(k), strings.Join(names, ", "))
}

// DefaultPower is the exponent of an Lp pooling: root of the mean square.
const DefaultPower = 2

// Pool joins the values of a window moved over each channel.
type Pool struct {
	Type    PoolKind `yaml:"type"`
	Kernel  HW       `yaml:"kernel"`
	Stride  HW       `yaml:"stride"`  // default the kernel: no overlap
	Padding Padding  `yaml:"padding"` // smaller than the kernel; never the maximum
	Ceil    bool     `yaml:"ceil"`    // round the output's size up, as Caffe does; the last window may then hang over the edge
	// CountPad lets an average divide by the whole window, padding included (PyTorch's count_include_pad). What hangs over the
	// edge by Ceil then counts as well: a deviation from both frameworks where padding and a hanging window meet.
	CountPad bool    `yaml:"count-pad"`
	Mix      float32 `yaml:"mix" role:"later"`   // of mixed: the share of the maximum, at most 1; 0: it is learned
	Power    float32 `yaml:"power" role:"later"` // of lp: p, 1 to 16; default 2
}

// Kind is "pool".
func (Pool) Kind() string { return "pool" }

// Normal sets the stride to the kernel where it is left out, and the share and exponent of the kinds that have one.
func (l Pool) Normal() Layer {
	if l.Stride == (HW{}) {
		l.Stride = l.Kernel
	}
	if l.Type != Mixed {
		l.Mix = 0
	}
	switch {
	case l.Type != Lp:
		l.Power = 0
	case l.Power == 0:
		l.Power = DefaultPower
	}
	return l
}

// String prints "max pool 3x3/2".
func (l Pool) String() string {
	s := string(l.Type) + " pool " + window(l.Kernel, l.Stride, l.Padding)
	if l.Ceil {
		s += " ceil"
	}
	if l.Mix != 0 {
		s += fmt.Sprintf(" mix %g", l.Mix)
	}
	if l.Type == Lp && l.Power != DefaultPower {
		s += fmt.Sprintf(" power %g", l.Power)
	}
	return s
}

// Infer slides the window over the map.
func (l Pool) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	if err := l.Type.in(PoolKinds()); err != nil {
		return Size{}, err
	}
	switch {
	case !(l.Mix >= 0 && l.Mix <= 1):
		return Size{}, fmt.Errorf("mix %g; give a share of the maximum, above 0 and at most 1, or none to learn it", l.Mix)
	case l.Type == Lp && !(l.Power >= 1 && l.Power <= maxPower):
		return Size{}, fmt.Errorf("power %g; give an exponent from 1 to %d", l.Power, maxPower)
	}
	p := l.Padding
	if max(p[0], p[1]) >= l.Kernel[0] && l.Kernel[0] > 0 || max(p[2], p[3]) >= l.Kernel[1] && l.Kernel[1] > 0 {
		return Size{}, fmt.Errorf("padding %v of a pool %v: a window would hold nothing but padding; pad less than the kernel", p, l.Kernel)
	}
	h, w, err := slide(x, l.Kernel, l.Stride, HW{1, 1}, p, l.Ceil)
	return Size{h, w, x.C}, err
}

// maxPower bounds the exponent of an Lp pooling, so that powers of float32 stay finite.
const maxPower = 16

// Params is the share of a mixed pooling that learns it, and the filter [KH,KW] of a gated one.
func (l Pool) Params([]Size, Size) []Param {
	switch {
	case l.Type == Mixed && l.Mix == 0:
		return []Param{{Name: "mix", Shape: tensor.Of(1), Role: RoleMix}}
	case l.Type == Gated:
		return []Param{{Name: "gate", Shape: tensor.Of(l.Kernel[0], l.Kernel[1]), Role: RoleGate}}
	}
	return nil
}

// MACs is the filter's, of a gated pooling.
func (l Pool) MACs(_ []Size, out Size) int64 {
	if l.Type != Gated {
		return 0
	}
	return int64(out.Elems()) * int64(l.Kernel[0]*l.Kernel[1])
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
