package box

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowly is what suppression means, in as many comparisons as there are pairs.
func slowly(found []Detection, iou float64) []int {
	var order, kept []int
	for i, d := range found {
		if !math.IsNaN(d.Score) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case found[a].Score > found[b].Score:
			return -1
		case found[a].Score < found[b].Score:
			return 1
		}
		return 0
	})
	for _, i := range order {
		if !slices.ContainsFunc(kept, func(k int) bool { return found[k].Class == found[i].Class && found[k].IoU(found[i].Box) > iou }) {
			kept = append(kept, i)
		}
	}
	return kept
}

// scattered are boxes of a picture of 416 pixels, about so large, some on whole pixels so that overlaps and scores are equal.
func scattered(rng *rand.Rand, n, classes int, size float64) []Detection {
	found := make([]Detection, n)
	for i := range found {
		d := Detection{Box: Around(416*rng.Float64(), 416*rng.Float64(), size*math.Exp(rng.NormFloat64()), size*math.Exp(rng.NormFloat64())), Class: int32(rng.IntN(classes)), Score: rng.Float64()}
		if i%3 == 0 {
			d.Box = Box{math.Floor(d.X0), math.Floor(d.Y0), math.Ceil(d.X1), math.Ceil(d.Y1)}
			d.Score = math.Floor(10*d.Score) / 10
		}
		found[i] = d
	}
	return found
}

func TestSuppressionKeepsWhatComparingAllPairsKeeps(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	var s Suppression
	for nth := range 300 {
		found := scattered(rng, rng.IntN(400), 1+rng.IntN(4), 2*math.Exp(4*rng.Float64()))
		for i := range found {
			switch rng.IntN(60) {
			case 0:
				found[i].X1 = found[i].X0 // empty
			case 1:
				found[i].Y0 = math.NaN()
			case 2:
				found[i].Score = math.NaN()
			case 3:
				found[i].X0 = math.Inf(-1)
			case 4:
				found[i].Box = found[rng.IntN(len(found))].Box
			case 5:
				found[i].X0, found[i].X1 = -1e6, 1e6
			}
		}
		for _, iou := range []float64{0, 0.05, 0.45, 0.5, 0.95, 1} {
			if got, want := s.Keep(found, iou), slowly(found, iou); !slices.Equal(got, want) {
				t.Fatalf("seed %d, case %d, %d boxes, iou %g: kept %v, want %v", seed, nth, len(found), iou, got, want)
			}
		}
	}
}

func TestOfEqualsTheFirstIsKept(t *testing.T) {
	b := Box{0, 0, 10, 10}
	found := []Detection{{b, 1, 0.5}, {b, 0, 0.5}, {b, 1, 0.5}, {b, 0, 0.6}, {Box{0, 0, 10, 5}, 0, 0.1}}
	var s Suppression
	if got := s.Keep(found, 0.5); !slices.Equal(got, []int{3, 0, 4}) { // the last overlaps by exactly one half
		t.Errorf("kept %v", got)
	}
}

func TestSuppressionAgainAllocatesNothing(t *testing.T) {
	found := scattered(rand.New(rand.NewPCG(2, 0)), 1000, 3, 20)
	var s Suppression
	s.Keep(found, 0.45)
	if n := testing.AllocsPerRun(5, func() { s.Keep(found, 0.45) }); n > 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkSuppression(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 0))
	for _, c := range []struct {
		name    string
		classes int
		found   []Detection
	}{
		{"20-classes", 20, scattered(rng, 10_000, 20, 40)},
		{"one-class", 1, scattered(rng, 10_000, 1, 40)},
		{"one-class-apart", 1, scattered(rng, 10_000, 1, 2)},
		{"one-class-strips", 1, strips(10_000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var s Suppression
			kept := 0
			for b.Loop() {
				kept = len(s.Keep(c.found, 0.45))
			}
			b.ReportMetric(float64(kept), "kept")
		})
	}
}

// strips are boxes as wide as the picture, one below the other.
func strips(n int) []Detection {
	found := make([]Detection, n)
	for i := range found {
		y := 416 * float64(i) / float64(n)
		found[i] = Detection{Box: Box{0, y, 416, y + 416/float64(n)}, Score: float64(i*7919%n) / float64(n)}
	}
	return found
}
