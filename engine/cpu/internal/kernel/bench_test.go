package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// geometry is a convolution over one image with a halo that takes the padding away.
type geometry struct{ h, w, cin, cout, k int }

func (g geometry) String() string {
	return fmt.Sprintf("%dx%d-%dx%dx%d-%d", g.k, g.k, g.h, g.w, g.cin, g.cout)
}

func (g geometry) macs() int { return g.h * g.w * g.k * g.k * g.cin * g.cout }

// tables are those of forward and of the weight gradient, stride 1, same padding.
func (g geometry) tables() (xoff, yoff, taps, rows []int32) {
	pitch := (g.w + g.k - 1) * g.cin
	for h := range g.h {
		for w := range g.w {
			xoff = append(xoff, int32(h*pitch+w*g.cin))
			yoff = append(yoff, int32((h*g.w+w)*g.cout))
		}
	}
	for kh := range g.k {
		taps = append(taps, int32(kh*pitch))
		for l := range g.k * g.cin {
			rows = append(rows, int32(kh*pitch+l))
		}
	}
	return
}

func (g geometry) xLen() int { return (g.h + g.k - 1) * (g.w + g.k - 1) * g.cin }

var benchmarked = []geometry{{32, 32, 16, 16, 3}, {16, 16, 32, 32, 3}, {8, 8, 64, 64, 3}, {56, 56, 64, 64, 3}, {14, 14, 256, 1024, 1}, {32, 32, 3, 16, 3}, {28, 28, 32, 8, 3}, {32, 32, 76, 12, 3}, {32, 32, 12, 124, 3}, {16, 16, 12, 244, 3}}

func BenchmarkConv(b *testing.B) {
	for _, s := range Levels() {
		for _, g := range benchmarked {
			for _, tile := range s.Conv {
				b.Run(fmt.Sprintf("%s/%s/%v", s.Name, tile.Name, g), func(b *testing.B) {
					xoff, yoff, taps, _ := g.tables()
					k := g.k * g.k * g.cin
					x, w := random(g.xLen()), random(PanelLen(k, g.cout, tile.NR))
					y := make([]float32, g.h*g.w*g.cout)
					report(b, s, 2*g.macs(), func() {
						const block = 192 // pixels whose rows stay near while all panels pass
						for p := 0; p < len(xoff); p += block {
							q := min(p+block, len(xoff))
							for j := 0; j < g.cout; j += tile.NR {
								a := ConvArgs{X: x, W: w[j*k:], Y: y[j:], XOff: xoff[p:q], YOff: yoff[p:q], Taps: taps, Run: g.k * g.cin, Cols: min(tile.NR, g.cout-j)}
								tile.Run(&a)
							}
						}
					})
				})
			}
		}
	}
}

func BenchmarkWgrad(b *testing.B) {
	for _, s := range Levels() {
		for _, g := range benchmarked {
			for _, tile := range s.Wgrad {
				if g.cin%tile.Rows != 0 {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%v", s.Name, tile.Name, g), func(b *testing.B) {
					xoff, yoff, _, rows := g.tables()
					x, dy := random(g.xLen()), random(g.h*g.w*g.cout)
					dw := make([]float32, len(rows)*g.cout)
					report(b, s, 2*g.macs(), func() {
						const block = 96
						for p := 0; p < len(xoff); p += block {
							q := min(p+block, len(xoff))
							for j := 0; j < g.cout; j += tile.NR {
								a := WgradArgs{X: x, DY: dy[j:], DW: dw[j:], XOff: xoff[p:q], YOff: yoff[p:q], Rows: rows, LD: g.cout, Cols: min(tile.NR, g.cout-j)}
								tile.Run(&a)
							}
						}
					})
				})
			}
		}
	}
}

