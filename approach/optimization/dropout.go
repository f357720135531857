package optimization

import (
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Dropout puts noise on values or weights in training: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 15, 2014.
type Dropout struct {
	Rate  float32 `yaml:"rate" spec:"bare" help:"probability of zeroing, from 0 to below 1; 0 removes"`
	Kind  string  `yaml:"kind" values:"unit, channel, block, depth, gaussian, drop-connect" help:"what is zeroed: values by themselves; channels of an image; squares of a channel; residual branches of an image; none, but values are multiplied by normal numbers; or weights, for a batch at once"`
	Place string  `yaml:"place" only:"kind: not depth" values:"head, convs, input" default:"head; block: convs" help:"behind the hidden linear layers, without any where the network drops already, else in front of the classifier; behind the convolutions; or on the images. drop-connect: the weights of those layers; depth: left out"`
	Size  int     `yaml:"size" only:"kind: block" help:"of block: pixels of a square's side, odd, at most the map's"`
	Ramp  bool    `yaml:"ramp" only:"kind: block, depth" help:"block: the rate rises evenly from 0 over the training; depth: over the branches, the last of which has all of it"`
}

// NewDropout returns the defaults: half the values, squares of 7 pixels.
func NewDropout() Dropout { return Dropout{Rate: 0.5, Kind: "unit", Size: 7, Ramp: true} }

// Tune sets the rate where dropout is, or lays it there.
func (d Dropout) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	switch {
	case !(d.Rate >= 0 && d.Rate < 1):
		return refuse("rate", "rate %g; give the probability of zeroing, from 0 to below 1", d.Rate)
	case d.Kind == "block" && (d.Size < 1 || d.Size%2 == 0 || d.Size > 1<<20):
		return refuse("size", "size %d; give an odd number of pixels, such as 7", d.Size)
	case d.Kind == "drop-connect" && d.Place == "input":
		return refuse("place", "the images have no weights for drop-connect; give head or convs")
	}
	if d.Place == "" && d.Kind == "block" {
		d.Place = "convs"
	}
	c := nn.Changes{Verb: "set", What: "places for dropout"}
	if d.Kind == "depth" {
		c.What = "residual branches"
	}
	sites := d.sites(over)
	for i, s := range sites {
		if d.Rate == 0 {
			c.Count(over.Remove(s, nn.SlotDropout))
		} else {
			c.Count(over.Set(s, d.layer(i+1, len(sites))))
		}
	}
	return c, nil
}

// layer is what is laid at the i-th of n places.
func (d Dropout) layer(i, n int) nn.Dropout {
	l := nn.Dropout{Rate: d.Rate}
	switch d.Kind {
	case "channel":
		l.Of = nn.Channel
	case "block":
		l.Of, l.Ramp = nn.Block, d.Ramp
		if d.Size != (nn.Dropout{}).Side() {
			l.Size = d.Size
		}
	case "depth":
		l.Of = nn.Depth
		if d.Ramp { // arXiv:1603.09382, eq. 4
			l.Rate = float32(float64(d.Rate) * float64(i) / float64(n))
		}
	case "gaussian":
		l.Gaussian = true
	case "drop-connect":
		l.Of = nn.Weights
	}
	return l
}

// sites lists the places that are meant.
func (d Dropout) sites(over *nn.Overlay) []nn.Site {
	if d.Kind == "depth" {
		return over.Branches()
	}
	images := over.Images()
	if d.Place == "input" {
		return []nn.Site{images}
	}
	var convs, weighed []nn.Site
	for u := range over.ConvUnits() {
		if !u.Logits() {
			convs, weighed = append(convs, u.Site(nn.After)), append(weighed, u.Weighs())
		}
	}
	switch {
	case d.Place == "convs" && d.Kind == "drop-connect":
		return weighed
	case d.Place == "convs":
		return convs
	case d.Kind == "drop-connect":
		return d.linears(over)
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

// linears lists the hidden linear layers by what they weigh, without any the classifier.
func (d Dropout) linears(over *nn.Overlay) []nn.Site {
	var hidden []nn.Site
	for u := range over.Units() {
		if u.Linear() && !u.Logits() {
			hidden = append(hidden, u.Weighs())
		}
	}
	if len(hidden) > 0 {
		return hidden
	}
	return []nn.Site{over.Classifier()}
}
