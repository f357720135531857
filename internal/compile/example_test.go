package compile_test

import (
	"fmt"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// A network of the zoo learns three pictures of noise by heart.
func Example() {
	g, err := zoo.New("mini", zoo.Classes(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	settings := experiment.DefaultOptimization()
	f, err := compile.New(g, task.Classify{}, settings, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := f.Initialize(settings.Init, 1); err != nil {
		fmt.Println(err)
		return
	}
	p, err := f.Step(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	step, err := e.Compile(p, f.State)
	if err != nil {
		fmt.Println(err)
		return
	}
	pictures := make([]float32, 3*g.InputSize().Elems())
	for i, r := 0, tensor.NewStream(1, "pictures").At(0, 0); i < len(pictures); i++ {
		pictures[i] = float32(r.Normal())
	}
	feed := engine.Feed{
		Real:    map[string][]float32{compile.Images: pictures},
		Index:   map[string][]int32{task.Labels: {0, 1, 2}},
		Scalars: map[string]float32{},
	}
	for i := range 100 {
		f.Scalars(feed.Scalars, 0.01, i)
		if err := step.Run(feed); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("learned:", step.Output(compile.Loss)[0] < 0.1)
	// Output: learned: true
}
