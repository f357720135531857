package architecture

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Fire makes of a convolution to N maps SqueezeNet's module: 1x1 to Squeeze·N maps, then 1x1 and 3x3 convolutions side by side,
// the 3x3 giving Expand3·N of the N, norm and activation after each. Iandola et al., arXiv:1602.07360, §3.2 and §5. Deviation: the
// published network has no strides outside its poolings; here the expansions take the convolution's.
type Fire struct {
	Squeeze float64 `yaml:"squeeze" spec:"bare" help:"squeezed maps as a share of the outputs, above 0 and at most 1"`
	Expand3 float64 `yaml:"expand3" help:"share of the outputs that the 3x3 convolution gives, between 0 and 1"`
	Where   nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape. Of a grouped convolution the new ones read all channels.
func (p Fire) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	switch {
	case !(p.Squeeze > 0 && p.Squeeze <= 1):
		return c, &spec.Fault{Path: "$.squeeze", Msg: fmt.Sprintf("squeeze %g; give a share of the outputs, above 0 and at most 1", p.Squeeze)}
	case !(p.Expand3 > 0 && p.Expand3 < 1):
		return c, &spec.Fault{Path: "$.expand3", Msg: fmt.Sprintf("expand3 %g; give a share of the outputs, between 0 and 1", p.Expand3)}
	}
	return c, eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		share := func(of float64) int { return int(math.Round(of * float64(conv.Out))) }
		three := share(p.Expand3)
		switch {
		case conv.Out == nn.Classes:
			return "gives the classes", nil
		case isDepthwise(conv, in):
			return "is depthwise", nil
		case three < 1 || three >= conv.Out:
			return fmt.Sprintf("%d outputs leave nothing for one of two shares", conv.Out), nil
		}
		k := nn.Square(3)
		expand := nn.Conv{Out: three, Kernel: k, Stride: conv.Stride, Dilation: conv.Dilation, Padding: nn.Same(k, conv.Dilation)}
		if reason := padded(conv, in); reason != "" {
			return reason, nil
		}
		inner := between(g, n)
		return "", g.RebuildUnit(n, func(b *nn.Builder, x *nn.Node, s nn.Style) *nn.Node {
			return module.FireOf(b, x, inner, s, max(1, share(p.Squeeze)), conv.Out-three, expand)
		})
	})
}

func isDepthwise(conv nn.Conv, in nn.Size) bool { return conv.Groups > 1 && conv.Groups == in.C }

// padded says why a convolution does not give the map that one with padding that keeps the size would give at its stride, if so.
func padded(conv nn.Conv, in nn.Size) string {
	conv.Groups, conv.Out = 1, 1
	out, err := conv.Infer([]nn.Size{in}, 1)
	if err != nil || out.H != (in.H-1)/conv.Stride[0]+1 || out.W != (in.W-1)/conv.Stride[1]+1 {
		return "gives another map than its stride alone would"
	}
	return ""
}
