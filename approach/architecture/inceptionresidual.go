package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// InceptionResidual makes a convolution an inception module with a bypass, y = x + scale·linear1x1(concat(branches)), the
// convolution's activation behind the sum: Szegedy, Ioffe, Vanhoucke, Alemi, arXiv:1602.07261, §3.2 and §3.3. Norms lie over the
// branches and not over the sum. Deviation: where the shape changes the bypass is a 1x1 projection (option B of
// arXiv:1512.03385); the paper changes shapes between its residual modules alone.
type InceptionResidual struct {
	Scale    float32     `yaml:"scale" spec:"bare" help:"of what is added to the bypass, above 0 and at most 10; 0.1 to 0.3 in the paper"`
	Branches Widths      `yaml:"branches" help:"maps or shares of the 1x1, 3x3, 5x5 and pooling branch, as in inception; maps may have any sum, the last 1x1 brings them to the convolution's"`
	Pool     nn.PoolKind `yaml:"pool" values:"max, avg" help:"of the pooling branch; where the module strides it is max"`
	Five     string      `yaml:"five" values:"5x5, 3x3+3x3" help:"the 5x5, or two 3x3 in its place"`
	Reduce   float64     `yaml:"reduce" spec:"nonzero" default:"0.75 of the 3x3, 0.5 of the 5x5" help:"maps of the 1x1 in front of 3x3 and 5x5, as a share of theirs, where branches gives none"`
	Where    nn.Glob     `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape.
func (p InceptionResidual) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	form := Inception{Branches: p.Branches, Pool: p.Pool, Five: p.Five, Reduce: p.Reduce}
	if err := form.check(); err != nil {
		return c, err
	}
	if !(p.Scale > 0 && p.Scale <= 10) {
		return c, &spec.Fault{Path: "$.scale", Msg: fmt.Sprintf("scale %g; give a factor above 0 and at most 10", p.Scale)}
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		reason, err := form.misfit(g, n, in)
		if reason != "" || err != nil {
			return reason, err
		}
		w := p.Branches
		if conv.Stride != nn.Square(1) {
			w = w.striding()
		}
		m, reason := form.module(w, w.total(conv.Out), conv)
		if reason != "" {
			return reason, nil
		}
		return "", p.bypass(g, n, m)
	})
	return c, err
}

// bypass builds the module, its bypass and their sum in the place of a convolution. In a pre-activation network the bypass begins
// in front of the activation.
func (p InceptionResidual) bypass(g *nn.Graph, n *nn.Node, m module.Branches) error {
	conv, inner, end, from := n.Layer.(nn.Conv), innerStyle(g, n), g.Style(n), n.In[0]
	inner.Pre = false
	end.Act = nn.Activation{}
	switch norm, at := g.Unit(n).Norm(); {
	case end.Pre:
		end = nn.Style{Bias: end.Bias && norm == nil}
		if slices.Equal(g.Readers(from), []*nn.Node{n}) {
			from = from.In[0]
		}
	case norm != nil:
		g.Overlay().Remove(at, nn.SlotNorm)
	}
	return g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
		y := module.Expanded(conv.Out, p.Scale, m.Parts(inner, inner)...)(b, x)
		return b.Add(y, module.Bypass(b, from, conv.Out, conv.Stride[0], module.OptionB, end))
	})
}
