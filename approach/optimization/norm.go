package optimization

import (
	"cmp"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Norm lays layer normalisation over the channels of each position (layer) behind every unit, local response normalisation
// (lrn) over convolutions, or takes every norm away (none). Layer: Ba, Kiros, Hinton, arXiv:1607.06450, as ConvNeXt has it,
// arXiv:2201.03545, §2.6. AlexNet has lrn behind the activations of its first two convolutions: Krizhevsky, Sutskever, Hinton,
// NIPS 2012, §3.3; the numbers are Caffe's.
type Norm struct {
	Kind  string   `yaml:"kind" spec:"bare,required" default:"must be written" values:"layer, lrn, none" help:"layer: over the channels of each position, behind convolutions and hidden linear layers; lrn: across neighbouring channels, behind convolutions; none: removes norms"`
	Place nn.Place `yaml:"place" values:"before, after, input" default:"layer: before; lrn: after" help:"where, relative to the activation; input: of the network alone"`
	Eps   float32  `yaml:"eps" help:"of layer: added to the variance, above 0"`
	Size  int      `yaml:"size" help:"of lrn: how many channels are summed, odd"`
	Alpha float32  `yaml:"alpha" help:"of lrn: factor of the mean square"`
	Beta  float32  `yaml:"beta" help:"of lrn: exponent"`
	K     float32  `yaml:"k" help:"of lrn: what is added to the mean square, above 0"`
	Where nn.Glob  `yaml:"where" default:"all that fit" help:"layer paths"`
}

// NewNorm returns the defaults: CaffeNet's lrn and PyTorch's ε. The kind is left open.
func NewNorm() Norm {
	l := nn.NewLRN()
	return Norm{Eps: nn.NewLayerNorm().Eps, Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
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
	var norm nn.Elided
	place, what, units := cmp.Or(l.Place, nn.After), "convolutions", over.ConvUnits()
	switch l.Kind {
	case "layer":
		norm, place = nn.LayerNorm{Eps: l.Eps}, cmp.Or(l.Place, nn.Before)
		what, units = "convolutions and linear layers", over.Units()
	case "lrn":
		norm = nn.LRN{Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
	default:
		return refuse("kind", "no kind %q; choose one of layer, lrn, none", l.Kind)
	}
	if err := norm.Check(nn.Size{}); err != nil {
		return nn.Changes{}, err
	}
	if place == nn.Images {
		c := nn.Changes{Verb: "normalised", What: "input"}
		c.Count(over.Set(over.Images(), norm))
		return c, nil
	}
	c := nn.Changes{Verb: "normalised", What: what}
	for u := range units {
		if !u.Logits() && l.Where.Match(u.Path()) {
			c.Count(over.SetNorm(u.Site(place), norm))
		}
	}
	return c, nil
}
