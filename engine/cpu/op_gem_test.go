package cpu

import (
	"math"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

func TestAGeneralisedMeanOfAnExponentThatRanAwayIsNotANumber(t *testing.T) {
	b := program.NewBuilder("mean")
	shape := tensor.Of(2, 3, 4, 5)
	b.Output("y", b.Emit(program.GeM{}, b.Input("x", program.Real, shape), b.Held("p", tensor.Of(1))))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	state := program.NewState()
	exponent, err := state.Add("p", tensor.Of(1))
	if err != nil {
		t.Fatal(err)
	}
	feed := engine.Feed{Real: map[string][]float32{"x": make([]float32, shape.Elems())}}
	for i := range feed.Real["x"] {
		feed.Real["x"][i] = float32(i%7) - 2
	}
	engines := []engine.Engine{ref.New()}
	for _, level := range Levels() {
		engines = append(engines, newEngine(t, Options{Level: level, Threads: 1}))
	}
	for _, e := range engines {
		exe, err := e.Compile(p, state)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{3, 0.5, 0, -1, math.NaN()} {
			exponent.Data[0] = float32(v)
			if err := exe.Run(feed); err != nil {
				t.Fatal(err)
			}
			for _, y := range exe.Output("y") {
				if (y == y) != (v > 0) {
					t.Errorf("%s: exponent %g gives %g", e.ID(), v, y)
					break
				}
			}
		}
	}
}
