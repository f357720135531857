package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/tensor"
)

// Translate moves what is seen by whole pixels, up or down and left or right, by up to Share of the window's height and width or by up
// to Pixels, each as likely (the translation of torchvision's RandomAffine). At least one row and column stay in sight.
type Translate struct {
	Share  float64 `yaml:"share" spec:"bare" only:"not pixels" is:"a share" range:"0 to 1" help:"of height and width; the farthest that a picture is moved, either way"`
	Pixels int     `yaml:"pixels" is:"pixels" range:"0 to 4096" help:"in place of the share, where it is not 0"`
	Fill   Fill    `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws two numbers.
func (o Translate) Apply(s *Sample, r *tensor.Rand) {
	s.Shift(o.steps(s.H, r), o.steps(s.W, r))
	s.fillBy(o.Fill, r)
}

// steps draws how far a picture is moved along a side.
func (o Translate) steps(side int, r *tensor.Rand) int {
	most := o.Pixels
	if most == 0 {
		most = int(math.Round(float64(o.Share * float64(side))))
	}
	most = min(most, side-1)
	return r.IntN(2*most+1) - most
}

// Fits says whether a part of the picture is always seen.
func (o Translate) Fits(h, w int) error {
	if o.Pixels >= min(h, w) {
		return fmt.Errorf("translate: %d pixels leave nothing of %dx%d; give at most %d", o.Pixels, h, w, min(h, w)-1)
	}
	return nil
}

// String is "translate by up to 0.1 of the side", or "by up to 2 pixels".
func (o Translate) String() string {
	if o.Pixels > 0 {
		return fmt.Sprintf("translate by up to %d pixels", o.Pixels) + o.Fill.suffix()
	}
	return fmt.Sprintf("translate by up to %g of the side", o.Share) + o.Fill.suffix()
}
