// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

// Package jpeg decodes JPEG files at their size or at a half, a quarter or an eighth of it, several sizes in one pass. It is
// Go's image/jpeg of version 1.26 (the LICENSE beside it), changed in five places:
//
//   - it decodes to reduced sizes by inverse transforms of 4x4, 2x2 and 1x1 coefficients, as libjpeg does;
//   - it reads a file that is in memory, scans without their stuffing, codes together with the bits behind them, and keeps room for the next;
//   - restart markers in scans of one component are counted by data units (T.81, A.2.2): progressive files with them are read;
//   - a picture of four components without Adobe's marker is CMYK, inverted as Adobe does it, which is how Pillow reads it;
//   - what is not read is named in words that a person knows ("arithmetic coding", "12 bits a sample").
//
// At full size its output is image/jpeg's, byte for byte, and it stays so when a later Go decodes otherwise. All arithmetic is
// on whole numbers: the bits are the same on every processor. It imports nothing of Assay but internal/pixel. Start at [Decode].
//
// JPEG is defined in ITU-T T.81: https://www.w3.org/Graphics/JPEG/itu-t81.pdf.
package jpeg

import (
	"fmt"
	"image"
	"image/draw"
	"io"

	"github.com/assaylab/assay/internal/pixel"
)

// A FormatError reports that the input is not a valid JPEG.
type FormatError string

func (e FormatError) Error() string { return string(e) }

// An UnsupportedError names a valid JPEG feature that is not read.
type UnsupportedError string

func (e UnsupportedError) Error() string { return string(e) }

var errUnsupportedSubsamplingRatio = UnsupportedError("unusual subsampling")

// Config is what the header tells.
type Config struct {
	Width, Height int
	Components    int  // 1 grey, 3 YCbCr or RGB, 4 CMYK or YCbCrK
	Progressive   bool // all coefficients are in memory until the last scan
}

// MaxShift is the largest reduction: 2^3, one pixel from a block of 8x8.
const MaxShift = 3

// component is section B.2.2's component specification.
type component struct {
	h  int   // Horizontal sampling factor.
	v  int   // Vertical sampling factor.
	c  uint8 // Component identifier.
	tq uint8 // Quantization table destination selector.
}

const (
	dcTable = 0
	acTable = 1
	maxTc   = 1
	maxTh   = 3
	maxTq   = 3

	maxComponents = 4
)

const (
	sof0Marker  = 0xc0 // Start Of Frame (Baseline Sequential).
	sof1Marker  = 0xc1 // Start Of Frame (Extended Sequential).
	sof2Marker  = 0xc2 // Start Of Frame (Progressive).
	dhtMarker   = 0xc4 // Define Huffman Table.
	rst0Marker  = 0xd0 // ReSTart (0).
	rst7Marker  = 0xd7 // ReSTart (7).
	soiMarker   = 0xd8 // Start Of Image.
	eoiMarker   = 0xd9 // End Of Image.
	sosMarker   = 0xda // Start Of Scan.
	dqtMarker   = 0xdb // Define Quantization Table.
	driMarker   = 0xdd // Define Restart Interval.
	comMarker   = 0xfe // COMment.
	app0Marker  = 0xe0
	app14Marker = 0xee
	app15Marker = 0xef
)

// unread are the frames of T.81, table B.1, and of T.87 that are not decoded.
var unread = map[byte]string{
	0xc3: "lossless", 0xc5: "hierarchical", 0xc6: "hierarchical", 0xc7: "hierarchical, lossless",
	0xc9: "arithmetic coding", 0xca: "arithmetic coding", 0xcb: "arithmetic coding", 0xcc: "arithmetic coding",
	0xcd: "arithmetic coding", 0xce: "arithmetic coding", 0xcf: "arithmetic coding", 0xde: "hierarchical", 0xf7: "JPEG-LS",
}

// Adobe's marker APP14 tells how three or four components are to be taken.
const (
	adobeTransformUnknown = 0
	adobeTransformYCbCr   = 1
	adobeTransformYCbCrK  = 2
)

// output is the picture at one of the sizes asked for.
type output struct {
	shift  int                  // the sides are divided by 2^shift
	planes [maxComponents]plane // of the components; none before the first scan
	grey   *image.Gray          // the plane of one component
	colour *image.YCbCr         // the first three of more
}

// plane is the samples of a component, whole blocks.
type plane struct {
	pix    []byte
	stride int
}

