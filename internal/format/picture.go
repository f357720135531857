package format

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/image/tiff"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/format/internal/jpeg"
)

// Version names what [Read] and [SeeAs] make of a file: its decoding, orientation, alpha, bits and resizing. It is part of a
// trial's identity. A test holds the sums of what it makes of one file of each kind: raise it where they change.
const Version = 1

// Bounds on one picture, so that no file can fill the memory: its bytes, and the pixels that it declares.
const (
	MaxFileBytes = 256 << 20
	MaxPixels    = 100_000_000
)

// Picture is what every purpose sees of a file: training, evaluation and prediction, the search for near-duplicates, sizes and
// descriptions.
type Picture struct {
	augment.Image // upright, 8 bits, C 1 where no pixel has colour, else 3; at the size asked for

	OwnH, OwnW   int    // pixels of the file as it stands upright
	Turned       int    // EXIF's orientation, 1 to 8, by which it came to stand so
	Bits         int    // of a sample in the file: 8 for 8 or less, else 16
	Levels, Kept int    // of 16 bits: the distinct values of its samples, and how many stay apart in 8 bits; else 0, 0
	Colour       bool   // some pixel has colour, seen at the size that the glance is made of
	Glance       Glance // as Colour the same whatever size is asked for
}

// GlanceSide is the side of a glance in pixels.
const GlanceSide = 32

// Glance is the brightness (ITU-R BT.601) of a whole picture, upright and stretched to a square, row by row. It depends on the
// file alone, never on the size that is asked for.
type Glance [GlanceSide * GlanceSide]byte

// Contrast is the brightest less the darkest value, 0 to 255; 0 is a picture without any.
func (g *Glance) Contrast() int {
	least, most := g[0], g[0]
	for _, v := range g {
		least, most = min(least, v), max(most, v)
	}
	return int(most) - int(least)
}

// kinds are the formats that are read, told by their first bytes, never by the file's name. A JPEG has no decode here: it is
// decoded to the sizes that are needed.
var kinds = []struct {
	name   string
	magic  string // '?' is any byte
	config func(file []byte) (image.Config, error)
	decode func(file []byte) (image.Image, error)
}{
	{"JPEG", "\xff\xd8\xff", jpegConfig, nil},
	{"PNG", "\x89PNG\r\n\x1a\n", reading(png.DecodeConfig), reading(png.Decode)},
	{"GIF", "GIF8?a", reading(gif.DecodeConfig), decodeGIF},
	{"WebP", "RIFF????WEBP", webpConfig, decodeWebP},
	{"BMP", "BM", bmpConfig, decodeBMP},
	{"TIFF", "II*\x00", tiffConfig, decodeTIFF},
	{"TIFF", "MM\x00*", tiffConfig, decodeTIFF},
	{"PBM", "P1", pnmConfig, decodePNM},
	{"PGM", "P2", pnmConfig, decodePNM},
	{"PPM", "P3", pnmConfig, decodePNM},
	{"PBM", "P4", pnmConfig, decodePNM},
	{"PGM", "P5", pnmConfig, decodePNM},
	{"PPM", "P6", pnmConfig, decodePNM},
}

func reading[T any](f func(io.Reader) (T, error)) func([]byte) (T, error) {
	return func(file []byte) (T, error) { return f(bytes.NewReader(file)) }
}

// Read makes of a picture file what every purpose sees. The picture just covers h x w pixels ([augment.Cover]; 0, 0: its own
// size).
func Read(file []byte, h, w int) (Picture, error) { return ReadAs(file, augment.Size{H: h, W: w}) }

