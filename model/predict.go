package model

import (
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Predictor answers for single pictures; it is not safe for concurrent use.
type Predictor struct {
	model   *Model
	task    task.Task
	exe     engine.Executable
	average task.Average // of several views; nil where there is one
}

// Predictor plans the model for one picture at a time.
func (m *Model) Predictor(e engine.Engine) (*Predictor, error) {
	purpose, err := m.Task()
	if err != nil {
		return nil, err
	}
	var average task.Average
	if views := m.About.Preprocess.Views; views.Count() > 1 {
		if average, err = task.Averaged(purpose, views.Count()); err != nil {
			return nil, err
		}
	}
	exe, err := m.Compile(e, 1)
	if err != nil {
		return nil, err
	}
	return &Predictor{m, purpose, exe, average}, nil
}

// Close gives back what the plan holds.
func (p *Predictor) Close() { p.exe.Close() }

// File gives the task's answers for a picture file, at most n, the surest first: of a classifier the most probable classes.
func (p *Predictor) File(path string, n int) ([]task.Guess, error) {
	x, err := p.model.About.Preprocess.File(path)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

// Picture is File for the bytes of a picture file. Its errors name no file.
func (p *Predictor) Picture(b []byte, n int) ([]task.Guess, error) {
	x, err := p.model.About.Preprocess.Picture(b)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

func (p *Predictor) guess(x *tensor.Tensor, n int) ([]task.Guess, error) {
	views := x.Shape[0]
	size := len(x.Data) / views
	for k := range views {
		if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data[k*size : (k+1)*size]}}); err != nil {
			return nil, err
		}
		if views > 1 && p.average.Add(p.exe.Output) {
			return p.task.Answer(p.average.Output, n), nil
		}
	}
	return p.task.Answer(p.exe.Output, n), nil
}
