package approach_test

import (
	"testing"

	"github.com/assaylab/assay/experiment"
)

// What a training takes is counted stage by stage: a convolution without borders to speak of costs a quarter at half the side.
func TestWorkIsCountedAtEachStagesSize(t *testing.T) {
	full := build(t, lists(t, "resnet20", "", "batch: 50", "epochs: 34"))
	cost, err := full.Graph.Cost()
	if err != nil {
		t.Fatal(err)
	}
	half, err := full.Graph.Sized(16, 16)
	if err != nil {
		t.Fatal(err)
	}
	small, err := half.Cost()
	if err != nil {
		t.Fatal(err)
	}
	for learning, want := range map[string]int64{
		"epochs: 34":                  34 * cost.MACs,
		"epochs: 34, sizes: yolo9000": 32*small.MACs + 2*cost.MACs,
		"sizes: [{size: 16, epochs: 20, batch: 25}, {size: 32, epochs: 14}]": 20*small.MACs + 14*cost.MACs,
	} {
		b := build(t, lists(t, "resnet20", "", "batch: 50", learning))
		s, err := experiment.NewSchedule(b.Optimization, b.Learning, 100)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Work(s); err != nil || got != 3*100*want {
			t.Errorf("%s: %d multiply-adds (%v), want %d", learning, got, err, 3*100*want)
		}
	}
}
