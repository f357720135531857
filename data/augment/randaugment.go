package augment

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// RandAugment applies N of fourteen acts, each drawn anew, at one magnitude: Cubuk, Zoph, Shlens, Le, "RandAugment: Practical Automated Data
// Augmentation with a Reduced Search Space", NeurIPS 2020, arXiv:1909.13719 (torchvision's RandAugment, whose table it has).
type RandAugment struct {
	N    int     `yaml:"n" is:"operations" range:"1 to 14" help:"drawn for each picture, one after the other"`
	M    float64 `yaml:"m" spec:"bare" is:"a magnitude" range:"0 to 30" help:"of all of them; or a text of timm's, rand-m9-mstd0.5-inc1, which sets n, m, std and each (its m9 is 27 here)"`
	Std  float64 `yaml:"std" is:"a standard deviation" range:"0 to 30" help:"of a normal number that is added to m for each operation"`
	Each float64 `yaml:"each" is:"a probability" range:"0 to 1" help:"that an operation that was drawn is applied; timm has 0.5"`
	Fill Fill    `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws, for each of N, the act, whether it is applied where Each is below 1, its magnitude where Std is above 0, and its sign if it
// has one.
func (o RandAugment) Apply(s *Sample, r *tensor.Rand) {
	for range o.N {
		a := act(r.IntN(int(actInvert)))
		if o.Each < 1 && float64(r.Float32()) >= o.Each {
			continue
		}
		m := o.M
		if o.Std > 0 {
			m = min(max(m+float64(o.Std*r.Normal()), 0), 30)
		}
		randSpace.apply(s, a, m, r)
	}
	s.fillBy(o.Fill, r)
}

// Text is the operation that one of timm's texts stands for: its scale from 0 to 10 is three times as fine here, and it applies an
// operation that was drawn with probability 0.5.
func (o RandAugment) Text(text string) (Op, error) {
	const known = "rand-m9-mstd0.5-inc1"
	parts := strings.Split(text, "-")
	o.N, o.M, o.Std, o.Each = 2, 30, 0, 0.5
	grows := false
	for i, part := range parts {
		if i == 0 {
			if part != "rand" {
				return nil, fmt.Errorf("randaugment: want a magnitude, 0 to 30, or a text of timm's such as %s, got %q", known, text)
			}
			continue
		}
		digits := strings.IndexAny(part, "0123456789")
		v, err := 0.0, errors.New("no number")
		if digits > 0 {
			v, err = strconv.ParseFloat(part[digits:], 64)
		}
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("randaugment: %q of %q is not understood; write m9, n2, mstd0.5, p0.5, inc1", part, text)
		}
		switch key := part[:digits]; {
		case key == "m" && v <= 10:
			o.M = thrice(v)
		case key == "n" && v == math.Trunc(v) && v >= 1 && v <= 14:
			o.N = int(v)
		case key == "mstd" && v <= 10:
			o.Std = thrice(v)
		case key == "p" && v <= 1:
			o.Each = v
		case key == "inc" && v == 1:
			grows = true
		case key == "inc":
			grows = false
		default:
			return nil, fmt.Errorf("randaugment: %q of %q is not to be had; write m0 to m10, n1 to n14, mstd0 to mstd10, p0 to p1, inc1", part, text)
		}
	}
	if !grows {
		return nil, fmt.Errorf("randaugment: %q has posterize and solarize that grow weaker with m, which is not to be had; write %q", text, strings.ReplaceAll(text, "-inc0", "")+"-inc1")
	}
	return o, nil
}

// thrice is 3v in as many digits as a person writes.
func thrice(v float64) float64 { return math.Round(float64(3e6*v)) / 1e6 }

// String is "randaugment of 2 at 9".
func (o RandAugment) String() string {
	text := fmt.Sprintf("randaugment of %d at %g", o.N, o.M)
	if o.Std > 0 {
		text += fmt.Sprintf("±%g", o.Std)
	}
	if o.Each < 1 {
		text += fmt.Sprintf(", each with probability %g", o.Each)
	}
	return text + o.Fill.suffix()
}
