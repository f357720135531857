package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Residual bypasses runs of convolutions: He, Zhang, Ren, Sun, CVPR 2016, arXiv:1512.03385. With preact the bypass starts in
// front of the activation and ends behind the last convolution, its norms moved to the activations' inputs: identity mappings,
// arXiv:1603.05027.
type Residual struct {
	Over     int           `yaml:"over" spec:"bare" help:"convolutions bypassed by one addition, at least 1"`
	Shortcut module.Option `yaml:"shortcut" values:"A, B, C" help:"where the shape changes: A stride and zeros, B a 1x1 projection; C a projection everywhere"`
	Preact   bool          `yaml:"preact" help:"norm and activation in front of the convolutions"`
	Scale    float32       `yaml:"scale" help:"of what is added to the bypass, above 0; 0.1 to 0.3 for very wide networks"`
	Where    nn.Glob       `yaml:"where" help:"layer paths; default: all that fit"`
}

// Rewrite keeps every output shape.
func (p Residual) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "bypassed", What: fmt.Sprintf("runs of %d convolutions", p.Over)}
	switch {
	case p.Over < 1:
		return c, &spec.Fault{Path: "$.over", Msg: fmt.Sprintf("over %d; give 1 convolution or more", p.Over)}
	case p.Shortcut != module.OptionA && p.Shortcut != module.OptionB && p.Shortcut != module.OptionC:
		return c, &spec.Fault{Path: "$.shortcut", Msg: fmt.Sprintf("no shortcut %q; choose one of A, B, C", p.Shortcut)}
	case !(p.Scale > 0 && p.Scale <= 10):
		return c, &spec.Fault{Path: "$.scale", Msg: fmt.Sprintf("scale %g; give a factor above 0", p.Scale)}
	}
	for _, run := range p.runs(g, &c) {
		reason, err := p.bypass(g, run)
		switch {
		case err != nil:
			return c, err
		case reason != "":
			c.Skip(run[0].Name, reason)
		default:
			c.Count(true)
		}
	}
	return c, nil
}

// runs cuts the network into stretches of Over convolutions, each read by the next alone with at most an activation between.
// What is left over where a stretch ends is counted as a run that does not fit.
func (p Residual) runs(g *nn.Graph, c *nn.Changes) [][]*nn.Node {
	var runs [][]*nn.Node
	used := map[*nn.Node]bool{}
	for n := range nn.Each[nn.Conv](g) {
		if used[n] || !p.Where.Match(n.Path()) {
			continue
		}
		if n.In[0] == g.Input() {
			c.Skip(n.Name, "reads the images")
			continue
		}
		run := []*nn.Node{n}
		for len(run) < p.Over {
			next := nextConv(g, run[len(run)-1])
			if next == nil || !p.Where.Match(next.Path()) {
				break
			}
			run = append(run, next)
		}
		if len(run) < p.Over {
			c.Skip(n.Name, fmt.Sprintf("fewer than %d convolutions in a row", p.Over))
			continue
		}
		for _, m := range run {
			used[m] = true
		}
		runs = append(runs, run)
	}
	return runs
}

// nextConv is the convolution that alone reads n's unit, nil if there is none.
func nextConv(g *nn.Graph, n *nn.Node) *nn.Node {
	for range 2 {
		rs := g.Readers(n)
		if len(rs) != 1 || g.IsOutput(n) {
			return nil
		}
		n = rs[0]
		switch n.Layer.(type) {
		case nn.Conv:
			return n
		case nn.Activation:
		default:
			return nil
		}
	}
	return nil
}

// bypass adds what a run reads to what it gives.
func (p Residual) bypass(g *nn.Graph, run []*nn.Node) (string, error) {
	first, last := run[0], run[len(run)-1]
	for _, r := range g.Readers(last) {
		if _, ok := r.Layer.(nn.Add); ok {
			return "is bypassed already", nil
		}
	}
	if g.IsOutput(last) {
		return "computes the logits", nil
	}
	style := g.Style(last)
	x := first.In[0]
	if a, ok := x.Layer.(nn.Activation); ok && p.Preact && a.Func != nn.Identity && len(g.Readers(x)) == 1 {
		x.Pre = true
		moveNorm(g, x)
		x = x.In[0]
	}
	sizes, err := g.Sizes()
	if err != nil {
		return "", err
	}
	in, out, stride := sizes[x], sizes[last], 1
	for _, n := range run {
		stride *= n.Layer.(nn.Conv).Stride[0]
	}
	if out.H != (in.H-1)/stride+1 || out.W != (in.W-1)/stride+1 {
		return fmt.Sprintf("gives %v of %v, which no stride does; pad its convolutions", out, in), nil
	}
	if p.Shortcut == module.OptionA && out.C < in.C {
		return "narrows its channels, which shortcut A cannot", nil
	}
	if p.Preact {
		style.Norm = nil
		for _, n := range run {
			if rs := g.Readers(n); len(rs) == 1 {
				if _, ok := rs[0].Layer.(nn.Activation); ok {
					rs[0].Pre = true
					moveNorm(g, rs[0])
				}
			}
		}
	}
	return "", g.InsertAfter(last, func(b *nn.Builder, y *nn.Node) *nn.Node {
		if p.Scale != 1 {
			y = b.Layer(nn.Scale{By: p.Scale}, y)
		}
		return b.As("add").Add(y, module.Bypass(b, x, out.C, stride, p.Shortcut, style))
	})
}

// moveNorm takes the norm from the output that an activation reads to the activation's own input.
func moveNorm(g *nn.Graph, act *nn.Node) {
	over := g.Overlay()
	from := nn.Out(act.In[0])
	if norm := over.Get(from, nn.SlotNorm); norm != nil {
		over.Remove(from, nn.SlotNorm)
		over.Set(nn.In(act, 0), norm)
	}
}
