package kernel

import "math"

// Depthwise convolution: a channel sees itself alone (multiplier 1), so vectors run over channels. The gradient of the input is
// the forward kernel over dy with the taps reversed, at stride s a call for each of the s·s phases of dx. Groups of 4 or 8
// channels are the same, a vector of x turned so that each output sees every channel of its group in turn.
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
// found every pixel and tap through tables, had 11 to 30 % within a network. With x near and y far, y is written at 8 to 14 GB/s: a sweep of
// plain stores over such memory has 13 to 18, stores that bypass the cache 27, but what is written is read next (moments, sums of a norm's
// gradient), and then they gain nothing.
//
// Groups, shares forward, by input and by weights, AVX-512 then AVX2: of 4, 32 pictures of 28x28x128, 65, 54 and 53 %, 61, 51 and 47 %; of 8,
// 16 of 28x28x256, 70, 69 and 71 %, 64, 64 and 51 %. As products of their own these had 39, 40 and 36 % and 49, 50 and 39 %; with every
// element repeated by a shuffle of its own for each tap, groups of 4 had 44, 42 and 32 % on AVX2. Lost: groups of 16 so, 76, 77 and 72 %, where
// products have 92, 72 and 71 %.
//
// Lost:
//
//   - rows outside, blocks of channels within: 8x8x512 68 %, 4x4x1024 35 %, since each row loads the weights again;
//   - one vector of AVX2 at a time, half a cache line: 64x64x32 64 %, 32x32x128 37 %, 4x4x1024 14 %;
//   - maps of pixels 1 KB apart and their multiples, as they lie: 16x16x256 66 %, 8x8x512 54 %, 4x4x1024 29 %: they share few sets
//     of the first-level cache. The engine leaves a cache line between such pixels;
//   - two vectors of AVX-512 at a time, a kernel row's weights in registers: far memory gives 64x64x32 13.5 GB/s for 11.6, but
//     32x32x128 8 for 11, and near 4x4x1024 falls from 71 to 47 %;
//   - prefetching x as well, or 16 to 512 KB of rows under all blocks of channels before the next: the same within the noise;
//   - prefetching y line after line in the order of memory, a block of 16 to 128 KB ahead of the one under way: with x near and y far 64x64x32
//     10.5 GB/s of y for 7.8, but 16x16x256 10.6 for 12 and 8x8x512 10.5 for 14;
//   - prefetching x and y into the first-level cache: 8x8x512 55 %. What is prefetched is y, as many pixels ahead as take a fetch,
//     into the second level: within a training step, where x has just been written and y is cold, that takes 15 to 35 % off,
//     and costs the figures above 1 to 6 %.

// DepthwiseArgs says: for r < Rows, p < Pixels, c < C
//
//	y[r,p,c] = act(start + Σ_{i<KH} Σ_{j<KW} x[r·X.Row + p·X.Pix + i·KRow + j·KPix + c] · w[(i·KW+j)·C + c])
//
// or, where Group is 4 or 8, in groups of so many channels, C being a multiple of it, the weights of sixteen channels together and a
// channel's those of the g'th other one (exclusive-or), behind C unused:
//
//	Σ_{g<Group} of x[... + (c^g)] · w[((⌊c/16⌋·KH·KW + i·KW+j)·Group + g)·16 + c%16]
//
// The stride is in the pitches of X, the dilation in those of the taps. start is Bias[c], or 0 where Bias is nil, and if Add y's own
// value. With no tap y is act(start).
//
// DepthwiseGrad reads y and adds to w: w[(i·KW+j)·C + c] += Σ_r Σ_p x[as above] · y[r,p,c], or what Group makes of it.
type DepthwiseArgs struct {
	Block
	X, Y       Map
	W, Bias    []float32
	KH, KW     int
	KRow, KPix int  // elements from a tap to the one below it, and to its right
	Group      int  // channels of a group: 0 and 1 for one alone, or 4 or 8
	Add        bool // start from y
	Act        Func // Identity, ReLU or ReLU6
}

// x is what tap i, j of pixel p in row r sees.
func (a *DepthwiseArgs) x(r, p, i, j int) []float32 {
	o := r*a.X.Row + p*a.X.Pix + i*a.KRow + j*a.KPix
	return a.X.Data[o : o+a.C : o+a.C]
}

// w is the weights at tap i, j.
func (a *DepthwiseArgs) w(i, j int) []float32 { return a.W[(i*a.KW+j)*a.C:][:a.C] }

// at is where the weight at tap i, j by which channel c, of sixteen the first, sees c^g lies.
func (a *DepthwiseArgs) at(i, j, g, c int) int {
	return ((c/16*a.KH*a.KW+i*a.KW+j)*a.Group + g) * 16
}

// weights is how many there are.
func (a *DepthwiseArgs) weights() int {
	if a.Group > 1 {
		return (a.C + 15) / 16 * 16 * a.KH * a.KW * a.Group
	}
	return a.C * a.KH * a.KW
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
					x := a.x(r, p, i, j)
					if a.Group <= 1 {
						for c, w := range a.w(i, j) {
							y[c] += float32(x[c] * w)
						}
						continue
					}
					for g := range a.Group {
						for c0 := 0; c0 < a.C; c0 += 16 {
							y := y[c0:min(c0+16, a.C)]
							for c, w := range a.W[a.at(i, j, g, c0):][:len(y)] {
								y[c] += float32(x[(c0+c)^g] * w)
							}
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
			for r := range a.Rows {
				for p := range a.Pixels {
					x, y := a.x(r, p, i, j), a.Y.at(r, p, a.C)
					if a.Group <= 1 {
						w := a.w(i, j)
						for c := range w {
							w[c] += float32(x[c] * y[c])
						}
						continue
					}
					for g := range a.Group {
						for c0 := 0; c0 < a.C; c0 += 16 {
							y := y[c0:min(c0+16, a.C)]
							w := a.W[a.at(i, j, g, c0):][:len(y)]
							for c, v := range y {
								w[c] += float32(x[(c0+c)^g] * v)
							}
						}
					}
				}
			}
		}
	}
}
