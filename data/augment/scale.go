package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Scale makes what is seen larger or smaller about the centre of the window, by a factor between the two of By, each as likely
// (torchvision's RandomAffine).
type Scale struct {
	By   [2]float64 `yaml:"by" spec:"bare" is:"two factors of the size, the smaller first" range:"0.1 to 10" help:"a number between them is drawn"`
	Fill Fill       `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws one number.
func (o Scale) Apply(s *Sample, r *tensor.Rand) {
	s.scale(between(o.By[0], o.By[1], r))
	s.fillBy(o.Fill, r)
}

func (s *Sample) scale(factor float64) { s.Move(Warp{A: 1 / factor, E: 1 / factor}) }

// String is "scale by 0.8 to 1.25".
func (o Scale) String() string {
	return fmt.Sprintf("scale by %g to %g", o.By[0], o.By[1]) + o.Fill.suffix()
}
