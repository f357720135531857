package architecture

import "github.com/assaylab/assay/nn"

// StridedConv takes poolings out and lets convolutions stride: Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for
// Simplicity", arXiv:1412.6806, §2.
type StridedConv struct {
	Mode  string  `yaml:"mode" spec:"bare" values:"stride, conv, patch" help:"stride: the convolution before takes it; conv: a 3x3 one in the pooling's place; patch: one whose kernel is its stride"`
	Where nn.Glob `yaml:"where" default:"all poolings" help:"paths of poolings"`
}

// Rewrite keeps the size of maps where padding can; else a map is a row or column larger.
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
		sizes, err := g.Sizes()
		if err != nil {
			return c, err
		}
		var reason string
		if p.Mode == "stride" {
			reason, err = hand(g, n, pool, sizes)
		} else {
			reason, err = p.convolve(g, n, pool, sizes)
		}
		switch {
		case err != nil:
			return c, err
		case reason != "":
			c.Skip(n.Name, reason)
		default:
			c.Count(true)
		}
	}
	return c, nil
}

// hand gives the stride of a pooling to the convolution in front of it, or says why not.
func hand(g *nn.Graph, n *nn.Node, pool nn.Pool, sizes map[*nn.Node]nn.Size) (string, error) {
	conv := convBefore(n)
	switch {
	case conv == nil:
		return "no convolution right in front of it", nil
	case !leadsOnlyTo(g, conv, n):
		return "what it pools has other readers", nil
	}
	l := conv.Layer.(nn.Conv)
	l.Stride = nn.HW{l.Stride[0] * pool.Stride[0], l.Stride[1] * pool.Stride[1]}
	l.Padding = reaching(l, sizes[conv.In[0]], sizes[n])
	g.Replace(conv, l)
	return "", g.Remove(n)
}

// convolve puts a convolution of as many channels in a pooling's place, with norm, activation and bias of the one right in front
// of it, or of the nearest and the activation on the way to it.
func (p StridedConv) convolve(g *nn.Graph, n *nn.Node, pool nn.Pool, sizes map[*nn.Node]nn.Size) (string, error) {
	conv := convBefore(n)
	direct := conv != nil
	for m := n; conv == nil; m = m.In[0] {
		if len(m.In) == 0 {
			return "no convolution in front of it", nil
		}
		if isConv(m.In[0]) {
			conv = m.In[0]
		}
	}
	s := g.Style(conv)
	if !direct {
		s = between(g, conv)
	}
	l := nn.Conv{Out: sizes[n].C, Kernel: nn.Square(3), Stride: pool.Stride, Padding: nn.Pad(1), Dilation: nn.Square(1)}
	if p.Mode == "patch" {
		l.Kernel, l.Padding = pool.Stride, nn.Padding{}
	}
	l.Padding = reaching(l, sizes[n.In[0]], sizes[n])
	return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
		if s.Pre {
			return b.Bias(b.As("conv").ConvOf(b.PreAct(x, s.Norm, s.Act), l), s.Bias)
		}
		return b.Finish(b.As("conv").ConvOf(x, l), s)
	})
}

// reaching is the padding with which a convolution of a map of one size gives one of another: its own if that does, else the least.
func reaching(l nn.Conv, in, out nn.Size) nn.Padding {
	p := l.Padding
	for axis, extent := range [2][2]int{{in.H, out.H}, {in.W, out.W}} {
		before, after := &p[2*axis], &p[2*axis+1]
		k, s := l.Dilation[axis]*(l.Kernel[axis]-1)+1, l.Stride[axis]
		if room := extent[0] + *before + *after - k; room < 0 || room/s+1 != extent[1] {
			least := max(0, (extent[1]-1)*s+k-extent[0])
			*before, *after = least/2, least-least/2
		}
	}
	return p
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
