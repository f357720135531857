package kernel

import (
	"math"
	"slices"
	"testing"
)

func TestActivationsAreNearTheExactValues(t *testing.T) {
	exact := map[Func]func(x float64) float64{
		ELU:     func(x float64) float64 { return max(x, 0) + 0.5*math.Expm1(min(x, 0)) },
		SELU:    func(x float64) float64 { return seluScale * (max(x, 0) + seluAlpha*math.Expm1(min(x, 0))) },
		Tanh:    math.Tanh,
		Sigmoid: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },

		ReLU6:       func(x float64) float64 { return min(max(x, 0), 6) },
		CELU:        func(x float64) float64 { return max(x, 0) + 0.5*math.Expm1(2*min(x, 0)) },
		Softplus:    func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
		Softsign:    func(x float64) float64 { return x / (1 + math.Abs(x)) },
		HardSigmoid: func(x float64) float64 { return min(max(x+3, 0), 6) / 6 },
		ScaledTanh:  func(x float64) float64 { return 1.7159 * math.Tanh(x*2/3) },
		Arcsinh:     math.Asinh,
		Swish:       func(x float64) float64 { return x / (1 + math.Exp(-x/2)) },
		HardSwish:   func(x float64) float64 { return x * min(max(x+3, 0), 6) / 6 },
		GELU:        func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 },
		Mish:        func(x float64) float64 { return x * math.Tanh(math.Log1p(math.Exp(x))) },
		Power:       func(x float64) float64 { return math.Sqrt(math.Abs(x)) },
	}
	var x []float32
	for e := -20.0; e < 6.4; e += 0.01 {
		x = append(x, float32(math.Exp2(e)), -float32(math.Exp2(e)))
	}
	for _, s := range Levels() {
		for f, want := range exact {
			b, m := Flat(x)
			_, y := Flat(make([]float32, len(x)))
			s.Activation(b, f, 0.5, y, m)
			for i, v := range x {
				w := want(float64(v))
				tol := 4e-7
				if f == GELU {
					tol = 6e-7 * (1 + float64(v*v)/6) // its polynomial, and e^(−x²/2) cannot know its argument better
				}
				if d := math.Abs(float64(y.Data[i]) - w); !(d <= tol*math.Abs(w)+1e-36) {
					t.Fatalf("%s: function %d of %v: got %v, want %v", s.Name, f, v, y.Data[i], w)
				}
			}
		}
	}
}

func TestActivationGradientsAreNearTheExactDerivatives(t *testing.T) {
	byInput := map[Func]bool{Swish: true, HardSwish: true, GELU: true, Mish: true}
	exact := map[Func]func(x float64) float64{
		Softplus: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		Softsign: func(x float64) float64 { return 1 / ((1 + math.Abs(x)) * (1 + math.Abs(x))) },
		Arcsinh:  func(x float64) float64 { return 1 / math.Hypot(1, x) },
		Swish: func(x float64) float64 {
			s := 1 / (1 + math.Exp(-x/2))
			return s + x/2*s*(1-s)
		},
		HardSwish: func(x float64) float64 {
			if x <= -3 || x >= 3 {
				return max(0, math.Copysign(1, x))
			}
			return x/3 + 0.5
		},
		GELU: func(x float64) float64 { return math.Erfc(-x/math.Sqrt2)/2 + x*normalDensity*math.Exp(-x*x/2) },
		Mish: func(x float64) float64 {
			t := math.Tanh(math.Log1p(math.Exp(x)))
			return t + x*(1-t*t)/(1+math.Exp(-x))
		},
	}
	var x []float32
	for v := -70.0; v < 70; v += 0.01 {
		x = append(x, float32(v))
	}
	for _, s := range Levels() {
		for f, want := range exact {
			b, m := Flat(slices.Clone(x))
			_, dy := Flat(slices.Repeat([]float32{1}, len(x)))
			if !byInput[f] {
				s.Activation(b, f, 0.5, m, m)
			}
			s.ActivationGrad(b, f, 0.5, dy, m, dy)
			for i, v := range x {
				if w := want(float64(v)); !(math.Abs(float64(dy.Data[i])-w) <= 5e-7*(1+math.Abs(w))) {
					t.Fatalf("%s: derivative of function %d at %v: got %v, want %v", s.Name, f, v, dy.Data[i], w)
				}
			}
		}
	}
}

