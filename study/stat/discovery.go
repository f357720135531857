package stat

import (
	"cmp"
	"slices"
)

// Discoveries gives p-values adjusted so that, of those at most q, a share of at most q is expected to be false where they are independent or
// depend positively (Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57, 1995). A NaN stays one and is not
// counted.
func Discoveries(p []float64) []float64 {
	adjusted := slices.Clone(p)
	var order []int
	for i, x := range p {
		if x == x {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	least := 1.0
	for rank, i := range slices.Backward(order) {
		least = min(least, p[i]*float64(len(order))/float64(rank+1))
		adjusted[i] = least
	}
	return adjusted
}
