package optimization

import (
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Dropout zeroes values at random in training: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 15, 2014.
type Dropout struct {
	Rate  float32 `yaml:"rate" spec:"bare" help:"probability of zeroing, from 0 to below 1; 0 removes"`
	Place string  `yaml:"place" values:"head, convs, input" help:"behind the hidden linear layers, without any where the network drops already, else in front of the classifier; behind the convolutions; or on the images"`
}

// Tune sets the rate where dropout is, or lays it there.
func (d Dropout) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	if !(d.Rate >= 0 && d.Rate < 1) {
		return refuse("rate", "rate %g; give the probability of zeroing, from 0 to below 1", d.Rate)
	}
	c := nn.Changes{Verb: "set", What: "places for dropout"}
	for _, s := range d.sites(over) {
		if d.Rate == 0 {
			c.Count(over.Remove(s, nn.SlotDropout))
		} else {
			c.Count(over.Set(s, nn.Dropout{Rate: d.Rate}))
		}
	}
	return c, nil
}

// sites lists the places that are meant.
func (d Dropout) sites(over *nn.Overlay) []nn.Site {
	images := over.Images()
	if d.Place == "input" {
		return []nn.Site{images}
	}
	var convs []nn.Site
	for u := range over.ConvUnits() {
		if !u.Logits() {
			convs = append(convs, u.Site(nn.After))
		}
	}
	if d.Place == "convs" {
		return convs
	}
	if hidden := over.Hidden(); len(hidden) > 0 {
		return hidden
	}
	var there []nn.Site // behind poolings, as in Network in Network, or in front of the classifier
	for s := range over.All() {
		if d, ok := over.Get(s, nn.SlotDropout).(nn.Dropout); ok && d.Of == "" && s != images && !slices.Contains(convs, s) {
			there = append(there, s)
		}
	}
	if len(there) > 0 {
		return there
	}
	return []nn.Site{over.Classifier()}
}
