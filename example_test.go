package assay_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/assaylab/assay"
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/nn"
)

// brief is the settings of a training that takes a moment.
func brief() []any {
	return []any{
		assay.With(func(l *optimization.LR) { l.Base, l.Policy = 0.02, "fixed" }),
		assay.With(func(b *optimization.Batch) { b.Size = 32 }),
		assay.With(func(e *learning.Epochs) { e.Count = 2 }),
		assay.With(func(s *learning.Subset) { s.Images = 1280 }),
	}
}

// One network on images that ship with the program. A folder of your own opens as assay.Open(ctx, "photos").
func ExampleTrain() {
	ctx := context.Background()
	set, err := assay.Open(ctx, "fashion-mini")
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	result, err := assay.Train(ctx, set, assay.Training{Net: "mini", Approaches: brief()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Step, "steps, more than half right:", result.Score.Raw("accuracy") > 0.5)
	// Output:
	// 80 steps, more than half right: true
}

// Do ELU and batch norm pay?
func ExampleStudy() {
	dir, err := os.MkdirTemp("", "assay")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	result, err := assay.Study(context.Background(), assay.Plan{
		Source: "fashion-mini", Net: "mini", Approaches: brief(), Repeats: 2, Store: dir,
		Variants: []assay.Variant{
			{Name: "elu", With: []any{assay.With(func(a *architecture.Activation) { a.To = nn.ELU })}},
			{Name: "batchnorm", With: []any{assay.With[optimization.BatchNorm](nil)}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, arm := range result.Judged[1:] {
		fmt.Println(arm.Name, arm.Trials, "times:", arm.Verdict)
	}
	// Output:
	// elu 2 times: undecided
	// batchnorm 2 times: undecided
}
