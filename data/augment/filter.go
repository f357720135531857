package augment

import "math"

// Filter is a way to resize a picture and to cut its centre out. Bilinear and Bicubic are those of torchvision and timm, which weights
// of theirs are used to: Pillow's arithmetic, as wide as the reduction, the longer side rounded down, the centre by Python's round.
type Filter string

// The filters. The zero Filter is Own.
const (
	Own      Filter = ""         // [Resize], [Cover] and [Centre]
	Bilinear Filter = "bilinear" // Pillow's BILINEAR: a triangle
	Bicubic  Filter = "bicubic"  // Pillow's BICUBIC: the kernel of Own
)

// Filters lists them, but for Own.
func Filters() []Filter { return []Filter{Bilinear, Bicubic} }

// Cover is the function of that name, with the longer side rounded as the filter has it.
func (f Filter) Cover(h, w, height, width int) (part Box, H, W int) {
	part, H, W = Cover(h, w, height, width)
	if f == Own || height <= 0 || width <= 0 || h <= 0 || w <= 0 {
		return part, H, W
	}
	h, w = int(part.Y1-part.Y0), int(part.X1-part.X0)
	if int64(height)*int64(w) >= int64(width)*int64(h) {
		return part, height, max(width, w*height/h)
	}
	return part, max(height, h*width/w), width
}

// Centre is the function of that name; a half pixel goes to the even neighbour where a library decides.
func (f Filter) Centre(h, w, height, width int) Window {
	win := Centre(h, w, height, width)
	if f != Own {
		win.Y, win.X = int(math.RoundToEven(float64(h-height)/2)), int(math.RoundToEven(float64(w-width)/2))
	}
	return win
}

// kernel is a filter's weight of an input at a distance, which is 0 from support on.
type kernel struct {
	support float64
	at      func(x float64) float64
}

func (f Filter) kernel() kernel {
	if f == Bilinear {
		return kernel{1, triangle}
	}
	return kernel{2, cubic}
}

// triangle is 1 - |x|, and 0 beyond.
func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }
