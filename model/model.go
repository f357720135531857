// Package model is a network with all that using it needs: the graph, its values, how a picture becomes its input, what its outputs
// mean, what it was trained on. Trainings write models, importers make them ([New]), and nothing has to train to load one ([Load]) or
// to ask it about a picture ([Model.Predictor]). It imports compile, task, data, the engines' interface and interop/safetensors. Start at
// [Model]; file.go is the form of the file.
package model

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Model is a network with its values. Its fields are to be read only.
type Model struct {
	Graph  *nn.Graph
	State  *program.State // parameters and running statistics, by name
	About  About
	Seen   Seen
	Digest string // of State, 32 hex digits

	family *compile.Family // over the same tensors
}

// About is what a model tells of itself besides the network. What a model that was imported cannot know is left zero.
type About struct {
	Task       string             `json:"task,omitempty"` // what the outputs are for, by its name in package task; "": classify
	Classes    []string           `json:"classes"`        // of the main output, in its order
	Preprocess data.Preprocess    `json:"preprocess"`
	Experiment string             `json:"experiment,omitempty"` // the experiment file's text; paths in it are relative to the model's folder
	Data       string             `json:"data,omitempty"`       // the set that it was trained on, for people
	DataDigest string             `json:"data_digest,omitempty"`
	Epochs     float64            `json:"epochs"`
	Steps      int                `json:"steps"`
	Metrics    map[string]float64 `json:"metrics"`          // of the task, on the validation images: by name, each in its unit
	Engine     string             `json:"engine,omitempty"` // the id of the one that trained it
}

// Seen is what images made a model what it is.
type Seen struct {
	Trained   data.Marks // those that steps were taken on
	Validated data.Marks // those that it was measured on along the way
}

// New makes a model of a network and its values, on the host or with an engine. The tensors of the State are shared, not copied; what it
// has beside the network's is passed over. A parameter or running statistic that is missing or has another shape, and a description
// that does not fit the network, are errors.
func New(g *nn.Graph, s *program.State, a About) (*Model, error) {
	shape := func(name string) tensor.Shape {
		if t := s.Get(name); t != nil {
			return t.Shape
		}
		return nil
	}
	if err := check(g, a, shape); err != nil {
		return nil, err
	}
	f, err := family(g, a)
	if err != nil {
		return nil, err
	}
	for _, name := range f.Kept() {
		f.State.Share(name, s)
	}
	return Of(f, a)
}

// Of is New for the programs of a network that are there already, such as those of a training.
func Of(f *compile.Family, a About) (*Model, error) {
	m := &Model{Graph: f.Graph, State: program.NewState(), About: a, family: f}
	for _, name := range f.Kept() {
		m.State.Share(name, f.State)
	}
	var err error
	m.Digest, err = Digest(m.State)
	return m, err
}

// Task is what the model's outputs are for.
func (m *Model) Task() (task.Task, error) { return task.Of(m.About.Task, m.Graph, m.About.Classes) }

// Compile plans the evaluation of so many pictures at once, of the size that their preprocessing has for it, [N,H,W,C] under [compile.Images], which gives what the task predicts. Whoever
// asks closes it.
func (m *Model) Compile(e engine.Engine, batch int) (engine.Executable, error) {
	p, err := m.Program(batch)
	if err != nil {
		return nil, err
	}
	return e.Compile(p, m.State)
}

// Program is what [Model.Compile] plans: the evaluation of so many pictures at once, over the model's State.
func (m *Model) Program(batch int) (*program.Program, error) {
	f, err := m.family.Sized(m.About.Preprocess.Input())
	if err != nil {
		return nil, err
	}
	return f.Evaluation(batch)
}

// family are the programs of a network, of which a model needs those that learn nothing: so settings are at their defaults.
func family(g *nn.Graph, a About) (*compile.Family, error) {
	purpose, err := task.Of(a.Task, g, a.Classes)
	if err != nil {
		return nil, err
	}
	return compile.New(g, purpose, experiment.DefaultOptimization(), 0)
}

// check says what in a description, or in the arrays whose shapes are asked for (nil: it is not there), does not fit a network. It
// takes no memory for the network.
func check(g *nn.Graph, a About, shape func(name string) tensor.Shape) error {
	purpose, err := task.Of(a.Task, g, a.Classes)
	if err != nil {
		return err
	}
	if err := purpose.Check(g); err != nil {
		return err
	}
	size := g.InputSize()
	switch p := a.Preprocess; {
	case len(a.Classes) != g.Classes:
		return fmt.Errorf("%d names for %d classes; give each class one", len(a.Classes), g.Classes)
	case p.Check() != nil:
		return p.Check()
	case p.H != size.H || p.W != size.W || p.C != size.C:
		return fmt.Errorf("pictures become %dx%dx%d, the network takes %v; give the preprocessing that it was trained with", p.H, p.W, p.C, size)
	}
	params, err := g.Params()
	if err != nil {
		return err
	}
	buffers, err := g.Buffers()
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(params, buffers) {
		switch have := shape(p.Name); {
		case have == nil:
			return fmt.Errorf("tensor %s is missing; the values are of another network, or damaged", p.Name)
		case !have.Equal(p.Shape):
			return fmt.Errorf("tensor %s is %v, the network wants %v; the values are of another network, or damaged", p.Name, have, p.Shape)
		}
	}
	return nil
}
