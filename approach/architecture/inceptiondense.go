package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// InceptionDense makes a stage a dense block of inception modules: x_l = concat(x_{l-1}, Inception_k(x_{l-1})), k maps in all
// from the branches of a module. Of no one paper: the module of Szegedy et al., arXiv:1409.4842, in the block of Huang et al.,
// arXiv:1608.06993; nearest is the two-way dense layer of Wang, Li, Ling, "Pelee", arXiv:1804.06882, §2.1, whose order
// (convolution, norm, activation) and uncompressed transition it takes. A 1x1 reduction has four times its branch's maps, as
// DenseNet's bottleneck, and no more than it reads.
type InceptionDense struct {
	Growth   int     `yaml:"growth" spec:"bare" help:"maps that each module adds, k, 1 to 4096"`
	Branches Widths  `yaml:"branches" help:"of the 1x1, 3x3, 5x5 and pooling branch, as in inception: shares of k, or maps that sum to it"`
	Where    nn.Glob `yaml:"where" default:"all that fit" help:"paths of convolutions; one that is not named ends a stage"`
}

// Rewrite keeps the shape that every stage gives: a 1x1 convolution ends it.
func (p InceptionDense) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "stages"}
	if p.Growth < 1 || p.Growth > 4096 {
		return c, &spec.Fault{Path: "$.growth", Msg: fmt.Sprintf("growth %d; give maps a module, 1 to 4096", p.Growth)}
	}
	if err := p.Branches.check(); err != nil {
		return c, err
	}
	m, reason := p.Branches.of(p.Growth)
	if reason != "" {
		return c, &spec.Fault{Path: "$.growth", Msg: fmt.Sprintf("growth %d: %s; give another growth or other branches", p.Growth, reason)}
	}
	m.Pool = nn.Max
	err := eachStage(g, p.Where, &c, func(b *nn.Builder, x *nn.Node, s stage) *nn.Node {
		x = s.shrink(b, x)
		for i := range s.depth {
			m := m
			p.Branches.reduces(&m, func(_, maps int) int { return min(4*maps, b.Size(x).C) })
			x = module.InceptionDense(b.Scope("layer%d", i+1), x, s.style, m)
		}
		if s.style.Pre {
			x = module.PreAct(b, x, s.style)
		}
		return s.finish(b, x)
	})
	return c, err
}
