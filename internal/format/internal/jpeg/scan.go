// Copyright 2012 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package jpeg

import (
	"image"

	"github.com/assaylab/assay/internal/pixel"
)

var pixels = pixel.Best()

// block is the coefficients of 8x8 pixels, in natural order, not yet multiplied by the quantization table.
type block = pixel.Block

const blockSize = 8 * 8

// makeImg makes the planes of an output. They are zeros before scans come, but where the first of them writes all.
func (d *decoder) makeImg(o *output, mxx, myy, nComp int) {
	zeros := d.progressive || nComp < d.nComp
	side := 8 >> o.shift // pixels that a block becomes
	rect := image.Rect(0, 0, (d.width+1<<o.shift-1)>>o.shift, (d.height+1<<o.shift-1)>>o.shift)
	for i, c := range d.comp[:d.nComp] {
		stride := side * c.h * mxx
		o.planes[i] = plane{d.room.planes.take(stride*side*c.v*myy, zeros), stride}
	}
	p := &o.planes
	whole := image.Rect(0, 0, p[0].stride, side*d.comp[0].v*myy)
	if d.nComp == 1 {
		o.grey = (&image.Gray{Pix: p[0].pix, Stride: p[0].stride, Rect: whole}).SubImage(rect).(*image.Gray)
		return
	}

	h0 := d.comp[0].h
	v0 := d.comp[0].v
	hRatio := h0 / d.comp[1].h
	vRatio := v0 / d.comp[1].v
	var subsampleRatio image.YCbCrSubsampleRatio
	switch hRatio<<4 | vRatio {
	case 0x11:
		subsampleRatio = image.YCbCrSubsampleRatio444
	case 0x12:
		subsampleRatio = image.YCbCrSubsampleRatio440
	case 0x21:
		subsampleRatio = image.YCbCrSubsampleRatio422
	case 0x22:
		subsampleRatio = image.YCbCrSubsampleRatio420
	case 0x41:
		subsampleRatio = image.YCbCrSubsampleRatio411
	case 0x42:
		subsampleRatio = image.YCbCrSubsampleRatio410
	default:
		panic("unreachable")
	}
	m := &image.YCbCr{Y: p[0].pix, Cb: p[1].pix, Cr: p[2].pix, YStride: p[0].stride, CStride: p[1].stride, SubsampleRatio: subsampleRatio, Rect: whole}
	o.colour = m.SubImage(rect).(*image.YCbCr)
}

// part is a component's part in a scan.
type part struct {
	index  int
	dc, ac *huffman
	last   int32 // DC coefficient
	stride int   // blocks in a row of the component
}

// band is which bits of which coefficients a scan has: the spectral selection bounds Ss and Se, and the successive approximation high and
// low values Ah and Al.
type band struct {
	start, end int32
	ah, al     uint32
}