// A Decoder keeps the room that one picture took for the next. Its zero value is ready.
type Decoder struct {
	plain  []byte // what is read of a scan
	huff   [maxTc + 1][maxTh + 1]huffman
	planes kept[byte]
	coeffs kept[block]
}

// kept is room for slices, as much as the picture before took.
type kept[T any] struct {
	all   []T
	taken int
}

// fit begins anew; more than most is not kept.
func (k *kept[T]) fit(most int) {
	if k.taken > len(k.all) && k.taken <= most {
		k.all = make([]T, k.taken)
	}
	k.taken = 0
}

// take is n zeros, or n of anything where all will be written.
func (k *kept[T]) take(n int, zeros bool) []T {
	at := k.taken
	k.taken += n
	if k.taken > len(k.all) {
		return make([]T, n)
	}
	p := k.all[at:k.taken:k.taken]
	if zeros {
		clear(p)
	}
	return p
}

// most is how many bytes are kept of each.
const most = 16 << 20

type decoder struct {
	data []byte     // the file
	pos  int        // of the next byte to be read
	bits pixel.Bits // from pos on, within a scan
	end  int        // where they end: at a marker, or the file's end
	room *Decoder

	width, height int
	outs          []output

	ri    int // Restart Interval.
	nComp int

	// As per section 4.5, there are four modes of operation (selected by the SOF? markers): sequential DCT, progressive DCT,
	// lossless and hierarchical; the latter two are not read. Sequential DCT is further split into baseline and extended, as
	// per section 4.11.
	baseline    bool
	progressive bool

	jfif                bool
	adobeTransformValid bool
	adobeTransform      uint8
	eobRun              uint16 // End-of-Band run, specified in section G.1.2.2.

	comp       [maxComponents]component
	progCoeffs [maxComponents][]block // Saved state between progressive-mode scans.
	huff       [maxTc + 1][maxTh + 1]*huffman
	quant      [maxTq + 1]block // Quantization tables, in natural order.
	block      block            // of a sequential frame, the one that is read
}

// Decode reads a JPEG file into one picture for each of the shifts, whose sides are those of the file divided by 2^shift and
// rounded up: an *image.Gray, *image.YCbCr, *image.RGBA or *image.CMYK, which are the decoder's until its next call. A shift is 0 to
// [MaxShift]. Errors are a [FormatError], an [UnsupportedError] or [io.ErrUnexpectedEOF].
func (room *Decoder) Decode(file []byte, shifts ...int) ([]image.Image, error) {
	d := decoder{data: file, room: room}
	for _, s := range shifts {
		if s < 0 || s > MaxShift {
			panic(fmt.Sprintf("jpeg: a shift of %d", s))
		}
		d.outs = append(d.outs, output{shift: s})
	}
	room.planes.fit(most)
	room.coeffs.fit(most / (4 * blockSize))
	if cap(room.plain) > most {
		room.plain = nil
	}
	if err := d.decode(false); err != nil {
		return nil, err
	}
	images := make([]image.Image, len(d.outs))
	for i := range d.outs {
		if images[i] = d.finish(&d.outs[i]); images[i] == nil {
			return nil, FormatError("missing SOS marker")
		}
	}
	return images, nil
}

// DecodeConfig reads the header alone.
func DecodeConfig(file []byte) (Config, error) {
	d := decoder{data: file}
	if err := d.decode(true); err != nil {
		return Config{}, err
	}
	if d.nComp == 0 {
		return Config{}, FormatError("missing SOF marker")
	}
	return Config{d.width, d.height, d.nComp, d.progressive}, nil
}

// take returns the next n bytes of the file. It does not care about byte stuffing.
func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.data)-d.pos {
		return nil, io.ErrUnexpectedEOF
	}
	b := d.data[d.pos : d.pos+n]
	d.pos += n
	return b, nil
}

