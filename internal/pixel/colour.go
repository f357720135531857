package pixel

// RGB writes pixels of red, green and blue to dst, three bytes each, by the formula of JPEG (JFIF 1.02: ITU-R BT.601, all 256 levels),
// factors with 16 bits behind the point: image/color's YCbCrToRGB. luma has a byte a pixel; cb and cr have one for 1<<step pixels.
func (l Level) RGB(dst, luma, cb, cr []byte, step int) {
	n := len(dst) / 3
	luma = luma[:n]
	at := 0
	if whole := n &^ 15; l == AVX2 && step <= 1 && whole > 0 && len(cb) >= (n+step)>>step && len(cr) >= (n+step)>>step {
		if step == 0 {
			yCbCrAVX2(&dst[0], &luma[0], &cb[0], &cr[0], whole)
		} else {
			yCbCrHalfAVX2(&dst[0], &luma[0], &cb[0], &cr[0], whole)
		}
		at = whole
	}
	for ; at < n; at++ {
		yy := int32(luma[at]) * 0x10101
		b, r := int32(cb[at>>step])-128, int32(cr[at>>step])-128
		px := dst[3*at : 3*at+3]
		px[0], px[1], px[2] = clip16(yy+91881*r), clip16(yy-22554*b-46802*r), clip16(yy+116130*b)
	}
}

// clip16 takes 16 bits behind the point off.
func clip16(v int32) byte {
	if uint32(v)&0xff000000 == 0 {
		return byte(v >> 16)
	}
	return byte(^(v >> 31))
}
