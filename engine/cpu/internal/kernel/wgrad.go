package kernel

// WgradTile is a kernel of weight gradients: MR rows by NR columns of dw at a time, the sums in registers over the pixels.
type WgradTile struct {
	Name   string // "6x16"
	MR, NR int
	Run    func(a *WgradArgs)
}

// WgradArgs says: for r < len(Rows), j < Cols ≤ NR
//
//	dw[r·LD+j] += Σ_p x[XOff[p]+Rows[r]] · dy[YOff[p]+j]
//
// A row is one weight of the window, Rows[r] where its input lies relative to the pixel. The sum starts at dw and runs in
// the order of the pixels: cut into blocks of pixels that stay in the first-level cache it gives the same bits.
// The gradient of a matrix product is the same with XOff[p] = p·K, Rows[r] = r.
//
// For DepthwiseGrad Rows are taps and columns channels: dw[t·LD+c] += Σ_p x[XOff[p]+Rows[t]+c] · dy[YOff[p]+c], any Cols.
type WgradArgs struct {
	X, DY, DW  []float32
	XOff, YOff []int32 // of each pixel, of one length
	Rows       []int32
	LD         int // elements from a row of dw to the next
	Cols       int // columns, 1 to NR
}

func wgrad2x4(a *WgradArgs) {
	yoff := a.YOff[:len(a.XOff)]
	for r := 0; r < len(a.Rows); r += 2 {
		q := min(r+1, len(a.Rows)-1) // a last single row is computed twice, to the same bits
		r0, r1 := a.Rows[r], a.Rows[q]
		d0, d1 := a.DW[r*a.LD:][:a.Cols], a.DW[q*a.LD:][:a.Cols]
		if a.Cols < 4 {
			for j := range d0 {
				s, t := d0[j], d1[j]
				for p, o := range a.XOff {
					dy := a.DY[int(yoff[p])+j]
					s += a.X[o+r0] * dy
					t += a.X[o+r1] * dy
				}
				d0[j], d1[j] = s, t
			}
			continue
		}
		s0, s1, s2, s3 := d0[0], d0[1], d0[2], d0[3]
		t0, t1, t2, t3 := d1[0], d1[1], d1[2], d1[3]
		for p, o := range a.XOff {
			dy := (*[4]float32)(a.DY[yoff[p]:])
			u, v := a.X[o+r0], a.X[o+r1]
			s0 += u * dy[0]
			s1 += u * dy[1]
			s2 += u * dy[2]
			s3 += u * dy[3]
			t0 += v * dy[0]
			t1 += v * dy[1]
			t2 += v * dy[2]
			t3 += v * dy[3]
		}
		d0[0], d0[1], d0[2], d0[3] = s0, s1, s2, s3
		d1[0], d1[1], d1[2], d1[3] = t0, t1, t2, t3
	}
}
