package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// transforms are those of a level with how large a square they take and give.
func transforms(s Set) map[string]struct {
	f    func(*Transform)
	n, m int
} {
	return map[string]struct {
		f    func(*Transform)
		n, m int
	}{
		"in": {s.WinogradIn, 4, 4}, "weight": {s.WinogradWeight, 3, 4}, "out": {s.WinogradOut, 4, 2},
		"out grad": {s.WinogradOutGrad, 2, 4}, "weight grad": {s.WinogradWeightGrad, 4, 3},
	}
}

func TestTransformsMatchGenericAtAllWidths(t *testing.T) {
	generic := transforms(Generic())
	for _, s := range fast(t) {
		for name, k := range transforms(s) {
			for c := 1; c <= 67; c++ {
				for variant := range 6 {
					a := Transform{XCol: c + variant, XRow: k.n*(c+variant) + 3, YCol: c + 2, YRow: k.m*(c+2) + 1, C: c}
					for i := range variant {
						a.XOff, a.YOff = append(a.XOff, int32(i*a.XRow)), append(a.YOff, int32(i*k.m*a.YRow))
					}
					if name == "out" {
						a.Add, a.ReLU = variant%2 == 1, variant > 2
						if variant > 1 {
							a.Bias, _ = guarded(c, 9)
						}
						for i := range variant {
							a.Edge = append(a.Edge, uint8(i%4))
						}
					}
					a.X, _ = guarded((variant+k.n)*a.XRow, 1)
					run := func(f func(*Transform)) []float32 {
						y, all := guarded(variant*k.m*a.YRow+1, 2)
						b := a
						b.Y = y
						f(&b)
						return all
					}
					compare(t, run(k.f), run(generic[name].f), 1e-5)
					if t.Failed() {
						t.Fatalf("%s: %s of %d channels, variant %d", s.Name, name, c, variant)
					}
				}
			}
		}
	}
}

// TestTransformsAreAConvolution puts the transforms of a level together, forward and the gradients, and compares with the sums
// themselves.
func TestTransformsAreAConvolution(t *testing.T) {
	for _, s := range Levels() {
		const c = 5
		x, w, dy := random(16*c), random(9*c+1), random(4*c+2)
		w, dy = w[1:], dy[2:]
		one := []int32{0}
		square := func(f func(*Transform), from []float32, n, m int) []float32 {
			to := make([]float32, m*m*c)
			f(&Transform{X: from, Y: to, XOff: one, YOff: one, XRow: n * c, XCol: c, YRow: m * c, YCol: c, C: c})
			return to
		}
		multiply := func(a, b []float32) []float32 {
			p := slices.Clone(a)
			for i := range p {
				p[i] *= b[i]
			}
			return p
		}
		v, u, e := square(s.WinogradIn, x, 4, 4), square(s.WinogradWeight, w, 3, 4), square(s.WinogradOutGrad, dy, 2, 4)
		y, dw := square(s.WinogradOut, multiply(u, v), 4, 2), square(s.WinogradWeightGrad, multiply(e, v), 4, 3)
		check := func(what string, got []float32, i int, want float64) {
			if math.Abs(float64(got[i])-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("%s: %s[%d] = %v, want %v", s.Name, what, i, got[i], want)
			}
		}
		for r := range 3 {
			for q := range 3 {
				for i := range c {
					var sum, sumW float64
					for p := range 3 {
						for o := range 3 {
							if r < 2 && q < 2 {
								sum += float64(x[((r+p)*4+q+o)*c+i]) * float64(w[(p*3+o)*c+i])
							}
							if p < 2 && o < 2 {
								sumW += float64(x[((r+p)*4+q+o)*c+i]) * float64(dy[(p*2+o)*c+i])
							}
						}
					}
					if r < 2 && q < 2 {
						check("y", y, (r*2+q)*c+i, sum)
					}
					check("dw", dw, (r*3+q)*c+i, sumW)
				}
			}
		}
	}
}

func BenchmarkTransforms(b *testing.B) {
	for _, s := range fast(b) {
		for name, k := range transforms(s) {
			b.Run(fmt.Sprintf("%s/%s", s.Name, name), func(b *testing.B) {
				const c, squares = 64, 36
				a := Transform{XCol: c, XRow: 20 * c, YCol: squares * c, YRow: k.m * squares * c, C: c}
				for i := range squares {
					a.XOff, a.YOff = append(a.XOff, int32(i%9*2*c+i/9*2*a.XRow)), append(a.YOff, int32(i*c))
				}
				a.X, a.Y = random(20*a.XRow), make([]float32, 16*squares*c)
				for b.Loop() {
					k.f(&a)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/squares/c*16, "ns/16channels")
			})
		}
	}
}
