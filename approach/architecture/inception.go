package architecture

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Inception makes a convolution an inception module, parallel kernels behind 1x1 convolutions: Szegedy et al., "Going Deeper
// with Convolutions", arXiv:1409.4842, figure 2b. A convolution that strides becomes a module that strides: no 1x1 branch, the
// pooling's maps passed on as they are (Ioffe, Szegedy, arXiv:1502.03167, figure 5). Of a grouped convolution the branches read
// all channels; 3x3 and 5x5 keep its dilation.
type Inception struct {
	Branches Widths      `yaml:"branches" spec:"bare" help:"maps or shares of the 1x1, 3x3, 5x5 and pooling branch, as [64, [96, 128], [16, 32], 32]; [r, n] is n behind a 1x1 to r; v1 is [0.25, 0.5, 0.125, 0.125]"`
	Pool     nn.PoolKind `yaml:"pool" values:"max, avg" help:"of the pooling branch; where the module strides it is max"`
	Five     string      `yaml:"five" values:"5x5, 3x3+3x3" help:"the 5x5, or two 3x3 in its place"`
	Reduce   float64     `yaml:"reduce" spec:"nonzero" default:"0.75 of the 3x3, 0.5 of the 5x5" help:"maps of the 1x1 in front of 3x3 and 5x5, as a share of theirs, where branches gives none"`
	Where    nn.Glob     `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape.
func (p Inception) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if err := p.check(); err != nil {
		return c, err
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		reason, err := p.misfit(g, n, in)
		if reason != "" || err != nil {
			return reason, err
		}
		w, maps := p.Branches, conv.Out
		if conv.Stride != nn.Square(1) {
			w, maps = w.striding(), maps-in.C
			if maps < 1 {
				return "strides and gives no more maps than it reads, which the pooling would pass on", nil
			}
		}
		m, reason := p.module(w, maps, conv)
		if reason != "" && maps < conv.Out {
			reason = "beside those that the pooling passes on " + reason
		}
		if reason != "" {
			return reason, nil
		}
		inner := innerStyle(g, n)
		return "", g.RebuildUnit(n, func(b *nn.Builder, x *nn.Node, end nn.Style) *nn.Node {
			end.Act.Groups = inner.Act.Groups
			return module.Beside(m.Parts(inner, end)...)(b, x)
		})
	})
	return c, err
}

func (p Inception) check() error {
	if !(p.Reduce >= 0 && p.Reduce <= 16) {
		return &spec.Fault{Path: "$.reduce", Msg: fmt.Sprintf("reduce %g; give a share of the branch's maps, above 0 and at most 16, or leave it out", p.Reduce)}
	}
	if p.Reduce > 0 && p.Branches[1][0]+p.Branches[2][0] > 0 {
		return &spec.Fault{Path: "$.reduce", Msg: "branches gives reductions already; keep one"}
	}
	return p.Branches.check()
}

// misfit says why no module can take the place of a convolution.
func (p Inception) misfit(g *nn.Graph, n *nn.Node, in nn.Size) (string, error) {
	conv := n.Layer.(nn.Conv)
	switch {
	case conv.Out == nn.Classes || g.Unit(n).Logits():
		return "gives the classes", nil
	case isDepthwise(conv, in):
		return "is depthwise", nil
	}
	out, err := conv.Infer([]nn.Size{in}, g.Classes)
	if err != nil {
		return "", err
	}
	return strideOnly(in, out, conv.Stride), nil
}

// module is the branches of a module of that many maps in the place of a convolution, or why there are none.
func (p Inception) module(w Widths, maps int, conv nn.Conv) (module.Branches, string) {
	m, reason := w.of(maps)
	if reason != "" {
		return m, reason
	}
	w.reduces(&m, func(i, maps int) int {
		share := p.Reduce
		if share == 0 {
			share = [2]float64{0.75, 0.5}[i]
		}
		return max(1, int(math.Round(share*float64(maps))))
	})
	m.Pool, m.Double, m.Stride, m.Dilation = p.Pool, p.Five == "3x3+3x3", conv.Stride, conv.Dilation
	return m, ""
}

// innerStyle is [between] for convolutions without groups, which may have neither norm nor activation behind them: the next one
// would absorb their bias then.
func innerStyle(g *nn.Graph, n *nn.Node) nn.Style {
	s := between(g, n)
	s.Act.Groups = 0
	s.Bias = s.Bias && (s.Norm != nil || s.Act.Func != "")
	return s
}
