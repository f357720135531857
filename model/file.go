package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// A file of weights is one in the safetensors format. Its metadata hold the network's text form and the description, its arrays the
// values and the marks of images, and a sum stands for all of it.

// Keys of the metadata.
const (
	formatKey   = "format"
	netKey      = "assay.net"
	aboutKey    = "assay.about"
	progressKey = "assay.checkpoint"
	sumKey      = "assay.sum"

	form = "assay-3"
)

// Arrays of marks, U8 [images,8]. No layer has such names: a parameter's has a slash in it.
const (
	trainedKey   = "assay.trained"
	validatedKey = "assay.validated"
)

// The encoder of an About is made before any goroutine saves one. encoding/json makes it when it first meets the type, and where two goroutines
// do so at once the race detector may tell of the table of fields that the one has sorted and the other reads.
var _, _ = json.Marshal(About{})

// Save writes the model to a file, beside it first, so that a crash leaves the old file or the new one.
func (m *Model) Save(path string) error {
	return Checkpoint{Graph: m.Graph, State: m.State, About: m.About, Seen: m.Seen}.Save(path)
}

// Checkpoint is a training under way: a model, all else that its State has, and how far it is. A file of one is a model too.
type Checkpoint struct {
	Graph    *nn.Graph
	State    *program.State
	About    About
	Seen     Seen
	Progress string // what the training needs besides; "": it is a model alone
}

// Save writes the checkpoint as [Model.Save] does.
func (c Checkpoint) Save(path string) error {
	about, err := json.Marshal(c.About)
	if err != nil {
		return err
	}
	if err := c.State.Sync(); err != nil {
		return err
	}
	var arrays []safetensors.Named
	for _, name := range c.State.Names() {
		arrays = append(arrays, safetensors.Named{Name: name, Tensor: c.State.Get(name)})
	}
	for _, m := range []struct {
		name  string
		marks data.Marks
	}{{trainedKey, c.Seen.Trained}, {validatedKey, c.Seen.Validated}} {
		if b := m.marks.Bytes(); len(b) > 0 {
			arrays = append(arrays, safetensors.Named{Name: m.name, Bytes: &safetensors.Bytes{Shape: tensor.Of(len(m.marks), len(b)/len(m.marks)), Data: b}})
		}
	}
	metadata := map[string]string{formatKey: form, netKey: string(c.Graph.YAML()), aboutKey: string(about)}
	if c.Progress != "" {
		metadata[progressKey] = c.Progress
	}
	metadata[sumKey] = sum(metadata, arrays)
	return safetensors.WriteFile(path, arrays, metadata)
}

// Load reads a model from a file; a checkpoint is one too. Its errors are one line that begins with the path: a file of another form,
// one that does not fit its sum, a network that its arrays do not fit.
func Load(path string) (*Model, error) {
	f, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := of(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func of(f *safetensors.File) (*Model, error) {
	switch have := f.Metadata[formatKey]; {
	case have == form:
	case strings.HasPrefix(have, "assay-"):
		return nil, fmt.Errorf("a model in the form %q, and this program reads %s; train it again", have, form)
	default:
		return nil, errors.New("holds tensors but no network of Assay's; give a file that assay train wrote")
	}
	if !sound(f) {
		return nil, errors.New("is damaged, its sum does not fit; fetch it or train it again")
	}
	var a About
	if err := json.Unmarshal([]byte(f.Metadata[aboutKey]), &a); err != nil {
		return nil, fmt.Errorf("damaged description: %w; train the model again", err)
	}
	g, err := nn.Read("its network", []byte(f.Metadata[netKey]))
	if err != nil {
		return nil, err
	}
	shape := func(name string) tensor.Shape {
		if t := f.Get(name); t != nil {
			return t.Shape
		}
		return nil
	}
	if err := check(g, a, shape); err != nil { // before memory is taken for what the network promises
		return nil, err
	}
	programs, err := family(g, a)
	if err != nil {
		return nil, err
	}
	if err := fill(programs.State, f); err != nil {
		return nil, err
	}
	m, err := Of(programs, a)
	if err != nil {
		return nil, err
	}
	for name, to := range map[string]*data.Marks{trainedKey: &m.Seen.Trained, validatedKey: &m.Seen.Validated} {
		if b := f.Bytes(name); b != nil {
			if *to, err = data.MarksOf(b.Data); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return m, nil
}

// ErrDamaged is wrapped by the error of a file that was a checkpoint and is none any more: what it held can be made again.
var ErrDamaged = errors.New("is damaged")

// ErrNoCheckpoint is wrapped by the error of a file that is sound, or of another kind, and no checkpoint: it is somebody's.
var ErrNoCheckpoint = errors.New("is no checkpoint")

// Held is what the file of a checkpoint holds.
type Held struct {
	Progress string

	path string
	file *safetensors.File
}

// ReadCheckpoint reads the file of a checkpoint; the error of one that is not there is fs.ErrNotExist.
func ReadCheckpoint(path string) (*Held, error) {
	f, err := safetensors.ReadFile(path)
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, p
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	case f.Metadata[progressKey] == "" && (f.Metadata[sumKey] == "" || sound(f)):
		return nil, fmt.Errorf("%s: %w", path, ErrNoCheckpoint)
	case !sound(f):
		return nil, fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return &Held{f.Metadata[progressKey], path, f}, nil
}

// Fill copies the values into a State, each of whose names must be there in its shape.
func (h *Held) Fill(s *program.State) error {
	if err := fill(s, h.file); err != nil {
		return fmt.Errorf("%s: %w", h.path, err)
	}
	return nil
}

func sound(f *safetensors.File) bool { return f.Metadata[sumKey] == sum(f.Metadata, f.Tensors) }

func fill(s *program.State, f *safetensors.File) error {
	for _, name := range s.Names() {
		from, to := f.Get(name), s.Get(name)
		switch {
		case from == nil:
			return fmt.Errorf("tensor %s is missing; the file is of another network, or damaged", name)
		case !from.Shape.Equal(to.Shape):
			return fmt.Errorf("tensor %s is %v, the network wants %v; the file is of another network, or damaged", name, from.Shape, to.Shape)
		}
		if err := s.Write(name, func(data []float32) { copy(data, from.Data) }); err != nil {
			return err
		}
	}
	return nil
}
