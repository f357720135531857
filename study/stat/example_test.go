package stat_test

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/study/stat"
)

// A baseline and two variants in three blocks: the simultaneous 95 % intervals of Dunnett.
func ExampleFamily() {
	l, err := stat.Fit([][]float64{{88.0, 88.4, 88.1}, {89.2, 89.5, 89.1}, {88.1, 88.3, 88.4}})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := stat.NewFamily([][]float64{{l.Cov[1][1], l.Cov[1][2]}, {l.Cov[2][1], l.Cov[2][2]}}, 0)
	c := f.Critical(0.95, float64(l.DF))
	for v := 1; v <= 2; v++ {
		half := c * math.Sqrt(l.Variance*l.Cov[v][v])
		fmt.Printf("%+.2f [%+.2f, %+.2f]\n", l.Effects[v], l.Effects[v]-half, l.Effects[v]+half)
	}
	// Output:
	// +1.10 [+0.72, +1.48]
	// +0.10 [-0.28, +0.48]
}

// How many repeats find an effect of 0.8 points among 15 variants, runs varying by 0.3?
func ExampleDesign() {
	d := stat.Design{Variants: 15, SD: 0.3, Level: 0.05}
	for _, n := range []int{3, 5} {
		fmt.Printf("%d repeats: power %.2f, detectable %.2f points\n", n, d.Detects(0.8, n), d.Detectable(n, 0.8))
	}
	// Output:
	// 3 repeats: power 0.60, detectable 0.95 points
	// 5 repeats: power 0.90, detectable 0.72 points
}
