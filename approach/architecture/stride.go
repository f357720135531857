package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Stride sets the stride of layers, so that smaller images keep their maps: "if you cannot increase the input image size, reduce
// the stride in the consequent layers", Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §5.
type Stride struct {
	Layer Layers `yaml:"layer" help:"first, the first convolution; or layer paths, one or a list"`
	To    nn.HW  `yaml:"to" spec:"bare,required" default:"must be written" help:"the stride, at least 1; of height and width as in 2x1"`
}

// Layers is patterns of layer paths; in a file one stands without brackets.
type Layers []nn.Glob

// UnmarshalSpec reads conv1 or [conv1, "stage2/**"].
func (l *Layers) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.List {
		return spec.Decode(n, (*[]nn.Glob)(l))
	}
	*l = make(Layers, 1)
	return spec.Decode(n, &(*l)[0])
}

// First stands for the first convolution.
const First = "first"

// Rewrite changes the size of maps; parameters of linear layers that read them follow.
func (p Stride) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "set the stride of", What: "layers"}
	switch {
	case p.To == nn.HW{}:
		return c, &spec.Fault{Path: "$.to", Msg: `the key "to" is missing; add it`}
	case len(p.Layer) == 0:
		return c, &spec.Fault{Path: "$.layer", Msg: `no layer; give a path or more, or "first"`}
	}
	done := map[*nn.Node]bool{}
	for i, at := range p.Layer {
		found := false
		var names []string
		for n := range nn.Each[nn.Layer](g) {
			l := strided(n.Layer, p.To)
			if l == nil {
				continue
			}
			names = append(names, n.Path())
			if at == First && (found || !isConv(n)) || at != First && !at.Match(n.Path()) {
				continue
			}
			found = true
			if !done[n] {
				done[n] = true
				c.Count(g.Replace(n, l))
			}
		}
		if !found {
			mend := "name layers as assay net show prints them, ** for all below a name"
			if near, ok := spec.Nearest(string(at), names); ok {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			path := "$.layer"
			if len(p.Layer) > 1 {
				path = fmt.Sprintf("$.layer[%d]", i)
			}
			what := fmt.Sprintf("convolution or pooling %q", at)
			if at == First {
				what, mend = "convolution", "name a layer"
			}
			return c, &spec.Fault{Path: path, Msg: fmt.Sprintf("%s has no %s; %s", g.Name, what, mend)}
		}
	}
	return c, nil
}

// strided is a layer with another stride, nil if it has none.
func strided(l nn.Layer, to nn.HW) nn.Layer {
	switch l := l.(type) {
	case nn.Conv:
		l.Stride = to
		return l
	case nn.Pool:
		l.Stride = to
		return l
	case nn.Shortcut:
		if to[0] == to[1] {
			l.Stride = to[0]
			return l
		}
	}
	return nil
}

func isConv(n *nn.Node) bool { _, ok := n.Layer.(nn.Conv); return ok }
