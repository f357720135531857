package study

import (
	"math"
	"slices"
	"testing"

	"github.com/assaylab/assay/task"
)

func TestAnArmThatIsNoWorseAndCheaperIsMarked(t *testing.T) {
	arm := func(name string, params int64, seconds float64) Arm {
		return Arm{Name: name, Params: params, MACs: 1000, TrainSeconds: seconds}
	}
	r := &Result{Name: "s", Repeats: 4, Metrics: []task.Metric{task.Accuracy}, Meaningful: 3, Arms: []Arm{
		{Name: "baseline", Baseline: true, Params: 100, MACs: 1000, TrainSeconds: 10}, arm("same", 90, 10), arm("dear", 120, 10), arm("worse", 10, 1), arm("rough", 95, 5),
	}}
	r.Arms[4].SecondsRough = true
	noise := []int{0, 1, -1, 0, 1, 0, -1, 1}
	for s := range 4 {
		for v, a := range r.Arms {
			right := 100 + noise[(2*s+3*v)%8]
			if a.Name == "worse" {
				right -= 40
			}
			r.Trials = append(r.Trials, counting(a.Name, s+1, right))
		}
	}
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"same": {"parameters"}, "dear": {}, "worse": {}, "rough": {}, "baseline": {}} {
		if j, _ := r.Judgement(name); !slices.Equal(j.AsGoodForLess, want) || j.AsGoodForLess == nil {
			t.Errorf("%s [%v]: as good for less %q, want %q", name, j.Low, j.AsGoodForLess, want)
		}
	}
	sum := 0.0
	for _, j := range r.Judged {
		if j.ProbabilityBest == nil {
			t.Fatalf("%s: no chance to be best", j.Name)
		}
		sum += *j.ProbabilityBest
	}
	if math.Abs(sum-1) > 1e-9 || r.Choice == nil || r.Choice.Arm == "worse" || r.Choice.Shortfall < 0 {
		t.Errorf("chances add up to %g, choice %+v", sum, r.Choice)
	}
	if worse, _ := r.Judgement("worse"); *worse.ProbabilityBest > 0.01 {
		t.Errorf("worse is best with chance %g", *worse.ProbabilityBest)
	}
}

func TestNothingIsChosenByOneRepeat(t *testing.T) {
	r := &Result{Name: "s", Repeats: 1, Metrics: []task.Metric{task.Accuracy}, Arms: []Arm{{Name: "baseline", Baseline: true}, {Name: "a"}},
		Trials: []Trial{counting("baseline", 1, 100), counting("a", 1, 120)}}
	if err := Judge(r); err != nil || r.Choice != nil || r.Judged[1].ProbabilityBest != nil || len(r.Judged[1].AsGoodForLess) != 0 {
		t.Errorf("%+v, %+v (%v)", r.Choice, r.Judged[1].ProbabilityBest, err)
	}
}
