// Copyright 2009 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE file.

package jpeg

import (
	"bytes"

	"github.com/assaylab/assay/internal/pixel"
)

// maxCodeLength is the maximum (inclusive) number of bits in a Huffman code.
const maxCodeLength = 16

// maxNCodes is the maximum (inclusive) number of codes in a Huffman tree.
const maxNCodes = 256

// huffman is a Huffman decoder, specified in section C.
type huffman struct {
	// from is the bytes that the tables were made of.
	from []byte
	// Codes are the look-up tables of short codes.
	pixel.Codes
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

// open begins to read at the byte d.pos, up to the next marker, without the stuffing of section F.1.2.3.
func (d *decoder) open() {
	raw := d.data[d.pos:]
	plain := d.room.plain[:0]
	for {
		at := bytes.IndexByte(raw, 0xff)
		if at < 0 {
			plain, raw = append(plain, raw...), nil
			break
		}
		if at+1 == len(raw) || raw[at+1] != 0 {
			plain, raw = append(plain, raw[:at]...), raw[at:]
			break
		}
		plain, raw = append(plain, raw[:at+1]...), raw[at+2:]
	}
	d.end = len(d.data) - len(raw)
	d.room.plain = append(plain, 0, 0, 0, 0, 0, 0, 0, 0)
	d.bits = pixel.Bits{Data: d.room.plain}
}

// close sets d.pos to the byte behind those that were read: a byte that was begun is dropped.
func (d *decoder) close() {
	read := (8*d.bits.Pos - int(d.bits.N) + 7) / 8
	if read == len(d.bits.Data)-8 {
		d.pos, read = d.end, 0
	}
	for range read {
		if d.data[d.pos] == 0xff {
			d.pos++ // a stuffed pair
		}
		d.pos++
	}
	d.bits = pixel.Bits{}
}

// short is the error where bits are missing.
func (d *decoder) short() error {
	if d.end+1 >= len(d.data) {
		return errShortHuffmanData
	}
	return errMissingFF00
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
		h := &d.room.huff[tc][th]
		d.huff[tc][th] = h

		// Read nCodes and h.vals. nCodes[i] is the number of codes with code length i, total that of all codes.
		total := int32(0)
		var nCodes [maxCodeLength]int32
		for i := range nCodes {
			nCodes[i] = int32(tmp[i+1])
			total += nCodes[i]
		}
		if total == 0 {
			return FormatError("Huffman table has zero length")
		}
		if total > maxNCodes {
			return FormatError("Huffman table has excessive length")
		}
		for room, i := int32(1), 0; i < maxCodeLength; i++ { // image/jpeg lets this pass
			if room = 2*room - nCodes[i]; room < 0 {
				return FormatError("Huffman table with more codes than there are")
			}
		}
		if 17+int(total) > len(tmp) {
			return FormatError("DHT has wrong length")
		}
		from := tmp[:17+total]
		tmp = tmp[len(from):]
		if bytes.Equal(from, h.from) { // most files have the tables of T.81, annex K
			continue
		}
		h.from = append(h.from[:0], from...)
		copy(h.vals[:], from[17:])

		// Derive the look-up tables: a code of length 1+i stands at every index that begins with it.
		clear(h.Short[:])
		clear(h.Whole[:])
		var x, code uint32
		for i := uint32(0); i < pixel.LookUp; i++ {
			code <<= 1
			for j := int32(0); j < nCodes[i]; j++ {
				rest := pixel.LookUp - 1 - i // bits behind the code
				base := code << rest & (1<<pixel.LookUp - 1)
				run, size := uint32(h.vals[x]>>4), uint32(h.vals[x]&15)
				if tc == dcTable {
					run, size = 0, uint32(h.vals[x])
				} else if h.vals[x] == 0 {
					run = blockSize
				}
				for k := uint32(0); k < 1<<rest; k++ {
					h.Short[base|k] = uint16(h.vals[x])<<8 | uint16(1+i)
					switch {
					case size > rest || size == 0 && run != 0 && run != blockSize: // left to the other table
					case size == 0:
						h.Whole[base|k] = run<<8 | (1 + i)
					default:
						h.Whole[base|k] = uint32(pixel.Extend(k>>(rest-size), uint(size)))<<16 | run<<8 | (1 + i + size)
					}
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
	if h == nil {
		return 0, FormatError("uninitialized Huffman table")
	}
	if d.bits.N < maxCodeLength {
		d.bits.Fill()
	}
	if v := h.Short[d.bits.Acc>>(64-pixel.LookUp)]; v != 0 {
		d.bits.Drop(uint(v & 0xff))
		return uint8(v >> 8), nil
	}
	for i := range uint(maxCodeLength) { // a code that the table does not hold
		code := int32(d.bits.Acc >> (63 - i))
		if code <= h.maxCodes[i] {
			d.bits.Drop(1 + i)
			return h.vals[(h.valsIndices[i]+code-h.minCodes[i])&(maxNCodes-1)], nil
		}
	}
	return 0, FormatError("bad Huffman code")
}

// receiveExtend is the composition of RECEIVE and EXTEND, specified in section F.2.2.1, of n bits, at most 16.
func (d *decoder) receiveExtend(n uint8) int32 {
	if n == 0 {
		return 0
	}
	return pixel.Extend(d.bits.Take(uint(n)), uint(n))
}
