package task_test

import (
	"math"
	"testing"

	"github.com/assaylab/assay/task"
)

// The figures are scikit-learn's definitions worked out by hand: recalls 3/4, 1/2 and 0/1; F1 of 6/8, 2/4, 0/2 and, of a class without
// images that one is taken for, 0/1.
func TestScoresOfAConfusionAreTheMeansOverClasses(t *testing.T) {
	c := task.Confusion{
		{3, 1, 0, 0, 0},
		{1, 1, 0, 0, 0},
		{0, 0, 0, 1, 0},
		{0, 0, 0, 0, 0},
		{0, 0, 0, 0, 0}, // neither
	}
	if got, want := c.BalancedAccuracy(), (0.75+0.5+0)/3; math.Abs(got-want) > 1e-15 {
		t.Errorf("balanced accuracy: got %g, want %g", got, want)
	}
	if got, want := c.MacroF1(), (0.75+0.5+0+0)/4; math.Abs(got-want) > 1e-15 {
		t.Errorf("macro F1: got %g, want %g", got, want)
	}
	if class, share, unbalanced := c.Majority(); class != 0 || share != 4.0/7 || !unbalanced {
		t.Errorf("the majority is %d with %g, unbalanced %v", class, share, unbalanced)
	}
	if none := (task.Confusion{{0, 0}, {0, 0}}); none.BalancedAccuracy() != 0 || none.MacroF1() != 0 {
		t.Error("no images have a score")
	}
	for _, balanced := range []task.Confusion{{{3, 0}, {1, 1}}, {{3, 0}, {0, 0}}} {
		if _, _, unbalanced := balanced.Majority(); unbalanced {
			t.Errorf("%v is called unbalanced", balanced)
		}
	}
}