// Specified in section B.2.3.
func (d *decoder) processSOS(tmp []byte) error {
	n := len(tmp)
	if d.nComp == 0 {
		return FormatError("missing SOF marker")
	}
	if n < 6 || 4+2*d.nComp < n || n%2 != 0 {
		return FormatError("SOS has wrong length")
	}
	nComp := int(tmp[0])
	if n != 4+2*nComp {
		return FormatError("SOS length inconsistent with number of components")
	}
	var scan [maxComponents]part
	totalHV := 0
	for i := 0; i < nComp; i++ {
		cs := tmp[1+2*i] // Component selector.
		compIndex := -1
		for j, comp := range d.comp[:d.nComp] {
			if cs == comp.c {
				compIndex = j
			}
		}
		if compIndex < 0 {
			return FormatError("unknown component selector")
		}
		scan[i].index = compIndex
		// Section B.2.3 states that "the value of Cs_j shall be different from
		// the values of Cs_1 through Cs_(j-1)". Since we have previously
		// verified that a frame's component identifiers (C_i values in section
		// B.2.2) are unique, it suffices to check that the implicit indexes
		// into d.comp are unique.
		for j := 0; j < i; j++ {
			if scan[i].index == scan[j].index {
				return FormatError("repeated component selector")
			}
		}
		totalHV += d.comp[compIndex].h * d.comp[compIndex].v

		// The baseline t <= 1 restriction is specified in table B.3.
		td, ta := tmp[2+2*i]>>4, tmp[2+2*i]&0x0f
		if td > maxTh || (d.baseline && td > 1) {
			return FormatError("bad Td value")
		}
		if ta > maxTh || (d.baseline && ta > 1) {
			return FormatError("bad Ta value")
		}
		scan[i].dc, scan[i].ac = d.huff[dcTable][td], d.huff[acTable][ta]
	}
	// Section B.2.3 states that if there is more than one component then the
	// total H*V values in a scan must be <= 10.
	if d.nComp > 1 && totalHV > 10 {
		return FormatError("total sampling factors too large")
	}

	// For progressive JPEGs, spectral selection and successive approximation are the two more-or-less independent aspects of progression.
	// Spectral selection progression is when not all of a block's 64 DCT coefficients are transmitted in one pass. For example, three
	// passes could transmit coefficient 0 (the DC component), coefficients 1-5, and coefficients 6-63, in zig-zag order. Successive
	// approximation is when not all of the bits of a band of coefficients are transmitted in one pass. For example, three passes could
	// transmit the 6 most significant bits, followed by the second-least significant bit, followed by the least significant bit.
	//
	// For sequential JPEGs, these parameters are hard-coded to 0/63/0/0, as per table B.3.
	of := band{end: blockSize - 1}
	if d.progressive {
		of = band{int32(tmp[1+2*nComp]), int32(tmp[2+2*nComp]), uint32(tmp[3+2*nComp] >> 4), uint32(tmp[3+2*nComp] & 0x0f)}
		if (of.start == 0 && of.end != 0) || of.start > of.end || blockSize <= of.end {
			return FormatError("bad spectral selection bounds")
		}
		if of.start != 0 && nComp != 1 {
			return FormatError("progressive AC coefficients for more than one component")
		}
		if of.ah != 0 && of.ah != of.al+1 {
			return FormatError("bad successive approximation values")
		}
	}

	// mxx and myy are the number of MCUs (Minimum Coded Units) in the image.
	h0, v0 := d.comp[0].h, d.comp[0].v // The h and v values from the Y components.
	mxx := (d.width + 8*h0 - 1) / (8 * h0)
	myy := (d.height + 8*v0 - 1) / (8 * v0)
	for i := range d.outs {
		if o := &d.outs[i]; o.planes[0].stride == 0 {
			d.makeImg(o, mxx, myy, nComp)
		}
	}
	for i := range scan[:nComp] {
		p := &scan[i]
		c := d.comp[p.index]
		p.stride = mxx * c.h
		if d.progressive && d.progCoeffs[p.index] == nil {
			d.progCoeffs[p.index] = d.room.coeffs.take(p.stride*myy*c.v, true)
		}
	}

	d.open()
	mcu, expectedRST := 0, uint8(rst0Marker)
	total := mxx * myy
	if nComp == 1 {
		c := d.comp[scan[0].index]
		total = min(mxx*c.h, (d.width+7)/8) * min(myy*c.v, (d.height+7)/8)
	}
	restart := func() error { // after an MCU
		mcu++
		if d.ri == 0 || mcu%d.ri != 0 || mcu >= total {
			return nil
		}
		// For well-formed input, the RST[0-7] restart marker follows immediately.
		d.close()
		if err := d.findRST(expectedRST); err != nil {
			return err
		}
		expectedRST++
		if expectedRST == rst7Marker+1 {
			expectedRST = rst0Marker
		}
		d.open()
		// Reset the DC components, as per section F.2.1.3.1.
		for i := range scan {
			scan[i].last = 0
		}
		// Reset the progressive decoder state, as per section G.1.2.2.
		d.eobRun = 0
		return nil
	}
	// The blocks are traversed one MCU at a time. For 4:2:0 chroma subsampling, there are four Y 8x8 blocks in every 16x16 MCU. For a
	// sequential 32x16 pixel image, the Y blocks visiting order is:
	//	0 1 4 5
	//	2 3 6 7
	//
	// For progressive images, the interleaved scans (those with nComp > 1) are traversed as above, but non-interleaved scans are traversed
	// left to right, top to bottom:
	//	0 1 2 3
	//	4 5 6 7
	// Only DC scans (of.start == 0) can be interleaved. AC scans must have only one component.
	//
	// To further complicate matters, for non-interleaved scans, there is no data for any blocks that are inside the image at the MCU level
	// but outside the image at the pixel level. For example, a 24x16 pixel 4:2:0 progressive image consists of two 16x16 MCUs. The
	// interleaved scans will process 8 Y blocks:
	//	0 1 4 5
	//	2 3 6 7
	// The non-interleaved scans will process only 6 Y blocks:
	//	0 1 2
	//	3 4 5
	if nComp == 1 {
		p := &scan[0]
		for by := 0; by < myy*d.comp[p.index].v && by*8 < d.height; by++ {
			for bx := 0; bx < p.stride && bx*8 < d.width; bx++ {
				if err := d.unit(p, of, bx, by); err != nil {
					return err
				}
				if err := restart(); err != nil { // section A.2.2: a data unit is an MCU, which image/jpeg does not know
					return err
				}
			}
		}
		d.close()
		return nil
	}
	for my := range myy {
		for mx := range mxx {
			for i := range scan[:nComp] {
				p := &scan[i]
				c := &d.comp[p.index]
				for y := range c.v {
					for x := range c.h {
						if err := d.unit(p, of, c.h*mx+x, c.v*my+y); err != nil {
							return err
						}
					}
				}
			}
			if err := restart(); err != nil {
				return err
			}
		}
	}
	d.close()
	return nil
}

