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

// makeImg allocates and initializes the destination image of an output.
func (d *decoder) makeImg(o *output, mxx, myy int) {
	side := 8 >> o.shift // pixels that a block becomes
	rect := image.Rect(0, 0, (d.width+1<<o.shift-1)>>o.shift, (d.height+1<<o.shift-1)>>o.shift)
	if d.nComp == 1 {
		m := image.NewGray(image.Rect(0, 0, side*mxx, side*myy))
		o.img1 = m.SubImage(rect).(*image.Gray)
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
	m := image.NewYCbCr(image.Rect(0, 0, side*h0*mxx, side*v0*myy), subsampleRatio)
	o.img3 = m.SubImage(rect).(*image.YCbCr)

	if d.nComp == 4 {
		h3, v3 := d.comp[3].h, d.comp[3].v
		o.blackPix = make([]byte, side*h3*mxx*side*v3*myy)
		o.blackStride = side * h3 * mxx
	}
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
	var scan [maxComponents]struct {
		compIndex uint8
		td        uint8 // DC table selector.
		ta        uint8 // AC table selector.
	}
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
		scan[i].compIndex = uint8(compIndex)
		// Section B.2.3 states that "the value of Cs_j shall be different from
		// the values of Cs_1 through Cs_(j-1)". Since we have previously
		// verified that a frame's component identifiers (C_i values in section
		// B.2.2) are unique, it suffices to check that the implicit indexes
		// into d.comp are unique.
		for j := 0; j < i; j++ {
			if scan[i].compIndex == scan[j].compIndex {
				return FormatError("repeated component selector")
			}
		}
		totalHV += d.comp[compIndex].h * d.comp[compIndex].v

		// The baseline t <= 1 restriction is specified in table B.3.
		scan[i].td = tmp[2+2*i] >> 4
		if t := scan[i].td; t > maxTh || (d.baseline && t > 1) {
			return FormatError("bad Td value")
		}
		scan[i].ta = tmp[2+2*i] & 0x0f
		if t := scan[i].ta; t > maxTh || (d.baseline && t > 1) {
			return FormatError("bad Ta value")
		}
	}
	// Section B.2.3 states that if there is more than one component then the
	// total H*V values in a scan must be <= 10.
	if d.nComp > 1 && totalHV > 10 {
		return FormatError("total sampling factors too large")
	}

	// zigStart and zigEnd are the spectral selection bounds.
	// ah and al are the successive approximation high and low values.
	// The spec calls these values Ss, Se, Ah and Al.
	//
	// For progressive JPEGs, these are the two more-or-less independent
	// aspects of progression. Spectral selection progression is when not
	// all of a block's 64 DCT coefficients are transmitted in one pass.
	// For example, three passes could transmit coefficient 0 (the DC
	// component), coefficients 1-5, and coefficients 6-63, in zig-zag
	// order. Successive approximation is when not all of the bits of a
	// band of coefficients are transmitted in one pass. For example,
	// three passes could transmit the 6 most significant bits, followed
	// by the second-least significant bit, followed by the least
	// significant bit.
	//
	// For sequential JPEGs, these parameters are hard-coded to 0/63/0/0, as
	// per table B.3.
	zigStart, zigEnd, ah, al := int32(0), int32(blockSize-1), uint32(0), uint32(0)
	if d.progressive {
		zigStart = int32(tmp[1+2*nComp])
		zigEnd = int32(tmp[2+2*nComp])
		ah = uint32(tmp[3+2*nComp] >> 4)
		al = uint32(tmp[3+2*nComp] & 0x0f)
		if (zigStart == 0 && zigEnd != 0) || zigStart > zigEnd || blockSize <= zigEnd {
			return FormatError("bad spectral selection bounds")
		}
		if zigStart != 0 && nComp != 1 {
			return FormatError("progressive AC coefficients for more than one component")
		}
		if ah != 0 && ah != al+1 {
			return FormatError("bad successive approximation values")
		}
	}

	// mxx and myy are the number of MCUs (Minimum Coded Units) in the image.
	h0, v0 := d.comp[0].h, d.comp[0].v // The h and v values from the Y components.
	mxx := (d.width + 8*h0 - 1) / (8 * h0)
	myy := (d.height + 8*v0 - 1) / (8 * v0)
	for i := range d.outs {
		if o := &d.outs[i]; o.img1 == nil && o.img3 == nil {
			d.makeImg(o, mxx, myy)
		}
	}
	if d.progressive {
		for i := 0; i < nComp; i++ {
			compIndex := scan[i].compIndex
			if d.progCoeffs[compIndex] == nil {
				d.progCoeffs[compIndex] = make([]block, mxx*myy*d.comp[compIndex].h*d.comp[compIndex].v)
			}
		}
	}

	d.acc, d.n = 0, 0
	mcu, expectedRST := 0, uint8(rst0Marker)
	var (
		// b is the decoded coefficients, in natural (not zig-zag) order.
		b  block
		dc [maxComponents]int32
		// bx and by are the location of the current block, in units of 8x8
		// blocks: the third block in the first row has (bx, by) = (2, 0).
		bx, by     int
		blockCount int
	)
	total := mxx * myy
	if nComp == 1 {
		c := d.comp[scan[0].compIndex]
		total = min(mxx*c.h, (d.width+7)/8) * min(myy*c.v, (d.height+7)/8)
	}
	restart := func() error { // after an MCU
		mcu++
		if d.ri == 0 || mcu%d.ri != 0 || mcu >= total {
			return nil
		}
		// For well-formed input, the RST[0-7] restart marker follows immediately.
		if err := d.findRST(expectedRST); err != nil {
			return err
		}
		expectedRST++
		if expectedRST == rst7Marker+1 {
			expectedRST = rst0Marker
		}
		// Reset the Huffman decoder.
		d.acc, d.n = 0, 0
		// Reset the DC components, as per section F.2.1.3.1.
		dc = [maxComponents]int32{}
		// Reset the progressive decoder state, as per section G.1.2.2.
		d.eobRun = 0
		return nil
	}
	for my := 0; my < myy; my++ {
		for mx := 0; mx < mxx; mx++ {
			for i := 0; i < nComp; i++ {
				compIndex := scan[i].compIndex
				hi := d.comp[compIndex].h
				vi := d.comp[compIndex].v
				for j := 0; j < hi*vi; j++ {
					// The blocks are traversed one MCU at a time. For 4:2:0 chroma
					// subsampling, there are four Y 8x8 blocks in every 16x16 MCU.
					//
					// For a sequential 32x16 pixel image, the Y blocks visiting order is:
					//	0 1 4 5
					//	2 3 6 7
					//
					// For progressive images, the interleaved scans (those with nComp > 1)
					// are traversed as above, but non-interleaved scans are traversed left
					// to right, top to bottom:
					//	0 1 2 3
					//	4 5 6 7
					// Only DC scans (zigStart == 0) can be interleaved. AC scans must have
					// only one component.
					//
					// To further complicate matters, for non-interleaved scans, there is no
					// data for any blocks that are inside the image at the MCU level but
					// outside the image at the pixel level. For example, a 24x16 pixel 4:2:0
					// progressive image consists of two 16x16 MCUs. The interleaved scans
					// will process 8 Y blocks:
					//	0 1 4 5
					//	2 3 6 7
					// The non-interleaved scans will process only 6 Y blocks:
					//	0 1 2
					//	3 4 5
					if nComp != 1 {
						bx = hi*mx + j%hi
						by = vi*my + j/hi
					} else {
						q := mxx * hi
						bx = blockCount % q
						by = blockCount / q
						blockCount++
						if bx*8 >= d.width || by*8 >= d.height {
							continue
						}
					}

					// Load the previous partially decoded coefficients, if applicable.
					if d.progressive {
						b = d.progCoeffs[compIndex][by*mxx*hi+bx]
					} else {
						b = block{}
					}

					if !d.progressive {
						var err error
						if dc[compIndex], err = d.sequential(&b, &d.huff[dcTable][scan[i].td], &d.huff[acTable][scan[i].ta], dc[compIndex]); err != nil {
							return err
						}
					} else if ah != 0 {
						if err := d.refine(&b, &d.huff[acTable][scan[i].ta], zigStart, zigEnd, 1<<al); err != nil {
							return err
						}
					} else {
						zig := zigStart
						if zig == 0 {
							zig++
							// Decode the DC coefficient, as specified in section F.2.2.1.
							value, err := d.decodeHuffman(&d.huff[dcTable][scan[i].td])
							if err != nil {
								return err
							}
							if value > 16 {
								return UnsupportedError("excessive DC component")
							}
							dcDelta, err := d.receiveExtend(value)
							if err != nil {
								return err
							}
							dc[compIndex] += dcDelta
							b[0] = dc[compIndex] << al
						}

						if zig <= zigEnd && d.eobRun > 0 {
							d.eobRun--
						} else {
							// Decode the AC coefficients, as specified in section F.2.2.2.
							huff := &d.huff[acTable][scan[i].ta]
							for ; zig <= zigEnd; zig++ {
								value, err := d.decodeHuffman(huff)
								if err != nil {
									return err
								}
								val0 := value >> 4
								val1 := value & 0x0f
								if val1 != 0 {
									zig += int32(val0)
									if zig > zigEnd {
										break
									}
									ac, err := d.receiveExtend(val1)
									if err != nil {
										return err
									}
									b[unzig[zig]] = ac << al
								} else {
									if val0 != 0x0f {
										d.eobRun = uint16(1 << val0)
										if val0 != 0 {
											bits, err := d.decodeBits(uint(val0))
											if err != nil {
												return err
											}
											d.eobRun |= uint16(bits)
										}
										d.eobRun--
										break
									}
									zig += 0x0f
								}
							}
						}
					}

					if d.progressive {
						// Save the coefficients; reconstructProgressiveImage comes when all scans are processed.
						d.progCoeffs[compIndex][by*mxx*hi+bx] = b
					} else {
						d.reconstructBlock(&b, bx, by, int(compIndex))
					}
					if nComp == 1 { // section A.2.2: a data unit is an MCU, which image/jpeg does not know
						if err := restart(); err != nil {
							return err
						}
					}
				} // for j
			} // for i
			if nComp > 1 {
				if err := restart(); err != nil {
					return err
				}
			}
		} // for mx
	} // for my

	return nil
}

