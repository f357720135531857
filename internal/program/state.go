package program

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// State holds what outlives a run: parameters, solver slots, running statistics, by name. Programs of one family (step,
// evaluation, statistics) share one State. A tensor of it is never reallocated.
//
// Where the values are: on the host, in the tensor's Data, but for those of which a [Holder], such as an engine on a device, is
// ahead, having written newer ones in a memory of its own. So who wants values asks [State.Read], which fetches what is newer, and who
// sets them does so in [State.Write]. Data itself is for engines: one that works on the host calls [State.Sync] before it reads
// there and [State.Changed] after it wrote; one with a memory of its own asks [State.VersionOf] what it must copy and says by
// [State.Ahead] what it wrote. An engine may also keep what follows from the values, such as packed weights, as long as Version
// stays. A State is for one goroutine at a time.
type State struct {
	names  []string
	by     map[string]*entry
	of     []*State // the makers of what it holds, itself first
	writes uint64   // to tensors of its making, named or not
	all    uint64   // those that named none
	away   int      // tensors of its making that a Holder is ahead of
}

// entry is a tensor of a State, and of those that it is shared with.
type entry struct {
	*tensor.Tensor
	maker  *State
	writes uint64 // that named it
	ahead  Holder // nil: the host's copy is what there is
}

// Holder keeps values that are newer than the host's.
type Holder interface {
	// Fetch copies the newest values of a tensor into its Data.
	Fetch(t *tensor.Tensor) error
}

// NewState returns an empty state.
func NewState() *State {
	s := &State{by: map[string]*entry{}}
	s.of = []*State{s}
	return s
}

// Add makes a zeroed tensor under a new name and returns it; with a name that exists it returns that tensor, whose shape
// must be the same.
func (s *State) Add(name string, shape tensor.Shape) (*tensor.Tensor, error) {
	if h, ok := s.by[name]; ok {
		if !h.Shape.Equal(shape) {
			return nil, fmt.Errorf("%s: two shapes under one name, %v and %v; give one of the layers another parameter name", name, h.Shape, shape)
		}
		return h.Tensor, nil
	}
	h := &entry{Tensor: tensor.New(shape...), maker: s}
	s.by[name] = h
	s.names = append(s.names, name)
	return h.Tensor, nil
}

// Share shows a tensor of another State in this one, under the same name: both see what is written to it. The other must have it.
func (s *State) Share(name string, of *State) {
	if _, ok := s.by[name]; !ok {
		s.names = append(s.names, name)
	}
	s.by[name] = of.by[name]
	s.writes++
	if maker := s.by[name].maker; !slices.Contains(s.of, maker) {
		s.of = append(s.of, maker)
	}
}

// Get returns the tensor of that name, nil if there is none. Its shape may be asked at any time; of its Data see [State].
func (s *State) Get(name string) *tensor.Tensor {
	if h := s.by[name]; h != nil {
		return h.Tensor
	}
	return nil
}

// Read returns the values of a tensor, [State.Get]'s Data, fetched first if a Holder is ahead. The caller must not change them.
func (s *State) Read(name string) ([]float32, error) {
	if err := s.Sync(name); err != nil {
		return nil, err
	}
	return s.by[name].Data, nil
}

// Write hands the values of a tensor, fetched first if a Holder is ahead, to a function that changes them.
func (s *State) Write(name string, change func(data []float32)) error {
	if err := s.Sync(name); err != nil {
		return err
	}
	change(s.by[name].Data)
	return s.Changed(name)
}

// Sync brings the host's copies of the named tensors up to date, of all without a name. It costs nothing where they are.
func (s *State) Sync(names ...string) error {
	if len(names) == 0 {
		if !s.behind() {
			return nil
		}
		names = s.names
	}
	for _, name := range names {
		h := s.by[name]
		if h == nil {
			return absent(name)
		}
		if h.ahead == nil {
			continue
		}
		if err := h.ahead.Fetch(h.Tensor); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		h.ahead = nil
		h.maker.away--
	}
	return nil
}

func absent(name string) error {
	return fmt.Errorf("%s: the state has no tensor of that name; add it first", name)
}

// behind reports whether a Holder is ahead of any tensor.
func (s *State) behind() bool {
	for _, maker := range s.of {
		if maker.away > 0 {
			return true
		}
	}
	return false
}

// Changed says that Data of the named tensors has been written, without a name that any may have been. Where a Holder is ahead that is
// an error, since one of the two writes would be lost.
func (s *State) Changed(names ...string) error {
	if len(names) == 0 {
		if s.behind() {
			return fmt.Errorf("values were written on the host where an engine holds newer ones; write them by State.Write")
		}
		for _, maker := range s.of {
			maker.all++
			maker.writes++
		}
		return nil
	}
	for _, name := range names {
		h := s.by[name]
		if h == nil {
			return absent(name)
		}
		if h.ahead != nil {
			return fmt.Errorf("%s: was written on the host where an engine holds newer values; write it by State.Write", name)
		}
		h.writes++
		h.maker.writes++
	}
	return nil
}

// Ahead says that the Holder has written the named tensors, and not their Data.
func (s *State) Ahead(by Holder, names ...string) {
	for _, name := range names {
		h := s.by[name]
		if h.ahead == nil {
			h.maker.away++
		}
		h.ahead = by
		h.writes++
		h.maker.writes++
	}
}

// Version is another number after every change, of this State or of one whose tensors it shows.
func (s *State) Version() uint64 {
	v := uint64(0)
	for _, maker := range s.of {
		v += maker.writes
	}
	return v
}

// VersionOf is another number after every change that may have been one of this tensor.
func (s *State) VersionOf(name string) uint64 {
	h := s.by[name]
	return h.writes + h.maker.all
}

// Names lists the names in the order in which they were added. The caller must not change it.
func (s *State) Names() []string { return s.names }

// Bytes is the size of all tensors together.
func (s *State) Bytes() int64 {
	var n int64
	for _, h := range s.by {
		n += 4 * int64(len(h.Data))
	}
	return n
}