// unit reads what a scan has of the block in column bx and row by of a component.
func (d *decoder) unit(p *part, of band, bx, by int) (err error) {
	b := &d.block
	switch {
	case !d.progressive:
		*b = block{}
		err = d.sequential(b, p)
	default:
		b = &d.progCoeffs[p.index][by*p.stride+bx]
		if of.ah != 0 {
			err = d.refine(b, p.ac, of.start, of.end, 1<<of.al)
		} else {
			err = d.first(b, p, of)
		}
	}
	switch {
	case d.bits.Over():
		return d.short()
	case err == nil && !d.progressive:
		d.reconstructBlock(b, bx, by, p.index)
	}
	return err
}

// dcDelta decodes the difference of a DC coefficient from the one before, as specified in section F.2.2.1.
func (d *decoder) dcDelta(h *huffman) (int32, error) {
	if d.bits.N < 2*maxCodeLength {
		d.bits.Fill()
	}
	if h != nil {
		if e := h.Whole[d.bits.Acc>>(64-pixel.LookUp)]; e != 0 {
			d.bits.Drop(uint(e & 63))
			return int32(e) >> 16, nil
		}
	}
	value, err := d.decodeHuffman(h)
	if err != nil {
		return 0, err
	}
	if value > 16 {
		return 0, UnsupportedError("excessive DC component")
	}
	return d.receiveExtend(value), nil
}

// first decodes a block's first scan of a band, as specified in section G.1.2.
func (d *decoder) first(b *block, p *part, of band) error {
	zig := of.start
	if zig == 0 {
		zig++
		delta, err := d.dcDelta(p.dc)
		if err != nil {
			return err
		}
		p.last += delta
		b[0] = p.last << of.al
	}
	if zig <= of.end && d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	// Decode the AC coefficients, as specified in section F.2.2.2.
	for ; zig <= of.end; zig++ {
		value, err := d.decodeHuffman(p.ac)
		if err != nil {
			return err
		}
		run, size := value>>4, value&0x0f
		switch {
		case size != 0:
			zig += int32(run)
			if zig > of.end {
				return nil
			}
			b[pixel.Unzig[zig]] = d.receiveExtend(size) << of.al
		case run != 0x0f:
			d.endOfBand(run)
			d.eobRun--
			return nil
		default:
			zig += 0x0f
		}
	}
	return nil
}

// endOfBand sets how many blocks, this one too, have no more coefficients: 2^run and as many as run bits say.
func (d *decoder) endOfBand(run uint8) {
	d.eobRun = 1 << run
	if run != 0 {
		d.eobRun |= uint16(d.bits.Take(uint(run)))
	}
}

// sequential decodes a block of a sequential frame (section F.2.2).
func (d *decoder) sequential(b *block, p *part) error {
	delta, err := d.dcDelta(p.dc)
	if err != nil {
		return err
	}
	p.last += delta
	b[0] = p.last
	if d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	h := p.ac
	if h == nil {
		return FormatError("uninitialized Huffman table")
	}
	for zig := 1; ; zig++ {
		if zig = pixels.Coefficients(b, &d.bits, &h.Codes, zig); zig >= blockSize {
			return nil
		}
		value, err := d.decodeHuffman(h)
		if err != nil {
			return err
		}
		run, size := value>>4, value&0x0f
		switch {
		case size == 0 && run == 15:
			zig += 15
			continue
		case size == 0: // but for run 0 no code of a sequential frame; it is taken as one of a progressive frame
			d.endOfBand(run)
			d.eobRun--
			return nil
		}
		if zig += int(run); zig >= blockSize {
			return nil
		}
		b[pixel.Unzig[zig]] = d.receiveExtend(size)
	}
}

