package kernel

// Convolution is a gathered matrix product: rows of x found through tables times a packed panel of weights. In NHWC the kw·Cin
// taps of one kernel row are contiguous, hence Run; a physical halo of zeros makes padding cost nothing. The one kernel serves
//
//   - forward: Taps = one a kernel row, Run = KW·Cin (dilated or grouped: one a tap, Run = Cin/groups);
//   - the gradient of the input: x = dy, weights transposed (PackTranspose), the taps of one stride phase at a time;
//   - 1x1, linear and matrix products: Taps = {0}, Run = Cin.
//
// Share of the register-only peak (100 GFLOP/s), AVX2 6x16, one thread of a Zen 3, fastest round: 3x3 32x32x16, 16x16x32,
// 8x8x64, 56x56x64 97 to 99 %, 1x1 14x14 256 to 1024 96 %, 3x3 on 3 channels 88 %. 12x8, which loads 13 vectors for 12
// multiply-adds, has 80 % where Cout is 8 and 6x16 has 50 %. Lost: finding each pixel's clamped index anew for x and y, which
// made the start of a tile 70 cycles (3x3 32x32x16 89 %, on 3 channels 68 %).
//
// AVX2 8x12, one thread of a Zen 4 (115 GFLOP/s): two pixels share the vector of columns 8 to 11, its multiplier blended of theirs: 3x3
// 32x32x76 to 12 99 %, where 6x16 has 73 %; to 124 columns of 108 terms 92 % of what it computes.
//
// AVX-512, one thread of a Zen 4 (117 GFLOP/s): 12x32 97 to 99 % on 16x16x32 and 56x56x64, 12x16 98 to 100 % on 32x32x16 since its
// multiply-add broadcasts from memory itself; with a broadcast of its own for each, as 12x32 has one for two, it had 74 %, and so had 24x16.
// 8x48, for multiples of 48 columns, is as good as 12x32.
//
// Where weights come from memory, one picture, two threads of a Zen 4 that read 28 GB/s each: the tile of four reads a linear layer at 14 to 20 GB/s on
// 4 KB pages and 16 to 23 on huge ones, a kernel of one pixel at 26 to 30. Fetching the panel 8 KB ahead took VGG-11 at 64 pixels from 135 to 155 images/s on
// AVX-512 (conv4_2, 16 squares of 512 channels, 140 to 165 % of the peak) and from 105 to 125 on AVX2; 4 and 16 KB are as good, 24 worse. On 4 KB pages,
// and for few pixels, it gained nothing.
//
// Far: stores to lines that are in no cache wait for them one after the other. Fetched while the sum runs, the data gradients of
// densenet40-12 (many columns of 108 terms, batch 32) take 140 ms in place of 186 with AVX2, 145 in place of 156 with AVX-512.

// ConvTile is a convolution kernel: it computes MR pixels by NR columns at a time, the sums in registers.
type ConvTile struct {
	Name   string // "6x16"
	MR, NR int
	Run    func(a *ConvArgs)
}

// ConvArgs says: for p < len(XOff), j < Cols ≤ NR
//
//	y[YOff[p]+j] = act(start + Σ_t Σ_{l<Run} x[XOff[p]+Taps[t]+l] · w[(t·Run+l)·NR+j])
//
// start is Bias[j], 0 where Bias is nil, and y's own value more if Add. Tables are made at plan time and shared; X and Y move from
// image to image. The sum runs in the order of t and l, so that a long one may be cut: later parts with Add, ReLU on the last.
type ConvArgs struct {
	X, W, Bias, Y []float32
	XOff, YOff    []int32 // of each pixel, of one length
	Taps          []int32 // relative to the pixel; none: the sum is empty
	Run           int     // contiguous elements at each tap
	Cols          int     // columns of this panel, 1 to NR
	Add           bool    // go on from y
	ReLU          bool    // act is max(0, ·), else the identity
	Far           bool    // y lies in memory: fetch it while the sum runs
}

// conv1x8 holds eight sums of one pixel: as many as Go keeps in scalar registers. 2x4 lost, its copies of x and w spill.
func conv1x8(a *ConvArgs) {
	const nr = 8
	var b [nr]float32
	copy(b[:a.Cols], a.Bias)
	for p, xo := range a.XOff {
		s := b
		y := a.Y[a.YOff[p]:][:a.Cols]
		if a.Add {
			for j, v := range y {
				s[j] += v
			}
		}
		for t, tap := range a.Taps {
			dot1x8(&s, a.X[xo+tap:][:a.Run], a.W[t*a.Run*nr:][:a.Run*nr])
		}
		if a.ReLU {
			for j, v := range s {
				s[j] = max(v, 0)
			}
		}
		copy(y, s[:])
	}
}

// dot1x8 is s[j] += Σ_l x[l]·w[l·8+j].
func dot1x8(s *[8]float32, x, w []float32) {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for l, u := range x {
		k := (*[8]float32)(w[8*l:])
		s0 += float32(u * k[0])
		s1 += float32(u * k[1])
		s2 += float32(u * k[2])
		s3 += float32(u * k[3])
		s4 += float32(u * k[4])
		s5 += float32(u * k[5])
		s6 += float32(u * k[6])
		s7 += float32(u * k[7])
	}
	*s = [8]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}

// PanelLen is the length of the packed form of k rows by cols columns: whole panels of nr columns.
func PanelLen(k, cols, nr int) int { return (cols + nr - 1) / nr * nr * k }

// pack makes panels of nr columns of w [k][cols], rows ld apart, HWIO with k = KH·KW·Cin: dst[panel][k][nr], zeros beyond cols. It goes
// panel by panel over 32 rows at a time: over all rows a linear layer would visit a page for every 64 bytes.
func pack(dst, w []float32, k, cols, ld, nr int) {
	for r0 := 0; r0 < k; r0 += 32 {
		r1 := min(r0+32, k)
		for j := 0; j < cols; j += nr {
			m := min(nr, cols-j)
			for r := r0; r < r1; r++ {
				d := dst[j*k+r*nr:][:nr]
				clear(d[copy(d, w[r*ld+j:][:m]):])
			}
		}
	}
}

// packTranspose makes the panels of the gradient of the input: a column is an input channel, a row an output channel of one
// of the given taps. dst[panel][len(taps)·cout][nr], row t·cout+o, column i = w[taps[t]+i·ld+o], zeros beyond cin.
//
// For weights [KH,KW,Cin/groups,Cout] ld is Cout, taps[t] = (kh·KW+kw)·(Cin/groups)·Cout (+ the group's first output
// channel), cin and cout those of one group.
func packTranspose(dst, w []float32, taps []int32, cin, cout, ld, nr int) {
	for i0 := 0; i0 < cin; i0 += nr {
		m := min(nr, cin-i0)
		for _, tap := range taps {
			if m < nr {
				clear(dst[:cout*nr])
			}
			for o0 := 0; o0 < cout; o0 += 128 { // as much of dst as stays near
				o1 := min(o0+128, cout)
				for i := range m {
					r := w[int(tap)+(i0+i)*ld:][:cout]
					for o := o0; o < o1; o++ {
						dst[o*nr+i] = r[o]
					}
				}
			}
			dst = dst[cout*nr:]
		}
	}
}
