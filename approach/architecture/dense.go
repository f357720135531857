package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Dense makes a stage a dense block, every layer reading the maps of all before it, and a transition: Huang, Liu, van der
// Maaten, Weinberger, arXiv:1608.06993, §3. A layer comes for each convolution larger than 1x1 on the stage's longest path.
// Deviations: behind the transition's 1x1 to θ of the maps stands one to the stage's channels, so that what follows fits (with
// θ 1 that one alone); a stage that strides begins with the average pooling that DenseNet ends the block before with; without
// a norm in the stage H is activation and convolution.
type Dense struct {
	Growth      int     `yaml:"growth" spec:"bare" help:"maps that each layer adds, k, 1 to 4096"`
	Bottleneck  bool    `yaml:"bottleneck" help:"a 1x1 convolution to 4k maps in front of each 3x3 (DenseNet-B)"`
	Compression float64 `yaml:"compression" help:"share θ of the maps that the transition keeps, above 0 and at most 1 (DenseNet-C)"`
	Where       nn.Glob `yaml:"where" default:"all that fit" help:"paths of convolutions; one that is not named ends a stage"`
}

// Rewrite keeps the shape that every stage gives.
func (p Dense) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "stages"}
	switch {
	case p.Growth < 1 || p.Growth > 4096:
		return c, &spec.Fault{Path: "$.growth", Msg: fmt.Sprintf("growth %d; give maps a layer, 1 to 4096", p.Growth)}
	case !(p.Compression > 0 && p.Compression <= 1):
		return c, &spec.Fault{Path: "$.compression", Msg: fmt.Sprintf("compression %g; give the share of maps kept, above 0 and at most 1", p.Compression)}
	}
	width := 0
	if p.Bottleneck {
		width = 4 * p.Growth
	}
	err := eachStage(g, p.Where, &c, func(b *nn.Builder, x *nn.Node, s stage) *nn.Node {
		x = s.shrink(b, x)
		for i := range s.depth {
			x = module.Dense(b.Scope("layer%d", i+1), x, s.style, p.Growth, width)
		}
		if p.Compression < 1 {
			maps := int(p.Compression*float64(b.Size(x).C) + 1e-6) // θ·m rounded down, whatever binary makes of θ
			x = module.Compress(b.Scope("transition"), x, s.style, max(1, maps))
		}
		return s.finish(b, module.PreAct(b, x, s.style))
	})
	return c, err
}
