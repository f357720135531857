// Package architecture holds the approaches that rewrite the network graph: a file each. An approach is a struct whose fields
// are the keys of a file; the words in their tags are checked when it is read (approach.Build), numbers here. It imports nn,
// module, zoo (networks to match) and internal/spec. Start at [Activation], the shortest; spatial.go has what rewrites of
// convolutions share.
package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Activation exchanges one non-linearity for another, e.g. ELU: Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289.
//
// What an activation gives keeps its size. Maxout joins channels and CReLU doubles them, so that the convolution or linear layer in
// front of them has as many times its outputs as there are pieces, or half of them: arXiv:1302.4389, arXiv:1603.05201 (whose
// networks with half the outputs have as wide maps), group by group where it has some. They take the place of activations that
// read such a layer of their own alone.
type Activation struct {
	From   nn.Func `yaml:"from" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, maxout, crelu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, apl, frelu, identity" help:"what is replaced; the default leaves the sigmoid of a gate what it is"`
	To     nn.Func `yaml:"to" spec:"bare,required" default:"must be written" values:"relu, relu6, leaky, very-leaky, rrelu, prelu, elu, celu, selu, maxout, crelu, softplus, softsign, sigmoid, hard-sigmoid, tanh, scaled-tanh, arcsinh, swish, hard-swish, gelu, mish, apl, frelu, identity" help:"what takes its place"`
	Alpha  float32 `yaml:"alpha" spec:"nonzero" only:"to: leaky, very-leaky, prelu, elu, celu, swish" default:"the paper's" help:"above 0; of leaky, very-leaky, prelu (where the slopes begin), elu, celu and swish, as the function's paper has it; others have none"`
	Pieces int     `yaml:"pieces" spec:"nonzero" only:"to: maxout, apl" default:"2" help:"of maxout, 2 to 64; hinges of apl, 1 to 64; others have none"`
	Where  nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps the size of what each activation gives; prelu and frelu add a parameter a channel, apl two a hinge and channel, and
// maxout multiplies the weights in front.
func (a Activation) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: string(a.From)}
	switch least := map[nn.Func]int{nn.Maxout: 2, nn.APL: 1}[a.To]; {
	case !(a.Alpha >= 0 && a.Alpha < 1e6):
		return c, &spec.Fault{Path: "$.alpha", Msg: fmt.Sprintf("alpha %g; give one above 0", a.Alpha)}
	case a.Pieces != 0 && (a.Pieces < least || a.Pieces > 64):
		return c, &spec.Fault{Path: "$.pieces", Msg: fmt.Sprintf("%d pieces of %s; give %d to 64", a.Pieces, a.To, least)}
	}
	to := nn.Activation{Func: a.To, Alpha: a.Alpha, Pieces: a.Pieces}.Normal().(nn.Activation)
	others := map[nn.Func]int{}
	for n, old := range nn.Each[nn.Activation](g) {
		switch {
		case !a.Where.Match(n.Path()):
		case old.Func == a.From:
			groups, reason := feed(g, n, old, to)
			if reason != "" {
				c.Skip(n.Name, reason)
				continue
			}
			to.Groups = groups
			c.Count(g.Replace(n, to))
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

// feed lets the layer in front of an activation give as many channels as the one that comes in its place must read, and says in
// how many groups they come, or why it cannot.
func feed(g *nn.Graph, n *nn.Node, old, to nn.Activation) (groups int, reason string) {
	reads, gives := old.Ratio()
	r, s := to.Ratio()
	times, by := gives*r, reads*s
	if times == by {
		return old.Groups, ""
	}
	in, now, groups := n.In[0], 0, 1
	switch l := in.Layer.(type) {
	case nn.Conv:
		now, groups = l.Out, l.Groups
	case nn.Linear:
		now = l.Out
	default:
		return 0, "reads no convolution or linear layer, whose outputs could be more or fewer"
	}
	switch {
	case len(g.Readers(in)) > 1 || g.IsOutput(in):
		return 0, "is not alone in reading its map"
	case now == nn.Classes:
		return 0, "reads as many maps as there are classes"
	case groups == now && now > 1:
		return 0, "reads a depthwise convolution"
	case now*times%(by*groups) != 0:
		return 0, fmt.Sprintf("reads %d maps, which do not divide by %d", now, by/times*groups)
	case shares(g, in):
		return 0, "reads a layer that shares its weights"
	}
	switch l := in.Layer.(type) {
	case nn.Conv:
		l.Out = now * times / by
		g.Replace(in, l)
	case nn.Linear:
		l.Out = now * times / by
		g.Replace(in, l)
	}
	return groups, ""
}

// shares reports whether another layer has the weights of this one, by a name of both or by the name of its own.
func shares(g *nn.Graph, n *nn.Node) bool {
	name, own := weightOf(n), n.Name+"/weight"
	return slices.ContainsFunc(g.Nodes, func(m *nn.Node) bool {
		switch other := weightOf(m); {
		case m == n:
			return false
		case other == "":
			return name != "" && m.Name+"/weight" == name
		case name == "":
			return other == own
		default:
			return other == name
		}
	})
}

// weightOf is the name that a layer gives its weights, "" for their own.
func weightOf(n *nn.Node) string {
	switch l := n.Layer.(type) {
	case nn.Conv:
		return l.Weight
	case nn.Linear:
		return l.Weight
	}
	return ""
}
