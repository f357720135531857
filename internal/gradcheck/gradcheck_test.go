package gradcheck

import (
	"math"
	"testing"
)

func TestCheckTakesTheRightGradientAndRefusesAWrongFactor(t *testing.T) {
	x := []float64{0.3, -1.2, 2}
	loss := func() (float64, error) { return math.Sin(x[0])*x[1] + x[2]*x[2]*x[2], nil }
	grad := []float64{math.Cos(x[0]) * x[1], math.Sin(x[0]), 3 * x[2] * x[2]}
	if err := Check(loss, x, grad); err != nil {
		t.Errorf("right gradient: %v", err)
	}
	for i := range grad {
		wrong := append([]float64(nil), grad...)
		wrong[i] *= 1 + 3e-6
		if Check(loss, x, wrong) == nil {
			t.Errorf("element %d off by 3e-6 was accepted", i)
		}
	}
	if want := []float64{0.3, -1.2, 2}; x[0] != want[0] || x[1] != want[1] || x[2] != want[2] {
		t.Errorf("x left as %v, want %v", x, want)
	}
}
