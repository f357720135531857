package architecture

import "github.com/assaylab/assay/nn"

// StridedConv takes poolings out and lets convolutions stride: Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for
// Simplicity", arXiv:1412.6806, §2.
type StridedConv struct {
	Mode  string  `yaml:"mode" spec:"bare" values:"stride, conv, patch" help:"stride: the convolution before takes it; conv: a 3x3 one in the pooling's place; patch: one whose kernel is its stride"`
	Where nn.Glob `yaml:"where" default:"all poolings" help:"paths of poolings"`
}

// Rewrite may change a map by a row and a column where the pooling's window did not divide it.
func (p StridedConv) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "poolings"}
	for n, pool := range nn.Each[nn.Pool](g) {
		if !p.Where.Match(n.Path()) {
			continue
		}
		if pool.Stride == nn.Square(1) {
			c.Skip(n.Name, "has stride 1")
			continue
		}
		conv := convBefore(n)
		if conv == nil {
			c.Skip(n.Name, "no convolution right in front of it")
			continue
		}
		if p.Mode == "stride" {
			if !leadsOnlyTo(g, conv, n) {
				c.Skip(n.Name, "what it pools has other readers")
				continue
			}
			l := conv.Layer.(nn.Conv)
			l.Stride = nn.HW{l.Stride[0] * pool.Stride[0], l.Stride[1] * pool.Stride[1]}
			g.Replace(conv, l)
			if err := g.Remove(n); err != nil {
				return c, err
			}
			c.Count(true)
			continue
		}
		if err := p.convolve(g, n, pool, g.Style(conv)); err != nil {
			return c, err
		}
		c.Count(true)
	}
	return c, nil
}

// convolve puts a convolution of as many channels, with norm and activation of the one before, in a pooling's place.
func (p StridedConv) convolve(g *nn.Graph, n *nn.Node, pool nn.Pool, s nn.Style) error {
	kernel := nn.Square(3)
	padding := nn.Same(kernel, nn.Square(1))
	if p.Mode == "patch" {
		kernel, padding = pool.Stride, nn.Padding{}
	}
	return g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
		l := nn.Conv{Out: b.Size(x).C, Kernel: kernel, Stride: pool.Stride, Padding: padding}
		if s.Pre {
			return b.Bias(b.As("conv").ConvOf(b.PreAct(x, s.Norm, s.Act), l), s.Bias)
		}
		return b.Finish(b.As("conv").ConvOf(x, l), s)
	})
}

// convBefore is the convolution whose unit's output n reads, nil if something else comes before.
func convBefore(n *nn.Node) *nn.Node {
	m := n.In[0]
	if isActivation(m) {
		m = m.In[0]
	}
	if _, ok := m.Layer.(nn.Conv); ok {
		return m
	}
	return nil
}

// leadsOnlyTo reports whether every path from a to the output goes through b, with single readers between.
func leadsOnlyTo(g *nn.Graph, a, b *nn.Node) bool {
	for a != b {
		rs := g.Readers(a)
		if len(rs) != 1 || g.IsOutput(a) {
			return false
		}
		a = rs[0]
	}
	return true
}
