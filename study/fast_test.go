package study

import (
	"math/rand/v2"
	"testing"
)

// layoutRates draws Gaussian outcomes without images and returns how often any variant without effect is claimed
// different, and how often variant 1, with an effect, is.
func layoutRates(rng *rand.Rand, studies, variants, repeats int, effect float64, sds map[int]float64) (falseRate, power float64) {
	for range studies {
		t := gaussian(rng, variants, repeats, effect, sds)
		f := outcome{better: 1, y: t.outcomes}.judge(t)
		wrong := false
		for v := 1; v <= variants; v++ {
			claim := f.of[v].Verdict == Helps || f.of[v].Verdict == Hurts
			if v == 1 && effect != 0 {
				if f.of[v].Verdict == Helps {
					power += 1 / float64(studies)
				}
			} else if claim {
				wrong = true
			}
		}
		if wrong {
			falseRate += 1 / float64(studies)
		}
	}
	return falseRate, power
}

// gaussian is the model of docs/statistics.md's figures: residual sd 0.3 point (times sds of the arm), block sd 0.2.
func gaussian(rng *rand.Rand, variants, repeats int, effect float64, sds map[int]float64) *table {
	t := &table{}
	blocks := make([]float64, repeats)
	for s := range blocks {
		blocks[s] = 0.2 * rng.NormFloat64()
	}
	for v := range variants + 1 {
		t.arms = append(t.arms, Arm{Baseline: v == 0})
		t.class = append(t.class, family)
		t.cells = append(t.cells, make([]*Trial, repeats))
		y := make([]float64, repeats)
		for s := range y {
			sd := 0.3
			if k, ok := sds[v]; ok {
				sd *= k
			}
			y[s] = 90 + blocks[s] + sd*rng.NormFloat64()
			if v == 1 {
				y[s] += effect
			}
		}
		t.outcomes = append(t.outcomes, y)
	}
	t.class[0] = baseline
	return t
}

func TestExploreSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, level := range []float64{0.05, 0.1, 0.2} {
		bfLevel = level
		a, _ := layoutRates(rng, 800, 5, 5, 0, nil)
		b, _ := layoutRates(rng, 800, 5, 5, 0, map[int]float64{2: 3})
		c, _ := layoutRates(rng, 800, 15, 5, 0, map[int]float64{2: 3})
		d, _ := layoutRates(rng, 800, 5, 10, 0, map[int]float64{2: 3})
		_, p := layoutRates(rng, 800, 5, 5, 0.8, nil)
		g, _ := layoutRates(rng, 800, 5, 5, 0, map[int]float64{0: 3})
		t.Logf("level %g: null %.3f, wild 6 arms %.3f, wild 16 arms %.3f, n=10 %.3f; power %.3f wild baseline %.3f", level, a, b, c, d, p, g)
	}
}
