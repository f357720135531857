package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"

	"golang.org/x/image/webp"
)

// A WebP with animation is a canvas and frames that lie on it (the container's specification, section "Extended File Format").
// x/image/webp reads none; the first frame is given to it as a file of its own.

// webpConfig reads the header: of an animated file the canvas, which its first frame must lie in.
func webpConfig(file []byte) (image.Config, error) {
	f, err := firstFrame(file)
	if err != nil || f == nil {
		if err == nil {
			return webp.DecodeConfig(bytes.NewReader(file))
		}
		return image.Config{}, err
	}
	c, err := webp.DecodeConfig(bytes.NewReader(f.file))
	if err != nil {
		return c, err
	}
	if !image.Rect(f.x, f.y, f.x+c.Width, f.y+c.Height).In(f.canvas) {
		return c, errors.New("webp: a frame that leaves its canvas")
	}
	return image.Config{ColorModel: color.NRGBAModel, Width: f.canvas.Dx(), Height: f.canvas.Dy()}, nil
}

// decodeWebP widens the brightness of a lossy WebP from video's 16 to 235 (and 16 to 240 for its colour) to the whole byte:
// x/image/webp hands out the stored values, and package image takes every YCbCr for JPEG's full range, in which white would
// be a light grey.
func decodeWebP(file []byte) (image.Image, error) {
	f, err := firstFrame(file)
	if err != nil {
		return nil, err
	}
	if f != nil {
		file = f.file
	}
	img, err := webp.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var planes *image.YCbCr
	switch m := img.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes = &m.YCbCr
	}
	if planes != nil {
		widen := func(plane []byte, from, zero, span int) {
			var table [256]byte
			for v := range table {
				table[v] = byte(min(255, max(0, zero+((v-from)*255*2+span)/(2*span))))
			}
			for i, v := range plane {
				plane[i] = table[v]
			}
		}
		widen(planes.Y, 16, 0, 219)
		widen(planes.Cb, 128, 128, 224)
		widen(planes.Cr, 128, 128, 224)
	}
	if f == nil || f.x == 0 && f.y == 0 && img.Bounds() == f.canvas {
		return img, nil
	}
	canvas := image.NewNRGBA(f.canvas) // clear: shown white
	draw.Draw(canvas, img.Bounds().Add(image.Pt(f.x, f.y)), img, img.Bounds().Min, draw.Src)
	return canvas, nil
}

// frame is the first of an animation.
type frame struct {
	canvas image.Rectangle
	x, y   int
	file   []byte // a WebP of its own
}

// firstFrame is nil where the file is not animated.
func firstFrame(file []byte) (*frame, error) {
	if len(file) < 30 || string(file[12:16]) != "VP8X" || file[20]&2 == 0 {
		return nil, nil
	}
	f := &frame{canvas: image.Rect(0, 0, 1+uint24(file[24:]), 1+uint24(file[27:]))}
	for c := range riffChunks(file[12:]) {
		if c.kind != "ANMF" {
			continue
		}
		if len(c.data) < 16 {
			return nil, fmt.Errorf("webp: %w", io.ErrUnexpectedEOF)
		}
		f.x, f.y = 2*uint24(c.data), 2*uint24(c.data[3:])
		size, alpha := c.data[6:12], byte(0)
		var chunks []byte
		for part := range riffChunks(c.data[16:]) {
			switch part.kind {
			case "ALPH":
				alpha = 0x10
				fallthrough
			case "VP8 ", "VP8L":
				chunks = append(chunks, part.kind...)
				chunks = binary.LittleEndian.AppendUint32(chunks, uint32(len(part.data)))
				chunks = append(append(chunks, part.data...), make([]byte, len(part.data)%2)...)
			}
		}
		body := []byte("WEBP")
		if alpha != 0 {
			body = append(append(body, "VP8X\x0a\x00\x00\x00"...), alpha, 0, 0, 0)
			body = append(body, size...)
		}
		body = append(body, chunks...)
		f.file = append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
		return f, nil
	}
	return nil, errors.New("webp: an animation without frames")
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
