package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// depth is a depthwise convolution over one image that already holds its padding. Pitches are wider than the maps, so that what
// lies between them is seen to stay.
type depth struct {
	h, w, c, kh, kw  int
	stride, dilation [2]int // of rows, of pixels
	group            int    // 0, 4 or 8 channels
}

func (d depth) String() string {
	return fmt.Sprintf("%dx%d of %dx%dx%d, stride %v, dilation %v, groups of %d", d.kh, d.kw, d.h, d.w, d.c, d.stride, d.dilation, d.group)
}

// args are those of all but start and activation, and the memory of y, or that of w with dw.
func (d depth) args(dw bool) (a *DepthwiseArgs, all []float32) {
	pix := d.c + d.c%3
	row := ((d.w-1)*d.stride[1]+max(d.kw-1, 0)*d.dilation[1]+1)*pix + 3
	xs, _ := guarded(((d.h-1)*d.stride[0]+max(d.kh-1, 0)*d.dilation[0]+1)*row-3-d.c%3, 1)
	ypix := d.c + d.h%2
	yrow := (d.w+1)*ypix + 2
	ys, yall := guarded((d.h-1)*yrow+(d.w-1)*ypix+d.c, 2)
	a = &DepthwiseArgs{Block: Block{d.h, d.w, d.c}, X: Map{xs, d.stride[0] * row, d.stride[1] * pix}, Y: Map{ys, yrow, ypix},
		KH: d.kh, KW: d.kw, KRow: d.dilation[0] * row, KPix: d.dilation[1] * pix, Group: d.group}
	ws, wall := guarded(a.weights(), 3)
	a.W = ws
	if dw {
		return a, wall
	}
	return a, yall
}

func TestDepthwiseMatchesGenericAtAllWidths(t *testing.T) {
	generic := Generic()
	for _, s := range fast(t) {
		for c := 1; c <= 68; c++ {
			for i, k := range [][2]int{{3, 3}, {1 + c%5, 1 + c%7}, {1 + c%3, 2}, {1 + c%4, 3}, {5, 5}, {1 + c%2, 7}, {0, 0}} {
				for j, stride := range [][2]int{{1, 1}, {2, 2}, {1, 2}, {3, 3}} {
					d := depth{h: 1 + (c+i)%5, w: 1 + (c*5+i+j)%19, c: c, kh: k[0], kw: k[1], stride: stride, dilation: [2]int{1 + c%6/5, 1 + (c+j)%6/5}}
					if c == 68 { // more than passes at once
						d.h, d.w, d.c = 5, 41, 152
						if i > 1 {
							continue
						}
					}
					if wide := []int{0, 8, 4}[(i+j+c/4)%3]; wide > 0 && d.c%wide == 0 {
						d.group = wide
					}
					n := c + i + j
					run := func(s Set) []float32 {
						a, all := d.args(false)
						a.Add, a.Act = n%3 == 0, []Func{Identity, ReLU, ReLU6}[n/3%3]
						if n%2 == 0 {
							a.Bias, _ = guarded(d.c, 4)
						}
						s.Depthwise(a)
						return all
					}
					grad := func(s Set) []float32 {
						a, all := d.args(true)
						s.DepthwiseGrad(a)
						return all
					}
					compare(t, run(s), run(generic), 1e-5*float64(1+d.group/2))
					compare(t, grad(s), grad(generic), 1e-4)
					if t.Failed() {
						t.Fatalf("%s, %v", s.Name, d)
					}
				}
			}
		}
	}
}

func TestDepthwiseOfNothing(t *testing.T) {
	for _, s := range Levels() {
		for _, b := range []Block{{0, 3, 5}, {3, 0, 5}, {2, 2, 0}} {
			w, all := guarded(45, 1)
			want := slices.Clone(all)
			a := &DepthwiseArgs{Block: b, W: w, KH: 3, KW: 3}
			s.Depthwise(a)
			s.DepthwiseGrad(a)
			compare(t, all, want, 0)
		}
	}
}
