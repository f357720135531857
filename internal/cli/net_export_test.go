package cli_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/onnx"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// networks is where testdata/check_networks.py wants the files of all networks, one after the other.
var networks = flag.String("networks", "", "folder for the files of the zoo's networks, with images and what the engine makes of them")

// purpose is a detector's task, or a classifier's.
func purpose(g *nn.Graph) (task.Task, error) {
	classes := make([]string, g.Classes)
	name := ""
	if _, boxes := g.Region(); boxes {
		name = "detect"
	}
	return task.Of(name, g, classes)
}

// Every network of the zoo has a form in ONNX; values are not read before they are written.
func TestEveryNetworkOfTheZooHasAFormInONNX(t *testing.T) {
	for _, n := range zoo.List() {
		t.Run(n.Name, func(t *testing.T) {
			g, err := zoo.New(n.Name)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := g.Cost(); testing.Short() && err == nil && c.Params > 20e6 {
				t.Skip("its weights take much memory")
			}
			objective, err := purpose(g)
			if err != nil {
				t.Fatal(err)
			}
			f, err := compile.New(g, objective, experiment.DefaultOptimization(), 1)
			if err != nil {
				t.Fatal(err)
			}
			p, err := f.Evaluation(2)
			if err != nil {
				t.Fatal(err)
			}
			value := func(string) ([]float32, error) { return nil, errors.New("read too early") }
			if *networks != "" {
				value = f.State.Read
			}
			file, err := onnx.New(p, value, onnx.Options{Name: n.Name})
			if err != nil {
				t.Fatal(err)
			}
			if *networks != "" {
				writeNetwork(t, n.Name, f, file)
			}
		})
	}
}

// drawn are numbers between -1 and 1.
func drawn(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	v := make([]float32, n)
	for i := range v {
		v[i] = 2*r.Float32() - 1
	}
	return v
}

// writeNetwork writes what testdata/check_networks.py compares: a network with drawn weights, two images, and what the engine gives for them.
func writeNetwork(t *testing.T, name string, f *compile.Family, file *onnx.File) {
	if err := f.Initialize(experiment.Init{Kind: "he", Gain: 1}, 1); err != nil {
		t.Fatal(err)
	}
	p, err := f.Evaluation(2)
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, err := e.Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	size := f.Graph.InputSize()
	images := drawn(2 * size.Elems())
	if err := x.Run(engine.Feed{Real: map[string][]float32{compile.Images: images}}); err != nil {
		t.Fatal(err)
	}
	out := p.Outputs[0]
	write := func(ending string, b []byte) {
		if err := os.WriteFile(filepath.Join(*networks, name+ending), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for ending, v := range map[string][]float32{".images": images, ".y": x.Output(out.Name)} {
		raw, err := binary.Append(nil, binary.LittleEndian, v)
		if err != nil {
			t.Fatal(err)
		}
		write(ending, raw)
	}
	if err := file.WriteFile(filepath.Join(*networks, name+".onnx")); err != nil {
		t.Fatal(err)
	}
	about, err := json.Marshal(map[string]any{"shape": []int{2, size.H, size.W, size.C}, "output": out.Name, "y": out.Value.Shape()})
	if err != nil {
		t.Fatal(err)
	}
	write(".json", about)
}
