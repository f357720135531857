package pixel

import "encoding/binary"

// Unzig maps from JPEG's zig-zag ordering to the natural ordering. For example, Unzig[3] is the column and row of the fourth element in
// zig-zag order. The value is 16, which means first column (16%8 == 0) and third row (16/8 == 2).
var Unzig = [len(Block{})]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// Bits are read from the most significant of the first byte on. Past their end there are zeros: who reads asks [Bits.Over] now and then.
type Bits struct {
	Data []byte // and 8 zeros behind
	Pos  int    // of the next byte that is not in Acc
	Acc  uint64 // the next bit on top, zeros behind those that were read ahead
	N    uint   // bits of Acc that count
}

// Over tells whether more was read than there is.
func (b *Bits) Over() bool { return 8*b.Pos-int(b.N) > 8*(len(b.Data)-8) }

// Fill makes at least 56 bits count.
func (b *Bits) Fill() {
	if b.Pos+8 <= len(b.Data) {
		b.Acc |= binary.BigEndian.Uint64(b.Data[b.Pos:]) >> b.N
	}
	b.Pos += int(63-b.N) >> 3
	b.N |= 56
}

// Drop passes over the next n bits, of which at least so many count.
func (b *Bits) Drop(n uint) {
	b.Acc <<= n
	b.N -= n
}

// Take returns the next n bits, 1 to 16.
func (b *Bits) Take(n uint) uint32 {
	if b.N < n {
		b.Fill()
	}
	v := uint32(b.Acc >> (64 - n))
	b.Drop(n)
	return v
}

// Extend takes the upper half of the numbers of n bits, 1 to 16, for themselves, the lower for negative ones (T.81, table F.1).
func Extend(v uint32, n uint) int32 {
	x := int32(v)
	if x>>((n-1)&31) == 0 {
		x += -1<<(n&31) + 1
	}
	return x
}

// LookUp is how many bits codes are looked up by.
const LookUp = 10

// Codes are the tables of a Huffman decoder, by the next LookUp bits.
type Codes struct {
	// Whole is of codes that stand in these bits together with the bits behind them. The high 16 bits are the number that these are, the
	// next 8 how many zeros stand before it, the low 8 the bits of both, or 0 if they are too many. The code that ends a block stands for
	// 64 zeros.
	Whole [1 << LookUp]uint32
	// Short is of codes that stand in these bits. The high 8 bits are the encoded value, the low 8 the code's length, or 0 if it is longer.
	Short [1 << LookUp]uint16
}

// longest is a code and the bits behind it.
const longest = 16 + 15

// Coefficients reads those of a block of a sequential frame (T.81, F.2.2.2) from place zig of the zig-zag ordering on, not yet multiplied. It
// returns 64 when the block ends, else the place where a code stands that is for the caller to read: a long one, one of sixteen zeros,
// or one that no sequential frame should have.
func (l Level) Coefficients(b *Block, bits *Bits, of *Codes, zig int) int {
	if zig >= len(b) {
		return len(b)
	}
	if l == AVX2 {
		bits.Pos, bits.Acc, bits.N, zig = coefficientsAVX2(&b[0], &bits.Data[0], len(bits.Data)-8, bits.Pos, bits.Acc, bits.N, &of.Whole[0], &of.Short[0], zig)
		return zig
	}
	data, pos, acc, n := bits.Data, bits.Pos, bits.Acc, bits.N // in registers, which a struct would not be
	for zig < len(b) {
		if n < longest { // as Fill
			if pos+8 <= len(data) {
				acc |= binary.BigEndian.Uint64(data[pos:]) >> (n & 63)
			}
			pos += int(63-n) >> 3
			n |= 56
		}
		at := acc >> (64 - LookUp)
		e, code := of.Whole[at], of.Short[at]
		if e == 0 {
			size := uint(code >> 8 & 15)
			if size == 0 {
				break
			}
			acc <<= code & 63
			n -= uint(code & 63)
			if zig += int(code >> 12); zig >= len(b) {
				break
			}
			b[Unzig[zig&63]] = Extend(uint32(acc>>((64-size)&63)), size)
			acc <<= size
			n -= size
			zig++
			continue
		}
		if zig += int(e >> 8 & 0xff); zig >= len(b) { // the block's end, or too many zeros: the bits behind this code are not read
			e = uint32(code)
		} else {
			b[Unzig[zig&63]] = int32(e) >> 16
			zig++
		}
		acc <<= e & 63
		n -= uint(e & 63)
	}
	bits.Pos, bits.Acc, bits.N = pos, acc, n
	return min(zig, len(b))
}
