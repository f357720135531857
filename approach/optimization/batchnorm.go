package optimization

import (
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// BatchNorm normalises each channel over the batch, behind every convolution and hidden linear layer: Ioffe, Szegedy, ICML
// 2015, arXiv:1502.03167. A norm that is there already is moved or changed, never doubled.
type BatchNorm struct {
	Place    nn.Place `yaml:"place" spec:"bare" values:"before, after, input" help:"where, relative to the activation; input: of the network alone"`
	Affine   bool     `yaml:"affine" help:"learn a scale and a shift a channel"`
	Momentum float32  `yaml:"momentum" help:"share of the old running value kept, 0 to 1"`
	Eps      float32  `yaml:"eps" help:"added to the variance, above 0"`
	Ghost    int      `yaml:"ghost" help:"images that share statistics in training, which divide the batch; 0: the whole batch"`
}

// Tune lays the norm over every unit but the one that computes the logits.
func (bn BatchNorm) Tune(_ *experiment.Optimization, over *nn.Overlay) (nn.Changes, error) {
	switch {
	case !(bn.Momentum >= 0 && bn.Momentum <= 1):
		return refuse("momentum", "momentum %g; give the share of the old running value kept, 0 to 1", bn.Momentum)
	case !(bn.Eps > 0 && bn.Eps < 1):
		return refuse("eps", "eps %g; give a small number above 0, such as 1e-5", bn.Eps)
	case bn.Ghost < 0 || bn.Ghost > 1<<20:
		return refuse("ghost", "ghost %d; give the images that share statistics, which divide the batch, or 0 for the whole batch", bn.Ghost)
	}
	norm := nn.BatchNorm{Momentum: bn.Momentum, Eps: bn.Eps, Affine: bn.Affine, Ghost: bn.Ghost}
	if bn.Place == nn.Images {
		c := nn.Changes{Verb: "normalised", What: "input"}
		c.Count(over.Set(over.Images(), norm))
		return c, nil
	}
	c := nn.Changes{Verb: "normalised", What: "convolutions and linear layers"}
	for u := range over.Units() {
		if u.Logits() {
			continue
		}
		c.Count(over.SetNorm(u.Site(bn.Place), norm))
	}
	return c, nil
}
