package kernel

import (
	"math"
	"slices"
	"testing"
)

// window is a convolution over one image that already holds its padding.
type window struct {
	h, w, cin, cout     int // output extent, channels of a group
	k, stride, dilation int
	groups, halo        int // halo: more columns of x than are read
	add, bias, relu     bool
}

func (g window) pitch() int { return ((g.w-1)*g.stride+(g.k-1)*g.dilation+1+g.halo)*g.cin*g.groups + 3 }

// at is the offset of output pixel (h, w) in x, of a tap relative to it, and of the pixel in y.
func (g window) at(h, w int) int32 { return int32(h*g.stride*g.pitch() + w*g.stride*g.cin*g.groups) }
func (g window) tap(kh, kw int) int32 {
	return int32(kh*g.dilation*g.pitch() + kw*g.dilation*g.cin*g.groups)
}
func (g window) out(h, w int) int32 { return int32((h*(g.w+1) + w) * (g.cout*g.groups + 2)) }

func (g window) pixels() (xoff, yoff []int32) {
	for h := range g.h {
		for w := range g.w {
			xoff, yoff = append(xoff, g.at(h, w)), append(yoff, g.out(h, w))
		}
	}
	return xoff, yoff
}

func (g window) xLen() int { return int(g.at(g.h-1, g.w-1)+g.tap(g.k-1, g.k-1)) + g.cin*g.groups }
func (g window) yLen() int { return int(g.out(g.h-1, g.w-1)) + g.cout*g.groups }

// cases are convolutions of all widths.
var cases = func() (gs []window) {
	for cout := 1; cout <= 67; cout++ { // the other numbers turn with the width
		gs = append(gs, window{h: 1 + cout%3, w: 1 + cout%7, cin: 1 + cout%11, cout: cout, k: 1 + 2*(cout%2), stride: 1 + cout%2, dilation: 1 + cout%5/3, groups: 1 + cout%4/3,
			halo: cout % 3, add: cout%5 == 0, bias: cout%3 == 0, relu: cout%4 == 0})
	}
	return append(gs, window{h: 5, w: 5, cin: 16, cout: 16, k: 3, stride: 1, dilation: 1, groups: 1}, window{h: 4, w: 6, cin: 3, cout: 32, k: 5, stride: 4, dilation: 1, groups: 2, bias: true})
}()

// direct is the convolution as the textbook has it, in float64.
func (g window) direct(x, w, bias, y []float32) []float64 {
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = float64(v)
	}
	for h := range g.h {
		for wo := range g.w {
			for o := range g.cout * g.groups {
				s := 0.0
				if g.add {
					s = float64(y[int(g.out(h, wo))+o])
				}
				if g.bias {
					s += float64(bias[o])
				}
				for kh := range g.k {
					for kw := range g.k {
						for c := range g.cin {
							xi := int(g.at(h, wo)+g.tap(kh, kw)) + o/g.cout*g.cin + c
							s += float64(x[xi]) * float64(w[((kh*g.k+kw)*g.cin+c)*g.cout*g.groups+o])
						}
					}
				}
				if g.relu {
					s = max(s, 0)
				}
				out[int(g.out(h, wo))+o] = s
			}
		}
	}
	return out
}

// packGroup packs one group's columns of w [K][cout·groups].
func (g window) packGroup(s Set, w []float32, group, nr int) []float32 {
	k := g.k * g.k * g.cin
	cols := make([]float32, k*g.cout)
	for r := range k {
		copy(cols[r*g.cout:][:g.cout], w[r*g.cout*g.groups+group*g.cout:])
	}
	panels, _ := guarded(PanelLen(k, g.cout, nr), 1)
	s.Pack(panels, cols, k, g.cout, g.cout, nr)
	return panels
}

