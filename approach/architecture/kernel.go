package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Kernel exchanges the kernel of convolutions for another, or for a stack of several with the norm and activation of the
// convolution between: two 3x3 see what a 5x5 sees, with 18C² weights for 25C² (Simonyan, Zisserman, arXiv:1409.1556, §2.3);
// 1x3 and 3x1 have 6C² of 9C² (Szegedy et al., arXiv:1512.00567, §3.2). Dilation spreads the taps: Yu, Koltun, arXiv:1511.07122.
type Kernel struct {
	From     nn.HW   `yaml:"from" default:"all larger than 1x1" help:"kernel of the convolutions that are replaced, such as 5 or 1x7"`
	To       Windows `yaml:"to" spec:"bare" default:"as it is" help:"kernel that takes its place, or a list of those that do, one behind the other: [3, 3], [1x3, 3x1]"`
	Dilation int     `yaml:"dilation" spec:"nonzero" default:"as it is" help:"distance between the taps of the new kernel, 1 to 65536"`
	Where    nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Windows is a kernel or more; in a file one stands without brackets.
type Windows []nn.HW

// UnmarshalSpec reads 3, 1x3 or [1x3, 3x1].
func (w *Windows) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.List {
		return spec.Decode(n, (*[]nn.HW)(w))
	}
	*w = make(Windows, 1)
	return spec.Decode(n, &(*w)[0])
}

// Rewrite keeps every output shape. A stack strides in its first convolution, as the stems of arXiv:1812.01187 do, or in its last
// where the first has no padding to give. All of a stack have the outputs and the groups of the convolution.
func (p Kernel) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if p.From != (nn.HW{}) {
		c.What = fmt.Sprintf("%v convolutions", p.From)
	}
	switch {
	case p.To == nil && p.Dilation == 0:
		return c, &spec.Fault{Path: "$.to", Msg: `the key "to" is missing; add it, or a dilation`}
	case p.To != nil && len(p.To) == 0:
		return c, &spec.Fault{Path: "$.to", Msg: "no kernel; give one or more, such as [3, 3]"}
	case p.Dilation < 0 || p.Dilation > 1<<16:
		return c, &spec.Fault{Path: "$.dilation", Msg: fmt.Sprintf("dilation %d; give the distance between taps, 1 to 65536", p.Dilation)}
	}
	wanted := func(conv nn.Conv) bool {
		return conv.Kernel == p.From || p.From == (nn.HW{}) && isSpatial(conv)
	}
	return c, eachConv(g, p.Where, &c, wanted, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		kernels, dilation := p.To, conv.Dilation
		if kernels == nil {
			kernels = Windows{conv.Kernel}
		}
		if p.Dilation > 0 {
			dilation = nn.Square(p.Dilation)
		}
		if len(kernels) == 1 && kernels[0] == conv.Kernel && dilation == conv.Dilation {
			return unchanged, nil
		}
		parts, reason := inRow(conv, in, dilation, kernels)
		if reason != "" {
			if reason == noPadding {
				c.Mend = "give a stack that sees as much, such as [3, 3] for 5"
			}
			return reason, nil
		}
		if len(parts) == 1 {
			g.Replace(n, parts[0])
			return "", nil
		}
		named := make([]module.Named, len(parts))
		for i, part := range parts {
			if i < len(parts)-1 && part.Out == nn.Classes {
				part.Out = in.C
			}
			named[i] = module.Named{Name: fmt.Sprintf("conv%d", i+1), Conv: part}
		}
		s := between(g, n)
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node { return module.Chain(b, x, s, named...) })
	})
}

// noPadding is the reason of a smaller window in the place of one that is not padded: its map would grow.
const noPadding = "without the padding that would keep the size of its map"

// inRow gives convolutions of these kernels that, one behind the other, make maps of the size that conv makes of in, or says why
// there are none. They differ from conv in kernel, dilation, stride and padding alone.
func inRow(conv nn.Conv, in nn.Size, dilation nn.HW, kernels []nn.HW) (parts []nn.Conv, reason string) {
	parts = make([]nn.Conv, len(kernels))
	for i, k := range kernels {
		parts[i] = conv
		parts[i].Weight, parts[i].Kernel, parts[i].Dilation = "", k, dilation
		parts[i].Stride, parts[i].Padding = nn.Square(1), nn.Padding{}
	}
	for axis, extent := range [2]int{in.H, in.W} {
		span := conv.Dilation[axis] * (conv.Kernel[axis] - 1)
		var wide []*nn.Conv // those that see more than a row, or column
		var spans []int
		for i, k := range kernels {
			s := dilation[axis] * (k[axis] - 1)
			if s >= max(extent, span+1) {
				return nil, fmt.Sprintf("kernel %v is larger than its %dx%d map", k, in.H, in.W)
			}
			if s > 0 {
				wide, spans = append(wide, &parts[i]), append(spans, s)
			}
		}
		if wide == nil {
			wide, spans = []*nn.Conv{&parts[0]}, []int{0}
		}
		at, pads, ok := spread(spans, span, conv.Padding[2*axis], conv.Padding[2*axis+1])
		if !ok {
			return nil, noPadding
		}
		for i, part := range wide {
			part.Padding[2*axis], part.Padding[2*axis+1] = pads[i][0], pads[i][1]
		}
		wide[at].Stride[axis] = conv.Stride[axis]
	}
	return parts, ""
}

// spread distributes stride and padding of a window that spans a number of steps (its taps less one, dilated) over several
// windows, so that together they make maps of the same extent. A window gets the padding that keeps the extent, and the one that
// strides what that leaves: the first, or the last where the first would need less than none; the windows in front of it make up
// for it then. Ok is false where they cannot.
func spread(spans []int, span, before, after int) (at int, pads [][2]int, ok bool) {
	pads = make([][2]int, len(spans))
	for i, s := range spans {
		pads[i] = [2]int{s / 2, s - s/2}
	}
	left := [2]int{before - span/2, after - (span - span/2)} // what the stack has more than padding that keeps the extent
	if first := sum(pads[0], left); first[0]+first[1] >= 0 {
		pads[0] = even(first)
		return 0, pads, true
	}
	for i := len(spans) - 1; i >= 0; i-- {
		pads[i], left = sum(pads[i], left), [2]int{}
		if short := pads[i][0] + pads[i][1]; short < 0 {
			left, pads[i] = [2]int{short / 2, short - short/2}, [2]int{}
		}
		pads[i] = even(pads[i])
	}
	return len(spans) - 1, pads, left == [2]int{}
}

func sum(a, b [2]int) [2]int { return [2]int{a[0] + b[0], a[1] + b[1]} }

// even moves padding from one side to the other where that would have less than none.
func even(p [2]int) [2]int {
	less := min(p[0], p[1], 0)
	if p[0] < p[1] {
		return [2]int{p[0] - less, p[1] + less}
	}
	return [2]int{p[0] + less, p[1] - less}
}
