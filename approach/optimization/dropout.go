package optimization

import (
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Dropout zeroes values at random in training: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 15, 2014.
type Dropout struct {
	Rate  float32 `yaml:"rate" spec:"bare" help:"probability of zeroing, from 0 to below 1; 0 removes"`
	Place string  `yaml:"place" values:"head, convs, input" help:"behind the hidden linear layers (or in front of the classifier where there are none), behind the convolutions, or on the images"`
}

// Tune sets the rate where dropout is, or lays it there.
func (d Dropout) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	if err := oneOf("place", d.Place, "head", "convs", "input"); err != nil {
		return nn.Changes{}, err
	}
	layer := nn.Dropout{Rate: d.Rate}
	if !(d.Rate >= 0 && d.Rate < 1) {
		return refuse("rate", "rate %g; give the probability of zeroing, from 0 to below 1", d.Rate)
	}
	c := nn.Changes{Verb: "set", What: "places for dropout"}
	for _, s := range d.sites(over) {
		if d.Rate == 0 {
			c.Count(over.Remove(s, nn.SlotDropout))
		} else {
			c.Count(over.Set(s, layer))
		}
	}
	return c, nil
}

func (d Dropout) sites(over *nn.Overlay) []nn.Site {
	switch d.Place {
	case "input":
		return []nn.Site{over.Images()}
	case "convs":
		var ss []nn.Site
		for u := range over.ConvUnits() {
			if !u.Logits() {
				ss = append(ss, u.Site(nn.After))
			}
		}
		return ss
	}
	if hidden := over.Hidden(); len(hidden) > 0 {
		return hidden
	}
	return []nn.Site{over.Classifier()}
}
