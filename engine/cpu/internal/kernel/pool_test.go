package kernel

import (
	"math"
	"slices"
	"testing"
)

// pooling makes the bounds of a pooling of extent k over n inputs, clipped to them.
func pooling(n, k, stride, pad int) (lo, hi, count []int32) {
	for o := -pad; o+k <= n+pad; o += stride {
		lo, hi = append(lo, int32(max(o, 0))), append(hi, int32(min(o+k, n)))
		count = append(count, int32(k))
	}
	return
}

func TestPoolingMatchesGenericAtAllWidths(t *testing.T) {
	generic := Generic()
	kernels := map[string]func(s Set, p *Pool, x, dx, y, dy Map){
		"max":      func(s Set, p *Pool, x, dx, y, dy Map) { s.MaxPool(p, y, x) },
		"max-grad": func(s Set, p *Pool, x, dx, y, dy Map) { s.MaxPool(p, y, x); s.MaxPoolGrad(p, dx, x, y, dy) },
		"avg":      func(s Set, p *Pool, x, dx, y, dy Map) { s.AvgPool(p, y, x) },
		"avg-grad": func(s Set, p *Pool, x, dx, y, dy Map) { s.AvgPoolGrad(p, dx, dy) },
	}
	for _, s := range fast(t) {
		for name, run := range kernels {
			for c := range 68 {
				k := 1 + c%3
				p := &Pool{C: c}
				p.H0, p.H1, p.HN = pooling(6, k, 1+c%2, k/2)
				p.W0, p.W1, p.WN = pooling(5, k, 1+c%2, k/2)
				l := layouts[c%3]
				o := func(s Set) *operands {
					o := newOperands(Block{Rows: 6, Pixels: 5, C: c}, l, uint64(c))
					m := o.maps
					for r := range 6 { // ties, that the first of them must win
						for q := range 5 {
							for i, v := range m[0].at(r, q, c) {
								m[0].at(r, q, c)[i] = float32(math.Round(float64(v)))
							}
						}
					}
					for i := 2; i < 4; i++ { // y, dy are of another extent
						m[i].Row = len(p.W0)*m[i].Pix + l.row
						m[i].Data, _ = guarded(len(p.H0)*m[i].Row, uint64(i))
					}
					run(s, p, m[0], m[1], m[2], m[3])
					o.all = slices.Concat(o.all, m[2].Data, m[3].Data)
					return o
				}
				o(s).like(t, o(generic), 1e-6)
				if t.Failed() {
					t.Fatalf("%s/%s at %d channels", s.Name, name, c)
				}
			}
		}
	}
}

func TestMaxPoolGradGoesToTheFirstOfEqualInputs(t *testing.T) {
	for _, s := range Levels() {
		x := []float32{1, 3, 3, 3}
		dx := make([]float32, 4)
		p := &Pool{C: 1, H0: []int32{0}, H1: []int32{2}, W0: []int32{0}, W1: []int32{2}}
		m := func(d []float32) Map { return Map{Data: d, Row: 2, Pix: 1} }
		y := m(make([]float32, 2))
		s.MaxPool(p, y, m(x))
		s.MaxPoolGrad(p, m(dx), m(x), y, m([]float32{5, 0}))
		compare(t, append(dx, y.Data[0]), []float32{0, 5, 0, 0, 3}, 0)
	}
}
