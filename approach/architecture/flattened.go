package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Flattened makes of a convolution stages of one-dimensional ones: lateral (1x1 over all channels), vertical and horizontal (a
// channel alone), nothing between, the activation of the convolution at the end. Weights of a stage: N(C + k + k) of N·C·k². Jin,
// Dundar, Culurciello, ICLR 2015 workshop, arXiv:1412.5474, §3, has two stages, LVH, a bias behind each.
type Flattened struct {
	Stages int     `yaml:"stages" spec:"bare" help:"stages one behind the other, 1 to 100"`
	Order  string  `yaml:"order" values:"LVH, LHV, VLH, VHL, HLV, HVL" help:"order of lateral, vertical and horizontal in a stage"`
	Bias   bool    `yaml:"bias" help:"a bias behind each, the last with the layer's own if it has one; without, that alone"`
	Where  nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape. Of a grouped convolution the lateral ones read all channels.
func (p Flattened) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if p.Stages < 1 || p.Stages > 100 {
		return c, &spec.Fault{Path: "$.stages", Msg: fmt.Sprintf("stages %d; give 1 to 100", p.Stages)}
	}
	return c, eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		switch {
		case conv.Out == nn.Classes:
			return "gives the classes", nil
		case isDepthwise(conv, in):
			return "is depthwise already", nil
		}
		vertical, reason := p.windows(conv, in, 0)
		horizontal, too := p.windows(conv, in, 1)
		if reason == "" {
			reason = too
		}
		if reason != "" {
			return reason, nil
		}
		s := g.Style(n)
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := module.Flattened(b, x, p.Order, conv.Out, vertical, horizontal, p.Bias)
			return b.Bias(y, s.Bias)
		})
	})
}

// windows is the one-dimensional convolutions along an axis, a stage each; none where the kernel is one wide and nothing strides.
func (p Flattened) windows(conv nn.Conv, in nn.Size, axis int) ([]nn.Conv, string) {
	line, other := conv, 1-axis
	line.Kernel[other], line.Stride[other], line.Dilation[other] = 1, 1, 1
	line.Padding[2*other], line.Padding[2*other+1] = 0, 0
	if line.Kernel == nn.Square(1) && line.Stride == nn.Square(1) && line.Padding == (nn.Padding{}) {
		return nil, ""
	}
	return inRow(line, in, line.Dilation, slices.Repeat([]nn.HW{line.Kernel}, p.Stages))
}
