package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Color changes brightness, contrast and saturation, in this order, by factors from 1 - x to 1 + x (at least 0), each as likely:
// torchvision's ColorJitter, which draws the order, too, and rounds in between. Contrast is about the mean brightness of what
// is seen, saturation about the pixel's own.
type Color struct {
	Brightness float64 `yaml:"brightness" is:"a share" range:"0 to 1" help:"the factor lies between 1 less it and 1 more it"`
	Contrast   float64 `yaml:"contrast" is:"a share" range:"0 to 1" help:"likewise, about the mean brightness of what is seen"`
	Saturation float64 `yaml:"saturation" is:"a share" range:"0 to 1" help:"likewise, about each pixel's own brightness"`
}

// Apply draws three numbers.
func (o Color) Apply(s *Sample, r *tensor.Rand) {
	brightness := between(1-o.Brightness, 1+o.Brightness, r)
	contrast := between(1-o.Contrast, 1+o.Contrast, r)
	saturation := between(1-o.Saturation, 1+o.Saturation, r)
	for _, change := range []struct {
		in bool
		c  Colour
	}{{o.Brightness > 0, brighten(brightness)}, {o.Contrast > 0, contrasted(contrast)}, {o.Saturation > 0, saturated(saturation)}} {
		if change.in {
			s.Dye(change.c)
		}
	}
}

// times is f for each colour and g for their brightness.
func times(f, g float64) (m [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			m[i][j] = float64(g * luma[j])
		}
		m[i][i] += f
	}
	return m
}

func brighten(f float64) Colour   { return Colour{Pixel: times(f, 0)} }
func contrasted(f float64) Colour { return Colour{Pixel: times(f, 0), Mean: times(0, 1-f)} }
func saturated(f float64) Colour  { return Colour{Pixel: times(f, 1-f)} }

// String is "color by brightness 0.4, contrast 0.4, saturation 0.4".
func (o Color) String() string {
	return fmt.Sprintf("color by brightness %g, contrast %g, saturation %g", o.Brightness, o.Contrast, o.Saturation)
}
