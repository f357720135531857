// Package architecture holds the approaches that rewrite the network graph: a file each. An approach is a struct whose fields
// are the keys of a file; the words in their tags are checked when it is read (approach.Build), numbers here. It imports nn,
// module, zoo (networks to match) and internal/spec. Start at [Activation], the shortest; spatial.go has what rewrites of
// convolutions share.
package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Activation exchanges one non-linearity for another, e.g. ELU: Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289.
type Activation struct {
	From  nn.Func `yaml:"from" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, identity" help:"what is replaced; the default leaves the sigmoid of a gate what it is"`
	To    nn.Func `yaml:"to" spec:"bare,required" default:"must be written" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, identity" help:"what takes its place"`
	Alpha float32 `yaml:"alpha" default:"the paper's" help:"above 0; of leaky, very-leaky, prelu (where the slopes begin), elu, celu and swish, as the function's paper has it; others have none"`
	Where nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite changes no shape; prelu adds a parameter a channel.
func (a Activation) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: string(a.From)}
	switch {
	case !(a.Alpha >= 0 && a.Alpha < 1e6):
		return c, &spec.Fault{Path: "$.alpha", Msg: fmt.Sprintf("alpha %g; give one above 0", a.Alpha)}
	case a.Alpha > 0 && a.To.DefaultAlpha() == 0:
		return c, &spec.Fault{Path: "$.alpha", Msg: fmt.Sprintf("%s has no alpha; remove it", a.To)}
	}
	others := map[nn.Func]int{}
	for n, old := range nn.Each[nn.Activation](g) {
		switch {
		case !a.Where.Match(n.Path()):
		case old.Func == a.From:
			c.Count(g.Replace(n, nn.Activation{Func: a.To, Alpha: a.Alpha}))
		default:
			others[old.Func]++
		}
	}
	most := 0
	for _, f := range nn.Funcs() {
		if c.Seen == 0 && others[f] > most && f != a.To {
			most = others[f]
			c.Mend = fmt.Sprintf("write \"from: %s\" (%d seen)", f, most)
		}
	}
	return c, nil
}
