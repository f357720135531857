package format

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// Bounds on one picture, so that no file can fill the memory: its bytes, and the pixels that it declares.
const (
	MaxFileBytes = 256 << 20
	MaxPixels    = 100_000_000
)

// pictures are the formats that are read, told by their first bytes, never by the file's name.
var pictures = []struct {
	name   string
	magic  string // '?' is any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	{"JPEG", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF", "GIF8?a", gif.DecodeConfig, gif.Decode}, // the first frame
	{"WebP", "RIFF????WEBP", webp.DecodeConfig, decodeWebP},
	{"BMP", "BM", bmp.DecodeConfig, bmp.Decode},
	{"TIFF", "II*\x00", tiff.DecodeConfig, tiff.Decode},
	{"TIFF", "MM\x00*", tiff.DecodeConfig, tiff.Decode},
}

// foreign are pictures that are known and not read, with what a person would call them.
var foreign = []struct{ name, magic string }{
	{"HEIC", "????ftyphei"}, {"HEIC", "????ftypmif1"}, {"AVIF", "????ftypavi"}, {"JPEG XL", "\xff\x0a"}, {"PSD", "8BPS"}, {"SVG", "<svg"},
}

// Decode reads a picture file: JPEG, PNG, GIF (its first frame), WebP, BMP or TIFF, with the orientation that its EXIF data
// asks for (1 to 8). The error says what is wrong in words that follow a file's name: "not an image, it begins with ...".
func Decode(file []byte) (img image.Image, orientation int, err error) {
	defer func() { // decoders of rare formats have panicked on hostile files before: that too is a broken picture
		if p := recover(); p != nil {
			img, orientation, err = nil, 1, fmt.Errorf("a broken picture: %v", p)
		}
	}()
	if len(file) == 0 {
		return nil, 1, errors.New("an empty file")
	}
	for _, f := range pictures {
		if !begins(file, f.magic) {
			continue
		}
		c, err := f.config(bytes.NewReader(file))
		if err != nil {
			return nil, 1, fmt.Errorf("a broken %s: %s", f.name, reason(err))
		}
		if c.Width <= 0 || c.Height <= 0 {
			return nil, 1, fmt.Errorf("a %s of %dx%d pixels", f.name, c.Width, c.Height)
		}
		if int64(c.Width)*int64(c.Height) > MaxPixels {
			return nil, 1, fmt.Errorf("a %s that declares %dx%d pixels, more than %d million", f.name, c.Width, c.Height, MaxPixels/1_000_000)
		}
		img, err := f.decode(bytes.NewReader(file))
		if err != nil {
			return nil, 1, fmt.Errorf("a broken %s: %s", f.name, reason(err))
		}
		if img.Bounds().Empty() {
			return nil, 1, fmt.Errorf("a %s without pixels", f.name)
		}
		return img, Orientation(file), nil
	}
	for _, f := range foreign {
		if begins(file, f.magic) {
			return nil, 1, fmt.Errorf("a %s file, which is not read (JPEG, PNG, GIF, WebP, BMP and TIFF are)", f.name)
		}
	}
	return nil, 1, fmt.Errorf("not an image, it begins with %q", opening(file))
}

// decodeWebP widens the brightness of a lossy WebP from video's 16 to 235 (and 16 to 240 for its colour) to the whole byte:
// x/image/webp hands out the stored values, and package image takes every YCbCr for JPEG's full range, in which white would
// be a light grey.
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	var planes *image.YCbCr
	switch m := img.(type) {
	case *image.YCbCr:
		planes = m
	case *image.NYCbCrA:
		planes = &m.YCbCr
	default: // lossless
		return img, nil
	}
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
	return img, nil
}

func begins(file []byte, magic string) bool {
	if len(file) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && file[i] != magic[i] {
			return false
		}
	}
	return true
}

// reason is a decoder's error on one line, without the decoder's name.
func reason(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it ends too early"
	}
	s := strings.Join(strings.Fields(err.Error()), " ")
	if _, after, ok := strings.Cut(s, ": "); ok {
		s = strings.TrimPrefix(after, "invalid format: ")
	}
	return s
}

// opening is the first word or tag of a file, at most 16 bytes.
func opening(file []byte) string {
	head := file[:min(16, len(file))]
	if i := bytes.IndexByte(head, '>'); i > 0 && head[0] == '<' {
		return string(head[:i+1])
	}
	if i := bytes.IndexAny(head, "\r\n"); i > 0 {
		head = head[:i]
	}
	return string(head)
}
