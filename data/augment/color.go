package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Color changes brightness, contrast and saturation, in this order, by factors from 1 - x to 1 + x (at least 0), each as likely, then
// turns the hue: torchvision's ColorJitter, which draws the order, too, and rounds in between. Contrast is about the mean
// brightness of what is seen, saturation about the pixel's own. Last, PCA adds to all pixels a colour along the directions in which
// those of ImageNet vary, by normal numbers of that deviation: Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1, who take 0.1.
type Color struct {
	Brightness float64 `yaml:"brightness" is:"a share" range:"0 to 1" help:"the factor lies between 1 less it and 1 more it"`
	Contrast   float64 `yaml:"contrast" is:"a share" range:"0 to 1" help:"likewise, about the mean brightness of what is seen"`
	Saturation float64 `yaml:"saturation" is:"a share" range:"0 to 1" help:"likewise, about each pixel's own brightness"`
	Hue        float64 `yaml:"hue" is:"a share of the circle of colours" range:"0 to 0.5" help:"the farthest that hues are turned, either way"`
	PCA        float64 `yaml:"pca" is:"a standard deviation" range:"0 to 10" help:"of the colour that is added along the principal components of ImageNet's; AlexNet has 0.1"`
}

// Apply draws three numbers, one more for hue and three more for pca where they are not 0.
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
	if o.Hue > 0 {
		s.stages = append(s.stages, stage{kind: hue, amount: between(-o.Hue, o.Hue, r)})
	}
	if o.PCA > 0 {
		var alpha [3]float64
		for i := range alpha {
			alpha[i] = float64(o.PCA * r.Normal())
		}
		s.Dye(lit(alpha))
	}
}

// lit adds the eigenvectors of ImageNet's colours, each as often as alpha says times its eigenvalue: the figures of Gross and Wilber's
// fb.resnet.torch, of colours from 0 to 1.
func lit(alpha [3]float64) Colour {
	values := [3]float64{0.2175, 0.0188, 0.0045}
	vectors := [3][3]float64{{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}} // a column each
	c := Colour{Pixel: times(1, 0)}
	for i := range c.Add {
		for k := range alpha {
			c.Add[i] += float64(255 * float64(vectors[i][k]*float64(alpha[k]*values[k])))
		}
	}
	return c
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
	text := fmt.Sprintf("color by brightness %g, contrast %g, saturation %g", o.Brightness, o.Contrast, o.Saturation)
	if o.Hue > 0 {
		text += fmt.Sprintf(", hue %g", o.Hue)
	}
	if o.PCA > 0 {
		text += fmt.Sprintf(", pca %g", o.PCA)
	}
	return text
}
