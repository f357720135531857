package nn

import (
	"strings"
	"testing"
)

func TestShuffleAndSplitSayWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		layer Layer
		want  string // the size, or a part of the error
	}{
		{Shuffle{Groups: 2}, "3x4x6"},
		{Shuffle{Groups: 6}, "3x4x6"},
		{Shuffle{Groups: 4}, "4 groups do not divide 6 channels; choose a divisor"},
		{Shuffle{}, "0 groups do not divide 6 channels"},
		{Split{Part: 2}, "3x4x3"},
		{Split{Of: 3, Part: 1}, "3x4x2"},
		{Split{Of: 4, Part: 1}, "4 parts do not divide 6 channels; choose a divisor"},
		{Split{Of: 2}, "part 0 of 2; give 1 to 2"},
		{Split{Of: 2, Part: 3}, "part 3 of 2; give 1 to 2"},
	} {
		size, err := withDefaults(c.layer).Infer([]Size{{3, 4, 6}}, 10)
		got := size.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: got %s, want %s", c.layer, got, c.want)
		}
	}
}
