package format

import (
	"fmt"
	"image"
	"image/color"
	"io"
)

// PBM, PGM and PPM (Netpbm), as text (P1 to P3) or bytes (P4 to P6), with samples up to 65535; those over 255 have two bytes,
// the higher first. Samples are scaled so that the declared maximum is white.

// pnmHeader is the opening: kind 1 to 6, extents, the largest sample, and the bytes that follow.
type pnmHeader struct {
	kind, w, h, most int
	rest             []byte
}

// pnmNumber reads one number past white space and comments (# to the end of the line).
func pnmNumber(b []byte) (n int, rest []byte, err error) {
	for len(b) > 0 {
		switch c := b[0]; {
		case c == '#':
			for len(b) > 0 && b[0] != '\n' && b[0] != '\r' {
				b = b[1:]
			}
			continue
		case c == ' ' || c >= '\t' && c <= '\r':
			b = b[1:]
			continue
		}
		break
	}
	if len(b) == 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if n = 10*n + int(b[i]-'0'); n > 1<<24 {
			return 0, nil, fmt.Errorf("pnm: a number beyond all measure")
		}
	}
	if i == 0 {
		return 0, nil, fmt.Errorf("pnm: %q where a number is expected", b[:1])
	}
	return n, b[i:], nil
}

func pnmOpening(file []byte) (p pnmHeader, err error) {
	p = pnmHeader{kind: int(file[1] - '0'), most: 1, rest: file[2:]}
	for _, n := range []*int{&p.w, &p.h, &p.most} {
		if n == &p.most && p.kind%3 == 1 { // black and white has none
			break
		}
		if *n, p.rest, err = pnmNumber(p.rest); err != nil {
			return p, err
		}
	}
	if p.most < 1 || p.most > 65535 {
		return p, fmt.Errorf("pnm: a largest sample of %d", p.most)
	}
	if p.kind > 3 {
		if len(p.rest) == 0 {
			return p, io.ErrUnexpectedEOF
		}
		p.rest = p.rest[1:] // one white space
	}
	return p, nil
}

func pnmConfig(file []byte) (image.Config, error) {
	p, err := pnmOpening(file)
	c := image.Config{Width: p.w, Height: p.h, ColorModel: color.GrayModel}
	switch colour, deep := p.kind%3 == 0, p.most > 255; {
	case colour && deep:
		c.ColorModel = color.RGBA64Model
	case colour:
		c.ColorModel = color.RGBAModel
	case deep:
		c.ColorModel = color.Gray16Model
	}
	return c, err
}

func decodePNM(file []byte) (image.Image, error) {
	p, err := pnmOpening(file)
	if err != nil {
		return nil, err
	}
	samples, bits := p.w*p.h, 0
	if p.kind%3 == 0 {
		samples *= 3
	}
	row := 0
	next := func() (v int, err error) { // the next sample
		switch {
		case p.kind == 1: // digits need no space between them
			for len(p.rest) > 0 && p.rest[0] != '0' && p.rest[0] != '1' {
				if p.rest[0] == '#' {
					for len(p.rest) > 0 && p.rest[0] != '\n' {
						p.rest = p.rest[1:]
					}
					continue
				}
				p.rest = p.rest[1:]
			}
			if len(p.rest) == 0 {
				return 0, io.ErrUnexpectedEOF
			}
			v = int('1' - p.rest[0])
			p.rest = p.rest[1:]
		case p.kind <= 3:
			v, p.rest, err = pnmNumber(p.rest)
		case p.kind == 4: // rows begin with a byte of their own; 1 is black
			if len(p.rest) == 0 {
				return 0, io.ErrUnexpectedEOF
			}
			v = int(^p.rest[0]>>(7-bits)) & 1
			bits++
			if row++; bits == 8 || row == p.w {
				p.rest, bits = p.rest[1:], 0
			}
			if row == p.w {
				row = 0
			}
		case p.most > 255:
			if len(p.rest) < 2 {
				return 0, io.ErrUnexpectedEOF
			}
			v = int(p.rest[0])<<8 | int(p.rest[1])
			p.rest = p.rest[2:]
		default:
			if len(p.rest) == 0 {
				return 0, io.ErrUnexpectedEOF
			}
			v = int(p.rest[0])
			p.rest = p.rest[1:]
		}
		return min(v, p.most), err
	}
	least := samples // bytes that so many samples have at least
	switch {
	case p.kind == 4:
		least = (p.w + 7) / 8 * p.h
	case p.kind > 4 && p.most > 255:
		least = 2 * samples
	}
	if len(p.rest) < least {
		return nil, io.ErrUnexpectedEOF
	}
	rect := image.Rect(0, 0, p.w, p.h)
	if p.most > 255 {
		if p.kind%3 != 0 {
			m := image.NewGray16(rect)
			for i := range samples {
				v, err := next()
				if err != nil {
					return nil, err
				}
				v = (v*65535 + p.most/2) / p.most
				m.Pix[2*i], m.Pix[2*i+1] = byte(v>>8), byte(v)
			}
			return m, nil
		}
		m := image.NewRGBA64(rect)
		for i := range samples {
			v, err := next()
			if err != nil {
				return nil, err
			}
			v = (v*65535 + p.most/2) / p.most
			at := i/3*8 + i%3*2
			m.Pix[at], m.Pix[at+1] = byte(v>>8), byte(v)
			m.Pix[i/3*8+6], m.Pix[i/3*8+7] = 255, 255
		}
		return m, nil
	}
	if p.kind%3 != 0 {
		m := image.NewGray(rect)
		for i := range samples {
			v, err := next()
			if err != nil {
				return nil, err
			}
			m.Pix[i] = byte((v*255 + p.most/2) / p.most)
		}
		return m, nil
	}
	m := image.NewRGBA(rect)
	for i := range samples {
		v, err := next()
		if err != nil {
			return nil, err
		}
		m.Pix[i/3*4+i%3], m.Pix[i/3*4+3] = byte((v*255+p.most/2)/p.most), 255
	}
	return m, nil
}
