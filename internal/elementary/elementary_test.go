package elementary

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

const precision = 200 // bits of the reference

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

// bigExp is eˣ: the series of x/2⁶⁴, squared 64 times.
func bigExp(x *big.Float) *big.Float {
	small := new(big.Float).SetPrec(2 * precision).Set(x)
	small.SetMantExp(small, -64)
	sum, term := number(1).SetPrec(2*precision), number(1).SetPrec(2*precision)
	for n := 1; n < 12; n++ {
		term.Mul(term, small).Quo(term, number(float64(n)))
		sum.Add(sum, term)
	}
	for range 64 {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog is ln x by Newton's steps on bigExp, from the float64 next to it.
func bigLog(x *big.Float) *big.Float {
	f, _ := x.Float64()
	y := number(math.Log(f)).SetPrec(2 * precision)
	for range 3 {
		e := bigExp(new(big.Float).Neg(y))
		e.Mul(e, x).Sub(e, number(1))
		y.Add(y, e)
	}
	return y
}

// bigCos is cos x by its series at x/2¹⁶, doubled: cos 2a = 2·cos²a − 1.
func bigCos(x *big.Float) *big.Float {
	small := new(big.Float).SetPrec(2 * precision).Set(x)
	small.SetMantExp(small, -48)
	square := new(big.Float).Mul(small, small)
	sum, term := number(1).SetPrec(2*precision), number(1).SetPrec(2*precision)
	for n := 2; n < 14; n += 2 {
		term.Mul(term, square).Quo(term, number(-float64(n*(n-1))))
		sum.Add(sum, term)
	}
	for range 48 {
		sum.Mul(sum, sum).Mul(sum, number(2)).Sub(sum, number(1))
	}
	return sum
}

// ulps is the distance of got from want in the spacing of float64 at want, but no finer than at least.
func ulps(got float64, want *big.Float, least float64) float64 {
	w, _ := want.Float64()
	spacing := max(math.Nextafter(math.Abs(w), math.Inf(1))-math.Abs(w), least)
	off, _ := new(big.Float).Sub(number(got), want).Float64()
	return math.Abs(off) / spacing
}

func TestFunctionsAreWithinTheUlpsTheyState(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 4_000
	if testing.Short() {
		n = 1_000
	}
	const one = 1.0 / (1 << 52)
	for _, c := range []struct {
		name      string
		of        func(float64) float64
		reference func(*big.Float) *big.Float
		draw      func() float64
		least     float64
		most      float64
	}{
		{"log near 1", Log, bigLog, func() float64 { return 0.5 + r.Float64() }, 0, 1},
		{"log of a uniform number", Log, bigLog, func() float64 { return 1 - r.Float64() }, 0, 1},
		{"log of any size", Log, bigLog, func() float64 { return math.Ldexp(1+r.Float64(), r.IntN(2000)-1000) }, 0, 1},
		{"exp of small", Exp, bigExp, func() float64 { return r.Float64() - 0.5 }, 0, 1},
		{"exp of any size", Exp, bigExp, func() float64 { return 1400*r.Float64() - 700 }, 0, 1},
		{"cos of a turn", Cos, bigCos, func() float64 { return 2 * math.Pi * r.Float64() }, one, 1},
		{"cos of many turns", Cos, bigCos, func() float64 { return 1e6 * (r.Float64() - 0.5) }, one, 1},
	} {
		worst, at := 0.0, 0.0
		for range n {
			x := c.draw()
			if u := ulps(c.of(x), c.reference(number(x)), c.least); u > worst {
				worst, at = u, x
			}
		}
		if !(worst < c.most) {
			t.Errorf("%s: off by %.3f ulp at %v, want less than %g", c.name, worst, at, c.most)
		}
		t.Logf("%s: at most %.3f ulp", c.name, worst)
	}
}

func TestPowersOfFloat32AreWithinWhatTheyState(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n, worst := 2_000, 0.0
	if testing.Short() {
		n = 500
	}
	for range n {
		x, y := float64(float32(math.Ldexp(1+r.Float64(), r.IntN(250)-125))), float64(float32(8*r.Float64()-4))
		want := bigLog(number(x))
		want = bigExp(want.Mul(want, number(y)))
		w, _ := want.Float64()
		if w == 0 || math.IsInf(w, 0) {
			continue
		}
		off, _ := new(big.Float).Quo(new(big.Float).Sub(number(Pow(x, y)), want), want).Float64()
		worst = max(worst, math.Abs(off))
	}
	if !(worst < 1e-14) {
		t.Errorf("off by %g, want less than 1e-14", worst)
	}
	t.Logf("at most %.2g", worst)
}

func TestEndsAreThoseOfMath(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	numbers := []float64{0, 0.25, 0.5, 1, 1.5, 2, 3, 7, 700, 709.9, 1e19, 1e300, math.MaxFloat64, inf, nan}
	same := func(what string, got, want float64) {
		if got != want && !(got != got && want != want) && !(math.Abs(got-want) <= 4e-16*math.Abs(want)) {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	for _, x := range numbers {
		for _, x := range []float64{x, -x} {
			same(fmt.Sprintf("Log(%v)", x), Log(x), math.Log(x)) // of subnormal numbers math has another one on amd64
			same(fmt.Sprintf("Exp(%v)", x), Exp(x), math.Exp(x))
			if math.Abs(x) < 1<<30 {
				same(fmt.Sprintf("Cos(%v)", x), Cos(x), math.Cos(x))
			}
			for _, y := range numbers {
				for _, y := range []float64{y, -y} {
					want := math.Pow(x, y)
					if x < 0 && y != 0 {
						want = nan
					}
					if x == 0 {
						want = math.Pow(0, y)
					}
					if got := Pow(x, y); got != want && !(got != got && want != want) && !(math.Abs(got-want) <= 1e-12*want) {
						t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
					}
				}
			}
		}
	}
	if got := Cos(1 << 31); got == got {
		t.Errorf("Cos(2^31) = %v, want NaN, as it is not reduced that far", got)
	}
}