// sequential decodes a block of a sequential frame (section F.2.2) and returns its DC coefficient; dc is the one before it.
func (d *decoder) sequential(b *block, dcTable, acTable *huffman, dc int32) (int32, error) {
	value, err := d.decodeHuffman(dcTable)
	if err != nil {
		return 0, err
	}
	if value > 16 {
		return 0, UnsupportedError("excessive DC component")
	}
	delta, err := d.receiveExtend(value)
	if err != nil {
		return 0, err
	}
	dc += delta
	b[0] = dc
	if d.eobRun > 0 {
		d.eobRun--
		return dc, nil
	}
	for zig := 1; zig < blockSize; zig++ {
		if d.n < 32 { // a code and its bits
			d.fill()
		}
		var run, size uint
		if v := acTable.lut[d.acc<<(64-d.n)>>(64-lutSize)]; d.n >= 32 && v != 0 {
			d.n -= uint(v & 0xff)
			run, size = uint(v>>12), uint(v>>8&0xf)
		} else {
			value, err := d.decodeHuffman(acTable)
			if err != nil {
				return 0, err
			}
			run, size = uint(value>>4), uint(value&0xf)
		}
		if size == 0 {
			if run == 15 {
				zig += 15
				continue
			}
			if run > 0 { // no code of a sequential frame; it is taken as one of a progressive frame
				bits, err := d.decodeBits(run)
				if err != nil {
					return 0, err
				}
				d.eobRun = uint16(1<<run|bits) - 1
			}
			break
		}
		if zig += int(run); zig >= blockSize {
			break
		}
		if d.n < size {
			if d.fill(); d.n < size {
				return 0, d.short()
			}
		}
		d.n -= size
		x := int32(d.acc>>(d.n&63)) & (1<<size - 1)
		if x>>(size-1) == 0 { // the upper half stands for itself, the lower for negative numbers (table F.1)
			x += -1<<size + 1
		}
		b[unzig[zig&63]] = x
	}
	return dc, nil
}

