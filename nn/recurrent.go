package nn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Cell is the kind of a recurrent layer's units.
type Cell string

// The cells, in PyTorch's and cuDNN's forms.
const (
	LSTM Cell = "lstm" // gates i, f, g, o: Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000
	GRU  Cell = "gru"  // gates r, z, n, the reset behind the recurrent product: Cho et al., arXiv:1406.1078, has it in front
)

// Cells lists them.
func Cells() []Cell { return []Cell{LSTM, GRU} }

// Gates is how many vectors of units a step computes.
func (c Cell) Gates() int {
	if c == GRU {
		return 3
	}
	return 4
}

// Scan is how a map is read as sequences.
type Scan string

// The scans.
const (
	Rows      Scan = "rows"      // each row, from left to right
	Columns   Scan = "columns"   // each column, from top to bottom
	Positions Scan = "positions" // all positions, row after row: one sequence a map
)

// Scans lists them.
func Scans() []Scan { return []Scan{Rows, Columns, Positions} }

// Recurrent sweeps recurrent units over the sequences of a map. A step reads a patch of the map; the product of all patches with
// the input weight is a convolution whose stride is its kernel. Both products have a bias, as in PyTorch, cuDNN and ONNX, so that
// weights go either way; an LSTM could do with their sum, a GRU could not: its reset gate acts on the second of n alone.
//
// Bidirectional adds a second sweep from the other end, with weights of its own, whose channels come behind those of the first:
// Schuster, Paliwal, IEEE Trans. Signal Processing 45, 1997.
type Recurrent struct {
	Cell          Cell `yaml:"cell"`          // default lstm
	Units         int  `yaml:"units"`         // of each direction
	Scan          Scan `yaml:"scan"`          // default rows
	Patch         HW   `yaml:"patch"`         // extents of a patch; default 1x1; rows and columns that fill none are not read
	Bidirectional bool `yaml:"bidirectional"` // sweep from both ends
	Last          bool `yaml:"last"`          // give what each direction ends with, not every step
}

// Kind is "recurrent".
func (Recurrent) Kind() string { return "recurrent" }

// Normal fills in the defaults.
func (l Recurrent) Normal() Layer {
	if l.Cell == "" {
		l.Cell = LSTM
	}
	if l.Scan == "" {
		l.Scan = Rows
	}
	if l.Patch == (HW{}) {
		l.Patch = Square(1)
	}
	return l
}

// String prints "gru over columns 2x2 both ways last state".
func (l Recurrent) String() string {
	s := fmt.Sprintf("%s over %s", l.Cell, l.Scan)
	if l.Patch != Square(1) {
		s += " " + l.Patch.String()
	}
	if l.Bidirectional {
		s += " both ways"
	}
	if l.Last {
		s += " last state"
	}
	return s
}

// Infer gives a position a patch, or with Last one a row, column or map.
func (l Recurrent) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	switch {
	case err != nil:
		return Size{}, err
	case !slices.Contains(Cells(), l.Cell):
		return Size{}, errors.New(unknown("cell", string(l.Cell), Cells(), func(c Cell) string { return string(c) }))
	case !slices.Contains(Scans(), l.Scan):
		return Size{}, errors.New(unknown("scan", string(l.Scan), Scans(), func(s Scan) string { return string(s) }))
	case l.Units < 1 || l.Units > maxExtent:
		return Size{}, fmt.Errorf("%d units; give units: 1 or more", l.Units)
	}
	out, err := l.steps(x)
	if err != nil {
		return Size{}, err
	}
	if l.Last && l.Scan != Columns {
		out.W = 1
	}
	if l.Last && l.Scan != Rows {
		out.H = 1
	}
	return out, nil
}

// steps is the map of all steps.
func (l Recurrent) steps(x Size) (Size, error) {
	if l.Patch[0] > x.H || l.Patch[1] > x.W {
		return Size{}, fmt.Errorf("patches of %v do not fit a %dx%d input; make them smaller or remove a pool above it", l.Patch, x.H, x.W)
	}
	h, w, err := slide(x, l.Patch, l.Patch, Square(1), Padding{}, false)
	return Size{h, w, l.Units * len(l.Directions())}, err
}

// Directions lists what the names of a direction's parameters begin with: "", and "reverse/" for the sweep from the other end.
func (l Recurrent) Directions() []string {
	if l.Bidirectional {
		return []string{"", "reverse/"}
	}
	return []string{""}
}

// Params is, for each direction, the input weight [PH,PW,Cin,G·U], the recurrent weight [U,G·U] and a bias [G·U] of each.
func (l Recurrent) Params(in []Size, _ Size) []Param {
	k, gates := l.Patch[0]*l.Patch[1]*in[0].C, l.Cell.Gates()*l.Units
	var ps []Param
	for _, d := range l.Directions() {
		ps = append(ps,
			Param{Name: d + "weight", Shape: tensor.Of(l.Patch[0], l.Patch[1], in[0].C, gates), Role: RoleInput, FanIn: k, FanOut: l.Units},
			Param{Name: d + "recurrent", Shape: tensor.Of(l.Units, gates), Role: RoleRecurrent, FanIn: l.Units, FanOut: l.Units},
			Param{Name: d + "bias", Shape: tensor.Of(gates), Role: RoleGates},
			Param{Name: d + "recurrent-bias", Shape: tensor.Of(gates), Role: RoleBias})
	}
	return ps
}

// MACs is one a weight and step.
func (l Recurrent) MACs(in []Size, _ Size) int64 {
	out, err := l.steps(in[0])
	if err != nil {
		return 0
	}
	weights := (l.Patch[0]*l.Patch[1]*in[0].C + l.Units) * l.Cell.Gates() * l.Units
	return int64(out.H*out.W*len(l.Directions())) * int64(weights)
}

// Forget is the part of a bias of the gates that belongs to an LSTM's forget gate, nil of another cell. It starts at 1, so that a
// state lasts until something else is learned: Gers et al. 2000; Jozefowicz, Zaremba, Sutskever, ICML 2015.
func (l Recurrent) Forget(bias []float32) []float32 {
	if l.Cell != LSTM {
		return nil
	}
	return bias[l.Units : 2*l.Units]
}
