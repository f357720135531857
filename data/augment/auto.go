package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Auto applies one of 25 pairs of acts that were found by search on a set of pictures, each act with a probability and at a magnitude of
// its own: Cubuk, Zoph, Mane, Vasudevan, Le, "AutoAugment: Learning Augmentation Strategies from Data", CVPR 2019, arXiv:1805.09501,
// tables 7 and 9 (torchvision's AutoAugment, whose tables it has).
type Auto struct {
	Policy Policy `yaml:"policy" spec:"bare" is:"imagenet or cifar10" help:"the pictures that the pairs were found on"`
	Fill   Fill   `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Policy names the pairs of an [Auto].
type Policy byte

// The policies there are.
const (
	PolicyImageNet Policy = iota
	PolicyCIFAR10
)

// Apply draws the pair, and for each of its acts whether it is applied, and its sign if it is and has one.
func (o Auto) Apply(s *Sample, r *tensor.Rand) {
	pairs := &policies[o.Policy]
	for _, a := range pairs[r.IntN(len(pairs))] {
		if float64(r.Float32()) < a.p {
			autoSpace.apply(s, a.act, a.bin, r)
		}
	}
	s.fillBy(o.Fill, r)
}

// String is "auto imagenet".
func (o Auto) String() string { return "auto " + o.Policy.String() + o.Fill.suffix() }

// String is the word of a file.
func (p Policy) String() string { return [...]string{"imagenet", "cifar10"}[p] }

// MarshalText writes the word of a file.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Policy) UnmarshalText(text []byte) error {
	for _, known := range []Policy{PolicyImageNet, PolicyCIFAR10} {
		if known.String() == string(text) {
			*p = known
			return nil
		}
	}
	return fmt.Errorf("unknown value %q; choose imagenet or cifar10", text)
}

// chosen is an act of a pair: its probability and the bin of its magnitude, which is 0 where it has none.
type chosen struct {
	act act
	p   float64
	bin float64
}

var policies = [...][25][2]chosen{
	{ // table 9
		{{actPosterize, 0.4, 8}, {actRotate, 0.6, 9}},
		{{actSolarize, 0.6, 5}, {actAutoContrast, 0.6, 0}},
		{{actEqualize, 0.8, 0}, {actEqualize, 0.6, 0}},
		{{actPosterize, 0.6, 7}, {actPosterize, 0.6, 6}},
		{{actEqualize, 0.4, 0}, {actSolarize, 0.2, 4}},
		{{actEqualize, 0.4, 0}, {actRotate, 0.8, 8}},
		{{actSolarize, 0.6, 3}, {actEqualize, 0.6, 0}},
		{{actPosterize, 0.8, 5}, {actEqualize, 1, 0}},
		{{actRotate, 0.2, 3}, {actSolarize, 0.6, 8}},
		{{actEqualize, 0.6, 0}, {actPosterize, 0.4, 6}},
		{{actRotate, 0.8, 8}, {actColor, 0.4, 0}},
		{{actRotate, 0.4, 9}, {actEqualize, 0.6, 0}},
		{{actEqualize, 0, 0}, {actEqualize, 0.8, 0}},
		{{actInvert, 0.6, 0}, {actEqualize, 1, 0}},
		{{actColor, 0.6, 4}, {actContrast, 1, 8}},
		{{actRotate, 0.8, 8}, {actColor, 1, 2}},
		{{actColor, 0.8, 8}, {actSolarize, 0.8, 7}},
		{{actSharpness, 0.4, 7}, {actInvert, 0.6, 0}},
		{{actShearX, 0.6, 5}, {actEqualize, 1, 0}},
		{{actColor, 0.4, 0}, {actEqualize, 0.6, 0}},
		{{actEqualize, 0.4, 0}, {actSolarize, 0.2, 4}},
		{{actSolarize, 0.6, 5}, {actAutoContrast, 0.6, 0}},
		{{actInvert, 0.6, 0}, {actEqualize, 1, 0}},
		{{actColor, 0.6, 4}, {actContrast, 1, 8}},
		{{actEqualize, 0.8, 0}, {actEqualize, 0.6, 0}},
	},
	{ // table 7
		{{actInvert, 0.1, 0}, {actContrast, 0.2, 6}},
		{{actRotate, 0.7, 2}, {actTranslateX, 0.3, 9}},
		{{actSharpness, 0.8, 1}, {actSharpness, 0.9, 3}},
		{{actShearY, 0.5, 8}, {actTranslateY, 0.7, 9}},
		{{actAutoContrast, 0.5, 0}, {actEqualize, 0.9, 0}},
		{{actShearY, 0.2, 7}, {actPosterize, 0.3, 7}},
		{{actColor, 0.4, 3}, {actBrightness, 0.6, 7}},
		{{actSharpness, 0.3, 9}, {actBrightness, 0.7, 9}},
		{{actEqualize, 0.6, 0}, {actEqualize, 0.5, 0}},
		{{actContrast, 0.6, 7}, {actSharpness, 0.6, 5}},
		{{actColor, 0.7, 7}, {actTranslateX, 0.5, 8}},
		{{actEqualize, 0.3, 0}, {actAutoContrast, 0.4, 0}},
		{{actTranslateY, 0.4, 3}, {actSharpness, 0.2, 6}},
		{{actBrightness, 0.9, 6}, {actColor, 0.2, 8}},
		{{actSolarize, 0.5, 2}, {actInvert, 0, 0}},
		{{actEqualize, 0.2, 0}, {actAutoContrast, 0.6, 0}},
		{{actEqualize, 0.2, 0}, {actEqualize, 0.6, 0}},
		{{actColor, 0.9, 9}, {actEqualize, 0.6, 0}},
		{{actAutoContrast, 0.8, 0}, {actSolarize, 0.2, 8}},
		{{actBrightness, 0.1, 3}, {actColor, 0.7, 0}},
		{{actSolarize, 0.4, 5}, {actAutoContrast, 0.9, 0}},
		{{actTranslateY, 0.9, 9}, {actTranslateY, 0.7, 9}},
		{{actAutoContrast, 0.9, 0}, {actSolarize, 0.8, 3}},
		{{actEqualize, 0.8, 0}, {actInvert, 0.1, 0}},
		{{actTranslateY, 0.7, 9}, {actAutoContrast, 0.9, 0}},
	},
}
