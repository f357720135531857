package augment

import "github.com/assaylab/assay/tensor"

// Trivial applies one of fourteen acts at one of 31 magnitudes, all as likely: Müller, Hutter, "TrivialAugment: Tuning-free Yet
// State-of-the-Art Data Augmentation", ICCV 2021, arXiv:2103.10158, its wide space (torchvision's TrivialAugmentWide, whose table it has).
type Trivial struct {
	Fill Fill `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws the act, the bin of its magnitude, and its sign if it has one.
func (o Trivial) Apply(s *Sample, r *tensor.Rand) {
	a := act(r.IntN(int(actInvert)))
	wideSpace.apply(s, a, float64(r.IntN(wideSpace.bins)), r)
	s.fillBy(o.Fill, r)
}

// String is "trivial".
func (o Trivial) String() string { return "trivial" + o.Fill.suffix() }
