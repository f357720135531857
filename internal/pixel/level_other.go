//go:build !amd64 || purego

package pixel

// Best is the fastest level of this processor.
func Best() Level { return Generic }

// What no level here calls.

func transformAVX2(dst *byte, stride int, coefficients, quant *int32) { panic(AVX2) }
func yCbCrAVX2(dst, luma, cb, cr *byte, pixels int)                   { panic(AVX2) }
func yCbCrHalfAVX2(dst, luma, cb, cr *byte, pixels int)               { panic(AVX2) }
func rowsAVX2(dst *byte, out int, src *byte, in int, from *int32, weights *int16, outs, fours int) {
	panic(AVX2)
}
func columnsAVX2(dst, src *byte, stride, n int, weights *int16, pairs int)   { panic(AVX2) }
func sumsAVX2(to *uint32, src *byte, blocks int)                             { panic(AVX2) }
func bilinearAVX2(dst, src *byte, stride int, x, y, dx, dy int64, pairs int) { panic(AVX2) }

func coefficientsAVX2(b *int32, data *byte, limit, pos int, acc uint64, n uint, whole *uint32, codes *uint16, zig int) (posAfter int, accAfter uint64, nAfter uint, zigAfter int) {
	panic(AVX2)
}
