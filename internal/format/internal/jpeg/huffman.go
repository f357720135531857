// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package jpeg

import "encoding/binary"

// maxCodeLength is the maximum (inclusive) number of bits in a Huffman code.
const maxCodeLength = 16

// maxNCodes is the maximum (inclusive) number of codes in a Huffman tree.
const maxNCodes = 256

// lutSize is the log-2 size of the Huffman decoder's look-up table.
const lutSize = 9

// huffman is a Huffman decoder, specified in section C.
type huffman struct {
	// nCodes is the number of codes in the tree.
	nCodes int32
	// lut is the look-up table for the next lutSize bits in the bit-stream. The high 8 bits of the uint16 are the encoded
	// value. The low 8 bits are the code length, or 0 if the value is too large to fit in lutSize bits.
	lut [1 << lutSize]uint16
	// vals are the decoded values, sorted by their encoding.
	vals [maxNCodes]uint8
	// minCodes[i] is the minimum code of length i, or -1 if there are no codes of that length.
	minCodes [maxCodeLength]int32
	// maxCodes[i] is the maximum code of length i, or -1 if there are no codes of that length.
	maxCodes [maxCodeLength]int32
	// valsIndices[i] is the index into vals of minCodes[i].
	valsIndices [maxCodeLength]int32
}

var (
	// errShortHuffmanData means that an unexpected EOF occurred while decoding Huffman data.
	errShortHuffmanData = FormatError("short Huffman data")
	// errMissingFF00 means that a byte 0xff (a marker) stands where Huffman data is expected, not the byte-stuffed sequence
	// 0xff, 0x00.
	errMissingFF00 = FormatError("missing 0xff00 sequence")
)

// fill reads bytes ahead until there are more than 56 bits, the data ends or a marker comes. Byte stuffing is specified in
// section F.1.2.3.
func (d *decoder) fill() {
	if d.pos+8 <= len(d.data) {
		if x := binary.BigEndian.Uint64(d.data[d.pos:]); (^x-0x0101010101010101)&x&0x8080808080808080 == 0 { // no byte is 0xff
			k := (64 - d.n) / 8
			d.acc = d.acc<<(8*k) | x>>(64-8*k)
			d.pos += int(k)
			d.n += 8 * k
			return
		}
	}
	for d.n <= 56 && d.pos < len(d.data) {
		c := d.data[d.pos]
		if c == 0xff {
			if d.pos+1 >= len(d.data) || d.data[d.pos+1] != 0 {
				return
			}
			d.pos++
		}
		d.pos++
		d.acc = d.acc<<8 | uint64(c)
		d.n += 8
	}
}

// short is the error where bits are missing.
func (d *decoder) short() error {
	if d.pos+1 >= len(d.data) {
		return errShortHuffmanData
	}
	return errMissingFF00
}

// receiveExtend is the composition of RECEIVE and EXTEND, specified in section F.2.2.1, of at most 16 bits.
func (d *decoder) receiveExtend(t uint8) (int32, error) {
	if d.n < uint(t) {
		if d.fill(); d.n < uint(t) {
			return 0, d.short()
		}
	}
	d.n -= uint(t)
	s := int32(1) << (t & 31)
	x := int32(d.acc>>(d.n&63)) & (s - 1)
	if x < s>>1 {
		x += ((-1) << (t & 31)) + 1
	}
	return x, nil
}

// processDHT processes a Define Huffman Table marker, and initializes a huffman struct from its contents. Specified in
// section B.2.4.2.
func (d *decoder) processDHT(tmp []byte) error {
	for len(tmp) > 0 {
		if len(tmp) < 17 {
			return FormatError("DHT has wrong length")
		}
		tc := tmp[0] >> 4
		if tc > maxTc {
			return FormatError("bad Tc value")
		}
		th := tmp[0] & 0x0f
		// The baseline th <= 1 restriction is specified in table B.5.
		if th > maxTh || (d.baseline && th > 1) {
			return FormatError("bad Th value")
		}
		h := &d.huff[tc][th]

		// Read nCodes and h.vals (and derive h.nCodes). nCodes[i] is the number of codes with code length i. h.nCodes is the
		// total number of codes.
		h.nCodes = 0
		var nCodes [maxCodeLength]int32
		for i := range nCodes {
			nCodes[i] = int32(tmp[i+1])
			h.nCodes += nCodes[i]
		}
		if h.nCodes == 0 {
			return FormatError("Huffman table has zero length")
		}
		if h.nCodes > maxNCodes {
			return FormatError("Huffman table has excessive length")
		}
		for room, i := int32(1), 0; i < maxCodeLength; i++ { // image/jpeg lets this pass
			if room = 2*room - nCodes[i]; room < 0 {
				return FormatError("Huffman table with more codes than there are")
			}
		}
		tmp = tmp[17:]
		if int(h.nCodes) > len(tmp) {
			return FormatError("DHT has wrong length")
		}
		copy(h.vals[:], tmp[:h.nCodes])
		tmp = tmp[h.nCodes:]

		// Derive the look-up table: a code of length 1+i stands at every index that begins with it.
		clear(h.lut[:])
		var x, code uint32
		for i := uint32(0); i < lutSize; i++ {
			code <<= 1
			for j := int32(0); j < nCodes[i]; j++ {
				base := code << (lutSize - 1 - i) & (1<<lutSize - 1)
				for k := uint32(0); k < 1<<(lutSize-1-i); k++ {
					h.lut[base|k] = uint16(h.vals[x])<<8 | uint16(1+i)
				}
				code++
				x++
			}
		}

		// Derive minCodes, maxCodes, and valsIndices.
		var c, index int32
		for i, n := range nCodes {
			if n == 0 {
				h.minCodes[i] = -1
				h.maxCodes[i] = -1
				h.valsIndices[i] = -1
			} else {
				h.minCodes[i] = c
				h.maxCodes[i] = c + n - 1
				h.valsIndices[i] = index
				c += n
				index += n
			}
			c <<= 1
		}
	}
	return nil
}

// decodeHuffman returns the next Huffman-coded value from the bit-stream, decoded according to h.
func (d *decoder) decodeHuffman(h *huffman) (uint8, error) {
	if d.n < lutSize {
		d.fill()
	}
	if d.n >= lutSize {
		if v := h.lut[d.acc>>((d.n-lutSize)&63)&(1<<lutSize-1)]; v != 0 {
			d.n -= uint(v & 0xff)
			return uint8(v >> 8), nil
		}
	}
	return d.decodeLong(h)
}

// decodeLong reads a code that the table does not hold, or the last ones of a segment, bit by bit.
func (d *decoder) decodeLong(h *huffman) (uint8, error) {
	if h.nCodes == 0 {
		return 0, FormatError("uninitialized Huffman table")
	}
	for i, code := 0, int32(0); i < maxCodeLength; i++ {
		bit, err := d.decodeBits(1)
		if err != nil {
			return 0, err
		}
		code |= int32(bit)
		if code <= h.maxCodes[i] {
			return h.vals[(h.valsIndices[i]+code-h.minCodes[i])&(maxNCodes-1)], nil
		}
		code <<= 1
	}
	return 0, FormatError("bad Huffman code")
}

// decodeBits returns the next n bits, at most 16.
func (d *decoder) decodeBits(n uint) (uint32, error) {
	if d.n < n {
		if d.fill(); d.n < n {
			return 0, d.short()
		}
	}
	d.n -= n
	return uint32(d.acc>>(d.n&63)) & (1<<n - 1), nil
}
