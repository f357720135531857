package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Cutout covers a square about a pixel of what is seen, every one equally likely, so that it may reach beyond the edge: DeVries, Taylor,
// "Improved Regularization of Convolutional Neural Networks with Cutout", 2017, arXiv:1708.04552.
type Cutout struct {
	Size int `yaml:"size" spec:"bare" is:"pixels of a side" range:"1 to 4096" zero:"half the smaller side of what is seen" help:"its centre may be any pixel"`
	Fill Ink `yaml:"fill" is:"mean, noise or a grey level" help:"what the square is covered by: the mean colour, noise, or a grey from 0 to 255"`
}

// Apply draws two numbers.
func (o Cutout) Apply(s *Sample, r *tensor.Rand) {
	size := o.Size
	if size == 0 {
		size = min(s.H, s.W) / 2
	}
	s.Cover(Region{Y: r.IntN(s.H) - size/2, X: r.IntN(s.W) - size/2, H: size, W: size, Ink: o.Fill}, r)
}

// Fits says whether a part of the picture is always seen.
func (o Cutout) Fits(h, w int) error {
	if o.Size >= max(h, w) {
		return fmt.Errorf("cutout: size %d leaves nothing of %dx%d; give at most %d", o.Size, h, w, max(h, w)-1)
	}
	return nil
}

// String is "cutout 16".
func (o Cutout) String() string {
	text := "cutout"
	if o.Size > 0 {
		text += fmt.Sprintf(" %d", o.Size)
	}
	return text + o.Fill.fill.suffix()
}
