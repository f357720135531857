package report_test

import (
	"fmt"
	"os"

	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// A study of one variant as a terminal shows it.
func Example() {
	effect, low, high, mean, base := 1.6, 1.0, 2.2, 89.7, 88.1
	r := &study.Result{Question: "Does batch norm pay?", Metric: "accuracy", Metrics: []task.Metric{task.Accuracy}, Repeats: 3, Blocks: 3, Delta: 0.5, NoiseSD: 0.3, Winner: "batchnorm",
		Judged: []study.Judgement{
			{Arm: study.Arm{Name: "baseline", Baseline: true, Params: 1000, MACs: 1000, TrainSeconds: 10}, Trials: 3, Finding: study.Finding{Mean: &base}},
			{Arm: study.Arm{Name: "batchnorm", Params: 1010, MACs: 1000, TrainSeconds: 10.9}, Trials: 3,
				Finding: study.Finding{Mean: &mean, Effect: &effect, Low: &low, High: &high, Verdict: study.Helps}},
		}}
	if err := report.Terminal(os.Stdout, report.Input{Result: r}, 96, false); err != nil {
		fmt.Println(err)
	}
	// Output:
	// The variant helps.
	//
	// effect on accuracy, points             0        +1        +2               time     m-a  params
	// batchnorm   +1.6  [+1.0, +2.2]         |         |-----o-----|   helps     +9 %     0 %    +1 %
	// baseline 88.1, standard deviation between repeats 0.3; m-a: multiply-adds
	//
	// Best: batchnorm.
}
