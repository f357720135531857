package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// Erase covers a rectangle of what is seen: Zhong, Zheng, Kang, Li, Yang, "Random Erasing Data Augmentation", AAAI
// 2020, arXiv:1708.04896. Area is its share of the window, Aspect its height for its width, each between two numbers, the
// second on a scale of logarithms; ten are drawn, and the first that is smaller than the window both ways is taken (torchvision's
// RandomErasing).
type Erase struct {
	Area   [2]float64 `yaml:"area" is:"two shares, the smaller first" range:"0.001 to 1" help:"of what is seen that is covered"`
	Aspect [2]float64 `yaml:"aspect" is:"two ratios, the smaller first" range:"0.05 to 20" help:"of the height to the width"`
	Fill   Ink        `yaml:"fill" is:"mean, noise or a grey level" help:"what the rectangle is covered by: the mean colour, noise, or a grey from 0 to 255"`
}

// tries are how often a rectangle is drawn that may turn out too long.
const tries = 10

// Apply draws two numbers for each rectangle, and two for the place of the one that is taken.
func (o Erase) Apply(s *Sample, r *tensor.Rand) {
	low, high := elementary.Log(o.Aspect[0]), elementary.Log(o.Aspect[1])
	for range tries {
		area := float64(float64(s.H*s.W) * between(o.Area[0], o.Area[1], r))
		aspect := elementary.Exp(between(low, high, r))
		h := int(math.Round(math.Sqrt(float64(area * aspect))))
		w := int(math.Round(math.Sqrt(area / aspect)))
		if h < s.H && w < s.W {
			s.Cover(Region{Y: r.IntN(s.H - h + 1), X: r.IntN(s.W - w + 1), H: h, W: w, Ink: o.Fill}, r)
			return
		}
	}
}

// String is "erase 0.02 to 0.33".
func (o Erase) String() string {
	text := fmt.Sprintf("erase %g to %g", o.Area[0], o.Area[1])
	if o.Aspect != [2]float64{0.3, 3.3} {
		text += fmt.Sprintf(" of aspect %g to %g", o.Aspect[0], o.Aspect[1])
	}
	return text + o.Fill.fill.suffix()
}
