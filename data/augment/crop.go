package augment

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// Crop moves the window to a random place, every one equally likely. With Pad the picture is thought to have so many pixels
// of the mean colour on every side: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
// arXiv:1512.03385, §4.2 (pad 4 on CIFAR-10). Without, the window stays inside the picture: Krizhevsky, Sutskever, Hinton,
// "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, §4.1. Where picture and window have one
// size, Crop without Pad changes nothing. Size says how large the window is that the network is built for; Apply finds it in
// the sample.
//
// With Area or Aspect a part of the picture of another size is cut out and fills the window: Szegedy, Liu, Jia et al., "Going Deeper
// with Convolutions", CVPR 2015, arXiv:1409.4842, §6. Area is its share of the picture, Aspect its width for its height, each between
// two numbers, the second on a scale of logarithms; ten are drawn, the first that lies in the picture is taken, and if none does the
// largest part in its centre of an aspect between the two (torchvision's RandomResizedCrop).
type Crop struct {
	Size    int        `yaml:"size" spec:"bare" is:"pixels of a side" range:"1 to 4096" zero:"the images' own" help:"the small side of pictures is 1.125 times that, with pad that itself"`
	Pad     int        `yaml:"pad" is:"pixels" range:"0 to 1024" help:"added on every side before the cut"`
	Area    [2]float64 `yaml:"area" is:"two shares, the smaller first" range:"0.01 to 1" zero:"the window's own" default:"[0.08, 1] where aspect is given" help:"how much of the picture is cut out and made as large as the window"`
	Aspect  [2]float64 `yaml:"aspect" is:"two ratios, the smaller first" range:"0.05 to 20" zero:"the window's own" default:"[0.75, 1.333] where area is given" help:"of the width to the height of what is cut out"`
	Overlap float64    `yaml:"overlap" is:"a share" range:"0.01 to 1" zero:"0.3" help:"of some box's area that has to stay, in pictures that have boxes: others are cut anew, ten times at most"`
	Fill    Fill       `yaml:"fill" is:"mean, edge, reflect, noise or a grey level" help:"what lies beyond the picture: the mean colour, its edge, its mirror image, noise, or a grey from 0 to 255"`
}

// Apply draws two numbers; with Area or Aspect two for each part, and two for the place of the one that is taken. Where the picture has
// boxes it does so again until what is seen holds enough of one: Liu et al., "SSD", ECCV 2016, arXiv:1512.02325, §2.2, whose least
// overlap is by the union of both. The last of ten cuts stays as it is.
func (c Crop) Apply(s *Sample, r *tensor.Rand) {
	least := c.Overlap
	if least == 0 {
		least = 0.3
	}
	window, warp, warped := s.Window, s.warp, s.warped
	for try := 1; ; try++ {
		c.cut(s, r)
		if try == tries || len(s.boxes) == 0 || slices.ContainsFunc(s.boxes, func(b Box) bool { return s.left(b) >= least }) {
			break
		}
		s.Window, s.warp, s.warped = window, warp, warped
	}
	s.fillBy(c.Fill, r)
}

// cut draws what is cut out.
func (c Crop) cut(s *Sample, r *tensor.Rand) {
	if c.sized() {
		y, x, h, w := c.part(s.h, s.w, r)
		s.zoom(y, x, h, w)
	} else {
		s.Y = place(s.h, s.H, c.Pad, r)
		s.X = place(s.w, s.W, c.Pad, r)
	}
}

// sized says whether what is cut out gets another size.
func (c Crop) sized() bool { return c.Area != [2]float64{} || c.Aspect != [2]float64{} }

// part draws a part of a picture h pixels high and w wide.
func (c Crop) part(h, w int, r *tensor.Rand) (y, x, height, width int) {
	area, aspect := c.Area, c.Aspect
	if area == [2]float64{} {
		area = [2]float64{0.08, 1}
	}
	if aspect == [2]float64{} {
		aspect = [2]float64{3. / 4, 4. / 3}
	}
	low, high := elementary.Log(aspect[0]), elementary.Log(aspect[1])
	for range tries {
		area := float64(float64(h*w) * between(area[0], area[1], r))
		aspect := elementary.Exp(between(low, high, r))
		width, height = int(math.Round(math.Sqrt(float64(area*aspect)))), int(math.Round(math.Sqrt(area/aspect)))
		if 0 < width && width <= w && 0 < height && height <= h {
			return r.IntN(h - height + 1), r.IntN(w - width + 1), height, width
		}
	}
	height, width = h, w
	if ratio := float64(w) / float64(h); ratio < aspect[0] {
		height = max(1, min(h, int(math.Round(float64(w)/aspect[0]))))
	} else if ratio > aspect[1] {
		width = max(1, min(w, int(math.Round(float64(float64(h)*aspect[1])))))
	}
	return (h - height) / 2, (w - width) / 2, height, width
}

// zoom has the window see a part of the canvas.
func (s *Sample) zoom(y, x, h, w int) {
	right, down := float64(2*(x-s.X)+w-s.W)/2, float64(2*(y-s.Y)+h-s.H)/2
	if s.Flip {
		right = -right
	}
	s.Move(Warp{A: float64(w) / float64(s.W), C: right, E: float64(h) / float64(s.H), F: down})
}

// Check refuses parameters that do not go together.
func (c Crop) Check() (key, fault string) {
	if c.Pad > 0 && c.sized() {
		return "pad", "pad with area or aspect, which cut from the picture as it is; give one or the other"
	}
	return "", ""
}

// Fits says whether a part of the picture is always seen.
func (c Crop) Fits(h, w int) error {
	if c.Pad >= min(h, w) {
		return fmt.Errorf("crop: pad %d leaves nothing of %dx%d in some corners; give at most %d", c.Pad, h, w, min(h, w)-1)
	}
	return nil
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
	if c.Area != [2]float64{} {
		text += fmt.Sprintf(" of area %g to %g", c.Area[0], c.Area[1])
	}
	if c.Aspect != [2]float64{} {
		text += fmt.Sprintf(" of aspect %g to %g", c.Aspect[0], c.Aspect[1])
	}
	if c.Overlap != 0 {
		text += fmt.Sprintf(" with %g of a box", c.Overlap)
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
