package augment

import (
	"math"

	"github.com/assaylab/assay/tensor"
)

// act is one of the operations that policies choose from: those of AutoAugment, Cubuk, Zoph, Mane, Vasudevan, Le, CVPR 2019,
// arXiv:1805.09501, table 6, as torchvision has them. Those that move a picture are composed with all else that moves it.
type act byte

const (
	actIdentity act = iota
	actShearX
	actShearY
	actTranslateX
	actTranslateY
	actRotate
	actBrightness
	actColor
	actContrast
	actSharpness
	actPosterize
	actSolarize
	actAutoContrast
	actEqualize
	actInvert
)

// signed says whether the magnitude of an act is as often below 0.
func (a act) signed() bool { return a >= actShearX && a <= actSharpness }

// space is the magnitudes of a policy, from that of bin 0 to that of the last: equally far apart, in float32, as torchvision's are.
type space struct {
	bins    int
	shear   float64 // tangent of the angle
	share   float64 // of the side that a picture is moved by
	pixels  float64 // in place of the share, where it is not 0
	degrees float64
	enhance float64 // how far the factor of brightness, color, contrast and sharpness is from 1
	bits    int     // of posterize in bin 0
	fewer   int     // of them in the last
}

var (
	randSpace = space{bins: 31, shear: 0.3, share: 150. / 331, degrees: 30, enhance: 0.9, bits: 8, fewer: 4}
	autoSpace = space{bins: 10, shear: 0.3, share: 150. / 331, degrees: 30, enhance: 0.9, bits: 8, fewer: 4}
	wideSpace = space{bins: 31, shear: 0.99, pixels: 32, degrees: 135, enhance: 0.99, bits: 8, fewer: 6}
	mixSpace  = space{bins: 10, shear: 0.3, share: 1. / 3, degrees: 30, bits: 4, fewer: 4}
)

// magnitude is that of an act in a bin, from 0 to bins - 1, which may lie between two; side is that along which a picture is moved.
func (p space) magnitude(a act, bin float64, side int) float64 {
	switch a {
	case actShearX, actShearY:
		return p.between(0, p.shear, bin)
	case actTranslateX, actTranslateY:
		if p.pixels > 0 {
			return p.between(0, p.pixels, bin)
		}
		return p.between(0, float64(p.share*float64(side)), bin)
	case actRotate:
		return p.between(0, p.degrees, bin)
	case actBrightness, actColor, actContrast, actSharpness:
		return p.between(0, p.enhance, bin)
	case actPosterize:
		return float64(p.bits) - math.RoundToEven(bin/(float64(p.bins-1)/float64(p.fewer)))
	case actSolarize:
		return p.between(255, 0, bin)
	}
	return 0
}

// between is torch.linspace: a float32, counted from the nearer end and rounded once.
func (p space) between(first, last, bin float64) float64 {
	step := float64(float32(last-first) / float32(p.bins-1))
	if bin < float64(p.bins/2) {
		return float64(float32(float64(float32(first)) + float64(step*bin)))
	}
	return float64(float32(float64(float32(last)) - float64(step*(float64(p.bins-1)-bin))))
}

// apply does an act at the magnitude of a bin; of one that has a sign it draws it.
func (p space) apply(s *Sample, a act, bin float64, r *tensor.Rand) {
	side := s.W
	if a == actTranslateY {
		side = s.H
	}
	magnitude := p.magnitude(a, bin, side)
	if a.signed() && r.IntN(2) == 1 {
		magnitude = -magnitude
	}
	s.do(a, magnitude)
}

// do says what an act of a magnitude does. Shears keep the first row or column in its place. Colours are cut off at 0 and 255 after each.
func (s *Sample) do(a act, magnitude float64) {
	dye := func(c Colour) { s.stages = append(s.stages, stage{kind: apart, colour: c}) }
	change := func(k stageKind, amount float64) { s.stages = append(s.stages, stage{kind: k, amount: amount}) }
	switch a {
	case actShearX:
		s.Move(Warp{A: 1, B: magnitude, C: float64(magnitude*float64(s.H)) / 2, E: 1})
	case actShearY:
		s.Move(Warp{A: 1, D: magnitude, E: 1, F: float64(magnitude*float64(s.W)) / 2})
	case actTranslateX:
		s.Shift(0, int(magnitude))
	case actTranslateY:
		s.Shift(int(magnitude), 0)
	case actRotate:
		s.rotate(magnitude)
	case actBrightness:
		dye(brighten(1 + magnitude))
	case actColor:
		dye(saturated(1 + magnitude))
	case actContrast:
		dye(contrasted(1 + magnitude))
	case actSharpness:
		change(sharpen, 1+magnitude)
	case actPosterize:
		change(posterize, magnitude)
	case actSolarize:
		change(solarize, magnitude)
	case actAutoContrast:
		change(autocontrast, 0)
	case actEqualize:
		change(equalize, 0)
	case actInvert:
		change(invert, 0)
	}
}
