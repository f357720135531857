package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Pool changes how poolings join the values of their windows; the global one at the head is head's affair. max+avg is the sum
// of both: Mishkin, Sergievskiy, Matas 2016, arXiv:1606.02228, §3.3.
type Pool struct {
	Kind   nn.PoolKind `yaml:"kind" spec:"bare" values:"max, avg, max+avg" default:"as it is" help:"how the values of a window are joined"`
	Kernel int         `yaml:"kernel" default:"as it is" help:"side of the window, at least 1"`
	Stride int         `yaml:"stride" default:"as it is" help:"distance between windows, at least 1"`
	Where  nn.Glob     `yaml:"where" default:"all poolings" help:"layer paths"`
}

// Rewrite keeps shapes unless kernel or stride is given.
func (p Pool) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "changed", What: "poolings"}
	switch {
	case p.Kernel < 0:
		return c, &spec.Fault{Path: "$.kernel", Msg: fmt.Sprintf("kernel %d; give the side of a window, 1 or more", p.Kernel)}
	case p.Stride < 0:
		return c, &spec.Fault{Path: "$.stride", Msg: fmt.Sprintf("stride %d; give the distance between windows, 1 or more", p.Stride)}
	}
	for n, pool := range nn.Each[nn.Pool](g) {
		if !p.Where.Match(n.Path()) {
			continue
		}
		if p.Kind != "" {
			pool.Type = p.Kind
		}
		if p.Kernel > 0 {
			pool.Kernel = nn.Square(p.Kernel)
		}
		if p.Stride > 0 {
			pool.Stride = nn.Square(p.Stride)
		}
		c.Count(g.Replace(n, pool))
	}
	return c, nil
}
