package cli

import (
	"math"
	"strings"
	"testing"

	"github.com/assaylab/assay/train"
)

func TestARangeTestIsDrawnWithItsSuggestion(t *testing.T) {
	var tried []train.Tried
	for i := range 60 { // falls to 1e-2, then blows up
		x := -6 + float64(i)/10
		loss := 2.3 - 1.2*max(0, min(x+4, 2))/2
		if x > -1.5 {
			loss += math.Exp(2 * (x + 1.5))
		}
		tried = append(tried, train.Tried{Rate: math.Pow(10, x), Loss: loss, Smooth: loss})
	}
	const want = `
  5.589 |                       |                ******
        |                       |                *
        |                       |               *
        |                       |
        |                       |              *
  3.095 |                       |             *
        |                       |            *
        |********************** |           *
        |                     *******
  1.100 |                       |   ********
        ++-------v------+-------+---s---+------+-------
         1e-6    1e-5   1e-4    1e-3    1e-2   1e-1  rate`
	got := "\n" + strings.Join(ratePlot(&train.FoundRate{Points: tried, Rate: 1e-3, Steepest: 3e-3, Valley: 1e-5}, 55, 10), "\n")
	if got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
	for _, line := range strings.Split(got, "\n") {
		if len(line) > 60 {
			t.Errorf("a line of %d columns: %s", len(line), line)
		}
	}
	if lines := ratePlot(&train.FoundRate{Points: tried[:1]}, 55, 10); lines != nil {
		t.Errorf("one point is drawn: %q", lines)
	}
}

func TestASuggestionSaysWhyItIsTaken(t *testing.T) {
	loss := func(v float64) *float64 { return &v }
	found := &train.FoundRate{Rate: 0.01, Trainings: []train.ShortTraining{{Rate: 0.003, Loss: loss(2)}, {Rate: 0.01, Loss: loss(1)}, {Rate: 0.03, Loss: loss(0.97)}, {Rate: 0.1}}}
	if got := chosenBy(found); !strings.HasPrefix(got, "lowest rate within a twentieth") {
		t.Errorf("a higher rate has less loss, and it says %q", got)
	}
	found.Rate = 0.03
	if got := chosenBy(found); got != "best of the short trainings" {
		t.Errorf("nothing has less loss, and it says %q", got)
	}
}
