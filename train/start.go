package train

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/model"
)

// Start is weights that a training begins from, such as a model's.
type Start struct {
	Name   string         // what errors call it: a file
	State  *program.State // parameters and running statistics by name; it is read, never written
	Digest string         // of its bits, as [Model] has it, or of the file: part of what decides those of the training
	Left   []string       // what the file has besides, by its own names

	// How pictures must look to the weights, by channel on a scale from 0 (black) to 1; nil: as the training images do.
	Mean, Std []float32
	Framing   data.Framing // how they are resized and cut

	Seen model.Seen // images that made the weights what they are, as far as is known: the training's model has seen them too
}

// framing is how pictures are to be resized and cut.
func (s *Start) framing() data.Framing {
	if s == nil {
		return data.Framing{}
	}
	return s.Framing
}

// TrainedOn counts which of some items of a set the weights were trained on, as far as is known.
func (s *Start) TrainedOn(set *data.Set, items []int) int {
	if s == nil {
		return 0
	}
	return s.Seen.Trained.Among(set, items)
}

// Started tells what became of a Start, by names of parameters and running statistics.
type Started struct {
	Copied []string // in name and shape those of the network
	Drawn  []string // of the network alone, or of another shape in Start: drawn anew
	Left   []string // of Start alone, or of another shape in the network
}

// String says it in a line: "19 tensors copied, 2 drawn anew (logits/weight and logits/bias)".
func (s Started) String() string {
	text := say.Counted(len(s.Copied), "tensor") + " copied"
	for _, part := range []struct {
		names []string
		what  string
	}{{s.Drawn, "drawn anew"}, {s.Left, "left over"}} {
		if n := len(part.names); n > 0 {
			names := slices.Clone(part.names[:min(n, 3)])
			if n > 3 {
				names = append(names, fmt.Sprintf("%d more", n-3))
			}
			text += fmt.Sprintf(", %d %s (%s)", n, part.what, say.Listed(names))
		}
	}
	return text
}

// digest is "" where all weights are drawn.
func (s *Start) digest() string {
	if s == nil {
		return ""
	}
	return s.Digest
}

// copyTo copies what has name and shape in common over the drawn values of a family. Nothing in common is an error.
func (s *Start) copyTo(f *compile.Family) (Started, error) {
	var done Started
	if s == nil {
		return done, nil
	}
	for _, name := range f.Kept() {
		from := s.State.Get(name)
		if from == nil || !from.Shape.Equal(f.State.Get(name).Shape) {
			done.Drawn = append(done.Drawn, name)
			continue
		}
		values, err := s.State.Read(name)
		if err != nil {
			return done, err
		}
		if err := f.State.Write(name, func(data []float32) { copy(data, values) }); err != nil {
			return done, err
		}
		done.Copied = append(done.Copied, name)
	}
	for _, name := range s.State.Names() {
		if !slices.Contains(done.Copied, name) {
			done.Left = append(done.Left, name)
		}
	}
	done.Left = append(done.Left, s.Left...)
	if len(done.Copied) == 0 {
		return done, fmt.Errorf("%s: none of its tensors fits %s by name and shape: it has %s, the network %s; give the weights of a network of this kind", s.Name, f.Graph.Name, few(done.Left, s.State), few(done.Drawn, f.State))
	}
	return done, nil
}

// few names the first tensors of a State with their shapes.
func few(names []string, s *program.State) string {
	const most = 3
	var words []string
	for _, name := range names[:min(len(names), most)] {
		words = append(words, fmt.Sprintf("%s %v", name, s.Get(name).Shape))
	}
	if more := len(names) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return say.Listed(words)
}
