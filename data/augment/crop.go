package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Crop moves the window to a random place, every one equally likely. With Pad the picture is thought to have so many pixels
// of the mean colour on every side: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
// arXiv:1512.03385, §4.2 (pad 4 on CIFAR-10). Without, the window stays inside the picture: Krizhevsky, Sutskever, Hinton,
// "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, §4.1. Where picture and window have one
// size, Crop without Pad changes nothing. Size says how large the window is that the network is built for; Apply finds it in
// the sample.
type Crop struct {
	Size int  `yaml:"size" spec:"bare" is:"pixels of a side" range:"1 to 4096" zero:"the images' own" help:"the small side of pictures is 1.125 times that, with pad that itself"`
	Pad  int  `yaml:"pad" is:"pixels" range:"0 to 1024" help:"added on every side before the cut"`
	Fill Fill `yaml:"fill" is:"mean, edge, reflect or a grey level" help:"what lies beyond the picture: the mean colour, its edge, its mirror image, or a grey from 0 to 255"`
}

// Apply draws two numbers.
func (c Crop) Apply(s *Sample, r *tensor.Rand) {
	s.Y = place(s.h, s.H, c.Pad, r)
	s.X = place(s.w, s.W, c.Pad, r)
	s.fillBy(c.Fill)
}

// String is "crop 32 padded by 4".
func (c Crop) String() string {
	text := "crop"
	if c.Size > 0 {
		text += fmt.Sprintf(" %d", c.Size)
	}
	if c.Pad > 0 {
		text += fmt.Sprintf(" padded by %d", c.Pad)
	}
	return text + c.Fill.suffix()
}

// place draws the start of a window of the given length over [-pad, length+pad); a window that is longer is centred.
func place(length, window, pad int, r *tensor.Rand) int {
	free := length + 2*pad - window
	if free < 0 {
		r.Uint32()
		return floorHalf(length - window)
	}
	return r.IntN(free+1) - pad
}