func TestActivationsKeepNaNAndBoundInfinity(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	for _, s := range Levels() {
		for f := Identity; f < funcs; f++ {
			x := slices.Repeat([]float32{nan, inf, -inf, 0}, 9)
			b, m := Flat(x)
			s.Activation(b, f, 0.5, m, m)
			for i := 0; i < len(x); i += 4 {
				if f > Sigmoid { // what these make of infinity, a number or none, is theirs
					zero := map[Func]float32{Softplus: math.Ln2, HardSigmoid: 0.5}[f]
					if x[i] == x[i] || !(math.Abs(float64(x[i+3]-zero)) < 1e-7) {
						t.Fatalf("%s: function %d of NaN, +Inf, -Inf, 0 is %v", s.Name, f, x[i:i+4])
					}
					continue
				}
				low := map[Func]float32{Identity: -inf, Leaky: -inf, ELU: -0.5, SELU: -seluAlpha * seluScale, Tanh: -1}[f]
				high := map[Func]float32{Tanh: 1, Sigmoid: 1}[f]
				if high == 0 {
					high = inf
				}
				zero := map[Func]float32{Sigmoid: 0.5}[f]
				if x[i] == x[i] || x[i+1] != high || x[i+2] != low && !(f == Sigmoid && x[i+2] < 1e-37) || x[i+3] != zero {
					t.Fatalf("%s: function %d of NaN, +Inf, -Inf, 0 is %v", s.Name, f, x[i:i+4])
				}
			}
		}
		x := slices.Repeat([]float32{nan}, 40)
		b, m := Flat(x)
		b.C, b.Pixels, m.Pix = 20, 2, 20
		one := slices.Repeat([]float32{1}, 20)
		s.Affine(b, true, m, m, Map{}, one, one)
		if !slices.ContainsFunc(x, func(v float32) bool { return v != v }) || s.AllFinite(x) {
			t.Fatalf("%s: a relu hides NaN", s.Name)
		}
	}
}

func TestAllFiniteSeesEveryPlace(t *testing.T) {
	for _, s := range Levels() {
		for n := range 68 {
			x := make([]float32, n)
			for i := range x {
				x[i] = math.MaxFloat32
			}
			if !s.AllFinite(x) {
				t.Fatalf("%s: %d finite numbers are called not finite", s.Name, n)
			}
			for i := range x {
				for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
					x[i] = float32(v)
					if s.AllFinite(x) {
						t.Fatalf("%s: %v at %d of %d is not seen", s.Name, v, i, n)
					}
				}
				x[i] = 1
			}
		}
	}
}

func TestSGDIsPyTorchs(t *testing.T) {
	const lr, momentum, l2 = 0.1, 0.9, 0.01
	for _, s := range Levels() {
		for n := range 68 {
			for _, nesterov := range []bool{false, true} {
				p, pAll := guarded(n, 1)
				v, vAll := guarded(n, 2)
				g, gAll := guarded(n, 3)
				wantP, wantV, wantG := slices.Clone(pAll), slices.Clone(vAll), slices.Clone(gAll)
				for i := 32; i < 32+n; i++ {
					d := wantG[i] + l2*wantP[i]
					wantV[i] = momentum*wantV[i] + d
					if nesterov {
						d += momentum * wantV[i]
					} else {
						d = wantV[i]
					}
					wantP[i] -= lr * d
				}
				s.SGD(p, v, g, lr, momentum, l2, nesterov)
				compare(t, pAll, wantP, 1e-6)
				compare(t, vAll, wantV, 1e-6)
				compare(t, gAll, wantG, 0)
			}
		}
	}
}

func TestDropoutKeepsByWordsOfPhilox(t *testing.T) {
	// Random123's known answer for Philox4x32-10 at a counter and key of zeros.
	if got := philox(0, 0, [2]uint32{}); got != [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8} {
		t.Fatalf("philox of zeros is %#x", got)
	}
	const n, rate, step = 101, 0.3, 9
	key := [2]uint32{3, 4}
	s := Generic()
	x, _ := guarded(n, 1)
	b, m := Flat(x)
	_, whole := Flat(make([]float32, n))
	s.Dropout(b, whole, m, 0, rate, step, key)
	for i, v := range x {
		want := float32(0)
		if float32(philox(uint32(i/4), step, key)[i%4]>>8)*(1.0/(1<<24)) >= rate {
			want = v * (1 / (1 - float32(rate)))
		}
		if whole.Data[i] != want {
			t.Fatalf("element %d is %v, want %v", i, whole.Data[i], want)
		}
	}
	part := make([]float32, n)
	for i := 0; i < n; i += 7 {
		k := min(7, n-i)
		b, m := Flat(x[i : i+k])
		_, y := Flat(part[i : i+k])
		s.Dropout(b, y, m, uint64(i), rate, step, key)
	}
	compare(t, part, whole.Data, 0)
	s.Dropout(b, whole, m, 0, 0, step, key)
	compare(t, whole.Data, x, 0)
	s.Dropout(b, whole, m, 0, 1, step, key)
	compare(t, whole.Data, make([]float32, n), 0)
}

