package pixel

// Inverse transforms to fewer pixels than a block has: the N lowest frequencies of each direction, taken as the coefficients of
// an N-point transform, are the block at N/8 of its size (Dugad, Ahuja, "A fast scheme for image size change in the compressed
// domain", IEEE Transactions on Circuits and Systems for Video Technology 11, 2001). With the block's own scaling
//
//	x[n] = 1/√8 · (X[0] + √2 Σ_{k<N} X[k] cos((2n+1)kπ/2N))
//
// in each direction, which keeps the mean.

// idct2 stores 2x2 pixels; for N = 2 the factor √2 cos(π/4) is 1.
func idct2(b, quant *Block, dst []byte, stride int) {
	b0, b1, b8, b9 := b[0]*quant[0], b[1]*quant[1], b[8]*quant[8], b[9]*quant[9]
	e0, e1 := b0+b8+4, b0-b8+4 // +4: to round
	o0, o1 := b1+b9, b1-b9
	dst[0], dst[1] = level((e0+o0)>>3), level((e0-o0)>>3)
	dst[stride], dst[stride+1] = level((e1+o1)>>3), level((e1-o1)>>3)
}

// √2 cos(π/8) and √2 sin(π/8) with 13 bits behind the point.
const (
	cos4 = 10703 // 1.306563
	sin4 = 4433  // 0.541196
)

// idct4 stores 4x4 pixels. Both passes keep all their bits: 13 + 13 behind the point, and 3 for the factor 1/8.
func idct4(b, quant *Block, dst []byte, stride int) {
	var t [16]int64
	for x := range 4 { // columns
		x0, x1, x2, x3 := int64(b[x]*quant[x]), int64(b[8+x]*quant[8+x]), int64(b[16+x]*quant[16+x]), int64(b[24+x]*quant[24+x])
		e0, e1 := (x0+x2)<<13, (x0-x2)<<13
		o0, o1 := cos4*x1+sin4*x3, sin4*x1-cos4*x3
		t[x], t[4+x], t[8+x], t[12+x] = e0+o0, e1+o1, e1-o1, e0-o0
	}
	for y := range 4 {
		x0, x1, x2, x3 := t[4*y], t[4*y+1], t[4*y+2], t[4*y+3]
		e0, e1 := (x0+x2)<<13+1<<28, (x0-x2)<<13+1<<28
		o0, o1 := cos4*x1+sin4*x3, sin4*x1-cos4*x3
		row := dst[y*stride:][:4]
		row[0], row[1] = level(int32((e0+o0)>>29)), level(int32((e1+o1)>>29))
		row[2], row[3] = level(int32((e1-o1)>>29)), level(int32((e0-o0)>>29))
	}
}
