package optimization

import (
	"cmp"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Norm lays normalisation of each position over its channels (layer) or of each image over groups of them (group) behind every unit, of each
// channel of an image (instance) or of neighbouring channels (lrn) over convolutions, takes the weights of every unit by direction and
// length (weight) or those of convolutions as standardised (weight-standard), or takes every norm away (none). Layer: Ba, Kiros, Hinton,
// arXiv:1607.06450, as ConvNeXt has it, arXiv:2201.03545, §2.6. AlexNet has lrn behind the activations of its first two convolutions:
// Krizhevsky, Sutskever, Hinton, NIPS 2012, §3.3; the numbers are Caffe's.
type Norm struct {
	Kind   string   `yaml:"kind" spec:"bare,required" default:"must be written" values:"layer, instance, group, weight, weight-standard, lrn, none" help:"layer: over the channels of each position, behind convolutions and hidden linear layers, as group: over groups of channels of an image; instance: over each channel of an image, behind convolutions, as lrn: across neighbouring channels; weight, of convolutions and hidden linear layers, weight-standard, of convolutions: of the weights, beside what norm there is; none: removes norms"`
	Place  nn.Place `yaml:"place" only:"kind: layer, instance, group, lrn" values:"before, after, input" default:"before; lrn: after" help:"where, relative to the activation; input: of the network alone"`
	Groups int      `yaml:"groups" only:"kind: group" help:"of group: how many groups of channels, at least 1; where they do not divide a layer's channels, as many fewer as do"`
	Eps    float32  `yaml:"eps" only:"kind: layer, instance, group, weight-standard" help:"of all but lrn and weight: added to the variance, above 0"`
	Size   int      `yaml:"size" only:"kind: lrn" help:"of lrn: how many channels are summed, odd"`
	Alpha  float32  `yaml:"alpha" only:"kind: lrn" help:"of lrn: factor of the mean square"`
	Beta   float32  `yaml:"beta" only:"kind: lrn" help:"of lrn: exponent"`
	K      float32  `yaml:"k" only:"kind: lrn" help:"of lrn: what is added to the mean square, above 0"`
	Where  nn.Glob  `yaml:"where" default:"all that fit" help:"layer paths"`
}

// NewNorm returns the defaults: CaffeNet's lrn and PyTorch's ε. The kind is left open.
func NewNorm() Norm {
	l := nn.NewLRN()
	return Norm{Groups: nn.NewGroupNorm().Groups, Eps: nn.NewLayerNorm().Eps, Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
}

// Tune lays the norm in place of the one that a convolution's unit has, or removes norms wherever they are.
func (l Norm) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	if l.Kind == "none" {
		c := nn.Changes{Verb: "removed", What: "norms"}
		for s, held := range over.All() {
			if l.Where.Match(s.Path()) && slices.ContainsFunc(held, func(e nn.Elided) bool { return e.Slot() == nn.SlotNorm }) {
				c.Count(over.Remove(s, nn.SlotNorm))
			}
			if l.Where.Match(s.Path()) && over.Remove(s, nn.SlotWeight) {
				c.Count(true)
			}
		}
		return c, nil
	}
	if l.Kind == "weight" || l.Kind == "weight-standard" {
		return l.weights(over)
	}
	var norm nn.Elided
	place, what, units := cmp.Or(l.Place, nn.After), "convolutions", over.ConvUnits()
	switch l.Kind {
	case "layer":
		norm, place = nn.LayerNorm{Eps: l.Eps}, cmp.Or(l.Place, nn.Before)
		what, units = "convolutions and linear layers", over.Units()
	case "group":
		if l.Groups < 1 {
			return refuse("groups", "groups %d; give 1 or more, such as 32", l.Groups)
		}
		norm, place = nn.GroupNorm{Groups: l.Groups, Eps: l.Eps}, cmp.Or(l.Place, nn.Before)
		what, units = "convolutions and linear layers", over.Units()
	case "instance":
		norm, place = nn.GroupNorm{Eps: l.Eps}, cmp.Or(l.Place, nn.Before)
	case "lrn":
		norm = nn.LRN{Size: l.Size, Alpha: l.Alpha, Beta: l.Beta, K: l.K}
	default:
		return refuse("kind", "no kind %q; choose one of layer, instance, group, weight, weight-standard, lrn, none", l.Kind)
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

// weights lays a norm over the weights of convolutions, and of linear layers where that is meant.
func (l Norm) weights(over *nn.Overlay) (nn.Changes, error) {
	var norm nn.Elided = nn.WeightNorm{}
	c, units := nn.Changes{Verb: "normalised", What: "convolutions' and linear layers' weights"}, over.Units()
	if l.Kind == "weight-standard" {
		norm = nn.WeightStandard{Eps: l.Eps}
		c.What, units = "convolutions' weights", over.ConvUnits()
	}
	if err := norm.Check(nn.Size{}); err != nil {
		return nn.Changes{}, err
	}
	for u := range units {
		if !u.Logits() && l.Where.Match(u.Path()) {
			c.Count(over.Set(u.Weight(), norm))
		}
	}
	return c, nil
}
