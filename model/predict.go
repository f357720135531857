package model

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/tensor"
)

// Guess is a class with its probability.
type Guess struct {
	Class       int
	Name        string
	Probability float64 // 0 to 1
}

// Predictor answers for single pictures; it is not safe for concurrent use.
type Predictor struct {
	model *Model
	exe   engine.Executable
}

// Predictor plans the model for one picture at a time.
func (m *Model) Predictor(e engine.Engine) (*Predictor, error) {
	exe, err := m.Compile(e, 1)
	if err != nil {
		return nil, err
	}
	return &Predictor{m, exe}, nil
}

// Close gives back what the plan holds.
func (p *Predictor) Close() { p.exe.Close() }

// File gives the n most probable classes of a picture file, the most probable first.
func (p *Predictor) File(path string, n int) ([]Guess, error) {
	x, err := p.model.About.Preprocess.File(path)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

// Picture is File for the bytes of a picture file. Its errors name no file.
func (p *Predictor) Picture(b []byte, n int) ([]Guess, error) {
	x, err := p.model.About.Preprocess.Picture(b)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

func (p *Predictor) guess(x *tensor.Tensor, n int) ([]Guess, error) {
	if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
		return nil, err
	}
	return best(p.model.About.Classes, p.exe.Output(compile.LogProbs), n), nil
}

// best lists the n most probable classes, ties in the order of the classes.
func best(classes []string, logProbs []float32, n int) []Guess {
	gs := make([]Guess, len(logProbs))
	for k, p := range logProbs {
		gs[k] = Guess{k, classes[k], math.Exp(float64(p))}
	}
	slices.SortStableFunc(gs, func(a, b Guess) int { return cmp.Compare(b.Probability, a.Probability) })
	return gs[:min(n, len(gs))]
}