// ReadAs is Read for any way of coming to a size. The picture is upright as EXIF asks for. JPEG, PNG, GIF and animated WebP (the first frame), WebP, BMP, TIFF and Netpbm are read.
// It waits for room in memory before it decodes. An error is a [Fault].
func ReadAs(file []byte, size augment.Size) (p Picture, err error) {
	defer func() { // decoders of rare formats have panicked on hostile files before: that too is a broken picture
		if r := recover(); r != nil {
			p, err = Picture{}, &Fault{fmt.Sprintf("a broken picture: %v", r), mendBroken}
		}
	}()
	if len(file) == 0 {
		return p, &Fault{"an empty file", mendBroken}
	}
	at := 0
	for at < len(kinds) && !begins(file, kinds[at].magic) {
		at++
	}
	if at == len(kinds) || len(file) > 2 && kinds[at].name[0] == 'P' && file[0] == 'P' && file[2] != '#' && file[2] > ' ' {
		return p, stranger(file)
	}
	kind := kinds[at]
	c, err := kind.config(file)
	switch {
	case err != nil:
		return p, faultOf(kind.name, err)
	case c.Width <= 0 || c.Height <= 0:
		return p, &Fault{fmt.Sprintf("a %s of %dx%d pixels", kind.name, c.Width, c.Height), mendBroken}
	case int64(c.Width)*int64(c.Height) > MaxPixels:
		return p, &Fault{fmt.Sprintf("a %s that declares %dx%d pixels, more than %d million", kind.name, c.Width, c.Height, MaxPixels/1_000_000), mendSize}
	}
	v := view{h: c.Height, w: c.Width, orientation: Orientation(file)}
	if v.orientation >= 5 {
		size = size.Turned() // what stands upright later still lies on its side
	}
	need := int64(0)
	if kind.decode == nil {
		need, err = v.reduce(file, size)
	} else {
		need = roomOf(c, size)
	}
	defer decoding.take(garbage * need)()
	v.scratch = scratches.Get().(*scratch)
	defer scratches.Put(v.scratch)
	if err == nil {
		err = v.decode(kind.decode, file)
	}
	if err != nil {
		return p, faultOf(kind.name, err)
	}
	return v.picture(size), nil
}

// SeeAs is [ReadAs] for pixels that are there already: a record of an IDX or CIFAR file.
func SeeAs(m augment.Image, size augment.Size) Picture {
	v := view{h: m.H, w: m.W, orientation: 1, image: m, small: m}
	return v.picture(size)
}

// view is a decoded picture on its way to be resized and turned.
type view struct {
	h, w        int           // of the file, lying as it does
	orientation int           // EXIF's
	image       augment.Image // the whole at 1 / 2^shift
	planes      *image.YCbCr  // its pixels before they are red, green and blue; nil where image has them
	shift       int
	small       augment.Image // the whole at 1 / 2^smallShift, for the glance
	smallShift  int
	levels      *levels
	scratch     *scratch // of a file
}

