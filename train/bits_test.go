package train_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// TestAShortTrainingKeepsItsBits holds the digest of all State after the beginning and after 20 steps of mini on drawn pictures, by
// rule of initialisation and level: what weights, rates and steps decide, without any data.
func TestAShortTrainingKeepsItsBits(t *testing.T) {
	levels := cpu.Levels()
	if testing.Short() {
		levels = levels[len(levels)-1:]
	}
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			if golden.Raced && level == "generic" {
				t.Skip("the bits are the same under the race detector, and take half a minute there")
			}
			text := ""
			for _, rule := range []string{"he", "xavier", "lsuv"} {
				begun, trained := short(t, level, rule)
				text += fmt.Sprintf("%s: begun %s, trained %s\n", rule, begun, trained)
			}
			golden.Text(t, filepath.Join("testdata", "golden", "mini-"+level+".txt"), text)
		})
	}
}

// stepper is a network of the zoo with its step compiled, and a feed of the right sizes.
type stepper struct {
	family *compile.Family
	step   engine.Executable
	feed   engine.Feed
}

func ready(t *testing.T, e engine.Engine, net string, o experiment.Optimization) *stepper {
	t.Helper()
	g, err := zoo.New(net)
	if err != nil {
		t.Fatal(err)
	}
	f, err := compile.New(g, task.Classify{}, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	batch := o.Batch.Size
	p, err := f.Step(batch)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return &stepper{f, x, engine.Feed{
		Real:    map[string][]float32{compile.Images: make([]float32, batch*g.InputSize().Elems())},
		Index:   map[string][]int32{task.Labels: make([]int32, batch)},
		Scalars: map[string]float32{},
	}}
}

// short trains mini for 20 steps.
func short(t *testing.T, level, rule string) (begun, trained string) {
	const steps = 20
	o := experiment.DefaultOptimization()
	o.Init.Kind, o.Batch.Size, o.LR = rule, 8, experiment.LR{Base: 0.05, Policy: "cosine", Warmup: 0.25, Final: 0.01}
	e, err := cpu.New(cpu.Options{Threads: 2, Level: level})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := ready(t, e, "mini", o)
	if err := s.family.Initialize(o.Init, 1); err != nil {
		t.Fatal(err)
	}
	if begun, err = model.Digest(s.family.State); err != nil {
		t.Fatal(err)
	}
	plan, err := experiment.NewSchedule(o, experiment.Learning{Epochs: experiment.Epochs{Steps: steps}}, steps*o.Batch.Size)
	if err != nil {
		t.Fatal(err)
	}
	for step := range steps {
		r := tensor.NewStream(1, "pictures").At(0, uint64(step))
		for i := range s.feed.Real[compile.Images] {
			s.feed.Real[compile.Images][i] = float32(r.Normal())
		}
		for i := range s.feed.Index[task.Labels] {
			s.feed.Index[task.Labels][i] = int32(r.IntN(10))
		}
		s.family.Scalars(s.feed.Scalars, o.LR.At(step, plan), step)
		if err := s.step.Run(s.feed); err != nil {
			t.Fatal(err)
		}
	}
	if trained, err = model.Digest(s.family.State); err != nil {
		t.Fatal(err)
	}
	return begun, trained
}