// BenchmarkDepthwise states GB/s of each map once read or written, beside a copy of the same bytes, and GFLOP/s: of one picture
// again and again, then of as many as are out of every cache.
func BenchmarkDepthwise(b *testing.B) {
	const far = 96 << 20 // bytes
	for _, s := range Levels() {
		for _, g := range []struct{ h, c, k, stride int }{{64, 32, 3, 1}, {32, 128, 3, 1}, {16, 256, 3, 1}, {8, 512, 3, 1}, {4, 1024, 3, 1}, {14, 480, 3, 1}, {32, 64, 3, 2}, {8, 256, 3, 2}, {14, 240, 5, 1}, {7, 672, 5, 2}, {14, 384, 7, 1}} {
			in, pix := g.h*g.stride+g.k-g.stride, g.c // halo included
			if pix%256 == 0 {
				pix += 16 // as the engine lays such maps out
			}
			xLen, yLen := in*in*pix, g.h*g.h*g.c
			for _, n := range []int{1, far / 4 / (xLen + yLen)} {
				x, y, w := random(n*xLen), random(n*yLen), random(g.k*g.k*g.c)
				bytes, flops := float64(4*n*(g.h*g.stride*g.h*g.stride*g.c+yLen)), float64(2*n*yLen*g.k*g.k)
				each := func(f func(a *DepthwiseArgs)) func() {
					return func() {
						for i := range n {
							f(&DepthwiseArgs{Block: Block{g.h, g.h, g.c}, X: Map{x[i*xLen:], g.stride * in * pix, g.stride * pix}, Y: Map{y[i*yLen:], g.h * g.c, g.c}, W: w,
								KH: g.k, KW: g.k, KRow: in * pix, KPix: pix})
						}
					}
				}
				for _, k := range []struct {
					name string
					f    func()
				}{{"forward", each(s.Depthwise)}, {"grad", each(s.DepthwiseGrad)}} {
					b.Run(fmt.Sprintf("%s/%s/%dx%d-%dx%dx%d/%dby%d", s.Name, k.name, n, g.h, g.h, g.c, g.k, g.k, g.stride), func(b *testing.B) {
						blk, from := Flat(x[:min(len(x), int(bytes)/8)])
						_, to := Flat(make([]float32, blk.C))
						best, peak, most := 0.0, 0.0, 0.0
						for b.Loop() {
							t := time.Now()
							s.Copy(blk, to, from)
							u := time.Now()
							k.f()
							v := time.Now()
							f := s.Peak(200)
							best, most = max(best, 1/v.Sub(u).Seconds()), max(most, bytes/u.Sub(t).Seconds())
							peak = max(peak, float64(f)/time.Since(v).Seconds())
						}
						b.ReportMetric(best*bytes/1e9, "GB/s")
						b.ReportMetric(100*best*bytes/most, "%copy")
						b.ReportMetric(best*flops/1e9, "GFLOP/s")
						b.ReportMetric(100*best*flops/peak, "%peak")
						b.ReportMetric(0, "ns/op")
					})
				}
			}
		}
	}
}

// report times f and states GFLOP/s and the share of the peak, both of the fastest round: a busy machine slows the others.
func report(b *testing.B, s Set, flops int, f func()) {
	var rate, peak float64
	for b.Loop() {
		t := time.Now()
		n := s.Peak(200)
		u := time.Now()
		f()
		peak = max(peak, float64(n)/u.Sub(t).Seconds())
		rate = max(rate, float64(flops)/time.Since(u).Seconds())
	}
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*rate/peak, "%peak")
	b.ReportMetric(0, "ns/op")
}

