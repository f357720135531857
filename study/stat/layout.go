// Package stat is the arithmetic of honest comparison: how large a difference is, how sure one may be of it when many
// are asked for at once, and how many repeats would tell. It knows nothing of networks and imports gonum alone.
// Start at [Fit] (the estimates), then [Family] (their simultaneous intervals) and [ImageTerms] (images are a sample
// too). Every rule here is held to its promise by a simulation in a test beside it; docs/statistics.md tells it in words.
package stat

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Layout is the least-squares fit of the two-way layout y[v,s] = μ_v + β_s + e with fixed block effects β_s, where
// cells may be missing (Scheffé, "The Analysis of Variance", Wiley 1959, §4.4): every effect is adjusted for the blocks
// in which its arm happens to stand, and one residual variance is pooled over all arms.
type Layout struct {
	Effects   []float64   // μ_v - μ_0 by arm, 0 for arm 0; NaN where blocks do not connect the arm with arm 0
	Cov       [][]float64 // covariance of the effects in units of the residual variance, by arm; row and column 0 are 0
	Variance  float64     // residual variance, NaN where DF is 0
	DF        int         // its exact degrees of freedom, (K-1)(n-1) for K arms in n complete blocks
	BlockVar  float64     // variance between blocks beyond what the residual explains, 0 or more
	Residuals [][]float64 // by arm and block, NaN where missing
}

// Fit fits the layout to y[arm][block], NaN where a cell is missing; arm 0 is the baseline. Blocks with a single cell
// carry no difference and do no harm. It is an error if y is empty or ragged, or arm 0 has no cell.
// Its honesty: TestIntervalsCoverTogetherAtTheStatedRate.
func Fit(y [][]float64) (Layout, error) {
	if len(y) == 0 || len(y[0]) == 0 {
		return Layout{}, errors.New("two-way layout: no arms or no blocks; give at least one of each")
	}
	k, n := len(y), len(y[0])
	for _, row := range y {
		if len(row) != n {
			return Layout{}, errors.New("two-way layout: arms with unlike numbers of blocks; mark missing cells with NaN")
		}
	}
	in := connected(y)
	if !in[0] {
		return Layout{}, errors.New("two-way layout: the baseline has no outcome; nothing can be compared with it")
	}
	at := make([]int, k) // arm → row of the reduced system, -1 if it has none
	var arms []int
	for v := range k {
		at[v] = -1
		if in[v] && v > 0 {
			at[v] = len(arms)
			arms = append(arms, v)
		}
	}
	effects, cov, err := solveReduced(y, in, arms, at)
	if err != nil {
		return Layout{}, err
	}

	l := Layout{Effects: make([]float64, k), Cov: square(k), Residuals: make([][]float64, k)}
	for v := range k {
		l.Residuals[v] = make([]float64, n)
		if v > 0 && at[v] < 0 {
			l.Effects[v] = math.NaN()
		}
	}
	for i, v := range arms {
		l.Effects[v] = effects[i]
		for j, w := range arms {
			l.Cov[v][w] = cov[i][j]
		}
	}

	// Given the effects, a block's β is the mean of its cells less theirs; what is left are the residuals.
	var betas []float64
	var cells int
	var sum, inverse float64
	for s := range n {
		beta, count := 0.0, 0
		for v := range k {
			if in[v] && !math.IsNaN(y[v][s]) {
				beta += y[v][s] - l.Effects[v]
				count++
			}
		}
		if count > 0 {
			beta /= float64(count)
			betas = append(betas, beta)
			inverse += 1 / float64(count)
			cells += count
		}
		for v := range k {
			l.Residuals[v][s] = math.NaN()
			if in[v] && !math.IsNaN(y[v][s]) {
				r := y[v][s] - l.Effects[v] - beta
				l.Residuals[v][s] = r
				sum += r * r
			}
		}
	}
	l.DF = cells - len(betas) - len(arms)
	l.Variance = math.NaN()
	if l.DF > 0 {
		l.Variance = sum / float64(l.DF)
		if len(betas) > 1 { // a block's mean varies by its own β and by the mean of its cells' errors
			l.BlockVar = max(0, Variance(betas)-l.Variance*inverse/float64(len(betas)))
		}
	}
	return l, nil
}

// solveReduced solves the normal equations with the blocks eliminated: C τ = Q, C = diag(n_v) - Σ_s 1·1ᵀ/n_s and
// Q_v = Σ_s (y[v,s] - ȳ_s), without arm 0, whose effect is 0. The covariance of τ is σ² C⁻¹.
func solveReduced(y [][]float64, in []bool, arms, at []int) ([]float64, [][]float64, error) {
	if len(arms) == 0 {
		return nil, nil, nil
	}
	c, q := mat.NewSymDense(len(arms), nil), mat.NewVecDense(len(arms), nil)
	for s := range y[0] {
		var here []int
		mean := 0.0
		for v := range y {
			if in[v] && !math.IsNaN(y[v][s]) {
				here = append(here, v)
				mean += y[v][s]
			}
		}
		mean /= float64(len(here))
		for a, v := range here {
			i := at[v]
			if i < 0 {
				continue
			}
			c.SetSym(i, i, c.At(i, i)+1-1/float64(len(here)))
			q.SetVec(i, q.AtVec(i)+y[v][s]-mean)
			for _, w := range here[:a] {
				if j := at[w]; j >= 0 {
					c.SetSym(i, j, c.At(i, j)-1/float64(len(here)))
				}
			}
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(c) {
		return nil, nil, errors.New("two-way layout: the arms are not connected by blocks; give them repeats in common")
	}
	var tau mat.VecDense
	var inv mat.SymDense
	if err := errors.Join(chol.SolveVecTo(&tau, q), chol.InverseTo(&inv)); err != nil {
		return nil, nil, err
	}
	effects, cov := make([]float64, len(arms)), square(len(arms))
	for i := range arms {
		effects[i] = tau.AtVec(i)
		for j := range arms {
			cov[i][j] = inv.At(i, j)
		}
	}
	return effects, cov, nil
}

// connected tells which arms have a chain of shared blocks to arm 0: only of these is the difference estimable.
func connected(y [][]float64) []bool {
	in, seen := make([]bool, len(y)), make([]bool, len(y[0]))
	for s := range y[0] {
		in[0] = in[0] || !math.IsNaN(y[0][s])
	}
	for grown := in[0]; grown; {
		grown = false
		for s := range y[0] {
			for v := range y {
				if !seen[s] && in[v] && !math.IsNaN(y[v][s]) {
					seen[s], grown = true, true
				}
			}
			for v := range y {
				if seen[s] && !math.IsNaN(y[v][s]) {
					in[v] = true
				}
			}
		}
	}
	return in
}

// Mean is the arithmetic mean, NaN of nothing.
func Mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Variance is the sample variance with n-1 below, NaN of fewer than two.
func Variance(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	mean, sum := Mean(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return sum / float64(len(x)-1)
}

func square(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}
