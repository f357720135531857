package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/bits"
)

// BMP, in all forms but pictures of JPEG and PNG inside (Microsoft, "Bitmap Storage", headers of 12, 40, 52, 56, 64, 108 and
// 124 bytes): 1, 2, 4 and 8 bits with a palette, run lengths of 4 and 8 bits, 16, 24 and 32 bits with and without masks.
// The fourth byte of a pixel is alpha where a mask says so and it is not zero everywhere; else it has no meaning.

// bmpHeader is what stands before the pixels.
type bmpHeader struct {
	w, h    int
	down    bool // rows from top to bottom
	depth   int  // bits a pixel
	packing uint32
	masks   [4]uint32 // red, green, blue, alpha; zero where the file has none
	palette []color.RGBA
	pixels  []byte
}

// The packings.
const (
	bmpPlain, bmpRLE8, bmpRLE4, bmpMasks, bmpAlphaMasks = 0, 1, 2, 3, 6
)

func bmpOpening(file []byte) (b bmpHeader, err error) {
	if len(file) < 26 {
		return b, io.ErrUnexpectedEOF
	}
	le := binary.LittleEndian
	size, offset := int64(le.Uint32(file[14:])), int64(le.Uint32(file[10:]))
	entry, at := int64(4), 14+size // bytes of a palette's entry, and where the palette begins
	colours := int64(0)
	if at > int64(len(file)) {
		return b, io.ErrUnexpectedEOF
	}
	switch size {
	case 12:
		b.w, b.h, b.depth = int(le.Uint16(file[18:])), int(le.Uint16(file[20:])), int(le.Uint16(file[24:]))
		entry = 3
	case 40, 52, 56, 64, 108, 124:
		h := int64(int32(le.Uint32(file[22:])))
		if b.down = h < 0; b.down {
			h = -h
		}
		b.w, b.h, b.depth = int(int32(le.Uint32(file[18:]))), int(h), int(le.Uint16(file[28:]))
		b.packing, colours = le.Uint32(file[30:]), int64(le.Uint32(file[46:]))
		if size == 64 && b.packing > bmpRLE4 {
			return b, unreadKind("BMP", "OS/2 compression")
		}
	default:
		return b, unreadKind("BMP", fmt.Sprintf("a header of %d bytes", size))
	}
	switch b.packing {
	case bmpPlain, bmpRLE8, bmpRLE4:
	case bmpMasks, bmpAlphaMasks:
		n := int64(3)
		if size >= 56 || b.packing == bmpAlphaMasks {
			n = 4
		}
		if size == 40 {
			at += 4 * n
		}
		if 54+4*n > int64(len(file)) {
			return b, io.ErrUnexpectedEOF
		}
		for i := range n {
			b.masks[i] = le.Uint32(file[54+4*i:])
		}
	case 4, 5:
		return b, unreadKind("BMP", "a JPEG or PNG inside")
	default:
		return b, unreadKind("BMP", fmt.Sprintf("compression %d", b.packing))
	}
	switch {
	case b.depth == 1 || b.depth == 2 || b.depth == 4 || b.depth == 8:
		if (b.packing == bmpRLE8) != (b.packing != bmpPlain && b.depth == 8) || (b.packing == bmpRLE4) != (b.packing != bmpPlain && b.depth == 4) || b.packing != bmpPlain && b.depth < 4 {
			return b, errors.New("bmp: a compression that does not fit its depth")
		}
		if most := int64(1) << b.depth; colours <= 0 || colours > most {
			colours = most
		}
		if at+entry*colours > int64(len(file)) {
			colours = max(0, (int64(len(file))-at)/entry)
		}
		b.palette = make([]color.RGBA, 256) // what the file does not name is black
		for i := range b.palette {
			b.palette[i].A = 255
		}
		for i := range colours {
			e := file[at+entry*i:]
			b.palette[i] = color.RGBA{e[2], e[1], e[0], 255}
		}
	case b.depth == 16 && b.packing == bmpPlain:
		b.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	case (b.depth == 24 || b.depth == 32) && b.packing == bmpPlain:
		b.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	case (b.depth == 16 || b.depth == 32) && (b.packing == bmpMasks || b.packing == bmpAlphaMasks):
	default:
		return b, unreadKind("BMP", fmt.Sprintf("%d bits a pixel, compression %d", b.depth, b.packing))
	}
	if offset < 14 || offset > int64(len(file)) {
		return b, io.ErrUnexpectedEOF
	}
	b.pixels = file[offset:]
	return b, nil
}

