package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// Shear slants what is seen along the rows, about the centre of the window, by an angle from -Degrees to Degrees, each as likely (the
// shear of torchvision's RandomAffine).
type Shear struct {
	Degrees float64 `yaml:"degrees" spec:"bare" is:"degrees" range:"0 to 45" help:"the largest angle by which upright lines lean, either way"`
	Fill    Fill    `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws one number.
func (o Shear) Apply(s *Sample, r *tensor.Rand) {
	angle := float64(between(-o.Degrees, o.Degrees, r) * (math.Pi / 180))
	s.shear(elementary.Cos(angle-math.Pi/2)/elementary.Cos(angle), 0)
	s.fillBy(o.Fill, r)
}

// shear moves a row to the left by so much of its distance below the centre, a column up by so much of its distance to the right.
func (s *Sample) shear(rows, columns float64) { s.Move(Warp{A: 1, B: rows, D: columns, E: 1}) }

// String is "shear by up to 10°".
func (o Shear) String() string {
	return fmt.Sprintf("shear by up to %g°", o.Degrees) + o.Fill.suffix()
}
