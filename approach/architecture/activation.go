// Package architecture holds the approaches that rewrite the network graph: a file each.
package architecture

import (
	"github.com/assaylab/assay/nn"
)

// Activation exchanges one non-linearity for another, e.g. ELU: Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289.
type Activation struct {
	From  nn.Func `yaml:"from" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, identity" help:"what is replaced; the default leaves the sigmoid of a gate what it is"`
	To    nn.Func `yaml:"to" spec:"bare" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, identity" help:"what takes its place"`
	Alpha float32 `yaml:"alpha" default:"the paper's" help:"of leaky, very-leaky, prelu, elu, celu and swish, as the function's paper has it; others have none"`
	Where nn.Glob `yaml:"where" help:"layer paths; default: all that fit"`
}

// Rewrite changes no shape; prelu adds a parameter a channel.
func (a Activation) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: string(a.From)}
	for n, old := range nn.Each[nn.Activation](g) {
		if old.Func == a.From && a.Where.Match(n.Path()) {
			c.Count(g.Replace(n, nn.Activation{Func: a.To, Alpha: a.Alpha}))
		}
	}
	return c, nil
}
