// Package gradcheck compares a gradient with differences of its function, for tests. It imports nothing of Assay. Start at
// [Check].
package gradcheck

import (
	"fmt"
	"math"
)

// Tolerance is the relative disagreement that [Check] allows.
const Tolerance = 1e-6

// step is that of the differences, for x of order one. The formula's own error is of order step⁴, rounding's of 1e-16/step,
// both far below the tolerance; a kink must be more than two steps away.
const step = 1e-3

// Check compares grad with the five-point central difference of loss by each element of x, which loss must read anew on every
// call. An element may be off by [Tolerance] relative to itself, or to a thousandth of the largest element where it is smaller than that.
// The error tells the worst element.
func Check(loss func() (float64, error), x, grad []float64) error {
	if len(x) != len(grad) {
		return fmt.Errorf("gradient of %d elements for %d", len(grad), len(x))
	}
	largest := 0.0
	for _, g := range grad {
		largest = math.Max(largest, math.Abs(g))
	}
	worst, report := Tolerance, error(nil)
	for i := range x {
		numeric, err := slope(loss, &x[i])
		if err != nil {
			return err
		}
		scale := max(math.Abs(grad[i]), math.Abs(numeric), largest/1000, 1e-12)
		if off := math.Abs(grad[i]-numeric) / scale; !(off <= worst) {
			worst = off
			report = fmt.Errorf("element %d: gradient %.12g, difference %.12g, off by %.2g", i, grad[i], numeric, off)
		}
	}
	return report
}

// slope is the five-point central difference of loss by *x: Abramowitz, Stegun, 25.3.6.
func slope(loss func() (float64, error), x *float64) (float64, error) {
	at := *x
	defer func() { *x = at }()
	sum := 0.0
	for _, p := range [4]struct{ steps, weight float64 }{{-2, 1}, {-1, -8}, {1, 8}, {2, -1}} {
		*x = at + p.steps*step
		l, err := loss()
		if err != nil {
			return 0, err
		}
		sum += p.weight * l
	}
	return sum / (12 * step), nil
}
