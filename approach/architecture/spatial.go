package architecture

import "github.com/assaylab/assay/nn"

// eachSpatial calls rewrite for every convolution larger than 1x1 that where names and that does not read the images, with the
// size of the map that it reads. A reason that rewrite returns is counted as a place that does not fit.
func eachSpatial(g *nn.Graph, where nn.Glob, c *nn.Changes, rewrite func(n *nn.Node, conv nn.Conv, in nn.Size) (reason string, err error)) error {
	for n, conv := range nn.Each[nn.Conv](g) {
		if conv.Kernel == nn.Square(1) || !where.Match(n.Path()) {
			continue
		}
		if n.In[0] == g.Input() {
			c.Skip(n.Name, "reads the images")
			continue
		}
		sizes, err := g.Sizes()
		if err != nil {
			return err
		}
		reason, err := rewrite(n, conv, sizes[n.In[0]])
		switch {
		case err != nil:
			return err
		case reason != "":
			c.Skip(n.Name, reason)
		default:
			c.Count(true)
		}
	}
	return nil
}

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
