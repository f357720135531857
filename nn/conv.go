package nn

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// Conv is a convolution: y[n,i,j,o] = Σ x[n, i·s+u·d-p, j·s+v·d-p, c] · w[u,v,c,o] over c of the output's group and the
// kernel. Its bias lies in the overlay. Groups = C makes it depthwise. LeCun et al. 1998; dilation: arXiv:1511.07122.
type Conv struct {
	Out      int     `yaml:"out"`              // output channels, Classes or PerBox
	Kernel   HW      `yaml:"kernel"`           // default 1x1
	Stride   HW      `yaml:"stride"`           // default 1
	Padding  Padding `yaml:"padding"`          // default none
	Dilation HW      `yaml:"dilation"`         // distance between taps; default 1
	Groups   int     `yaml:"groups"`           // default 1; divides the input's channels and Out
	Weight   string  `yaml:"weight"`           // parameter name shared with another layer; default the node's own
	Zero     bool    `yaml:"zero" role:"init"` // the weights begin at 0: the last of a block that begins as the identity
}

// Kind is "conv".
func (Conv) Kind() string { return "conv" }

// Normal fills in the defaults.
func (l Conv) Normal() Layer {
	for _, p := range []*HW{&l.Kernel, &l.Stride, &l.Dilation} {
		if *p == (HW{}) {
			*p = HW{1, 1}
		}
	}
	if l.Groups == 0 {
		l.Groups = 1
	}
	return l
}

// String prints "conv 3x3/2 pad 1 groups 2".
func (l Conv) String() string {
	var s strings.Builder
	s.WriteString("conv " + window(l.Kernel, l.Stride, l.Padding))
	if l.Dilation != (HW{1, 1}) {
		fmt.Fprintf(&s, " dilation %s", short(l.Dilation))
	}
	if l.Groups > 1 {
		fmt.Fprintf(&s, " groups %d", l.Groups)
	}
	return s.String()
}

// Infer rounds the output's size down, as all frameworks do for convolutions.
func (l Conv) Infer(in []Size, classes int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	out := resolve(l.Out, classes)
	switch {
	case out < 1:
		return Size{}, fmt.Errorf("%d output channels; give out: 1 or more", l.Out)
	case l.Groups < 1:
		return Size{}, fmt.Errorf("%d groups; give 1 or more", l.Groups)
	case x.C%l.Groups != 0:
		return Size{}, fmt.Errorf("%d groups do not divide %d input channels; choose a divisor of both %d and %d", l.Groups, x.C, x.C, out)
	case out%l.Groups != 0:
		return Size{}, fmt.Errorf("%d groups do not divide %d output channels; choose a divisor of both %d and %d", l.Groups, out, x.C, out)
	}
	h, w, err := slide(x, l.Kernel, l.Stride, l.Dilation, l.Padding, false)
	return Size{h, w, out}, err
}

// Params is the weight [KH,KW,Cin/groups,Cout].
func (l Conv) Params(in []Size, out Size) []Param {
	cin, k := in[0].C/l.Groups, l.Kernel[0]*l.Kernel[1]
	return []Param{{Name: named(l.Weight, "weight"), Shape: tensor.Of(l.Kernel[0], l.Kernel[1], cin, out.C), Role: RoleWeight, FanIn: k * cin, FanOut: k * out.C, Zero: l.Zero}}
}

// shared is the name of a weight shared with another layer.
func (l Conv) shared() string { return l.Weight }

// MACs is one for each output value and tap.
func (l Conv) MACs(in []Size, out Size) int64 {
	return int64(out.Elems()) * int64(l.Kernel[0]*l.Kernel[1]) * int64(in[0].C/l.Groups)
}

// slide is the size that a window moved over x gives: floor or ceil of (H + padding - d(k-1) - 1)/s, plus 1. With ceil a
// last window that would begin beyond image and padding is left out (Caffe, PyTorch), and one window always fits.
func slide(x Size, kernel, stride, dilation HW, p Padding, ceil bool) (h, w int, err error) {
	extent := [2]int{x.H, x.W}
	padded := [2]int{x.H + p[0] + p[1], x.W + p[2] + p[3]}
	var out [2]int
	for i := range out {
		if kernel[i] < 1 || stride[i] < 1 || dilation[i] < 1 || p[2*i] < 0 || p[2*i+1] < 0 {
			return 0, 0, fmt.Errorf("kernel %v, stride %v, dilation %v, padding %v: want kernel, stride and dilation of 1 or more and padding of 0 or more", kernel, stride, dilation, p)
		}
		span := dilation[i]*(kernel[i]-1) + 1
		if span > padded[i] && !ceil {
			return 0, 0, misfit(x, kernel, dilation, p)
		}
		n := max(0, padded[i]-span)
		if ceil {
			n += stride[i] - 1
		}
		out[i] = n/stride[i] + 1
		if ceil && (out[i]-1)*stride[i] >= extent[i]+p[2*i] {
			out[i]--
		}
	}
	return out[0], out[1], nil
}

// misfit words the error of a kernel larger than its padded input.
func misfit(x Size, kernel, dilation HW, p Padding) error {
	k, d := short(kernel), ""
	if dilation != (HW{1, 1}) {
		d = " dilated by " + short(dilation)
	}
	with := "without padding"
	if p != (Padding{}) {
		with = "with padding " + p.String()
	}
	need := max((kernel[0]-1)*dilation[0]+1-x.H, (kernel[1]-1)*dilation[1]+1-x.W)
	return fmt.Errorf("kernel %s%s %s does not fit a %dx%d input; add padding %d or remove a pool above it", k, d, with, x.H, x.W, (need+1)/2)
}

// window prints "3x3/2 pad 1".
func window(kernel, stride HW, p Padding) string {
	s := kernel.String()
	if stride != (HW{1, 1}) {
		s += "/" + short(stride)
	}
	if p != (Padding{}) {
		s += " pad " + p.String()
	}
	return s
}

func short(p HW) string {
	if p[0] == p[1] {
		return fmt.Sprint(p[0])
	}
	return p.String()
}

func named(shared, own string) string {
	if shared != "" {
		return shared
	}
	return own
}

func single(in []Size) (Size, error) {
	if len(in) != 1 {
		return Size{}, fmt.Errorf("reads %d layers, takes one; join them by add or concat first", len(in))
	}
	return in[0], nil
}
