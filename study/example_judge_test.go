package study_test

import (
	"fmt"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// Two arms, three repeats, 200 validation images that every repeat shares: elu is right on 12 more of them each time.
func ExampleJudge() {
	r := &study.Result{Name: "first", Repeats: 3, Metrics: []task.Metric{task.Accuracy}, Arms: []study.Arm{{Name: "baseline", Baseline: true}, {Name: "elu"}}}
	for repeat, wrong := range []int{30, 33, 31} {
		for _, arm := range []string{"baseline", "elu"} {
			t := study.Trial{Arm: arm, Repeat: repeat + 1, Status: study.Done}
			if arm == "elu" {
				wrong -= 12 + repeat%2
			}
			right := make([]float32, 200)
			for id := range right {
				t.Images.IDs = append(t.Images.IDs, int32(id))
				if id >= wrong {
					right[id] = 1
				}
			}
			t.Images.Columns = map[string][]float32{task.Correct: right}
			t.Metrics = map[string]float64{"accuracy": 100 * float64(200-wrong) / 200}
			r.Trials = append(r.Trials, t)
		}
	}
	if err := study.Judge(r); err != nil {
		fmt.Println(err)
		return
	}
	elu := r.Judged[1]
	fmt.Printf("%s %+.1f [%+.1f, %+.1f] %s\n", elu.Name, *elu.Effect, *elu.Low, *elu.High, elu.Verdict)
	// Output: elu +6.2 [+2.9, +9.4] helps
}

// A plan of three repeats leaves an effect open; five more repeats and a second look decide it.
func ExampleLedger() {
	trials := func(repeats int) *study.Result {
		r := &study.Result{Name: "first", Repeats: repeats, Metrics: []task.Metric{task.Accuracy}, Arms: []study.Arm{{Name: "baseline", Baseline: true}, {Name: "elu"}}}
		for repeat := range repeats {
			for arm, gain := range []int{0, 3 + 5*(repeat%2)} {
				right := make([]float32, 200)
				t := study.Trial{Arm: r.Arms[arm].Name, Repeat: repeat + 1, Status: study.Done}
				for id := range right {
					t.Images.IDs = append(t.Images.IDs, int32(id))
					if (id+17*repeat)%200 < 160+gain { // each repeat errs on other images
						right[id] = 1
					}
				}
				t.Images.Columns = map[string][]float32{task.Correct: right}
				t.Metrics = map[string]float64{"accuracy": 100 * float64(160+gain) / 200}
				r.Trials = append(r.Trials, t)
			}
		}
		return r
	}
	ledger := study.Ledger{Baseline: "what the baseline's trials are", Repeats: 3}
	for _, repeats := range []int{3, 8} {
		r := trials(repeats)
		look, err := ledger.Judge(r, repeats == 3)
		if err != nil {
			fmt.Println(err)
			return
		}
		ledger.Looks = append(ledger.Looks, look)
		elu := r.Judged[1]
		fmt.Printf("look %d at %g: %+.1f [%+.1f, %+.1f] %s\n", look.N, look.Level, *elu.Effect, *elu.Low, *elu.High, elu.Verdict)
	}
	// Output:
	// look 1 at 0.04: +2.3 [-1.7, +6.4] undecided
	// look 2 at 0.005: +2.8 [+0.8, +4.7] helps
}
