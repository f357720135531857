package kernel

// Convolution is a gathered matrix product: rows of x found through tables times a packed panel of weights. In NHWC the kw·Cin
// taps of one kernel row are contiguous, hence Run; a physical halo of zeros makes padding cost nothing. The one kernel serves
//
//   - forward: Taps = one a kernel row, Run = KW·Cin (dilated or grouped: one a tap, Run = Cin/groups);
//   - the gradient of the input: x = dy, weights transposed (PackTranspose), the taps of one stride phase at a time;
//   - 1x1, linear and matrix products: Taps = {0}, Run = Cin.

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
// start is y's own value if Add, else Bias[j], else 0 (Bias nil). Tables are made at plan time and shared; X and Y move from
// image to image. The sum runs in the order of t and l, so that a long one may be cut: later parts with Add, ReLU on the last.
//
// For Depthwise w is [len(Taps)][Cols] and Run is not read: y[YOff[p]+c] = act(start + Σ_t x[XOff[p]+Taps[t]+c]·w[t·Cols+c]).
type ConvArgs struct {
	X, W, Bias, Y []float32
	XOff, YOff    []int32 // of each pixel, of one length
	Taps          []int32 // relative to the pixel; none: the sum is empty
	Run           int     // contiguous elements at each tap
	Cols          int     // columns of this panel, 1 to NR
	Add           bool    // go on from y
	ReLU          bool    // act is max(0, ·), else the identity
}

// conv2x4 holds eight sums: what Go keeps in registers.
func conv2x4(a *ConvArgs) {
	const nr = 4
	var b [nr]float32
	copy(b[:a.Cols], a.Bias)
	n := len(a.XOff)
	for p := 0; p < n; p += 2 {
		q := min(p+1, n-1) // a last single pixel is computed twice, to the same bits
		s, t := b, b
		y0, y1 := a.Y[a.YOff[p]:][:a.Cols], a.Y[a.YOff[q]:][:a.Cols]
		if a.Add {
			copy(s[:], y0)
			copy(t[:], y1)
		}
		s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
		t0, t1, t2, t3 := t[0], t[1], t[2], t[3]
		w := a.W
		for _, tap := range a.Taps {
			x0 := a.X[a.XOff[p]+tap:][:a.Run]
			x1 := a.X[a.XOff[q]+tap:][:a.Run]
			x1 = x1[:len(x0)]
			for l, u := range x0 {
				k := (*[nr]float32)(w[nr*l:])
				v := x1[l]
				s0 += u * k[0]
				s1 += u * k[1]
				s2 += u * k[2]
				s3 += u * k[3]
				t0 += v * k[0]
				t1 += v * k[1]
				t2 += v * k[2]
				t3 += v * k[3]
			}
			w = w[nr*a.Run:]
		}
		s, t = [nr]float32{s0, s1, s2, s3}, [nr]float32{t0, t1, t2, t3}
		if a.ReLU {
			for j := range s {
				s[j], t[j] = max(s[j], 0), max(t[j], 0)
			}
		}
		copy(y0, s[:a.Cols])
		copy(y1, t[:a.Cols])
	}
}

// PanelLen is the length of the packed form of k rows by cols columns: whole panels of nr columns.
func PanelLen(k, cols, nr int) int { return (cols + nr - 1) / nr * nr * k }

// pack makes panels of nr columns of w [k][cols], HWIO with k = KH·KW·Cin: dst[panel][k][nr], zeros beyond cols.
func pack(dst, w []float32, k, cols, nr int) {
	for j := 0; j < cols; j += nr {
		m := min(nr, cols-j)
		for r := range k {
			d := dst[r*nr:][:nr]
			clear(d[copy(d, w[r*cols+j:][:m]):])
		}
		dst = dst[k*nr:]
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
			d := dst[:cout*nr]
			if m < nr {
				clear(d)
			}
			for i := range m {
				for o, v := range w[int(tap)+(i0+i)*ld:][:cout] {
					d[o*nr+i] = v
				}
			}
			dst = dst[cout*nr:]
		}
	}
}