func random(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// BenchmarkSweeps states GB/s of what a kernel reads and writes: on a block in the second-level cache, then in memory.
func BenchmarkSweeps(b *testing.B) {
	maps := map[string]int{"moments": 1, "affine+relu": 2, "affine+res+relu": 3, "norm-grad-sums+relu": 3, "norm-grad+relu": 4, "norm-grad+relu+res": 5, "add": 3, "relu": 2, "relu-grad": 3, "elu": 2, "tanh": 2, "sigmoid": 2, "dropout": 2,
		"gate": 2, "gate-rows": 2, "col-dots": 2, "row-dots": 2, "row-max": 1, "softmax": 2, "softmax-grad": 3, "layer-norm": 2, "layer-norm-grad": 3,
		"rrelu": 2, "apl": 2, "apl-grad": 3, "crelu": 2, "crelu-grad": 3, "power": 2, "pow-log": 2, "root": 2}
	for _, s := range Levels() {
		for _, k := range mapKernels {
			n := maps[k.name]
			for _, block := range []Block{{16, 16, 32}, {32, 32, 16}, {512, 64, 64}} {
				if n == 0 || block.Rows == 512 && k.name != "affine+relu" {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", s.Name, k.name, block.Rows, block.Pixels, block.C), func(b *testing.B) {
					o := newOperands(block, layout{0, 2 * block.C}, 1)
					best := 0.0
					for b.Loop() {
						t := time.Now()
						k.run(s, block, o.maps, o.vec)
						best = max(best, float64(4*n*block.Rows*block.Pixels*block.C)/time.Since(t).Seconds())
					}
					b.ReportMetric(best/1e9, "GB/s")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

// BenchmarkPools states GB/s of what a pooling must read and write, each map once, and the share of what copying as many bytes
// comes to.
func BenchmarkPools(b *testing.B) {
	kernels := []struct {
		name string
		maps func(x, y int) int // elements read and written
		run  func(s Set, p *Pool, x, dx, y, dy Map)
	}{
		{"max", func(x, y int) int { return x + y }, func(s Set, p *Pool, x, _, y, _ Map) { s.MaxPool(p, y, x) }},
		{"max-grad", func(x, y int) int { return 2*x + 2*y }, func(s Set, p *Pool, x, dx, y, dy Map) { s.MaxPoolGrad(p, dx, x, y, dy) }},
		{"stochastic", func(x, y int) int { return x + y }, func(s Set, p *Pool, x, _, y, _ Map) { s.StochasticPool(p, y, x, 0, 1, [2]uint32{2, 3}) }},
		{"stochastic-inference", func(x, y int) int { return x + y }, func(s Set, p *Pool, x, _, y, _ Map) { s.StochasticPoolInference(p, y, x) }},
		{"avg", func(x, y int) int { return x + y }, func(s Set, p *Pool, x, _, y, _ Map) { s.AvgPool(p, y, x) }},
		{"avg-grad", func(x, y int) int { return x + y }, func(s Set, p *Pool, _, dx, _, dy Map) { s.AvgPoolGrad(p, dx, dy) }},
	}
	for _, s := range Levels()[1:] {
		for _, k := range kernels {
			for _, g := range []struct{ h, c, k, stride int }{{55, 96, 3, 2}, {55, 96, 2, 2}, {32, 64, 3, 2}, {32, 64, 2, 2}} {
				b.Run(fmt.Sprintf("%s/%s/%dx%d-%d/%dx%dx%d", s.Name, k.name, g.k, g.k, g.stride, g.h, g.h, g.c), func(b *testing.B) {
					axis := pooling(g.h, g.k, g.stride, 0)
					p, n := NewPool(g.c, axis, axis, 0), len(axis.Lo)
					in := func() Map { return Map{Data: random(g.h * g.h * g.c), Row: g.h * g.c, Pix: g.c} }
					out := func() Map { return Map{Data: random(n * n * g.c), Row: n * g.c, Pix: g.c} }
					x, dx, y, dy := in(), in(), out(), out()
					s.MaxPool(p, y, x)
					elems := k.maps(g.h*g.h*g.c, n*n*g.c)
					_, from := Flat(random(elems / 2))
					blk, to := Flat(make([]float32, elems/2))
					rate, plain := 0.0, 0.0
					for b.Loop() {
						t := time.Now()
						s.Copy(blk, to, from)
						u := time.Now()
						k.run(s, p, x, dx, y, dy)
						plain = max(plain, float64(4*elems)/u.Sub(t).Seconds())
						rate = max(rate, float64(4*elems)/time.Since(u).Seconds())
					}
					b.ReportMetric(rate/1e9, "GB/s")
					b.ReportMetric(100*rate/plain, "%copy")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

// BenchmarkPackTranspose states GB/s written.
func BenchmarkPackTranspose(b *testing.B) {
	const cin, cout, nr = 768, 3072, 32
	w, dst := random(cin*cout), make([]float32, PanelLen(cout, cin, nr))
	for _, s := range Levels() {
		b.Run(s.Name, func(b *testing.B) {
			best := 0.0
			for b.Loop() {
				t := time.Now()
				s.PackTranspose(dst, w, []int32{0}, cin, cout, cout, nr)
				best = max(best, float64(4*cin*cout)/time.Since(t).Seconds())
			}
			b.ReportMetric(best/1e9, "GB/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPermute states GB/s of x and y, of channels in order, dealt out and mixed.
func BenchmarkPermute(b *testing.B) {
	const c = 128
	for _, s := range Levels()[1:] {
		for _, m := range []int{2, 3, 4, 0} {
			b.Run(fmt.Sprintf("%s/%d", s.Name, m), func(b *testing.B) {
				n := c
				from := make([]int32, c)
				for i := range from {
					from[i] = int32(i * 37 % c)
				}
				if m > 0 {
					n = c / m * m
					for i := range n {
						from[i] = int32(i%m*(n/m) + i/m)
					}
				}
				blk, x, y := Block{4, 32, n}, Map{random(128 * c), 32 * c, c}, Map{random(128 * c), 32 * c, c}
				best := 0.0
				for b.Loop() {
					t := time.Now()
					s.Permute(blk, y, x, from)
					best = max(best, float64(8*128*n)/time.Since(t).Seconds())
				}
				b.ReportMetric(best/1e9, "GB/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
