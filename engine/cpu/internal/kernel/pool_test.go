package kernel

import (
	"math"
	"slices"
	"testing"
)

// pooling is the windows of extent k over n inputs, padded on both sides.
func pooling(n, k, stride, pad int) Axis { return NewAxis((n+2*pad-k)/stride+1, n, k, stride, pad) }

func TestPoolingMatchesGenericAtAllWidths(t *testing.T) {
	generic := Generic()
	kernels := map[string]func(s Set, p *Pool, x, dx, y, dy Map){
		"max":                  func(s Set, p *Pool, x, dx, y, dy Map) { s.MaxPool(p, y, x) },
		"max-grad":             func(s Set, p *Pool, x, dx, y, dy Map) { s.MaxPool(p, y, x); s.MaxPoolGrad(p, dx, x, y, dy) },
		"stochastic":           func(s Set, p *Pool, x, dx, y, dy Map) { s.StochasticPool(p, y, x, 7, 3, [2]uint32{1, 2}) },
		"stochastic-inference": func(s Set, p *Pool, x, dx, y, dy Map) { s.StochasticPoolInference(p, y, x) },
		"avg":                  func(s Set, p *Pool, x, dx, y, dy Map) { s.AvgPool(p, y, x) },
		"avg-grad":             func(s Set, p *Pool, x, dx, y, dy Map) { s.AvgPoolGrad(p, dx, dy) },
	}
	for _, s := range fast(t) {
		for name, run := range kernels {
			for c := range 68 {
				k, stride := 1+c%3, 1+c%4
				p := NewPool(c, pooling(6, k, stride, k/2), pooling(5, k, stride, k/2), c%2*k*k)
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
						m[i].Row = len(p.W.Lo)*m[i].Pix + l.row
						m[i].Data, _ = guarded(len(p.H.Lo)*m[i].Row, uint64(i))
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
		p := NewPool(1, pooling(2, 2, 1, 0), pooling(2, 2, 1, 0), 0)
		m := func(d []float32) Map { return Map{Data: d, Row: 2, Pix: 1} }
		y := m(make([]float32, 2))
		s.MaxPool(p, y, m(x))
		s.MaxPoolGrad(p, m(dx), m(x), y, m([]float32{5, 0}))
		compare(t, append(dx, y.Data[0]), []float32{0, 5, 0, 0, 3}, 0)
	}
}
