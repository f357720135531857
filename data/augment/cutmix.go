package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/tensor"
)

// CutMix pastes a rectangle of another picture of the batch over each: Yun, Han, Oh, Chun, Choe, Yoo, "CutMix: Regularization Strategy
// to Train Strong Classifiers with Localizable Features", ICCV 2019, arXiv:1905.04899. A share λ is drawn from Beta(Alpha, Alpha), and the
// rectangle has √(1-λ) of each side about a centre that is drawn. What of it lies outside is cut off, and labels count by the pixels
// that are pasted.
type CutMix struct {
	Alpha float64 `yaml:"alpha" spec:"bare" is:"a number" range:"0.001 to 1000" help:"both parameters of the Beta distribution that the share is drawn from"`
}

// Apply leaves a picture by itself as it is.
func (CutMix) Apply(*Sample, *tensor.Rand) {}

// Mix draws the share, the row of the centre and its column.
func (o CutMix) Mix(h, w int, r *tensor.Rand) Mixture {
	return pasted(beta(o.Alpha, r), r.IntN(h), r.IntN(w), h, w)
}

// pasted is the rectangle of a share about a centre.
func pasted(share float64, y, x, h, w int) Mixture {
	half := float64(0.5 * math.Sqrt(1-share))
	halfH, halfW := int(half*float64(h)), int(half*float64(w))
	box := Region{Y: max(0, y-halfH), X: max(0, x-halfW)}
	box.H, box.W = min(h, y+halfH)-box.Y, min(w, x+halfW)-box.X
	if box.H == 0 || box.W == 0 {
		return Mixture{Share: 1}
	}
	return Mixture{Share: float32(1 - float64(box.H*box.W)/float64(h*w)), Pasted: box}
}

// String is "cutmix 1".
func (o CutMix) String() string { return fmt.Sprintf("cutmix %g", o.Alpha) }
