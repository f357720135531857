package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Xception makes a stage residual blocks of separable convolutions, depthwise 3x3 and 1x1: Chollet, arXiv:1610.02357, figure 5.
// A stage of D convolutions larger than 1x1 on its longest path becomes as many blocks as give D or more. A stage that strides
// does so by a 3x3 max pooling at the end of its first block, as the paper's entry flow.
type Xception struct {
	ReLU    module.ReLU `yaml:"relu" spec:"bare" values:"none, between, after" help:"nothing between depthwise and pointwise convolution, or norm and activation; or the activation behind every separable convolution, not in front"`
	Repeats int         `yaml:"repeats" help:"separable convolutions that a bypass goes round, 1 to 64; the paper has 2 and 3"`
	Where   nn.Glob     `yaml:"where" default:"all that fit" help:"paths of convolutions; one that is not named ends a stage"`
}

// Rewrite keeps the shape that every stage gives.
func (p Xception) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "stages"}
	if p.Repeats < 1 || p.Repeats > 64 {
		return c, &spec.Fault{Path: "$.repeats", Msg: fmt.Sprintf("repeats %d; give separable convolutions a block, 1 to 64", p.Repeats)}
	}
	err := eachStage(g, p.Where, &c, func(b *nn.Builder, x *nn.Node, s stage) *nn.Node {
		widths, stride, lead := slices.Repeat([]int{s.out.C}, p.Repeats), s.stride, s.style.Pre || !activated(x)
		for i := range (s.depth + p.Repeats - 1) / p.Repeats {
			x = module.Xception(b.Scope("block%d", i+1), x, s.style, p.ReLU, stride, lead, widths...)
			stride, lead = 1, true
		}
		if s.end.Act.Func != "" {
			x = b.Layer(s.end.Act, x)
		}
		return x
	})
	return c, err
}
