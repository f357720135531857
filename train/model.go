package train

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/program"
	"github.com/assaylab/assay/task"
)

// Model is a trained network with all that predicting needs: one file in the safetensors format, whose metadata hold the
// network's text form, the names of the classes and the preprocessing.
type Model struct {
	Graph  *nn.Graph
	State  *program.State // parameters and running statistics
	About  About
	Digest string // of parameters and running statistics

	family *compile.Family // over the same tensors
}

// About is what a model file tells of itself besides the network.
type About struct {
	Task       string             `json:"task,omitempty"` // what its outputs are for; "": classify
	Classes    []string           `json:"classes"`
	Preprocess data.Preprocess    `json:"preprocess"`
	Experiment string             `json:"experiment,omitempty"` // the experiment file's text
	Data       string             `json:"data,omitempty"`       // what it was trained on, for people
	DataDigest string             `json:"data_digest,omitempty"`
	Epochs     float64            `json:"epochs"`
	Steps      int                `json:"steps"`
	Metrics    map[string]float64 `json:"metrics"` // of the task, on the validation images: by name, each in its unit
	Engine     string             `json:"engine"`
}

// Keys of a model file's metadata.
const (
	formatKey     = "format"
	netKey        = "assay.net"
	aboutKey      = "assay.about"
	checkpointKey = "assay.checkpoint"
	sumKey        = "assay.sum"
	modelFormat   = "assay-2"
)

// Save writes the model to a file, beside it first, so that a crash leaves the old file or the new one.
func (m *Model) Save(path string) error {
	metadata, err := metadata(m.Graph, m.About)
	if err != nil {
		return err
	}
	tensors, err := named(m.State)
	if err != nil {
		return err
	}
	return write(path, tensors, metadata)
}

func metadata(g *nn.Graph, a About) (map[string]string, error) {
	about, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return map[string]string{formatKey: modelFormat, netKey: string(g.YAML()), aboutKey: string(about)}, nil
}

// Load reads a model from a file. A checkpoint is one too.
func Load(path string) (*Model, error) {
	f, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, err
	}
	switch form := f.Metadata[formatKey]; {
	case form == modelFormat:
	case strings.HasPrefix(form, "assay-"):
		return nil, fmt.Errorf("%s: a model in the form %s, and this program reads %s; train it again", path, form, modelFormat)
	default:
		return nil, fmt.Errorf("%s: holds tensors but no network of Assay's; give a file that assay train wrote", path)
	}
	if f.Metadata[sumKey] != sum(f.Metadata, f.Tensors) {
		return nil, fmt.Errorf("%s: is damaged, its sum does not fit; fetch it or train it again", path)
	}
	g, err := nn.Read(path, []byte(f.Metadata[netKey]))
	if err != nil {
		return nil, err
	}
	var about About
	if err := json.Unmarshal([]byte(f.Metadata[aboutKey]), &about); err != nil {
		return nil, fmt.Errorf("%s: damaged description: %w; train the model again", path, err)
	}
	if len(about.Classes) != g.Classes {
		return nil, fmt.Errorf("%s: %d names for %d classes; train the model again", path, len(about.Classes), g.Classes)
	}
	purpose, err := task.New(about.Task, about.Classes)
	if err == nil {
		err = purpose.Check(g)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	family, err := compile.New(g, purpose, experiment.DefaultOptimization(), 0) // of the settings, prediction needs none
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := fill(path, family.State, f); err != nil {
		return nil, err
	}
	return newModel(family, about)
}

// newModel is the part of a family that predicting needs, over the same tensors. Its values are on the host, whichever engine made
// them.
func newModel(f *compile.Family, about About) (*Model, error) {
	m := &Model{Graph: f.Graph, State: program.NewState(), About: about, family: f}
	for _, name := range f.Kept() {
		m.State.Share(name, f.State)
	}
	var err error
	m.Digest, err = Digest(m.State)
	return m, err
}

// fill copies the tensors of a file into a State; each name of it must be there, in its shape.
func fill(path string, s *program.State, f *safetensors.File) error {
	for _, name := range s.Names() {
		from, to := f.Get(name), s.Get(name)
		switch {
		case from == nil:
			return fmt.Errorf("%s: tensor %s is missing; the file is of another network, or damaged", path, name)
		case !from.Shape.Equal(to.Shape):
			return fmt.Errorf("%s: tensor %s is %v, the network wants %v; the file is damaged", path, name, from.Shape, to.Shape)
		}
		if err := s.Write(name, func(data []float32) { copy(data, from.Data) }); err != nil {
			return err
		}
	}
	return nil
}

// named lists the tensors of a State, their values on the host.
func named(s *program.State) ([]safetensors.Named, error) {
	if err := s.Sync(); err != nil {
		return nil, err
	}
	ts := make([]safetensors.Named, 0, len(s.Names()))
	for _, name := range s.Names() {
		ts = append(ts, safetensors.Named{Name: name, Tensor: s.Get(name)})
	}
	return ts, nil
}