// scratch is room that the decoding of one picture leaves for the next.
type scratch struct {
	jpeg jpeg.Decoder
	band []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// picture resizes to a size of the picture as it lies, and turns it upright.
func (v *view) picture(size augment.Size) Picture {
	p := Picture{OwnH: v.h, OwnW: v.w, Turned: v.orientation, Bits: 8, Colour: v.small.C == 3}
	part, outH, outW := size.Of(v.h, v.w)
	switch same := outH == v.image.H && outW == v.image.W; {
	case v.planes == nil && same:
		p.Image = v.image
	case v.planes == nil:
		p.Image = grey(size.Filter.Resize(v.image, reduced(part, v.shift), outH, outW))
	case same:
		p.Image, _ = flat(v.planes)
	default:
		p.Image = grey(size.Filter.ResizeRows(v.image, v.rows, reduced(part, v.shift), outH, outW))
	}
	p.Image = upright(p.Image, v.orientation)
	whole := augment.Box{Y1: float64(v.h), X1: float64(v.w)}
	glance := augment.Resize(bright(v.small), reduced(whole, v.smallShift), GlanceSide, GlanceSide)
	copy(p.Glance[:], upright(glance, v.orientation).Pix)
	if v.orientation >= 5 {
		p.OwnH, p.OwnW = v.w, v.h
	}
	if v.levels != nil {
		p.Bits = 16
		p.Levels, p.Kept = v.levels.count()
	}
	return p
}

// rows are those from y0 to before y1 in red, green and blue.
func (v *view) rows(y0, y1 int) []byte {
	row := 3 * v.image.W
	n := (y1 - y0) * row
	v.scratch.band = slices.Grow(v.scratch.band[:0], n+4) // as pixel.Taps.Rows wishes
	for y := y0; y < y1; y++ {
		yCbCr(v.scratch.band[:n][(y-y0)*row:][:row], v.planes, y)
	}
	return v.scratch.band[:n]
}

func reduced(b augment.Box, shift int) augment.Box {
	n := float64(int(1) << shift)
	return augment.Box{Y0: b.Y0 / n, X0: b.X0 / n, Y1: b.Y1 / n, X1: b.X1 / n}
}

// bright is a picture's brightness by ITU-R BT.601.
func bright(m augment.Image) augment.Image {
	if m.C == 1 {
		return m
	}
	g := augment.Image{H: m.H, W: m.W, C: 1, Pix: make([]byte, m.H*m.W)}
	for i := range g.Pix {
		p := m.Pix[3*i : 3*i+3]
		g.Pix[i] = byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return g
}

// reduce chooses the size to which a JPEG is decoded to be resized, and beside it the one for the glance, and returns
// the memory in bytes that this takes.
func (v *view) reduce(file []byte, size augment.Size) (need int64, err error) {
	c, err := jpeg.DecodeConfig(file)
	if err != nil {
		return 0, err
	}
	part, outH, outW := size.Of(v.h, v.w)
	if size.H > 0 && size.W > 0 {
		v.shift = reduction(min((part.Y1-part.Y0)/float64(outH), (part.X1-part.X0)/float64(outW)), finer)
	}
	v.smallShift = reduction(float64(min(v.h, v.w))/GlanceSide, 1)
	pixels := int64(v.h+15) * int64(v.w+15)
	pixel := int64(2 * max(3, c.Components)) // planes, and the channels that they become
	if c.Components == 4 {
		pixel += 4
	}
	need = resizing(v.h>>v.shift, outH, outW) + pixels>>(2*v.shift)*pixel + pixels>>(2*v.smallShift)*pixel
	if c.Progressive {
		need += 4 * pixels * int64(c.Components)
	}
	return need, nil
}

// decode fills in the pictures; a JPEG has no decoder and comes in the sizes chosen.
func (v *view) decode(decoder func([]byte) (image.Image, error), file []byte) error {
	if decoder != nil {
		img, err := decoder(file)
		if err != nil {
			return err
		}
		if b := img.Bounds(); b.Dx() != v.w || b.Dy() != v.h {
			return fmt.Errorf("picture: %dx%d pixels in place of %dx%d", b.Dx(), b.Dy(), v.w, v.h)
		}
		v.image, v.levels = flat(img)
		v.small = v.image
		return nil
	}
	shifts := []int{v.shift, v.smallShift}
	if v.shift == v.smallShift {
		shifts = shifts[:1]
	}
	images, err := v.scratch.jpeg.Decode(file, shifts...)
	if err != nil {
		return err
	}
	v.small, _ = flat(images[len(images)-1])
	v.planes, _ = images[0].(*image.YCbCr)
	switch {
	case len(images) == 1:
		v.image, v.planes = v.small, nil
	case v.planes != nil:
		v.image = augment.Image{H: v.planes.Rect.Dy(), W: v.planes.Rect.Dx(), C: 3}
	default:
		v.image, _ = flat(images[0])
	}
	return nil
}

// finer is how many times finer than the picture asked for a reduced JPEG must be.
const finer = 2

// reduction is the largest reduction 2^shift of a JPEG to be made smaller by scale that leaves it the given times finer.
func reduction(scale, finer float64) int {
	shift := 0
	for shift < jpeg.MaxShift && scale >= finer*float64(int(2)<<shift) {
		shift++
	}
	return shift
}

// garbage is how much larger than what is in use Go lets the heap grow before it collects.
const garbage = 2

// roomOf is the memory in bytes that a picture takes while it is decoded, flattened and resized.
func roomOf(c image.Config, size augment.Size) int64 {
	pixel := int64(4 + 3)
	switch c.ColorModel {
	case color.GrayModel:
		pixel = 1 + 1
	case color.Gray16Model:
		pixel = 2 + 3
	case color.RGBA64Model, color.NRGBA64Model:
		pixel = 8 + 3
	case color.NRGBAModel:
		pixel = 2*4 + 3 // lossless WebP is unpacked in two steps
	}
	_, outH, outW := size.Of(c.Height, c.Width)
	return pixel*int64(c.Width)*int64(c.Height) + resizing(c.Height, outH, outW)
}

// resizing is what [augment.Resize] takes.
func resizing(h, outH, outW int) int64 { return 3 * int64(h+outH) * int64(outW) }

func jpegConfig(file []byte) (image.Config, error) {
	c, err := jpeg.DecodeConfig(file)
	return image.Config{Width: c.Width, Height: c.Height}, err
}

// decodeGIF lays the first frame on its canvas.
func decodeGIF(file []byte) (image.Image, error) {
	c, err := gif.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	img, err := gif.Decode(bytes.NewReader(file))
	rect := image.Rect(0, 0, c.Width, c.Height)
	if err != nil || img.Bounds() == rect {
		return img, err
	}
	canvas := image.NewNRGBA(rect) // clear: shown white
	draw.Draw(canvas, img.Bounds(), img, img.Bounds().Min, draw.Src)
	return canvas, nil
}

// faultOf tells a broken file from one of a kind that its decoder does not read.
func faultOf(kind string, err error) error {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	if e, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return unreadKind(kind, string(e))
	}
	if e, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		return unreadKind(kind, string(e))
	}
	if e, ok := errors.AsType[png.UnsupportedError](err); ok {
		return unreadKind(kind, string(e))
	}
	return broken(kind, reason(err))
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
