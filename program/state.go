package program

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// State holds what outlives a run: parameters, solver slots, running statistics, by name. Programs of one family (step,
// evaluation, statistics) share one State. An engine reads and writes Data in place and may keep the slices: a tensor of a
// State is never reallocated. It may also keep what follows from the values, such as packed weights, as long as Version
// stays: who writes to a tensor calls Changed.
type State struct {
	names   []string
	by      map[string]*tensor.Tensor
	changes uint64
	shared  []*State // whose tensors this one shows too
}

// NewState returns an empty state.
func NewState() *State { return &State{by: map[string]*tensor.Tensor{}} }

// Add makes a zeroed tensor under a new name and returns it; with a name that exists it returns that tensor, whose shape
// must be the same.
func (s *State) Add(name string, shape tensor.Shape) (*tensor.Tensor, error) {
	if t, ok := s.by[name]; ok {
		if !t.Shape.Equal(shape) {
			return nil, fmt.Errorf("%s: two shapes under one name, %v and %v; give one of the layers another parameter name", name, t.Shape, shape)
		}
		return t, nil
	}
	t := tensor.New(shape...)
	s.by[name] = t
	s.names = append(s.names, name)
	return t, nil
}

// Share shows a tensor of another State in this one, under the same name: both see what is written to it. The other must have it.
func (s *State) Share(name string, of *State) {
	if _, ok := s.by[name]; !ok {
		s.names = append(s.names, name)
	}
	s.by[name] = of.by[name]
	s.changes++
	if !slices.Contains(s.shared, of) {
		s.shared = append(s.shared, of)
	}
}

// Changed says that values have been written. Executables that write call it themselves.
func (s *State) Changed() { s.changes++ }

// Version is another number after every change, of this State or of one whose tensors it shows.
func (s *State) Version() uint64 {
	v := s.changes
	for _, of := range s.shared {
		v += of.Version()
	}
	return v
}

// Get returns the tensor of that name, nil if there is none.
func (s *State) Get(name string) *tensor.Tensor { return s.by[name] }

// Names lists the names in the order in which they were added. The caller must not change it.
func (s *State) Names() []string { return s.names }

// Bytes is the size of all tensors together.
func (s *State) Bytes() int64 {
	var n int64
	for _, t := range s.by {
		n += 4 * int64(len(t.Data))
	}
	return n
}
