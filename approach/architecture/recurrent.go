package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Recurrent reads feature maps as sequences. head sweeps all positions of the last map, row after row, and classifies by what the
// units end with: as the sequence layers of Shi, Bai, Yao, arXiv:1507.05717, but of a map. rows and columns sweep the last map
// along one axis and leave the head as it is. renet puts four sweeps in the place of a convolution and its pooling: Visin et al.,
// arXiv:1505.00393.
type Recurrent struct {
	Cell          nn.Cell `yaml:"cell" spec:"bare" values:"lstm, gru" help:"the units"`
	Place         string  `yaml:"place" values:"head, rows, columns, renet" help:"head: the last map, all positions, in place of the classifier's hidden layers and pooling; rows, columns: of the last map, kept; renet: in place of each convolution with a pooling behind it, patches of what both stride over"`
	Units         int     `yaml:"units" default:"the map's channels" help:"of each direction"`
	Bidirectional bool    `yaml:"bidirectional" help:"sweep from both ends, side by side: twice the channels"`
	Where         nn.Glob `yaml:"where" only:"place: renet" default:"all that fit" help:"renet: paths of convolutions, or of the poolings behind them"`
}

// Rewrite keeps height and width of the last map under rows and columns; renet may change a map by a row and a column where
// windows overlap.
func (p Recurrent) Rewrite(g *nn.Graph) (nn.Changes, error) {
	if p.Units < 0 || p.Units > 1<<16 {
		return nn.Changes{}, &spec.Fault{Path: "$.units", Msg: fmt.Sprintf("units %d; give 1 to 65536, or 0 for the map's channels", p.Units)}
	}
	switch p.Place {
	case "head":
		return p.head(g)
	case "renet":
		return p.renet(g)
	}
	return p.scan(g)
}

// layer is a sweep of a map of so many channels.
func (p Recurrent) layer(scan nn.Scan, channels int) nn.Recurrent {
	return nn.Recurrent{Cell: p.Cell, Units: p.units(channels), Scan: scan, Bidirectional: p.Bidirectional}
}

func (p Recurrent) units(channels int) int {
	if p.Units > 0 {
		return p.Units
	}
	return channels
}

func (p Recurrent) head(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "exchanged", What: "heads"}
	layers, trunk := tail(g)
	if !slices.ContainsFunc(layers, hasWeights) {
		return c, nil
	}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	x := sizes[trunk]
	if x.H*x.W == 1 {
		c.Skip(trunk.Name, "the last map has one position, which is no sequence")
		return c, nil
	}
	c.Count(true)
	return c, g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		sweep := p.layer(nn.Positions, x.C)
		sweep.Last = true
		return b.As("logits").Linear(b.As("sweep").Layer(sweep, trunk), nn.Classes)
	})
}

func (p Recurrent) scan(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "swept", What: "last maps"}
	layers, trunk := tail(g)
	if !slices.ContainsFunc(layers, hasWeights) {
		return c, nil
	}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	x, scan := sizes[trunk], nn.Scan(p.Place)
	if scan == nn.Rows && x.W == 1 || scan == nn.Columns && x.H == 1 {
		c.Skip(trunk.Name, fmt.Sprintf("its %s have one position, which is no sequence", scan))
		return c, nil
	}
	c.Count(true)
	return c, g.InsertAfter(trunk, func(b *nn.Builder, x *nn.Node) *nn.Node {
		return b.As("sweep").Layer(p.layer(scan, b.Size(x).C), x)
	})
}

func (p Recurrent) renet(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions with a pooling"}
	for n, pool := range nn.Each[nn.Pool](g) {
		conv, reason := p.pooled(g, n, pool)
		if !p.Where.Match(n.Path()) && (conv == nil || !p.Where.Match(conv.Path())) {
			continue
		}
		if reason != "" {
			c.Skip(n.Name, reason)
			continue
		}
		sizes, err := g.Sizes()
		if err != nil {
			return c, err
		}
		l, in, out := conv.Layer.(nn.Conv), sizes[conv.In[0]], sizes[n]
		patch := nn.HW{l.Stride[0] * pool.Stride[0], l.Stride[1] * pool.Stride[1]}
		if patch[0] > in.H || patch[1] > in.W {
			c.Skip(n.Name, fmt.Sprintf("strides over %v of a map of %dx%d", patch, in.H, in.W))
			continue
		}
		replace := func(g *nn.Graph) error {
			x := g.Node(conv.Name).In[0]
			return g.Rebuild(g.Node(n.Name), func(b *nn.Builder, _ *nn.Node) *nn.Node {
				return module.ReNet(b, x, p.Cell, patch, p.units(out.C), p.Bidirectional)
			})
		}
		trial := g.Clone() // sums and groups further on may need the map to be as it is
		if err := replace(trial); err != nil {
			return c, err
		}
		if _, err := trial.Steps(); err != nil {
			c.Skip(n.Name, fmt.Sprintf("what reads it needs its map of %v", out))
			if p.Bidirectional && out.C%2 == 0 && in.H/patch[0] == out.H && in.W/patch[1] == out.W {
				c.Mend = fmt.Sprintf("write units: %d", out.C/2)
			}
			continue
		}
		if err := replace(g); err != nil {
			return c, err
		}
		c.Count(true)
	}
	return c, nil
}

// pooled is the convolution that a pooling alone pools, or why there is none to replace.
func (p Recurrent) pooled(g *nn.Graph, n *nn.Node, pool nn.Pool) (conv *nn.Node, reason string) {
	conv = convBefore(n)
	switch {
	case pool.Stride == nn.Square(1):
		return nil, "has stride 1"
	case conv == nil:
		return nil, "no convolution right in front of it"
	case !leadsOnlyTo(g, conv, n):
		return nil, "what it pools has other readers"
	}
	return conv, ""
}
