package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// Rotate turns what is seen about the centre of the window, by an angle from -Degrees to Degrees, each as likely (torchvision's
// RandomRotation). The corners come from outside the picture.
type Rotate struct {
	Degrees float64 `yaml:"degrees" spec:"bare" is:"degrees" range:"0 to 180" help:"the largest angle, either way"`
	Fill    Fill    `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what comes in from outside: the mean colour, the picture's edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws one number.
func (o Rotate) Apply(s *Sample, r *tensor.Rand) {
	s.rotate(between(-o.Degrees, o.Degrees, r))
	s.fillBy(o.Fill, r)
}

// rotate turns by degrees against the clock.
func (s *Sample) rotate(degrees float64) {
	angle := float64(degrees * (math.Pi / 180))
	cos, sin := elementary.Cos(angle), elementary.Cos(angle-math.Pi/2)
	s.Move(Warp{A: cos, B: -sin, D: sin, E: cos}) // back, in a plane whose y points down
}

// String is "rotate by up to 15°".
func (o Rotate) String() string {
	return fmt.Sprintf("rotate by up to %g°", o.Degrees) + o.Fill.suffix()
}
