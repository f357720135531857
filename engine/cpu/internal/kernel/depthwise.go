package kernel

import "math"

// Depthwise convolution: a channel sees itself alone (multiplier 1), so vectors run over channels. The gradient of the input is
// the forward kernel over dy with the taps reversed, at stride s a call for each of the s·s phases of dx. Groups of four channels
// are the same with the elements of each group repeated in a register.
//
// A 3x3 has nine multiply-adds an output, so in a cache the arithmetic is the limit, and beyond it memory. A tile is up to two
// rows by eight pixels of a vector of channels (AVX2: four pixels of a cache line), its sums in registers; a vector of x is loaded
// once for all sums of the tile in its row, and in the form for 3x3 of AVX-512, which keeps nine weights in registers, for both
// rows. The gradient keeps the sums of the weights, four pixels at a time. Share of the register-only peak (117 GFLOP/s), one
// thread of an AMD Zen 4, fastest round, second-level cache, forward and by weights:
//
//	                AVX-512      AVX2                          AVX-512      AVX2
//	64x64x32 3x3    94 and 94 %  67 and 64 %    14x14x240 5x5  93 and 93 %  71 and 77 %
//	16x16x256 3x3   93 and 90 %  66 and 68 %    14x14x384 7x7  74 and 88 %  43 and 59 %
//	8x8x512 3x3     82 and 77 %  51 and 56 %    8x8x256 3x3/2  58 and 52 %  48 and 40 % (70 GB/s of x and y)
//	4x4x1024 3x3    71 and 58 %  31 and 33 %
//
// From far memory x and y come and go at 10 GB/s, where a copy (whose stores bypass the cache) has 27. The kernels before, which
// found every pixel and tap through tables, had 11 to 30 % within a network; groups of four, as products of their own, 18 %, and
// now 70 % forward, 56 and 48 % backward (32 pictures of 28x28x128). Lost:
//
//   - rows outside, blocks of channels within: 8x8x512 68 %, 4x4x1024 35 %, since each row loads the weights again;
//   - one vector of AVX2 at a time, half a cache line: 64x64x32 64 %, 32x32x128 37 %, 4x4x1024 14 %;
//   - maps of pixels 1 KB apart and their multiples, as they lie: 16x16x256 66 %, 8x8x512 54 %, 4x4x1024 29 %: they share few sets
//     of the first-level cache. The engine leaves a cache line between such pixels;
//   - two vectors of AVX-512 at a time, a kernel row's weights in registers: far memory gives 64x64x32 13.5 GB/s for 11.6, but
//     32x32x128 8 for 11, and near 4x4x1024 falls from 71 to 47 %;
//   - prefetching x as well, or 16 to 512 KB of rows under all blocks of channels before the next: the same within the noise;
//   - prefetching x and y into the first-level cache: 8x8x512 55 %. What is prefetched is y, as many pixels ahead as take a fetch,
//     into the second level: within a training step, where x has just been written and y is cold, that takes 15 to 35 % off,
//     and costs the figures above 1 to 6 %.

// DepthwiseArgs says: for r < Rows, p < Pixels, c < C
//
//	y[r,p,c] = act(start + Σ_{i<KH} Σ_{j<KW} x[r·X.Row + p·X.Pix + i·KRow + j·KPix + c] · w[(i·KW+j)·C + c])
//
// or, where Four, in groups of four channels, C being a multiple of it: Σ_{g<4} of x[... + ⌊c/4⌋·4 + g] · w[((i·KW+j)·4 + g)·C + c].
//
// The stride is in the pitches of X, the dilation in those of the taps. start is Bias[c], or 0 where Bias is nil, and if Add y's own
// value. With no tap y is act(start).
//
// DepthwiseGrad reads y and adds to w: w[(i·KW+j)·C + c] += Σ_r Σ_p x[as above] · y[r,p,c], or what Four makes of it.
type DepthwiseArgs struct {
	Block
	X, Y       Map
	W, Bias    []float32
	KH, KW     int
	KRow, KPix int  // elements from a tap to the one below it, and to its right
	Four       bool // groups of four channels, not of one
	Add        bool // start from y
	Act        Func // Identity, ReLU or ReLU6
}

// x is what tap i, j of pixel p in row r sees.
func (a *DepthwiseArgs) x(r, p, i, j int) []float32 {
	o := r*a.X.Row + p*a.X.Pix + i*a.KRow + j*a.KPix
	return a.X.Data[o : o+a.C : o+a.C]
}

// w is the weights at tap i, j of the g'th channel of a group.
func (a *DepthwiseArgs) w(i, j, g int) []float32 { return a.W[((i*a.KW+j)*a.group()+g)*a.C:][:a.C] }

func (a *DepthwiseArgs) group() int {
	if a.Four {
		return 4
	}
	return 1
}

func depthwise(a *DepthwiseArgs) {
	for r := range a.Rows {
		for p := range a.Pixels {
			y := a.Y.at(r, p, a.C)
			if !a.Add {
				clear(y)
			}
			for c, v := range a.Bias {
				y[c] += v
			}
			for i := range a.KH {
				for j := range a.KW {
					x, w := a.x(r, p, i, j), a.w(i, j, 0)
					if !a.Four {
						for c := range y {
							y[c] += x[c] * w[c]
						}
						continue
					}
					for g := range 4 {
						w := a.w(i, j, g)
						for c := range y {
							y[c] += x[c&^3+g] * w[c]
						}
					}
				}
			}
			if a.Act == Identity {
				continue
			}
			high := a.Act.high()
			for c, v := range y {
				y[c] = min(max(v, 0), high)
			}
		}
	}
}

// high is where a ReLU ends.
func (f Func) high() float32 {
	if f == ReLU6 {
		return 6
	}
	return float32(math.Inf(1))
}

func depthwiseGrad(a *DepthwiseArgs) {
	for i := range a.KH {
		for j := range a.KW {
			for g := range a.group() {
				w := a.w(i, j, g)
				for r := range a.Rows {
					for p := range a.Pixels {
						x, y := a.x(r, p, i, j), a.Y.at(r, p, a.C)
						if !a.Four {
							for c := range w {
								w[c] += x[c] * y[c]
							}
							continue
						}
						for c := range w {
							w[c] += x[c&^3+g] * y[c]
						}
					}
				}
			}
		}
	}
}
