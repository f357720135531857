// Package elementary holds the elementary functions that decide bits of a training: of one argument they give the same bits on every
// processor and in every build. Those of package math do not: some are assembly of their own on some processors, and where the
// hardware multiplies and adds in one rounding, the compiler may contract the others. Here every product that is added to
// something is rounded by an explicit conversion, which the language forbids to contract. It imports nothing of Assay.
//
// Log, Exp, Pow and Cos are those of Go's math package in portable form (see LICENSE-go in this folder), Exp and Log after
// FreeBSD's msun, Cos after Cephes (S. Moshier).
package elementary

import "math"

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// Log is ln x, within 1 ulp. As in math: NaN below 0, −Inf at 0.
func Log(x float64) float64 {
	const (
		l1 = 6.666666666666735130e-01
		l2 = 3.999999999940941908e-01
		l3 = 2.857142874366239149e-01
		l4 = 2.222219843214978396e-01
		l5 = 1.818357216161805012e-01
		l6 = 1.531383769920937332e-01
		l7 = 1.479819860511658591e-01
	)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	f1, ki := math.Frexp(x)
	if f1 < math.Sqrt2/2 {
		f1 *= 2
		ki--
	}
	f, k := f1-1, float64(ki)
	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	t1 := float64(s2 * (l1 + float64(s4*(l3+float64(s4*(l5+float64(s4*l7)))))))
	t2 := float64(s4 * (l2 + float64(s4*(l4+float64(s4*l6)))))
	half := float64(0.5 * f * f)
	return float64(k*ln2Hi) - ((half - (float64(s*(half+(t1+t2))) + float64(k*ln2Lo))) - f)
}

// Exp is eˣ, within 1 ulp where the result is a normal number.
func Exp(x float64) float64 {
	const (
		log2e     = 1.44269504088896338700e+00
		overflow  = 7.09782712893383973096e+02
		underflow = -7.45133219101941108420e+02
		nearZero  = 1.0 / (1 << 28)
		p1        = 1.66666666666666657415e-01
		p2        = -2.77777777770155933842e-03
		p3        = 6.61375632143793436117e-05
		p4        = -1.65339022054652515390e-06
		p5        = 4.13813679705723846039e-08
	)
	switch {
	case math.IsNaN(x):
		return x
	case x > overflow:
		return math.Inf(1)
	case x < underflow:
		return 0
	case -nearZero < x && x < nearZero:
		return 1 + x
	}
	k := int(float64(log2e*x) + math.Copysign(0.5, x))
	hi, lo := x-float64(float64(k)*ln2Hi), float64(float64(k)*ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	return math.Ldexp(1-((lo-float64(r*c)/(2-c))-hi), k)
}

// Pow is xʸ for x of 0 and more; NaN for a negative x. An integer y multiplies; for another one the error is that of y·ln x in
// float64, below 1e-14 relative while x is a float32 and |y| at most 4, so that a result rounded to float32 is off by at most
// 0.5000002 ulp.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case math.IsNaN(x) || math.IsNaN(y) || x < 0:
		return math.NaN()
	case x == 0 || math.IsInf(x, 1) || math.IsInf(y, 0):
		if (x < 1) == (y > 0) {
			return 0
		}
		return math.Inf(1)
	case y == 0.5:
		return math.Sqrt(x)
	case y == -0.5:
		return 1 / math.Sqrt(x)
	}
	whole, part := math.Modf(math.Abs(y))
	if whole >= 1<<63 {
		if (x < 1) == (y > 0) {
			return 0
		}
		return math.Inf(1)
	}
	p, exponent := 1.0, 0 // p·2^exponent is what has been multiplied
	if part != 0 {
		if part > 0.5 {
			part--
			whole++
		}
		p = Exp(float64(part * Log(x)))
	}
	f, e := math.Frexp(x)
	for i := int64(whole); i != 0; i >>= 1 {
		if e < -1<<12 || 1<<12 < e { // past all exponents, and i is not done
			exponent += e
			break
		}
		if i&1 == 1 {
			p *= f
			exponent += e
		}
		f = float64(f * f)
		e <<= 1
		if f < .5 {
			f *= 2
			e--
		}
	}
	if y < 0 {
		p, exponent = 1/p, -exponent
	}
	return math.Ldexp(p, exponent)
}

// Cos is cos x for |x| up to 2³⁰, within 1 ulp of 1 (2⁻⁵³ absolute, twice that where it is reduced); NaN beyond.
func Cos(x float64) float64 {
	const ( // π/4 in three parts
		pi4a = 7.85398125648498535156e-1
		pi4b = 3.77489470793079817668e-8
		pi4c = 2.69515142907905952645e-15
	)
	x = math.Abs(x)
	if !(x <= 1<<30) {
		return math.NaN()
	}
	octant := uint64(float64(x * (4 / math.Pi)))
	octant += octant & 1
	y := float64(octant)
	z := ((x - float64(y*pi4a)) - float64(y*pi4b)) - float64(y*pi4c)
	zz := float64(z * z)
	octant &= 7
	var r float64
	if octant == 2 || octant == 6 {
		q := 1.58962301576546568060e-10
		for _, c := range [...]float64{-2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1} {
			q = float64(q*zz) + c
		}
		r = z + float64(float64(z*zz)*q)
	} else {
		q := -1.13585365213876817300e-11
		for _, c := range [...]float64{2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2} {
			q = float64(q*zz) + c
		}
		r = 1 - float64(0.5*zz) + float64(float64(zz*zz)*q)
	}
	if octant == 2 || octant == 4 {
		return -r
	}
	return r
}
