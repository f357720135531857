package train_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

// TestAShortTrainingKeepsItsBits holds the digest of all State after the beginning and after 20 steps of mini on drawn pictures, by
// rule of initialisation and level: what weights, rates and steps decide, without any data.
func TestAShortTrainingKeepsItsBits(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level, func(t *testing.T) {
			text := ""
			for _, rule := range []string{"he", "xavier", "lsuv"} {
				begun, trained := short(t, level, rule)
				text += fmt.Sprintf("%s: begun %s, trained %s\n", rule, begun, trained)
			}
			golden.Text(t, filepath.Join("testdata", "golden", "mini-"+level+".txt"), text)
		})
	}
}

func short(t *testing.T, level, rule string) (begun, trained string) {
	const batch, steps = 32, 20
	g, err := zoo.New("mini")
	if err != nil {
		t.Fatal(err)
	}
	o := experiment.DefaultOptimization()
	o.Init.Kind, o.Batch.Size, o.LR = rule, batch, experiment.LR{Base: 0.05, Policy: "cosine", Warmup: 0.25, Final: 0.01}
	f, err := compile.New(g, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Step(batch)
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2, Level: level})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, err := e.Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Initialize(o.Init, 1); err != nil {
		t.Fatal(err)
	}
	if begun, err = train.Digest(f.State); err != nil {
		t.Fatal(err)
	}
	feed := engine.Feed{
		Real:    map[string][]float32{compile.Images: make([]float32, batch*g.InputSize().Elems())},
		Index:   map[string][]int32{compile.Labels: make([]int32, batch)},
		Scalars: map[string]float32{},
	}
	for step := range steps {
		r := tensor.NewStream(1, "pictures").At(0, uint64(step))
		for i := range feed.Real[compile.Images] {
			feed.Real[compile.Images][i] = float32(r.Normal())
		}
		for i := range feed.Index[compile.Labels] {
			feed.Index[compile.Labels][i] = int32(r.IntN(10))
		}
		f.Scalars(feed.Scalars, o.LR.At(step, steps, steps), step)
		if err := x.Run(feed); err != nil {
			t.Fatal(err)
		}
	}
	if trained, err = train.Digest(f.State); err != nil {
		t.Fatal(err)
	}
	return begun, trained
}