// Specified in section B.2.2.
func (d *decoder) processSOF(tmp []byte) error {
	if d.nComp != 0 {
		return FormatError("multiple SOF markers")
	}
	switch len(tmp) {
	case 6 + 3*1: // Grayscale image.
		d.nComp = 1
	case 6 + 3*3: // YCbCr or RGB image.
		d.nComp = 3
	case 6 + 3*4: // YCbCrK or CMYK image.
		d.nComp = 4
	default:
		if len(tmp) >= 6 && len(tmp) == 6+3*int(tmp[5]) {
			return UnsupportedError(fmt.Sprintf("%d components", tmp[5]))
		}
		return FormatError("SOF has wrong length")
	}
	if tmp[0] != 8 {
		return UnsupportedError(fmt.Sprintf("%d bits a sample", tmp[0]))
	}
	d.height = int(tmp[1])<<8 + int(tmp[2])
	d.width = int(tmp[3])<<8 + int(tmp[4])
	if int(tmp[5]) != d.nComp {
		return FormatError("SOF has wrong length")
	}

	for i := 0; i < d.nComp; i++ {
		d.comp[i].c = tmp[6+3*i]
		// Section B.2.2 states that "the value of C_i shall be different from the values of C_1 through C_(i-1)".
		for j := 0; j < i; j++ {
			if d.comp[i].c == d.comp[j].c {
				return FormatError("repeated component identifier")
			}
		}

		d.comp[i].tq = tmp[8+3*i]
		if d.comp[i].tq > maxTq {
			return FormatError("bad Tq value")
		}

		hv := tmp[7+3*i]
		h, v := int(hv>>4), int(hv&0x0f)
		if h < 1 || 4 < h || v < 1 || 4 < v {
			return FormatError("luma/chroma subsampling ratio")
		}
		if h == 3 || v == 3 {
			return errUnsupportedSubsamplingRatio
		}
		switch d.nComp {
		case 1:
			// If a JPEG image has only one component, section A.2 says "this data is non-interleaved by definition" and
			// section A.2.2 says "[in this case...] the order of data units within a scan shall be left-to-right and
			// top-to-bottom... regardless of the values of H_1 and V_1". Section 4.8.2 also says "[for non-interleaved data],
			// the MCU is defined to be one data unit". Similarly, section A.1.1 explains that it is the ratio of H_i to
			// max_j(H_j) that matters, and similarly for V. For grayscale images, H_1 is the maximum H_j for all components j,
			// so that ratio is always 1. The component's (h, v) is effectively always (1, 1): even if the nominal (h, v) is
			// (2, 1), a 20x5 image is encoded in three 8x8 MCUs, not two 16x8 MCUs.
			h, v = 1, 1

		case 3:
			// For YCbCr images, we only support 4:4:4, 4:4:0, 4:2:2, 4:2:0, 4:1:1 or 4:1:0 chroma subsampling ratios. This
			// implies that the (h, v) values for the Y component are either (1, 1), (1, 2), (2, 1), (2, 2), (4, 1) or (4, 2),
			// and the Y component's values must be a multiple of the Cb and Cr component's values. We also assume that the
			// two chroma components have the same subsampling ratio.
			switch i {
			case 0: // Y.
				// We have already verified, above, that h and v are both either 1, 2 or 4, so invalid (h, v) combinations are
				// those with v == 4.
				if v == 4 {
					return errUnsupportedSubsamplingRatio
				}
			case 1: // Cb.
				if d.comp[0].h%h != 0 || d.comp[0].v%v != 0 {
					return errUnsupportedSubsamplingRatio
				}
			case 2: // Cr.
				if d.comp[1].h != h || d.comp[1].v != v {
					return errUnsupportedSubsamplingRatio
				}
			}

		case 4:
			// For 4-component images (either CMYK or YCbCrK), we only support two hv vectors: [0x11 0x11 0x11 0x11] and
			// [0x22 0x11 0x11 0x22]. Theoretically, 4-component JPEG images could mix and match hv values but in practice,
			// those two combinations are the only ones in use, and it simplifies the cmyk code below if we can assume that:
			//	- for CMYK, the C and K channels have full samples, and if the M and Y channels subsample, they subsample both
			//	  horizontally and vertically.
			//	- for YCbCrK, the Y and K channels have full samples.
			switch i {
			case 0:
				if hv != 0x11 && hv != 0x22 {
					return errUnsupportedSubsamplingRatio
				}
			case 1, 2:
				if hv != 0x11 {
					return errUnsupportedSubsamplingRatio
				}
			case 3:
				if d.comp[0].h != h || d.comp[0].v != v {
					return errUnsupportedSubsamplingRatio
				}
			}
		}

		d.comp[i].h = h
		d.comp[i].v = v
	}
	return nil
}

