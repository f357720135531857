package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/tensor"
)

// AugMix mixes a picture with Width chains of acts, each of which starts from the picture: Hendrycks, Mu, Cubuk, Zoph, Gilmer,
// Lakshminarayanan, "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty", ICLR 2020, arXiv:1912.02781, whose
// nine acts it has (torchvision's AugMix with all_ops false); without the loss that compares three mixtures of a picture. The
// shares of chains, and of all chains in the picture, are of Dirichlet distributions.
type AugMix struct {
	Severity int     `yaml:"severity" spec:"bare" is:"a magnitude" range:"1 to 10" help:"of the strongest acts there are, of ten"`
	Width    int     `yaml:"width" is:"chains" range:"1 to 10" help:"that are mixed"`
	Depth    int     `yaml:"depth" is:"acts of a chain" range:"1 to 10" zero:"1 to 3, drawn for each" help:"one after the other"`
	Alpha    float64 `yaml:"alpha" is:"the Dirichlet distributions' parameter" range:"0.01 to 100" help:"the smaller, the more has one share nearly all"`
}

// Apply draws nothing: the numbers are drawn when the mixture is made.
func (o AugMix) Apply(s *Sample, r *tensor.Rand) {
	s.stages = append(s.stages, stage{kind: mixture, mix: o, rand: *r})
}

// mixActs are the paper's: none of those that ImageNet-C, on which it measures robustness, has among its corruptions.
var mixActs = [...]act{actShearX, actShearY, actTranslateX, actTranslateY, actRotate, actPosterize, actSolarize, actAutoContrast, actEqualize}

// String is "augmix of severity 3".
func (o AugMix) String() string {
	text := fmt.Sprintf("augmix of severity %d, width %d", o.Severity, o.Width)
	if o.Depth > 0 {
		text += fmt.Sprintf(", depth %d", o.Depth)
	}
	return text + fmt.Sprintf(", alpha %g", o.Alpha)
}

// mixed draws a mixture and makes it.
func (s *Sample) mixed(m Image, o AugMix, r *tensor.Rand) {
	var shares [10]float64
	dirichlet(shares[:2], o.Alpha, r)
	mixed := shares[0]
	dirichlet(shares[:o.Width], o.Alpha, r)
	for i := range o.Width {
		shares[i] = float64(shares[i] * mixed)
	}
	s.mix(m, shares[:o.Width], func(c *Sample) {
		depth := o.Depth
		if depth == 0 {
			depth = 1 + r.IntN(3)
		}
		for range depth {
			mixSpace.apply(c, mixActs[r.IntN(len(mixActs))], float64(r.IntN(o.Severity)), r)
		}
	})
}

// mix mixes a picture with as many chains as there are shares; its own is what they leave of 1. Each is called once, to say what is done
// to the picture. What a chain moves in from outside is the mean colour of the picture. Shares have 16 bits behind the point.
func (s *Sample) mix(m Image, shares []float64, chain func(c *Sample)) {
	if s.chain == nil {
		s.chain = new(Sample)
	}
	var weights [10]uint32
	left := uint32(1 << 16)
	for i, share := range shares {
		weights[i] = min(left, uint32(whole(share)))
		left -= weights[i]
	}
	s.sums = resized(s.sums, len(m.Pix))
	for i, v := range m.Pix {
		s.sums[i] = uint32(v)*left + 1<<15
	}
	var mean [3]byte
	for k, v := range seenMean(m, nil) {
		mean[k] = byte(math.Floor(v + 0.5))
	}
	for i := range shares {
		s.chain.Reset(m.H, m.W, m.H, m.W)
		chain(s.chain)
		s.chain.add(s.sums, m, weights[i], mean)
	}
	for i, v := range s.sums {
		m.Pix[i] = byte(v >> 16)
	}
}

// add adds what the sample makes of a picture to sums, so many times, with the given mean colour beyond the picture.
func (s *Sample) add(sums []uint32, m Image, weight uint32, mean [3]byte) {
	if s.warp != (Warp{A: 1, E: 1}) {
		s.warped = true // the window is filled also where it was only moved by whole pixels
	}
	made, _, spans := s.Render(m)
	for y := range m.H {
		span := Span{0, m.W}
		if spans != nil {
			span = spans[y]
		}
		for x := range m.W {
			inside := x >= span.X0 && x < span.X1
			for k := range m.C {
				i := (y*m.W+x)*m.C + k
				v := mean[k]
				if inside {
					v = made.Pix[i]
				}
				sums[i] += uint32(v) * weight
			}
		}
	}
}