// refine decodes a successive approximation refinement block, as specified in
// section G.1.2.
func (d *decoder) refine(b *block, h *huffman, zigStart, zigEnd, delta int32) error {
	// Refining a DC component is trivial.
	if zigStart == 0 {
		if zigEnd != 0 {
			panic("unreachable")
		}
		if d.bits.Take(1) != 0 {
			b[0] |= delta
		}
		return nil
	}

	// Refining AC components is more complicated; see sections G.1.2.2 and G.1.2.3.
	zig := zigStart
	if d.eobRun == 0 {
	loop:
		for ; zig <= zigEnd; zig++ {
			z := int32(0)
			value, err := d.decodeHuffman(h)
			if err != nil {
				return err
			}
			val0 := value >> 4
			val1 := value & 0x0f

			switch val1 {
			case 0:
				if val0 != 0x0f {
					d.endOfBand(val0)
					break loop
				}
			case 1:
				z = delta
				if d.bits.Take(1) == 0 {
					z = -z
				}
			default:
				return FormatError("unexpected Huffman code")
			}

			zig = d.refineNonZeroes(b, zig, zigEnd, int32(val0), delta)
			if zig > zigEnd {
				return FormatError("too many coefficients")
			}
			if z != 0 {
				b[pixel.Unzig[zig]] = z
			}
		}
	}
	if d.eobRun > 0 {
		d.eobRun--
		d.refineNonZeroes(b, zig, zigEnd, -1, delta)
	}
	return nil
}

// refineNonZeroes refines non-zero entries of b in zig-zag order. If nz >= 0,
// the first nz zero entries are skipped over.
func (d *decoder) refineNonZeroes(b *block, zig, zigEnd, nz, delta int32) int32 {
	for ; zig <= zigEnd; zig++ {
		u := pixel.Unzig[zig]
		if b[u] == 0 {
			if nz == 0 {
				break
			}
			nz--
			continue
		}
		if d.bits.Take(1) == 0 {
			continue
		}
		if b[u] >= 0 {
			b[u] += delta
		} else {
			b[u] -= delta
		}
	}
	return zig
}

func (d *decoder) reconstructProgressiveImage() {
	// The h0, mxx, by and bx variables have the same meaning as in the processSOS method.
	h0 := d.comp[0].h
	mxx := (d.width + 8*h0 - 1) / (8 * h0)
	for i := 0; i < d.nComp; i++ {
		if d.progCoeffs[i] == nil {
			continue
		}
		v := 8 * d.comp[0].v / d.comp[i].v
		h := 8 * d.comp[0].h / d.comp[i].h
		stride := mxx * d.comp[i].h
		for by := 0; by*v < d.height; by++ {
			for bx := 0; bx*h < d.width; bx++ {
				d.reconstructBlock(&d.progCoeffs[i][by*stride+bx], bx, by, i)
			}
		}
	}
}

// reconstructBlock dequantizes, performs the inverse DCT and stores the block to the image of each output.
func (d *decoder) reconstructBlock(b *block, bx, by, compIndex int) {
	quant := &d.quant[d.comp[compIndex].tq]
	for i := range d.outs {
		o := &d.outs[i]
		to, side := &o.planes[compIndex], 8>>o.shift
		pixels.Transform(to.pix[side*(by*to.stride+bx):], to.stride, o.shift, b, quant)
	}
}

// findRST takes the restart marker expectedRST, which follows immediately in well-formed input. Else it advances past the next
// one. It is an error if we encounter an {0xFF, M} two-byte marker sequence where M is not 0x00, 0xFF or the expectedRST.
//
// This is similar to libjpeg's jdmarker.c's next_marker function, without what jpeg_resync_to_restart does with RST markers
// within two (modulo 8) of expectedRST.
func (d *decoder) findRST(expectedRST uint8) error {
	tmp, err := d.take(1)
	if err != nil {
		return err
	}
	for prev := tmp[0]; ; prev = tmp[0] {
		if tmp, err = d.take(1); err != nil {
			return err
		}
		if prev == 0xff {
			switch tmp[0] {
			case expectedRST:
				return nil
			case 0, 0xff:
			default:
				return FormatError("bad RST marker")
			}
		}
	}
}
