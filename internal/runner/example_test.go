package runner_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/assaylab/assay/internal/runner"
)

// A study is opened and planned: what would run, and how each arm differs. Session.Run would run it, with a program that has the
// command `trial`.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "study")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "first.yaml")
	text := `
base: {data: fashion-mini, net: mini, optimization: [{batch: 64}]}
variants:
  - {name: elu, with: [{activation: elu}]}
  - {name: slower, with: [{lr: 0.01}]}
repeats: 5
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	s, err := runner.Open(context.Background(), runner.Request{File: file, Store: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println(s.Study.Question, s.Plan.Trials(), "trials")
	for _, a := range s.Plan.Arms {
		fmt.Println(a.Name, a.Differs)
	}
	// Output:
	// Which choices pay on fashion-mini? 15 trials
	// baseline []
	// elu [5 of 5 relu became elu]
	// slower [lr: 0.01 in place of 0.05]
}