func TestCrossEntropyAndItsGradient(t *testing.T) {
	s := Generic()
	const k = 5
	logits := []float32{1, -2, 3, 0, 50, 1000, -1000, 0, 1, 2, 1, 2, 3, 4, 5}
	labels := []int32{2, 0, -1}
	for _, smoothing := range []float32{0, 0.1} {
		loss, grad, logp := make([]float32, 3), make([]float32, 15), make([]float32, 15)
		dloss := []float32{2, 3, 4}
		s.LogSoftmax(logp, logits, k)
		s.CrossEntropy(loss, logits, labels, k, smoothing)
		s.CrossEntropyGrad(grad, logits, labels, dloss, k, smoothing)
		for n, label := range labels {
			var want float64
			for i := range k {
				target := float64(smoothing) / k
				if int(label) == i {
					target += 1 - float64(smoothing)
				}
				g := float64(dloss[n]) * (math.Exp(float64(logp[n*k+i])) - target)
				if label < 0 {
					target, g = 0, 0
				}
				want -= target * float64(logp[n*k+i])
				if math.Abs(g-float64(grad[n*k+i])) > 1e-6 {
					t.Fatalf("gradient [%d,%d] is %v, want %v", n, i, grad[n*k+i], g)
				}
			}
			if math.Abs(want-float64(loss[n])) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("loss %d is %v, want %v", n, loss[n], want)
			}
		}
	}
	loss := []float32{0}
	s.CrossEntropy(loss, logits[:k], []int32{k}, k, 0)
	if loss[0] == loss[0] {
		t.Fatalf("a label beyond the classes gives the loss %v, want NaN", loss[0])
	}
}

func TestLRNGradientIsTheCentralDifference(t *testing.T) {
	s, l := Generic(), LRN{Size: 3, Alpha: 0.3, Beta: 0.75, K: 1}
	const c = 7
	b := Block{Rows: 1, Pixels: 1, C: c}
	m := func(x []float32) Map { return Map{Data: x, Row: c, Pix: c} }
	x, _ := guarded(c, 1)
	dy, _ := guarded(c, 2)
	dx, y := make([]float32, c), make([]float32, c)
	s.LRNGrad(b, m(dx), m(x), m(dy), l)
	sum := func() (s2 float64) {
		s.LRN(b, m(y), m(x), l)
		for i, v := range y {
			s2 += float64(v) * float64(dy[i])
		}
		return
	}
	for i := range x {
		const h = 1.0 / 256
		v := x[i]
		x[i] = v + h
		up := sum()
		x[i] = v - h
		down := sum()
		x[i] = v
		if d := (up - down) / (2 * h); math.Abs(d-float64(dx[i])) > 1e-3 {
			t.Fatalf("dx[%d] = %v, the difference quotient %v", i, dx[i], d)
		}
	}
}

func TestSquareSum(t *testing.T) {
	x := make([]float32, 10_001)
	for i := range x {
		x[i] = float32(i%7) - 3
	}
	var want float64
	for _, v := range x {
		want += float64(v) * float64(v)
	}
	for _, s := range Levels() {
		if got := s.SquareSum(x); math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s: %v, want %v", s.Name, got, want)
		}
	}
}

func TestPermuteTakesEveryChannelFromItsPlace(t *testing.T) {
	for _, s := range fast(t) {
		for c := range 68 {
			orders := []func(i int) int{
				func(i int) int { return (7*i + 3) % c },
				func(i int) int { return c - 1 - i },
				func(i int) int { return i / 3 },
			}
			for m := 1; m <= 5; m++ { // dealt out, and back
				if c%m == 0 {
					orders = append(orders, func(i int) int { return i%m*(c/m) + i/m }, func(i int) int { return i%(c/m)*m + i/(c/m) })
				}
			}
			for i, l := range layouts {
				for _, order := range orders {
					from := make([]int32, c)
					for i := range from {
						from[i] = int32(order(i))
					}
					b := Block{Rows: 2, Pixels: 1 + (c+i)%4, C: c}
					got, want := newOperands(b, l, uint64(c)), newOperands(b, l, uint64(c))
					permute(b, want.maps[0], want.maps[1], from)
					s.Permute(b, got.maps[0], got.maps[1], from)
					got.like(t, want, 0)
					if t.Failed() {
						t.Fatalf("%s at %+v, %+v, %v", s.Name, b, l, from)
					}
				}
			}
		}
	}
}
