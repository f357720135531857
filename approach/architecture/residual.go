package architecture

import (
	"fmt"
	"maps"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Residual bypasses runs of convolutions: He, Zhang, Ren, Sun, CVPR 2016, arXiv:1512.03385. With preact the bypass starts in
// front of the activation and ends behind the last convolution, its norms moved to the activations' inputs: identity mappings,
// arXiv:1603.05027, figure 1b.
type Residual struct {
	Over     int           `yaml:"over" spec:"bare" help:"convolutions bypassed by one addition, at least 1; a run ends at a pooling"`
	Shortcut module.Option `yaml:"shortcut" values:"A, B, C" help:"where the shape changes: A stride and zeros, B a 1x1 projection; C a projection everywhere"`
	Preact   bool          `yaml:"preact" help:"norm and activation in front of the convolutions"`
	Scale    float32       `yaml:"scale" help:"of what is added to the bypass, above 0 and at most 10; 0.1 to 0.3 for very wide networks"`
	Where    nn.Glob       `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape.
func (p Residual) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "bypassed", What: fmt.Sprintf("runs of %d convolutions", p.Over)}
	if p.Over == 1 {
		c.What = "convolutions"
	}
	switch {
	case p.Over < 1:
		return c, &spec.Fault{Path: "$.over", Msg: fmt.Sprintf("over %d; give 1 convolution or more", p.Over)}
	case !(p.Scale > 0 && p.Scale <= 10):
		return c, &spec.Fault{Path: "$.scale", Msg: fmt.Sprintf("scale %g; give a factor above 0 and at most 10", p.Scale)}
	}
	gating := g.Gating()
	for _, run := range p.runs(g, gating, &c) {
		reason, err := p.bypass(g, run, gating)
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
func (p Residual) runs(g *nn.Graph, gating map[*nn.Node]bool, c *nn.Changes) [][]*nn.Node {
	var runs [][]*nn.Node
	used := maps.Clone(gating) // what computes a gate is no run
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
			next := nextConv(g, run[len(run)-1], gating)
			if next == nil || !p.Where.Match(next.Path()) {
				break
			}
			run = append(run, next)
		}
		for _, m := range run {
			used[m] = true
		}
		if len(run) < p.Over {
			c.Skip(n.Name, fmt.Sprintf("fewer than %d convolutions in a row", p.Over))
			continue
		}
		runs = append(runs, run)
	}
	return runs
}

// nextConv is the convolution that alone reads n's unit, behind a gate of it where there is one; nil if there is none.
func nextConv(g *nn.Graph, n *nn.Node, gating map[*nn.Node]bool) *nn.Node {
	for {
		next := onward(g, n, gating)
		if next == nil {
			return nil
		}
		switch next.Layer.(type) {
		case nn.Conv:
			return next
		case nn.Gate:
		case nn.Activation:
			if isActivation(n) {
				return nil
			}
		default:
			return nil
		}
		n = next
	}
}

// onward is the one reader that takes a layer's map on, gates' numbers apart; nil if there are several.
func onward(g *nn.Graph, n *nn.Node, gating map[*nn.Node]bool) *nn.Node {
	rs := slices.DeleteFunc(g.Readers(n), func(r *nn.Node) bool { return gating[r] })
	if len(rs) != 1 || g.IsOutput(n) {
		return nil
	}
	return rs[0]
}

// bypass adds what a run reads to what it gives, or says why it does not fit.
func (p Residual) bypass(g *nn.Graph, run []*nn.Node, gating map[*nn.Node]bool) (string, error) {
	first, last := run[0], run[len(run)-1]
	if g.Unit(last).Logits() {
		return "gives the classes", nil
	}
	for end := last; end != nil; { // behind the gates of the run
		for _, r := range g.Readers(end) {
			if _, ok := r.Layer.(nn.Add); ok {
				return "is bypassed already", nil
			}
		}
		if end = onward(g, end, gating); end != nil && !isGate(end) {
			break
		}
	}
	x, front := first.In[0], (*nn.Node)(nil) // the activation in front of a pre-activation run
	if p.Preact && isActivation(x) && len(g.Readers(x)) == 1 && len(x.In[0].In) > 0 {
		x, front = x.In[0], x
	}
	in, err := g.Size(x)
	if err != nil {
		return "", err
	}
	out, err := g.Size(last)
	if err != nil {
		return "", err
	}
	stride := nn.Square(1)
	for _, n := range run {
		s := n.Layer.(nn.Conv).Stride
		stride[0], stride[1] = stride[0]*s[0], stride[1]*s[1]
	}
	if reason := strideOnly(in, out, stride); reason != "" {
		return reason, nil
	}
	if p.Shortcut == module.OptionA && out.C < in.C {
		return "narrows its channels, which shortcut A cannot", nil
	}
	style := g.Style(last)
	if p.Preact {
		style.Norm = nil
		own(g, front)
		for _, n := range run {
			for _, r := range g.Readers(n) {
				own(g, r)
			}
		}
	}
	return "", g.InsertAfter(last, func(b *nn.Builder, y *nn.Node) *nn.Node {
		if p.Scale != 1 {
			y = b.Layer(nn.Scale{By: p.Scale}, y)
		}
		return b.As("add").Add(y, module.Bypass(b, x, out.C, stride[0], p.Shortcut, style))
	})
}

// own makes an activation a pre-activation, of what reads it, and takes the norm in front of it to its own input. Other layers
// stay what they are.
func own(g *nn.Graph, act *nn.Node) {
	if act == nil || !isActivation(act) {
		return
	}
	act.Pre = true
	over := g.Overlay()
	from := nn.Out(act.In[0])
	if norm := over.Get(from, nn.SlotNorm); norm != nil {
		over.Remove(from, nn.SlotNorm)
		over.Set(nn.In(act, 0), norm)
	}
}
