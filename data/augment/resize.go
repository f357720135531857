package augment

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// longest bounds how long a picture may be for its height (or high for its width): what goes beyond is cut off at both
// ends, so that one strip of 20,000 x 20 pixels cannot fill the memory once its small side is enlarged.
const longest = 4

// Fit turns a decoded picture into an [Image] that just covers height x width, its aspect kept, by Catmull and Rom's cubic
// ("A class of local interpolating splines", 1974; widened when it reduces, so that nothing aliases). Height 0 keeps the
// picture's own size. Orientation is EXIF's, 1 to 8; transparent parts show white, as on a page; 16 bits become 8, CMYK and
// palettes red, green and blue. A picture without colour comes back with C = 1.
func Fit(src image.Image, orientation, height, width int) Image {
	b := src.Bounds()
	if orientation >= 5 {
		height, width = width, height // what stands upright later still lies on its side
	}
	part, h, w := target(b, height, width)
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	op := draw.Src
	if o, ok := src.(interface{ Opaque() bool }); !ok || !o.Opaque() {
		draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
		op = draw.Over
	}
	if part.Dx() == w && part.Dy() == h {
		draw.Draw(dst, dst.Bounds(), src, part.Min, op)
	} else {
		draw.CatmullRom.Scale(dst, dst.Bounds(), src, part, op, nil)
	}
	return upright(dst, orientation)
}

// FitImage is [Fit] for a picture that is one already; it comes back as it is where its size fits.
func FitImage(src Image, height, width int) Image {
	if _, h, w := target(image.Rect(0, 0, src.W, src.H), height, width); h == src.H && w == src.W {
		return src
	}
	return Fit(src.Picture(), 1, height, width)
}

// Picture is the image for image/draw, image/png and their like.
func (m Image) Picture() image.Image {
	if m.C == 1 {
		return &image.Gray{Pix: m.Pix, Stride: m.W, Rect: image.Rect(0, 0, m.W, m.H)}
	}
	p := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.H * m.W {
		p.Pix[4*i], p.Pix[4*i+1], p.Pix[4*i+2], p.Pix[4*i+3] = m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2], 255
	}
	return p
}

// target is the part of a picture that is used and the size it gets.
func target(b image.Rectangle, height, width int) (part image.Rectangle, h, w int) {
	part, h, w = b, b.Dy(), b.Dx()
	if height <= 0 || width <= 0 || h == 0 || w == 0 {
		return part, h, w
	}
	if h > longest*w {
		cut := h - longest*w
		part.Min.Y += cut / 2
		part.Max.Y -= cut - cut/2
	} else if w > longest*h {
		cut := w - longest*h
		part.Min.X += cut / 2
		part.Max.X -= cut - cut/2
	}
	h, w = part.Dy(), part.Dx()
	scale := max(float64(height)/float64(h), float64(width)/float64(w))
	return part, max(height, int(math.Round(float64(h)*scale))), max(width, int(math.Round(float64(w)*scale)))
}

// upright drops alpha, turns the picture as EXIF's orientation says, and keeps one channel where all three agree.
func upright(src *image.RGBA, orientation int) Image {
	sh, sw := src.Rect.Dy(), src.Rect.Dx()
	m := Image{H: sh, W: sw, C: 3}
	if orientation >= 5 {
		m.H, m.W = sw, sh
	}
	grey := true
	for i := 0; i+3 < len(src.Pix) && grey; i += 4 {
		grey = src.Pix[i] == src.Pix[i+1] && src.Pix[i] == src.Pix[i+2]
	}
	if grey {
		m.C = 1
	}
	m.Pix = make([]byte, m.H*m.W*m.C)
	at := 0
	for y := range m.H {
		for x := range m.W {
			sy, sx := y, x // where the pixel stands in src, by EXIF 2.3, table of tag 274
			switch orientation {
			case 2:
				sx = sw - 1 - x
			case 3:
				sy, sx = sh-1-y, sw-1-x
			case 4:
				sy = sh - 1 - y
			case 5:
				sy, sx = x, y
			case 6:
				sy, sx = sh-1-x, y
			case 7:
				sy, sx = sh-1-x, sw-1-y
			case 8:
				sy, sx = x, sw-1-y
			}
			p := src.Pix[sy*src.Stride+4*sx:]
			m.Pix[at] = p[0]
			if m.C == 3 {
				m.Pix[at+1], m.Pix[at+2] = p[1], p[2]
			}
			at += m.C
		}
	}
	return m
}