func TestConvMatchesTheDirectSum(t *testing.T) {
	for _, s := range Levels() {
		for _, tile := range s.Conv {
			t.Run(s.Name+"/"+tile.Name, func(t *testing.T) {
				for _, g := range cases {
					x, _ := guarded(g.xLen(), 1)
					w, _ := guarded(g.k*g.k*g.cin*g.cout*g.groups, 2)
					bias, _ := guarded(g.cout*g.groups, 3)
					y, all := guarded(g.yLen(), 4)
					before := slices.Clone(all)
					want := g.direct(x, w, bias, y)
					xoff, yoff := g.pixels()
					var taps []int32
					for kh := range g.k {
						for kw := range g.k {
							taps = append(taps, g.tap(kh, kw))
						}
					}
					k := g.k * g.k * g.cin
					for group := range g.groups {
						panels := g.packGroup(s, w, group, tile.NR)
						for j := 0; j < g.cout; j += tile.NR {
							a := ConvArgs{X: x[group*g.cin:], W: panels[j*k:][:k*tile.NR], Y: y[group*g.cout+j:], XOff: xoff, YOff: yoff, Taps: taps, Run: g.cin,
								Cols: min(tile.NR, g.cout-j), Add: g.add, ReLU: g.relu, Far: g.cin%2 == 0}
							if g.bias {
								a.Bias = bias[group*g.cout+j:][:a.Cols]
							}
							tile.Run(&a)
						}
					}
					for i, v := range want {
						if d := math.Abs(float64(y[i]) - v); !(d <= 1e-5*(1+math.Abs(v))) {
							t.Fatalf("%+v: y[%d] = %v, want %v", g, i, y[i], v)
						}
					}
					written := map[int]bool{}
					for _, o := range yoff {
						for c := range g.cout * g.groups {
							written[32+int(o)+c] = true
						}
					}
					for i := range all {
						if !written[i] && math.Float32bits(all[i]) != math.Float32bits(before[i]) {
							t.Fatalf("%+v: wrote outside its columns, at %d", g, i-32)
						}
					}
				}
			})
		}
	}
}

func TestConvOfNoPixelsOrTaps(t *testing.T) {
	for _, s := range Levels() {
		for _, tile := range s.Conv {
			y, _ := guarded(5, 1)
			want := slices.Clone(y)
			x, _ := guarded(8, 2)
			w, _ := guarded(tile.NR, 3)
			tile.Run(&ConvArgs{X: x, Y: y, W: w, Taps: []int32{0}, Run: 1, Cols: 3})
			compare(t, y, want, 0)
			tile.Run(&ConvArgs{X: x, Y: y, W: w, XOff: []int32{0}, YOff: []int32{1}, Run: 1, Cols: 3, Bias: []float32{4, 5, 6}})
			compare(t, y, []float32{want[0], 4, 5, 6, want[4]}, 0)
		}
	}
}

func TestConvBitsDoNotDependOnHowPixelsAndSumsAreCut(t *testing.T) {
	g := window{h: 5, w: 7, cin: 9, cout: 13, k: 3, stride: 1, dilation: 1, groups: 1}
	xoff, yoff := g.pixels()
	x, _ := guarded(g.xLen(), 1)
	taps := []int32{g.tap(0, 0), g.tap(1, 0), g.tap(2, 0)}
	for _, s := range Levels() {
		for _, tile := range s.Conv {
			run := 3 * g.cin
			w, _ := guarded(3*run*tile.NR, 2)
			cols := min(g.cout, tile.NR)
			whole, cut := make([]float32, g.yLen()), make([]float32, g.yLen())
			tile.Run(&ConvArgs{X: x, Y: whole, W: w, XOff: xoff, YOff: yoff, Taps: taps, Run: run, Cols: cols, ReLU: true})
			for p := 0; p < len(xoff); p += 8 {
				q := min(p+8, len(xoff))
				for i := range taps {
					tile.Run(&ConvArgs{X: x, Y: cut, W: w[i*run*tile.NR:], XOff: xoff[p:q], YOff: yoff[p:q], Taps: taps[i : i+1], Run: run, Cols: cols, Add: i > 0, ReLU: i == 2})
				}
			}
			compare(t, cut, whole, 0)
		}
	}
}

func TestTransposedPanelsGiveTheGradientOfTheInput(t *testing.T) {
	// One pixel of dy under a window of taps: dx[i] = Σ_t Σ_o dy[t][o]·w[t][i][o].
	const cin, cout, taps = 21, 10, 4
	w, _ := guarded(taps*cin*cout, 1)
	dy, _ := guarded(taps*cout, 2)
	for _, s := range Levels() {
		for _, tile := range s.Conv {
			order := []int32{2 * cin * cout, 0, 3 * cin * cout} // those of one phase
			k := len(order) * cout
			panels := make([]float32, PanelLen(k, cin, tile.NR))
			s.PackTranspose(panels, w, order, cin, cout, cout, tile.NR)
			dx := make([]float32, cin)
			for j := 0; j < cin; j += tile.NR {
				tile.Run(&ConvArgs{X: dy, Y: dx[j:], W: panels[j*k:], XOff: []int32{0}, YOff: []int32{0}, Taps: []int32{2 * cout, 0, 3 * cout}, Run: cout, Cols: min(tile.NR, cin-j)})
			}
			for i := range dx {
				var want float64
				for _, t := range []int{2, 0, 3} {
					for o := range cout {
						want += float64(dy[t*cout+o]) * float64(w[(t*cin+i)*cout+o])
					}
				}
				if math.Abs(want-float64(dx[i])) > 1e-5 {
					t.Fatalf("%s/%s: dx[%d] = %v, want %v", s.Name, tile.Name, i, dx[i], want)
				}
			}
		}
	}
}

