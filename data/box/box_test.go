package box

import (
	"math"
	"testing"
)

func TestOverlapsAreThoseOfTheAreas(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		a, b Box
		want float64
	}{
		{Box{0, 0, 2, 2}, Box{0, 0, 2, 2}, 1},
		{Box{0, 0, 2, 2}, Box{1, 1, 3, 3}, 1.0 / 7},
		{Box{0, 0, 2, 2}, Box{2, 0, 4, 2}, 0}, // they touch
		{Box{0, 0, 4, 4}, Box{1, 1, 3, 2}, 2.0 / 16},
		{Box{1, 1, 1, 3}, Box{1, 1, 1, 3}, 0}, // nothing
		{Box{3, 3, 0, 0}, Box{0, 0, 3, 3}, 0}, // the wrong way around
		{Box{0, nan, 3, 3}, Box{0, 0, 3, 3}, 0},
		{Around(1, 2, 2, 4), Box{0, 0, 2, 4}, 1},
	} {
		if got := c.a.IoU(c.b); math.Abs(got-c.want) > 1e-15 || got != c.b.IoU(c.a) {
			t.Errorf("%v, %v: %g, want %g", c.a, c.b, got, c.want)
		}
	}
}
