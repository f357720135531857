package safetensors

import (
	"encoding/binary"
	"math"
)

// dtype reads one element as float32. exact is false where a whole number was lost; rounding of an F64 is allowed.
type dtype struct {
	bytes int
	value func(b []byte) (v float32, exact bool)
}

// The element types that are kept as they are; of the others the values are.
const (
	real32 = "F32"
	byte8  = "U8"
)

// dtypes are the element types that are read as float32, by the format's names.
var dtypes = map[string]dtype{
	"F32": {4, func(b []byte) (float32, bool) { return math.Float32frombits(binary.LittleEndian.Uint32(b)), true }},
	"BF16": {2, func(b []byte) (float32, bool) {
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16), true
	}},
	"F16": {2, func(b []byte) (float32, bool) { return half(binary.LittleEndian.Uint16(b)), true }},
	"F64": {8, func(b []byte) (float32, bool) {
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))), true
	}},
	"I64":  {8, func(b []byte) (float32, bool) { return whole(int64(binary.LittleEndian.Uint64(b))) }},
	"I32":  {4, func(b []byte) (float32, bool) { return whole(int64(int32(binary.LittleEndian.Uint32(b)))) }},
	"I16":  {2, func(b []byte) (float32, bool) { return whole(int64(int16(binary.LittleEndian.Uint16(b)))) }},
	"I8":   {1, func(b []byte) (float32, bool) { return whole(int64(int8(b[0]))) }},
	"BOOL": {1, func(b []byte) (float32, bool) { return whole(int64(b[0])) }},
}

// whole is exact where the number survives the way there and back; -2^63, the one that int64 of 2^63 could fake, does.
func whole(i int64) (float32, bool) {
	f := float32(i)
	return f, f < 1<<63 && int64(f) == i
}

// half widens IEEE 754 binary16 to binary32, exactly: five bits of exponent become eight, ten of fraction twenty-three.
func half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0: // zero or subnormal: frac · 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*(1.0/(1<<24))))
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}