func TestWgradMatchesTheDirectSum(t *testing.T) {
	for _, s := range Levels() {
		for _, tile := range s.Wgrad {
			t.Run(s.Name+"/"+tile.Name, func(t *testing.T) {
				for _, g := range cases {
					g.groups = 1
					g.cin = (g.cin + tile.Rows - 1) / tile.Rows * tile.Rows
					x, _ := guarded(g.xLen(), 1)
					dy, _ := guarded(g.yLen(), 2)
					xoff, yoff := g.pixels()
					var rows []int32
					for kh := range g.k {
						for kw := range g.k {
							for c := range g.cin {
								rows = append(rows, g.tap(kh, kw)+int32(c))
							}
						}
					}
					ld := g.cout + 3
					dw, all := guarded((len(rows)-1)*ld+g.cout, 3)
					want := slices.Clone(all)
					for r, ro := range rows {
						for j := range g.cout {
							sum := float64(dw[r*ld+j])
							for p := range xoff {
								sum += float64(x[xoff[p]+ro]) * float64(dy[int(yoff[p])+j])
							}
							want[32+r*ld+j] = float32(sum)
						}
					}
					for j := 0; j < g.cout; j += tile.NR {
						tile.Run(&WgradArgs{X: x, DY: dy[j:], DW: dw[j:], XOff: xoff, YOff: yoff, Rows: rows, LD: ld, Cols: min(tile.NR, g.cout-j)})
					}
					compare(t, all, want, 1e-5)
				}
				y := []float32{1, 2}
				tile.Run(&WgradArgs{X: y, DY: y, DW: y, XOff: []int32{0}, YOff: []int32{0}, LD: 1, Cols: 1}) // no rows
				tile.Run(&WgradArgs{X: y, DY: y, DW: y, Rows: []int32{0}, LD: 1, Cols: 1})                   // no pixels
				compare(t, y, []float32{1, 2}, 0)
			})
		}
	}
}

func TestTilesAllocateNothing(t *testing.T) {
	x := make([]float32, 4096)
	off := []int32{0, 40, 80}
	for _, s := range Levels() {
		conv := &ConvArgs{X: x, W: x, Y: x[2048:], XOff: off, YOff: off, Taps: off, Run: 4, Cols: 4}
		wgrad := &WgradArgs{X: x, DY: x, DW: x[2048:], XOff: off, YOff: off, Rows: []int32{0, 1, 2, 3}, LD: 40, Cols: 4}
		depth := &DepthwiseArgs{Block: Block{2, 3, 21}, X: Map{x, 150, 21}, Y: Map{x[2048:], 90, 21}, W: x[1024:], KH: 3, KW: 3, KRow: 150, KPix: 21}
		runs := map[string]func(){"depthwise": func() { s.Depthwise(depth) }, "depthwise-grad": func() { s.DepthwiseGrad(depth) }}
		for _, tile := range s.Conv {
			runs["conv "+tile.Name] = func() { tile.Run(conv) }
		}
		for _, tile := range s.Wgrad {
			runs["wgrad "+tile.Name] = func() { tile.Run(wgrad) }
		}
		for name, f := range runs {
			if n := testing.AllocsPerRun(3, f); n != 0 {
				t.Errorf("%s/%s allocates %v times", s.Name, name, n)
			}
		}
	}
}

func TestPackTransposeMatchesGenericAtAllWidths(t *testing.T) {
	for _, s := range fast(t) {
		for _, nr := range []int{8, 16, 32, 48} {
			for cin := 1; cin < 68; cin += 3 {
				for cout := 1; cout < 68; cout += 5 {
					ld := cout + cin%4
					taps := []int32{int32(cin * ld), 0, 3}
					w, _ := guarded(2*cin*ld+3+cout, uint64(cout))
					_, got := guarded(PanelLen(len(taps)*cout, cin, nr), 1)
					_, want := guarded(PanelLen(len(taps)*cout, cin, nr), 1)
					Generic().PackTranspose(want[32:len(want)-32], w, taps, cin, cout, ld, nr)
					s.PackTranspose(got[32:len(got)-32], w, taps, cin, cout, ld, nr)
					compare(t, got, want, 0)
				}
			}
		}
	}
}
