package compile_test

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// Counts do not see whether a gate stands in front of an activation or behind it; logits do.
func TestNetworksGiveTheLogitsOfTorchvisionTimmAndPytorchcv(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/zoo.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Nets map[string]struct {
			Side    int // of the image
			Tensors int
			Logits  []float64 // twenty of them, evenly, or all of fewer
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for name, want := range file.Nets {
		if testing.Short() && want.Side > 96 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			g, err := zoo.New(name, zoo.Input(want.Side, want.Side, 3))
			if err != nil {
				t.Fatal(err)
			}
			if c, err := g.Cost(); testing.Short() && err == nil && c.Params > 20e6 {
				t.Skip("its weights take long to fill in")
			}
			f, err := compile.New(g, task.Classify{}, experiment.DefaultOptimization(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if n := fillInOrder(t, g, f); n != want.Tensors {
				t.Fatalf("%d tensors, want %d", n, want.Tensors)
			}
			x := plan(t, e, f, f.Evaluation, 1)
			image := make([]float32, g.InputSize().Elems())
			for i, v := range value("image", len(image)) {
				image[i] = float32(2 * v)
			}
			if err := x.Run(engine.Feed{Real: map[string][]float32{compile.Images: image}}); err != nil {
				t.Fatal(err)
			}
			got, every, largest := x.Output(task.LogProbs), max(1, g.Classes/20), 0.0
			for _, v := range want.Logits {
				largest = max(largest, math.Abs(v-want.Logits[0]))
			}
			for i, v := range want.Logits { // probabilities know logits up to a constant
				if d := math.Abs(float64(got[every*i]-got[0]) - (v - want.Logits[0])); !(d <= 1e-4*largest) {
					t.Errorf("logit %d less the first is %.6g, want %.6g", every*i, got[every*i]-got[0], v-want.Logits[0])
				}
			}
		})
	}
}

// fillInOrder fills the tensors in the order in which an image meets them, as make_zoo.py does, and counts them.
func fillInOrder(t *testing.T, g *nn.Graph, f *compile.Family) (count int) {
	t.Helper()
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	fill := func(ps []nn.Param, scale bool) {
		for _, p := range ps {
			at, by := 0.0, 0.1 // of biases and running means
			switch {
			case p.Role == nn.RoleWeight:
				by = math.Sqrt(4.5 / float64(p.FanIn))
			case p.Role == nn.RoleGamma && scale:
				at, by = 0.75, 0.25
			case p.Role == nn.RoleGamma, p.Role == nn.RoleVar:
				at, by = 1, 0.2
			case p.Role == nn.RoleBeta:
				by = 0.2
			}
			data := f.State.Get(p.Name).Data
			for i, v := range value(strconv.Itoa(count), len(data)) {
				data[i] = float32(at + by*v)
			}
			count++
		}
	}
	over := func(as []nn.Applied) {
		for _, a := range as {
			fill(a.Params, false)
			fill(a.Buffers, false)
		}
	}
	for _, s := range steps {
		for _, as := range s.OverIn {
			over(as)
		}
		fill(s.Params, true)
		over(s.OverOut)
	}
	return count
}
