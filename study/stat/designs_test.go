package stat

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// Contrasts of designs, worked out by R's lm and mvtnorm (testdata/designs.R): effects from the layout, intervals from the
// family of their covariance.
func TestContrastsOfDesignsAreThoseOfR(t *testing.T) {
	var designs []struct {
		Name            string
		Y               [][]*float64 // by arm and block, null where missing
		Weights         [][]float64  // by contrast and arm
		Effect, SE      []float64
		DF              int
		SD, Critical    float64
		Low, High       []float64
		Arms, Contrasts []string
	}
	text, err := os.ReadFile("testdata/designs.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &designs); err != nil {
		t.Fatal(err)
	}
	for _, d := range designs {
		t.Run(d.Name, func(t *testing.T) {
			y := make([][]float64, len(d.Y))
			for v, row := range d.Y {
				for _, cell := range row {
					if cell == nil {
						y[v] = append(y[v], math.NaN())
					} else {
						y[v] = append(y[v], *cell)
					}
				}
			}
			l, err := Fit(y)
			if err != nil {
				t.Fatal(err)
			}
			if l.DF != d.DF {
				t.Errorf("degrees of freedom: got %d, want %d", l.DF, d.DF)
			}
			near(t, "residual", math.Sqrt(l.Variance), d.SD, 1e-8)
			cov := square(len(d.Weights))
			for i, a := range d.Weights {
				for j, b := range d.Weights {
					for v := range a {
						for w := range b {
							cov[i][j] += a[v] * l.Cov[v][w] * b[w]
						}
					}
				}
			}
			c := NewFamily(cov, 0).Critical(0.95, float64(l.DF))
			near(t, "critical value", c, d.Critical, 5e-3)
			for i, weights := range d.Weights {
				effect := 0.0
				for v, w := range weights {
					effect += w * l.Effects[v]
				}
				se := math.Sqrt(l.Variance * cov[i][i])
				near(t, d.Contrasts[i], effect, d.Effect[i], 1e-8)
				near(t, "standard error of "+d.Contrasts[i], se, d.SE[i], 1e-8)
				near(t, "low end of "+d.Contrasts[i], effect-c*se, d.Low[i], 5e-3*se)
				near(t, "high end of "+d.Contrasts[i], effect+c*se, d.High[i], 5e-3*se)
			}
		})
	}
}