// Specified in section B.2.4.1.
func (d *decoder) processDQT(tmp []byte) error {
	for len(tmp) > 1 { // one byte too many is let pass
		x := tmp[0]
		tmp = tmp[1:]
		tq := x & 0x0f
		if tq > maxTq {
			return FormatError("bad Tq value")
		}
		switch x >> 4 {
		default:
			return FormatError("bad Pq value")
		case 0:
			if len(tmp) < blockSize {
				return FormatError("DQT has wrong length")
			}
			for i := range d.quant[tq] {
				d.quant[tq][pixel.Unzig[i]] = int32(tmp[i])
			}
			tmp = tmp[blockSize:]
		case 1:
			if len(tmp) < 2*blockSize {
				return FormatError("DQT has wrong length")
			}
			for i := range d.quant[tq] {
				d.quant[tq][pixel.Unzig[i]] = int32(tmp[2*i])<<8 | int32(tmp[2*i+1])
			}
			tmp = tmp[2*blockSize:]
		}
	}
	return nil
}

// decode reads the file's segments up to the End Of Image marker.
func (d *decoder) decode(configOnly bool) error {
	// Check for the Start Of Image marker.
	tmp, err := d.take(2)
	if err != nil {
		return err
	}
	if tmp[0] != 0xff || tmp[1] != soiMarker {
		return FormatError("missing SOI marker")
	}

	// Process the remaining segments until the End Of Image marker.
	for {
		tmp, err := d.take(2)
		if err != nil {
			return err
		}
		first, marker := tmp[0], tmp[1]
		for first != 0xff {
			// Strictly speaking, this is a format error. However, libjpeg is liberal in what it accepts: extraneous data is
			// silently ignored. This is similar to, but not exactly the same as, the restart mechanism within a scan (the
			// RST[0-7] markers). Note that extraneous 0xff bytes in e.g. SOS data are escaped as "\xff\x00", and so are
			// detected a little further down below.
			if tmp, err = d.take(1); err != nil {
				return err
			}
			first, marker = marker, tmp[0]
		}
		if marker == 0 {
			// Treat "\xff\x00" as extraneous data.
			continue
		}
		for marker == 0xff {
			// Section B.1.1.2 says, "Any marker may optionally be preceded by any number of fill bytes, which are bytes
			// assigned code X'FF'".
			if tmp, err = d.take(1); err != nil {
				return err
			}
			marker = tmp[0]
		}
		if marker == eoiMarker { // End Of Image.
			break
		}
		if rst0Marker <= marker && marker <= rst7Marker {
			// Figures B.2 and B.16 of the specification suggest that restart markers should only occur between Entropy Coded
			// Segments and not after the final ECS. However, some encoders may generate incorrect JPEGs with a final restart
			// marker. That restart marker will be seen here instead of inside the processSOS method, and is ignored as a
			// harmless error. Restart markers have no extra data, so we check for this before we read the 16-bit length of
			// the segment.
			continue
		}

		// Read the 16-bit length of the segment. The value includes the 2 bytes for the length itself, so we subtract 2 to get
		// the number of remaining bytes.
		if tmp, err = d.take(2); err != nil {
			return err
		}
		n := int(tmp[0])<<8 + int(tmp[1]) - 2
		if n < 0 {
			return FormatError("short segment length")
		}
		if tmp, err = d.take(n); err != nil {
			return err
		}

		switch marker {
		case sof0Marker, sof1Marker, sof2Marker:
			d.baseline = marker == sof0Marker
			d.progressive = marker == sof2Marker
			if err = d.processSOF(tmp); configOnly {
				return err
			}
		case dhtMarker:
			if !configOnly {
				err = d.processDHT(tmp)
			}
		case dqtMarker:
			if !configOnly {
				err = d.processDQT(tmp)
			}
		case sosMarker:
			if configOnly {
				return nil
			}
			err = d.processSOS(tmp)
		case driMarker:
			if len(tmp) != 2 {
				return FormatError("DRI has wrong length")
			}
			d.ri = int(tmp[0])<<8 + int(tmp[1])
		case app0Marker:
			if len(tmp) >= 5 {
				d.jfif = string(tmp[:5]) == "JFIF\x00"
			}
		case app14Marker:
			if len(tmp) >= 12 && string(tmp[:5]) == "Adobe" {
				d.adobeTransformValid, d.adobeTransform = true, tmp[11]
			}
		default:
			if app0Marker <= marker && marker <= app15Marker || marker == comMarker {
				continue
			}
			if kind, ok := unread[marker]; ok {
				err = UnsupportedError(kind)
			} else if marker < 0xc0 { // See Table B.1 "Marker code assignments".
				err = FormatError("unknown marker")
			} else {
				err = UnsupportedError(fmt.Sprintf("marker %02x", marker))
			}
		}
		if err != nil {
			return err
		}
	}
	if d.progressive && !configOnly {
		d.reconstructProgressiveImage()
	}
	return nil
}

