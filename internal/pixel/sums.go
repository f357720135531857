package pixel

// Sums adds up the bytes of pixels of 1 or 3 channels, and their squares, for each channel.
func (l Level) Sums(pix []byte, channels int) (sum, square [3]int64) {
	const block, most = 48, 1 << 14 // of which 32 bits hold the squares
	for l == AVX2 && len(pix) >= block {
		var to [12 * 8]uint32
		n := min(most, len(pix)/block)
		sumsAVX2(&to[0], &pix[0], n)
		for i, v := range to {
			of, at := i/8%4, i/32*16+i%8/4*8+i/8%2*4+i%4 // which of the four sums, and of which byte
			if of < 2 {
				sum[at%channels] += int64(v)
			} else {
				square[at%channels] += int64(v)
			}
		}
		pix = pix[n*block:]
	}
	for ; len(pix) >= channels; pix = pix[channels:] {
		for c, v := range pix[:channels] {
			sum[c] += int64(v)
			square[c] += int64(v) * int64(v)
		}
	}
	return sum, square
}