func bmpConfig(file []byte) (image.Config, error) {
	b, err := bmpOpening(file)
	return image.Config{Width: b.w, Height: b.h, ColorModel: color.NRGBAModel}, err
}

func decodeBMP(file []byte) (image.Image, error) {
	b, err := bmpOpening(file)
	if err != nil {
		return nil, err
	}
	m := image.NewNRGBA(image.Rect(0, 0, b.w, b.h))
	row := func(y int) []byte { // the y-th of the file
		if !b.down {
			y = b.h - 1 - y
		}
		return m.Pix[y*m.Stride:][:4*b.w]
	}
	if b.packing == bmpRLE8 || b.packing == bmpRLE4 {
		return m, b.runs(row)
	}
	stride := (b.w*b.depth + 31) / 32 * 4
	if int64(len(b.pixels)) < int64(stride)*int64(b.h-1)+int64(b.w*b.depth+7)/8 {
		return nil, io.ErrUnexpectedEOF
	}
	alpha := byte(0) // whether any pixel has some
	for y := range b.h {
		in, out := b.pixels[y*stride:], row(y)
		switch b.depth {
		case 1, 2, 4, 8:
			for x := range b.w {
				at := x * b.depth
				c := b.palette[in[at/8]>>(8-b.depth-at%8)&(1<<b.depth-1)]
				out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = c.R, c.G, c.B, 255
			}
		default:
			n := b.depth / 8
			for x := range b.w {
				v := uint32(0)
				for i := range n {
					v |= uint32(in[x*n+i]) << (8 * i)
				}
				for c, mask := range b.masks {
					out[4*x+c] = masked(v, mask)
				}
				alpha |= out[4*x+3]
			}
		}
	}
	if len(b.palette) == 0 && alpha == 0 {
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 255
		}
	}
	return m, nil
}

// masked is the part of a pixel under a mask, scaled to 8 bits.
func masked(v, mask uint32) byte {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	most := uint64(mask >> shift)
	return byte((uint64(v&mask>>shift)*255 + most/2) / most)
}

// runs unpacks run lengths; what they skip has the first colour.
func (b bmpHeader) runs(row func(int) []byte) error {
	for y := range b.h {
		for x, out := 0, row(y); x < b.w; x++ {
			c := b.palette[0]
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = c.R, c.G, c.B, 255
		}
	}
	x, y, in := 0, 0, b.pixels
	put := func(i byte) {
		if x < b.w && y < b.h {
			c, out := b.palette[i], row(y)[4*x:]
			out[0], out[1], out[2] = c.R, c.G, c.B
		}
		x++
	}
	for {
		if len(in) < 2 {
			return io.ErrUnexpectedEOF
		}
		n, v := int(in[0]), in[1]
		in = in[2:]
		switch {
		case n > 0:
			for i := range n {
				switch {
				case b.depth == 8:
					put(v)
				case i%2 == 0:
					put(v >> 4)
				default:
					put(v & 15)
				}
			}
		case v == 0: // end of the row
			x, y = 0, y+1
		case v == 1: // end of the picture
			return nil
		case v == 2: // go right and down
			if len(in) < 2 {
				return io.ErrUnexpectedEOF
			}
			x, y = min(b.w, x+int(in[0])), min(b.h, y+int(in[1]))
			in = in[2:]
		default: // so many pixels as they are, to a whole word
			size := (int(v)*b.depth + 15) / 16 * 2
			if len(in) < size {
				return io.ErrUnexpectedEOF
			}
			for i := range int(v) {
				switch {
				case b.depth == 8:
					put(in[i])
				case i%2 == 0:
					put(in[i/2] >> 4)
				default:
					put(in[i/2] & 15)
				}
			}
			in = in[size:]
		}
		if y >= b.h && x > 0 || y > b.h {
			return nil // more rows than declared: what there is room for is read
		}
	}
}
