package format

import (
	"image"
	"image/color"
	"math/bits"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/pixel"
)

// flat turns a decoded picture into 8 bits of grey, or of red, green and blue where any pixel has colour. Transparent parts
// show white, as on a page; of 16 bits the higher 8 are kept; CMYK and palettes become red, green and blue. levels counts the
// distinct samples of 16 bits and how many of them are apart in 8; nil for others.
func flat(src image.Image) (m augment.Image, levels *levels) {
	b := src.Bounds()
	m = augment.Image{H: b.Dy(), W: b.Dx(), C: 3}
	n := m.H * m.W
	if g, ok := src.(*image.Gray); ok {
		m.C, m.Pix = 1, make([]byte, n)
		for y := range m.H {
			copy(m.Pix[y*m.W:(y+1)*m.W], g.Pix[g.PixOffset(b.Min.X, b.Min.Y+y):])
		}
		return m, nil
	}
	if g, ok := src.(*image.Gray16); ok {
		m.C, m.Pix, levels = 1, make([]byte, n), levels.of16()
		for y := range m.H {
			in, out := g.Pix[g.PixOffset(b.Min.X, b.Min.Y+y):], m.Pix[y*m.W:(y+1)*m.W]
			for x := range out {
				levels.see(in[2*x], in[2*x+1])
				out[x] = in[2*x]
			}
		}
		return m, levels
	}
	m.Pix = make([]byte, 3*n)
	var palette [256][3]byte
	if p, ok := src.(*image.Paletted); ok {
		for i, c := range p.Palette[:min(256, len(p.Palette))] {
			c := color.NRGBAModel.Convert(c).(color.NRGBA)
			palette[i] = [3]byte{onWhite(c.R, c.A), onWhite(c.G, c.A), onWhite(c.B, c.A)}
		}
	}
	for y := range m.H {
		out := m.Pix[3*y*m.W : 3*(y+1)*m.W]
		switch s := src.(type) {
		case *image.YCbCr:
			yCbCr(out, s, b.Min.Y+y)
		case *image.NYCbCrA:
			yCbCr(out, &s.YCbCr, b.Min.Y+y)
			for x, a := range s.A[s.AOffset(b.Min.X, b.Min.Y+y):][:m.W] {
				for c := range 3 {
					out[3*x+c] = onWhite(out[3*x+c], a)
				}
			}
		case *image.RGBA: // multiplied by alpha already
			for x, in := 0, s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):]; x < m.W; x++ {
				for c := range 3 {
					out[3*x+c] = byte(min(255, int(in[4*x+c])+255-int(in[4*x+3])))
				}
			}
		case *image.NRGBA:
			for x, in := 0, s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):]; x < m.W; x++ {
				out[3*x], out[3*x+1], out[3*x+2] = in[4*x], in[4*x+1], in[4*x+2]
				if a := in[4*x+3]; a != 255 {
					for c := range 3 {
						out[3*x+c] = onWhite(out[3*x+c], a)
					}
				}
			}
		case *image.RGBA64:
			levels = levels.of16()
			for x, in := 0, s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):]; x < m.W; x++ {
				px := in[8*x : 8*x+8]
				a := int(px[6])<<8 | int(px[7])
				for c := range 3 {
					levels.see(px[2*c], px[2*c+1])
					out[3*x+c] = byte(min(65535, (int(px[2*c])<<8|int(px[2*c+1]))+65535-a) >> 8)
				}
			}
		case *image.NRGBA64:
			levels = levels.of16()
			for x, in := 0, s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):]; x < m.W; x++ {
				px := in[8*x : 8*x+8]
				a := int(px[6])<<8 | int(px[7])
				for c := range 3 {
					levels.see(px[2*c], px[2*c+1])
					v := int(px[2*c])<<8 | int(px[2*c+1])
					out[3*x+c] = byte((v*a + 65535*(65535-a) + 32767) / 65535 >> 8)
				}
			}
		case *image.Paletted:
			for x, i := range s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):][:m.W] {
				copy(out[3*x:], palette[i][:])
			}
		case *image.CMYK:
			for x, in := 0, s.Pix[s.PixOffset(b.Min.X, b.Min.Y+y):]; x < m.W; x++ {
				out[3*x], out[3*x+1], out[3*x+2] = color.CMYKToRGB(in[4*x], in[4*x+1], in[4*x+2], in[4*x+3])
			}
		default:
			for x := range m.W {
				c := color.NRGBAModel.Convert(src.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
				out[3*x], out[3*x+1], out[3*x+2] = onWhite(c.R, c.A), onWhite(c.G, c.A), onWhite(c.B, c.A)
			}
		}
	}
	return grey(m), levels
}

// onWhite lays a sample of the given alpha on white.
func onWhite(v, a byte) byte {
	return byte((int(v)*int(a) + 255*(255-int(a)) + 127) / 255)
}

// yCbCr writes row y of a picture that begins at column 0, as those of all decoders do, in red, green and blue.
func yCbCr(out []byte, s *image.YCbCr, y int) {
	step := 0 // the chroma moves on once in 1 << step pixels
	switch s.SubsampleRatio {
	case image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420:
		step = 1
	case image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410:
		step = 2
	}
	c := s.COffset(0, y)
	pixels.RGB(out, s.Y[s.YOffset(0, y):], s.Cb[c:], s.Cr[c:], step)
}

var pixels = pixel.Best()

// grey keeps one channel where all three agree.
func grey(m augment.Image) augment.Image {
	if m.C == 1 {
		return m
	}
	for p := m.Pix; len(p) >= 3; p = p[3:] {
		if p[0] != p[1] || p[1] != p[2] {
			return m
		}
	}
	one := augment.Image{H: m.H, W: m.W, C: 1, Pix: make([]byte, m.H*m.W)}
	for i := range one.Pix {
		one.Pix[i] = m.Pix[3*i]
	}
	return one
}

// upright turns a picture as EXIF's orientation says (EXIF 2.3, table of tag 274).
func upright(m augment.Image, orientation int) augment.Image {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	t := augment.Image{H: m.H, W: m.W, C: m.C, Pix: make([]byte, len(m.Pix))}
	if orientation >= 5 {
		t.H, t.W = m.W, m.H
	}
	at := 0
	for y := range t.H {
		for x := range t.W {
			sy, sx := y, x // where the pixel stands in m
			switch orientation {
			case 2:
				sx = m.W - 1 - x
			case 3:
				sy, sx = m.H-1-y, m.W-1-x
			case 4:
				sy = m.H - 1 - y
			case 5:
				sy, sx = x, y
			case 6:
				sy, sx = m.H-1-x, y
			case 7:
				sy, sx = m.H-1-x, m.W-1-y
			case 8:
				sy, sx = x, m.W-1-y
			}
			at += copy(t.Pix[at:], m.Pix[(sy*m.W+sx)*m.C:][:m.C])
		}
	}
	return t
}

// levels marks which values of 16 bits a picture has.
type levels struct {
	seen [1 << 16 / 64]uint64
}

func (l *levels) of16() *levels {
	if l == nil {
		return new(levels)
	}
	return l
}

func (l *levels) see(high, low byte) {
	l.seen[uint(high)<<2|uint(low)>>6] |= 1 << (low & 63)
}

// count is of the values, and of those that differ in their higher 8 bits.
func (l *levels) count() (all, kept int) {
	for high := range 256 {
		n := 0
		for _, w := range l.seen[4*high : 4*high+4] {
			n += bits.OnesCount64(w)
		}
		if all += n; n > 0 {
			kept++
		}
	}
	return all, kept
}
