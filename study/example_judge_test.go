package study_test

import (
	"fmt"

	"github.com/assaylab/assay/study"
)

// Two arms, three repeats, 200 validation images that every repeat shares: elu is right on 12 more of them each time.
func ExampleJudge() {
	r := &study.Result{Name: "first", Repeats: 3, Metrics: []study.Metric{study.Accuracy}, Arms: []study.Arm{{Name: "baseline", Baseline: true}, {Name: "elu"}}}
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
			t.Images.Columns = map[string][]float32{study.Correct: right}
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
