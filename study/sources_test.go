package study

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestOneSourceIsDrawnAnewAtATime(t *testing.T) {
	s := &Study{Seed: 7}
	for i, source := range Sources {
		if s.Vary(source, 1) != s.Seeds(1) {
			t.Errorf("%s: the first repeat is not the study's own", source.Name)
		}
		seeds := s.Vary(source, 3)
		for k, other := range Sources {
			own := s.Seeds(1)
			if same := *other.Of(&seeds) == *other.Of(&own); same != (k != i) {
				t.Errorf("%s varies, and the seed of %s is the same: %v", source.Name, other.Name, same)
			}
		}
	}
}

// Of the intervals of 4 draws of a known spread, nine in ten hold it.
func TestTheSpreadOfASourceLiesInItsInterval(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	held, n := 0, 4000
	for range n {
		x := make([]float64, 4)
		for i := range x {
			x[i] = 88 + 0.3*rng.NormFloat64()
		}
		if s := NoiseFrom("order", x); s.Low <= 0.3 && 0.3 <= s.High {
			held++
		}
	}
	if rate := float64(held) / float64(n); math.Abs(rate-0.9) > 4*math.Sqrt(0.09/float64(n)) {
		t.Errorf("%.3f of intervals hold the spread, want 0.90", rate)
	}
	if s := NoiseFrom("dropout", []float64{80, 80, 80}); !s.Same || s.SD != 0 {
		t.Errorf("no dropout: %+v", s)
	}
	if f := Floor([]NoiseOf{{Source: "order", SD: 0.3}, {Source: "initialisation", SD: 0.4}, {Source: "split", SD: 2}}); math.Abs(f-0.5) > 1e-12 {
		t.Errorf("floor %g, want 0.5", f)
	}
}
