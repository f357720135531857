package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// steps lists the steps of solvers that have kernels of their own, over p and three tensors besides.
func steps() map[string]func(s Set, p, a, b, g []float32) {
	k := Adam{Step: 0.01, Direct: 0.002, Root: 1.7, Eps: 1e-3, Beta1: 0.9, Beta2: 0.999, L2: 0.01, Decay: 1e-3}
	r := RMSProp{LR: 0.01, Keep: 0.9, Add: 0.1, Eps: 1e-3, L2: 0.01, Momentum: 0.7}
	all := map[string]func(s Set, p, a, b, g []float32){
		"adam": func(s Set, p, a, b, g []float32) { s.Adam(p, a, b, g, k) },
		"lion": func(s Set, p, a, _, g []float32) { s.Lion(p, a, g, 0.01, 0.9, 0.99, 0.01, 1e-3) },
		"lamb moments": func(s Set, p, a, b, g []float32) {
			pp, uu := s.LAMBMoments(p, a, b, g, k)
			for i, sum := range []float64{pp, uu} { // to be compared with the tensors, every bit
				if len(p) > 2*i+1 {
					p[2*i], p[2*i+1] = float32(sum), float32(sum-float64(float32(sum)))
				}
			}
		},
		"lamb step": func(s Set, p, a, b, _ []float32) { s.LAMBStep(p, a, b, 0.01, k) },
		"blend":     func(s Set, p, a, _, _ []float32) { s.Blend(p, a, 0.9, 0.3) },
		"adadelta":  func(s Set, p, a, b, g []float32) { s.AdaDelta(p, a, b, g, 0.5, 0.9, 1e-3, 0.01) },
	}
	for _, inside := range []bool{false, true} {
		r.EpsInside = inside
		all[fmt.Sprint("rmsprop, eps inside ", inside)] = func(s Set, p, a, _, g []float32) { s.RMSProp(p, a, nil, g, r) }
		all[fmt.Sprint("rmsprop with momentum, eps inside ", inside)] = func(s Set, p, a, b, g []float32) { s.RMSProp(p, a, b, g, r) }
		all[fmt.Sprint("lars, nesterov ", inside)] = func(s Set, p, a, _, g []float32) { s.LARS(p, a, g, 0.1, 0.9, 0.01, 0.3, inside) }
	}
	return all
}

// Every level rounds as the portable code does, so that a training with these solvers has the same bits at each.
func TestStepsOfSolversHaveTheBitsOfThePortableCode(t *testing.T) {
	odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e-42, 3e38}
	for name, step := range steps() {
		for _, level := range Levels()[1:] {
			for n := range 68 {
				var got, want [4][]float32 // with guards
				var g, w [4][]float32
				for i := range got {
					g[i], got[i] = guarded(n, uint64(i+1))
					for j := range g[i] {
						if i == 1 || i == 2 && name != "lion" {
							g[i][j] = float32(math.Abs(float64(g[i][j])))
						}
						if n > 40 && (j+i)%5 == 0 {
							g[i][j] = odd[(j+3*i)%len(odd)]
						}
					}
					want[i] = slices.Clone(got[i])
					w[i] = want[i][32 : 32+n]
				}
				step(level, g[0], g[1], g[2], g[3])
				step(Generic(), w[0], w[1], w[2], w[3])
				for i := range got {
					for j := range got[i] {
						a, b := got[i][j], want[i][j]
						if math.Float32bits(a) != math.Float32bits(b) && !(a != a && b != b) {
							t.Fatalf("%s, %s, %d elements: tensor %d element %d is %v, the portable code gives %v", name, level.Name, n, i, j-32, a, b)
						}
					}
				}
			}
		}
	}
}

// Every level sums squares in the order of the portable code.
func TestSumsOfSquaresHaveTheBitsOfThePortableCode(t *testing.T) {
	for n := range 9000 {
		if n > 70 && n%229 != 0 && n/4 != 1024 {
			continue
		}
		x := make([]float32, n)
		for i := range x {
			x[i] = float32((i*7919)%1000-500) * 1e-3
		}
		for _, level := range Levels()[1:] {
			if got, want := level.SquareSum(x), squareSum(x); math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s, %d elements: %v, want %v", level.Name, n, got, want)
			}
		}
	}
}

// BenchmarkSolverStepsInCache is of 4,096 parameters: what the processor takes.
func BenchmarkSolverStepsInCache(b *testing.B) {
	const n = 4096
	var x [4][]float32
	for i := range x {
		x[i] = make([]float32, n)
		for j := range x[i] {
			x[i][j] = float32(j%97+1) / 97
		}
	}
	all := steps()
	all["square sum"] = func(s Set, p, _, _, _ []float32) { s.SquareSum(p) }
	for _, name := range []string{"adam", "lars, nesterov false", "square sum", "lamb moments", "lamb step", "blend"} {
		for _, s := range Levels() {
			b.Run(name+"/"+s.Name, func(b *testing.B) {
				for b.Loop() {
					all[name](s, x[0], x[1], x[2], x[3])
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
			})
		}
	}
}

// BenchmarkSolverSteps is of 4 Mi parameters, far beyond the caches: what a step moves bounds it.
func BenchmarkSolverSteps(b *testing.B) {
	const n = 4 << 20
	var x [4][]float32
	for i := range x {
		x[i] = make([]float32, n)
		for j := range x[i] {
			x[i][j] = float32(j%97+1) / 97
		}
	}
	bytes := map[string]int64{"adam": 28, "lion": 20, "adadelta": 28}
	all := steps()
	all["sgd"] = func(s Set, p, a, _, g []float32) { s.SGD(p, a, g, 1e-3, 0.9, 1e-4, false) }
	all["copy"] = func(_ Set, p, _, _, g []float32) { copy(p, g) }
	bytes["sgd"], bytes["copy"] = 20, 8
	for _, name := range []string{"copy", "sgd", "adam", "lion", "adadelta", "rmsprop, eps inside false", "rmsprop with momentum, eps inside false", "lars, nesterov false"} {
		for _, s := range Levels() {
			b.Run(name+"/"+s.Name, func(b *testing.B) {
				each := bytes[name]
				switch {
				case each == 0 && name == "rmsprop with momentum, eps inside false":
					each = 28
				case each == 0:
					each = 20
				}
				b.SetBytes(each * n)
				for b.Loop() {
					all[name](s, x[0], x[1], x[2], x[3])
				}
			})
		}
	}
}
