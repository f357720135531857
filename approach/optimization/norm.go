package optimization

import (
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Norm lays local response normalisation (lrn) over convolutions, or takes every norm away (none). AlexNet has it behind the
// activations of its first two convolutions: Krizhevsky, Sutskever, Hinton, NIPS 2012, §3.3; the numbers are Caffe's.
type Norm struct {
	Kind  string   `yaml:"kind" spec:"bare,required" default:"must be written" values:"lrn, none" help:"lrn: across channels, behind convolutions; none: removes norms"`
	Place nn.Place `yaml:"place" values:"before, after, input" help:"where, relative to the activation; input: of the network alone"`
	Size  int      `yaml:"size" help:"of lrn: how many channels are summed, odd"`
	Alpha float32  `yaml:"alpha" help:"of lrn: factor of the mean square"`
	Beta  float32  `yaml:"beta" help:"of lrn: exponent"`
	K     float32  `yaml:"k" help:"of lrn: what is added to the mean square, above 0"`
	Where nn.Glob  `yaml:"where" default:"all that fit" help:"layer paths"`
}

// NewNorm returns the defaults: CaffeNet's lrn, behind the activation. The kind is left open.
func NewNorm() Norm {
	l := nn.NewLRN()
	return Norm{Place: nn.After, Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
}

// Tune lays the norm in place of the one that a convolution's unit has, or removes norms wherever they are.
func (l Norm) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	if l.Kind == "none" {
		c := nn.Changes{Verb: "removed", What: "norms"}
		for s, held := range over.All() {
			if l.Where.Match(s.Path()) && slices.ContainsFunc(held, func(e nn.Elided) bool { return e.Slot() == nn.SlotNorm }) {
				c.Count(over.Remove(s, nn.SlotNorm))
			}
		}
		return c, nil
	}
	if l.Kind != "lrn" {
		return refuse("kind", "no kind %q; choose one of lrn, none", l.Kind)
	}
	norm := nn.LRN{Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
	if err := norm.Check(nn.Size{}); err != nil {
		return nn.Changes{}, err
	}
	if l.Place == nn.Images {
		c := nn.Changes{Verb: "normalised", What: "input"}
		c.Count(over.Set(over.Images(), norm))
		return c, nil
	}
	c := nn.Changes{Verb: "normalised", What: "convolutions"}
	for u := range over.ConvUnits() {
		if !u.Logits() && l.Where.Match(u.Path()) {
			c.Count(over.SetNorm(u.Site(l.Place), norm))
		}
	}
	return c, nil
}
