package architecture

import "github.com/assaylab/assay/nn"

// unchanged is the reason of a rewrite that leaves a convolution as it is because nothing would differ.
const unchanged = "unchanged"

// eachConv calls rewrite for every convolution that is wanted and that where names, with the size of the map that it reads. A
// reason that rewrite returns is counted as a place that does not fit. What computes a gate is left alone.
func eachConv(g *nn.Graph, where nn.Glob, c *nn.Changes, wanted func(nn.Conv) bool, rewrite func(n *nn.Node, conv nn.Conv, in nn.Size) (reason string, err error)) error {
	gating := g.Gating()
	for n, conv := range nn.Each[nn.Conv](g) {
		if !wanted(conv) || gating[n] || !where.Match(n.Path()) {
			continue
		}
		in, err := g.Size(n.In[0])
		if err != nil {
			return err
		}
		switch reason, err := rewrite(n, conv, in); {
		case err != nil:
			return err
		case reason == "" || reason == unchanged:
			c.Count(reason == "")
		default:
			c.Skip(n.Name, reason)
		}
	}
	return nil
}

// eachSpatial is eachConv for the convolutions larger than 1x1 that do not read the images.
func eachSpatial(g *nn.Graph, where nn.Glob, c *nn.Changes, rewrite func(n *nn.Node, conv nn.Conv, in nn.Size) (reason string, err error)) error {
	return eachConv(g, where, c, isSpatial, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		if n.In[0] == g.Input() {
			return "reads the images", nil
		}
		return rewrite(n, conv, in)
	})
}

func isSpatial(c nn.Conv) bool { return c.Kernel != nn.Square(1) }

// between is what stands between the convolutions that take n's place: norm, activation and bias of its unit. The last
// convolution in front of a residual addition has no activation of its own; it is the one on the way to n then.
func between(g *nn.Graph, n *nn.Node) nn.Style {
	s := g.Style(n)
	if s.Act.Func == "" {
		s.Act = leading(n)
	}
	return s
}

// leading is the last activation on the way to n, along first inputs; its Func is "" if there is none.
func leading(n *nn.Node) nn.Activation {
	for len(n.In) > 0 {
		n = n.In[0]
		if act, ok := n.Layer.(nn.Activation); ok {
			return act
		}
	}
	return nn.Activation{}
}

func isActivation(n *nn.Node) bool { _, ok := n.Layer.(nn.Activation); return ok }