// finish turns an output's planes into a picture; nil where no scan came.
func (d *decoder) finish(o *output) image.Image {
	switch {
	case o.grey != nil:
		return o.grey
	case o.colour == nil:
		return nil
	case d.nComp == 4:
		return d.cmyk(o)
	case d.isRGB():
		return d.rgb(o)
	}
	return o.colour
}

// cmyk combines four planes into a CMYK image. The formula used depends on whether the JPEG image is stored as CMYK or
// YCbCrK, indicated by the APP14 (Adobe) metadata; without, it is CMYK.
//
// Adobe CMYK JPEG images are inverted, where 255 means no ink instead of full ink, so we apply "v = 255 - v" at various
// points. Note that a double inversion is a no-op, so inversions might be implicit in the code below.
func (d *decoder) cmyk(o *output) image.Image {
	bounds := o.colour.Bounds()
	// If the 4-component JPEG image isn't explicitly marked as "Unknown (RGB or CMYK)" we assume that it is YCbCrK. This
	// matches libjpeg's jdapimin.c.
	if d.adobeTransformValid && d.adobeTransform != adobeTransformUnknown {
		// Convert the YCbCr part of the YCbCrK to RGB, invert the RGB to get CMY, and patch in the original K. The RGB to CMY
		// inversion cancels out the 'Adobe inversion' described above, so in practice, only the fourth channel (black) is
		// inverted.
		img := image.NewRGBA(bounds)
		draw.Draw(img, bounds, o.colour, bounds.Min, draw.Src)
		for iBase, y := 0, bounds.Min.Y; y < bounds.Max.Y; iBase, y = iBase+img.Stride, y+1 {
			for i, x := iBase+3, bounds.Min.X; x < bounds.Max.X; i, x = i+4, x+1 {
				img.Pix[i] = 255 - o.planes[3].pix[(y-bounds.Min.Y)*o.planes[3].stride+(x-bounds.Min.X)]
			}
		}
		return &image.CMYK{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
	}

	// The channels of the CMYK were decoded into a plane each, and some may be subsampled.
	img := image.NewCMYK(bounds)
	for t, plane := range o.planes {
		half := 0
		if d.comp[t].h != d.comp[0].h || d.comp[t].v != d.comp[0].v {
			half = 1
		}
		for iBase, y := 0, bounds.Min.Y; y < bounds.Max.Y; iBase, y = iBase+img.Stride, y+1 {
			sy := (y - bounds.Min.Y) >> half
			for i, x := iBase+t, bounds.Min.X; x < bounds.Max.X; i, x = i+4, x+1 {
				sx := (x - bounds.Min.X) >> half
				img.Pix[i] = 255 - plane.pix[sy*plane.stride+sx]
			}
		}
	}
	return img
}

func (d *decoder) isRGB() bool {
	if d.jfif {
		return false
	}
	if d.adobeTransformValid && d.adobeTransform == adobeTransformUnknown {
		// 0 means Unknown (and in practice RGB) and 1 means YCbCr.
		return true
	}
	return d.comp[0].c == 'R' && d.comp[1].c == 'G' && d.comp[2].c == 'B'
}

func (d *decoder) rgb(o *output) image.Image {
	cScale := d.comp[0].h / d.comp[1].h
	bounds := o.colour.Bounds()
	img := image.NewRGBA(bounds)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		po := img.PixOffset(bounds.Min.X, y)
		yo := o.colour.YOffset(bounds.Min.X, y)
		co := o.colour.COffset(bounds.Min.X, y)
		for i, iMax := 0, bounds.Max.X-bounds.Min.X; i < iMax; i++ {
			img.Pix[po+4*i+0] = o.colour.Y[yo+i]
			img.Pix[po+4*i+1] = o.colour.Cb[co+i/cScale]
			img.Pix[po+4*i+2] = o.colour.Cr[co+i/cScale]
			img.Pix[po+4*i+3] = 255
		}
	}
	return img
}
