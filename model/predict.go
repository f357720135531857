package model

import (
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
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

// File gives the task's answers for a picture file, at most n, the surest first: of a classifier the most probable classes, of a detector boxes in
// pixels of the upright picture.
func (p *Predictor) File(path string, n int) ([]task.Guess, error) {
	x, frame, err := p.model.About.Preprocess.FileSeen(path)
	if err != nil {
		return nil, err
	}
	return p.guess(x, frame, n)
}

// Picture is File for the bytes of a picture file. Its errors name no file.
func (p *Predictor) Picture(b []byte, n int) ([]task.Guess, error) {
	guesses, _, _, err := p.Sized(b, n)
	return guesses, err
}

// Sized is Picture with the height and width of the upright picture, in whose pixels boxes are told.
func (p *Predictor) Sized(b []byte, n int) (guesses []task.Guess, h, w int, err error) {
	x, frame, err := p.model.About.Preprocess.PictureSeen(b)
	if err == nil {
		guesses, err = p.guess(x, frame, n)
	}
	return guesses, frame.H, frame.W, err
}

// Ask changes how a task answers, such as from which score on a detector tells of a box.
func (p *Predictor) Ask(change func(task.Task) task.Task) { p.task = change(p.task) }

// guess answers for the views of a picture. Boxes are told in its pixels.
func (p *Predictor) guess(x *tensor.Tensor, frame data.Frame, n int) ([]task.Guess, error) {
	views := x.Shape[0]
	size := len(x.Data) / views
	output := p.exe.Output
	for k := range views {
		if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data[k*size : (k+1)*size]}}); err != nil {
			return nil, err
		}
		if views > 1 && p.average.Add(p.exe.Output) {
			output = p.average.Output
		}
	}
	gs := p.task.Answer(output, n)
	for i, g := range gs {
		if g.Box != (box.Box{}) {
			gs[i].Box = frame.Back(g.Box)
		}
	}
	return gs, nil
}
