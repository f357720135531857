package train

import (
	"reflect"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
)

// parted is a step whose images go through the network in equal parts, one after another: gradients of each, their mean, one update. It
// is fed with all of them, and draws at random what a step in one piece does.
type parted struct {
	gradients []engine.Executable // of each part; one and the same where they draw nothing
	update    engine.Executable
	in        engine.Feed // of a part, filled again for each
	loss      []float32
}

// stepOf compiles a training step of a batch that goes through the network in so many parts.
func stepOf(e engine.Engine, f *compile.Family, batch, parts int) (engine.Executable, error) {
	if parts == 1 {
		return compiled(e, f, f.Step, batch)
	}
	s := &parted{in: engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}, loss: make([]float32, 1)}
	var before *program.Program
	for k := range parts {
		p, err := f.PartGradients(batch/parts, k)
		if err == nil && before != nil && alike(p, before) {
			s.gradients = append(s.gradients, s.gradients[k-1])
			continue
		}
		var exe engine.Executable
		if err == nil {
			exe, err = e.Compile(p, f.State)
		}
		if err != nil {
			s.Close()
			return nil, err
		}
		s.gradients, before = append(s.gradients, exe), p
	}
	var err error
	if s.update, err = compiled(e, f, func(int) (*program.Program, error) { return f.Update() }, batch); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// alike reports whether two programs of the same making do the same.
func alike(a, b *program.Program) bool {
	for i, n := range a.Nodes {
		if !reflect.DeepEqual(n.Op, b.Nodes[i].Op) {
			return false
		}
	}
	return true
}

// Run takes a step on a batch. Every array of it has its images one after another.
func (s *parted) Run(f engine.Feed) error {
	n, loss := len(s.gradients), 0.0
	for name, v := range f.Scalars {
		s.in.Scalars[name] = v
	}
	for k, exe := range s.gradients {
		for name, data := range f.Real {
			s.in.Real[name] = data[k*len(data)/n : (k+1)*len(data)/n]
		}
		for name, data := range f.Index {
			s.in.Index[name] = data[k*len(data)/n : (k+1)*len(data)/n]
		}
		s.in.Scalars[compile.GradientKept] = float32(float64(k) / float64(k+1))
		if err := exe.Run(s.in); err != nil {
			return err
		}
		loss += float64(exe.Output(compile.Loss)[0])
	}
	s.loss[0] = float32(loss / float64(n))
	return s.update.Run(s.in)
}

// Output is the loss, the mean over the parts; there is no other.
func (s *parted) Output(name string) []float32 {
	if name == compile.Loss {
		return s.loss
	}
	return nil
}

// Plan is that of a part.
func (s *parted) Plan() engine.Plan { return s.gradients[0].Plan() }

// Close gives back what the parts hold.
func (s *parted) Close() {
	for _, exe := range s.gradients {
		exe.Close()
	}
	if s.update != nil {
		s.update.Close()
	}
}
