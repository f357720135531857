package kernel

// The gradient of a convolution's weights: an outer product of x and dy, gathered as in conv.go and summed over the pixels.
//
// Share of the register-only peak, AVX2 6x16, one thread of a Zen 3, fastest round, blocks of 96 pixels: 3x3 32x32x16 97 %,
// 16x16x32 94 %, 8x8x64 90 %, 56x56x64 about 80 %, 3x3 on 3 channels 83 %, 1x1 14x14 256 to 1024 53 % (there dy lies 4 KB from
// pixel to pixel, all in one set of the first-level cache). 8x8 has 58 % where Cout is 8, 6x16 37 %.
//
// AVX-512, one thread of a Zen 4 (117 GFLOP/s): 12x32 and 8x32 97 to 99 %, 8x16 99 % (74 % with broadcasts of their own), 1x1 14x14 256 to 1024
// 75 %. Lost: 24x16, no better than 8x16. 8x32 fetches the next columns of dy ahead: 57 to 73 % of peak for 32 rows by a matrix of 4096 by 4096.

// WgradTile is a kernel of weight gradients: MR rows by NR columns of dw at a time, the sums in registers over the pixels.
type WgradTile struct {
	Name   string // "6x16"
	MR, NR int
	Rows   int // rows come in runs of so many, whose elements of x are neighbours: Rows[r+1] = Rows[r]+1 within a run
	Run    func(a *WgradArgs)
}

// WgradArgs says: for r < len(Rows), j < Cols ≤ NR
//
//	dw[r·LD+j] += Σ_p x[XOff[p]+Rows[r]] · dy[YOff[p]+j]
//
// A row is one weight of the window, Rows[r] where its input lies relative to the pixel. The sum starts at dw and runs in
// the order of the pixels: cut into blocks of pixels that stay in the first-level cache it gives the same bits.
// The gradient of a matrix product is the same with XOff[p] = p·K, Rows[r] = r.
type WgradArgs struct {
	X, DY, DW  []float32
	XOff, YOff []int32 // of each pixel, of one length
	Rows       []int32
	LD         int // elements from a row of dw to the next
	Cols       int // columns, 1 to NR
}

func wgrad1x8(a *WgradArgs) {
	yoff := a.YOff[:len(a.XOff)]
	for r, ro := range a.Rows {
		dw := a.DW[r*a.LD:][:a.Cols]
		if a.Cols < 8 {
			for j := range dw {
				s := dw[j]
				for p, xo := range a.XOff {
					s += float32(a.X[xo+ro] * a.DY[int(yoff[p])+j])
				}
				dw[j] = s
			}
			continue
		}
		s := (*[8]float32)(dw)
		s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
		for p, xo := range a.XOff {
			u, dy := a.X[xo+ro], (*[8]float32)(a.DY[yoff[p]:])
			s0 += float32(u * dy[0])
			s1 += float32(u * dy[1])
			s2 += float32(u * dy[2])
			s3 += float32(u * dy[3])
			s4 += float32(u * dy[4])
			s5 += float32(u * dy[5])
			s6 += float32(u * dy[6])
			s7 += float32(u * dy[7])
		}
		*s = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
	}
}
