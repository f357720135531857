package compile

import (
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Features is what the programs of [Front.Behind] read in place of Images, and the Output of [Front.Program]: [N,H,W,C].
const Features = "features"

// Front is the part of a network that gives the same for an image in every step and in evaluation: it is frozen with its norms,
// nothing in it is random, and what lies behind it reads one value of it. So what it makes of an image may be kept.
type Front struct {
	Size nn.Size // of what it makes of an image

	family *Family
	node   string          // whose output it gives
	within map[string]bool // nodes by name
}

// Front is the network's, as deep as there is one; nil where its first layer is trained.
func (f *Family) Front() *Front {
	fixed := map[*nn.Node]bool{}
	for _, s := range f.steps {
		fixed[s.Node] = f.fixed(s) && !slices.ContainsFunc(s.Node.In, func(n *nn.Node) bool { return !fixed[n] })
	}
	for _, s := range slices.Backward(f.steps) {
		if _, image := s.Node.Layer.(nn.Input); image || !fixed[s.Node] {
			continue
		}
		if within := f.before(s.Node); within != nil {
			return &Front{Size: s.Size, family: f, node: s.Node.Name, within: within}
		}
	}
	return nil
}

// FrontMACs is the multiply-adds of an image in the front of a network by the settings, 0 where there is none. It takes no memory for
// parameters.
func FrontMACs(g *nn.Graph, o experiment.Optimization) (int64, error) {
	f, err := laidOut(g, o)
	if err != nil {
		return 0, err
	}
	front, sum := f.Front(), int64(0)
	for _, s := range f.steps {
		if front != nil && front.within[s.Node.Name] {
			sum += s.MACs
		}
	}
	return sum, nil
}

// before is the names of a node and of all that it follows from; nil where the rest of the network reads more of these than the node.
func (f *Family) before(end *nn.Node) map[string]bool {
	within := map[string]bool{end.Name: true}
	for _, s := range slices.Backward(f.steps) {
		if within[s.Node.Name] {
			for _, n := range s.Node.In {
				within[n.Name] = true
			}
		}
	}
	for _, s := range f.steps {
		if !within[s.Node.Name] && slices.ContainsFunc(s.Node.In, func(n *nn.Node) bool { return within[n.Name] && n != end }) {
			return nil
		}
	}
	if slices.ContainsFunc(f.Graph.Outputs, func(o nn.Output) bool { return within[o.Node.Name] }) {
		return nil
	}
	return within
}

// fixed reports whether a layer, with what lies over it, does the same in every step and in evaluation.
func (f *Family) fixed(s nn.Step) bool {
	kept := func(ps []nn.Param) bool {
		return !slices.ContainsFunc(ps, func(p nn.Param) bool { return !f.settings[p.Name].frozen })
	}
	still := f.still(s.Node.Path())
	switch l := s.Node.Layer.(type) {
	case nn.Activation:
		if l.Func == nn.RReLU && !still {
			return false
		}
	case nn.Pool:
		if l.Type == nn.Stochastic && !still {
			return false
		}
	case nn.BinPool:
		if l.Type == nn.Stochastic && !still {
			return false
		}
	}
	for _, over := range append(slices.Clone(s.OverIn), s.OverOut) {
		for _, a := range over {
			switch e := a.Layer.(type) {
			case nn.Dropout:
				if e.Rate > 0 && !still {
					return false
				}
			case nn.BatchNorm:
				if !f.frozen(s.Node.Path()) {
					return false
				}
			}
			if !kept(a.Params) {
				return false
			}
		}
	}
	return kept(s.Params)
}

// Program gives Features of a batch of images.
func (fr *Front) Program(batch int) (*program.Program, error) {
	b := program.NewBuilder("front")
	f := *fr.family
	f.steps = slices.DeleteFunc(slices.Clone(f.steps), func(s nn.Step) bool { return !fr.within[s.Node.Name] })
	l := f.lower(b, batch, training, nil)
	b.At(fr.node)
	shape := tensor.Of(batch, fr.Size.H, fr.Size.W, fr.Size.C)
	b.Output(Features, b.Emit(program.Reshape{Shape: shape}, l.out[f.Graph.Node(fr.node)]))
	return b.Build()
}

// Behind is the family over the same State whose steps and evaluations take Features in place of Images.
func (fr *Front) Behind() *Family {
	f := *fr.family
	f.front = fr
	return &f
}