// refine decodes a successive approximation refinement block, as specified in
// section G.1.2.
func (d *decoder) refine(b *block, h *huffman, zigStart, zigEnd, delta int32) error {
	// Refining a DC component is trivial.
	if zigStart == 0 {
		if zigEnd != 0 {
			panic("unreachable")
		}
		bit, err := d.decodeBits(1)
		if err != nil {
			return err
		}
		if bit != 0 {
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
					d.eobRun = uint16(1 << val0)
					if val0 != 0 {
						bits, err := d.decodeBits(uint(val0))
						if err != nil {
							return err
						}
						d.eobRun |= uint16(bits)
					}
					break loop
				}
			case 1:
				z = delta
				bit, err := d.decodeBits(1)
				if err != nil {
					return err
				}
				if bit == 0 {
					z = -z
				}
			default:
				return FormatError("unexpected Huffman code")
			}

			zig, err = d.refineNonZeroes(b, zig, zigEnd, int32(val0), delta)
			if err != nil {
				return err
			}
			if zig > zigEnd {
				return FormatError("too many coefficients")
			}
			if z != 0 {
				b[unzig[zig]] = z
			}
		}
	}
	if d.eobRun > 0 {
		d.eobRun--
		if _, err := d.refineNonZeroes(b, zig, zigEnd, -1, delta); err != nil {
			return err
		}
	}
	return nil
}

// refineNonZeroes refines non-zero entries of b in zig-zag order. If nz >= 0,
// the first nz zero entries are skipped over.
func (d *decoder) refineNonZeroes(b *block, zig, zigEnd, nz, delta int32) (int32, error) {
	for ; zig <= zigEnd; zig++ {
		u := unzig[zig]
		if b[u] == 0 {
			if nz == 0 {
				break
			}
			nz--
			continue
		}
		bit, err := d.decodeBits(1)
		if err != nil {
			return 0, err
		}
		if bit == 0 {
			continue
		}
		if b[u] >= 0 {
			b[u] += delta
		} else {
			b[u] -= delta
		}
	}
	return zig, nil
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
	for i := range d.outs {
		o := &d.outs[i]
		side := 8 >> o.shift
		var dst []byte
		var stride int
		switch {
		case d.nComp == 1:
			dst, stride = o.img1.Pix, o.img1.Stride
		case compIndex == 0:
			dst, stride = o.img3.Y, o.img3.YStride
		case compIndex == 1:
			dst, stride = o.img3.Cb, o.img3.CStride
		case compIndex == 2:
			dst, stride = o.img3.Cr, o.img3.CStride
		default:
			dst, stride = o.blackPix, o.blackStride
		}
		pixels.Transform(dst[side*(by*stride+bx):], stride, o.shift, b, &d.quant[d.comp[compIndex].tq])
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
