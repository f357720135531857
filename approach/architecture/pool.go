package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Pool changes how poolings join the values of their windows; the global one at the head is head's affair. What each kind
// computes, and its paper, stands at [nn.PoolKind]; none takes poolings away.
type Pool struct {
	Kind   string  `yaml:"kind" spec:"bare" values:"max, avg, max+avg, mixed, gated, stochastic, lp, blur, none" default:"as it is" help:"how the values of a window are joined; none takes the pooling away"`
	Kernel int     `yaml:"kernel" spec:"nonzero" only:"kind: not none" default:"as it is" help:"side of the window, at least 1; padding that kept the places of windows keeps them"`
	Stride int     `yaml:"stride" spec:"nonzero" only:"kind: not none" default:"as it is" help:"distance between windows, at least 1"`
	Mix    float32 `yaml:"mix" spec:"nonzero" only:"kind: mixed" default:"learned" help:"of mixed: the share of the maximum, above 0 and at most 1"`
	Power  float32 `yaml:"power" spec:"nonzero" only:"kind: lp" default:"2" help:"of lp: the exponent, 1 to 16"`
	Where  nn.Glob `yaml:"where" default:"all poolings" help:"layer paths"`
}

// NoPool is the kind that takes poolings away.
const NoPool = "none"

// Rewrite keeps shapes unless kernel or stride is given, or poolings go. A pooling stays where its absence would change the maps
// that a linear layer reads, and so its weights, or give maps that cannot be joined any more.
func (p Pool) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "changed", What: "poolings"}
	if err := p.check(); err != nil {
		return c, err
	}
	if p.Kind == NoPool {
		c.Verb = "removed"
	}
	own := map[*nn.Node]nn.HW{}
	for n, pool := range nn.Each[nn.Pool](g) {
		switch {
		case !p.Where.Match(n.Path()):
		case p.Kind != NoPool:
			own[n] = pool.Kernel
			c.Count(g.Replace(n, p.change(pool)))
		default:
			reason, err := without(g, n)
			if err != nil {
				return c, err
			}
			if reason != "" {
				c.Skip(n.Name, reason)
				c.Mend = "write head: avg in front of it, or strided-conv in its place"
				continue
			}
			c.Count(true)
		}
	}
	return c, p.fits(g, own)
}

func (p Pool) check() error {
	fault := func(key, format string, args ...any) error {
		return &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case p.Kernel < 0:
		return fault("kernel", "kernel %d; give the side of a window, 1 or more", p.Kernel)
	case p.Stride < 0:
		return fault("stride", "stride %d; give the distance between windows, 1 or more", p.Stride)
	case !(p.Mix >= 0 && p.Mix <= 1):
		return fault("mix", "mix %g; give a share above 0 and at most 1", p.Mix)
	case p.Power != 0 && !(p.Power >= 1 && p.Power <= 16):
		return fault("power", "power %g; give an exponent from 1 to 16", p.Power)
	}
	return nil
}

// fits refuses a kernel that is larger than the map of a pooling, and than the one that the pooling had: a network's own may be
// larger than the map, on small images those of GoogLeNet's heads are. Where sizes cannot be told the network itself says why.
func (p Pool) fits(g *nn.Graph, own map[*nn.Node]nn.HW) error {
	sizes, err := g.Sizes()
	if p.Kernel == 0 || err != nil {
		return err
	}
	for n := range nn.Each[nn.Pool](g) {
		had, changed := own[n]
		if in := sizes[n.In[0]]; changed && (p.Kernel > max(in.H, had[0]) || p.Kernel > max(in.W, had[1])) {
			return &spec.Fault{Path: "$.kernel", Msg: fmt.Sprintf("kernel %d is larger than the %dx%d map that %s pools; give a smaller one, or name other layers by where", p.Kernel, in.H, in.W, n.Name)}
		}
	}
	return nil
}

// change is a pooling as the approach wants it.
func (p Pool) change(pool nn.Pool) nn.Pool {
	if p.Kind != "" {
		pool.Type, pool.Mix, pool.Power = nn.PoolKind(p.Kind), p.Mix, p.Power
	}
	if p.Kernel > 0 {
		centred := pool.Padding == nn.Same(pool.Kernel, nn.Square(1)) && pool.Padding != nn.Padding{}
		pool.Kernel = nn.Square(p.Kernel)
		if centred {
			pool.Padding = nn.Same(pool.Kernel, nn.Square(1))
		}
	}
	if p.Stride > 0 {
		pool.Stride = nn.Square(p.Stride)
	}
	return pool
}

// without takes a pooling out, or says what would not fit then.
func without(g *nn.Graph, n *nn.Node) (reason string, err error) {
	trial := g.Clone()
	if err := trial.Remove(trial.Node(n.Name)); err != nil {
		return "", err
	}
	sizes, err := g.Sizes()
	if err != nil {
		return "", err
	}
	then, err := trial.Sizes()
	if err != nil {
		return err.Error(), nil
	}
	for _, m := range g.Nodes {
		if _, linear := m.Layer.(nn.Linear); !linear {
			continue
		}
		if was, is := sizes[m.In[0]], then[trial.Node(m.Name).In[0]]; was != is {
			return fmt.Sprintf("%s would read %v and not %v", m.Name, is, was), nil
		}
	}
	return "", g.Remove(n)
}
