// Package enginetest holds what every engine must pass: a table of programs over awkward shapes whose results must equal those
// of internal/ref, and the promises of the engine contract. It imports engine, internal/ref, program and tensor. Start at [Run].
//
//	func TestEngineMatchesRef(t *testing.T) { enginetest.Run(t, func() engine.Engine { return cpu.New(...) }, 0, 1) }
package enginetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// Case is a program and what is fed to it. Everything else is drawn from random streams named after the values, so a case is
// the same for every engine: inputs are standard normal; held matrices and weights normal with variance 2 over their fan-in;
// held vectors and scalars uniform in 0.5 to 1.5, so that they can be variances; class indices from -1 (no label) to Classes-1.
type Case struct {
	Name      string
	Build     func(b *program.Builder)
	Scalars   map[string]float32 // "step" grows by one a run; a scalar not named here is 0.25
	Classes   int
	Runs      int     // how often the program runs over its State; 0 is once
	Tolerance float64 // largest error relative to the array's largest element (at least 0.01); 0 is [Tolerance]
	Later     string  // of cases that joined together, their name: a record of bits keeps them apart, so that those of earlier ones stand

	once sync.Once // what ref gives is found once a process
	ref  *result
	err  error
}

// Tolerance of a case that states none: some hundred roundings of float32.
const Tolerance = 1e-5

// result is what a case leaves behind: the outputs of every run, then the State.
type result struct {
	outputs []map[string][]float32
	state   *program.State
}

// Run runs every case and the contract on an engine; under -short every of-th case, from part on, so that an engine tested in as many
// ways runs each case in one of them. All cases run on one engine, so that they meet each other's leftovers.
func Run(t *testing.T, newEngine func() engine.Engine, part, of int) {
	t.Helper()
	e := newEngine()
	for i, c := range Cases() {
		if testing.Short() && i%of != part%of {
			continue
		}
		t.Run(c.Name, func(t *testing.T) { c.Compare(t, e) })
	}
	t.Run("contract", func(t *testing.T) { contract(t, e) })
}

// Reporter is a test, or a check of drawn cases.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Compare runs one case on an engine and reports every array that differs from what ref gives.
func (c *Case) Compare(t Reporter, e engine.Engine) {
	t.Helper()
	want, err := c.want()
	if err != nil {
		t.Fatalf("ref: %v", err)
	}
	got, err := c.run(e)
	if err != nil {
		t.Fatalf("%v: %v", e.ID(), err)
	}
	for run, outputs := range want.outputs {
		for _, name := range sorted(outputs) {
			c.close(t, fmt.Sprintf("run %d, output %s", run+1, name), got.outputs[run][name], outputs[name])
		}
	}
	for _, name := range want.state.Names() {
		c.close(t, "state "+name, got.state.Get(name).Data, want.state.Get(name).Data)
	}
}

// Bits is a digest of the exact bits that a case leaves behind on an engine: the outputs of every run, then the State.
func (c *Case) Bits(e engine.Engine) ([sha256.Size]byte, error) {
	r, err := c.run(e)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	h := sha256.New()
	add := func(data []float32) {
		b := make([]byte, 0, 4*len(data))
		for _, v := range data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		h.Write(b)
	}
	for _, outputs := range r.outputs {
		for _, name := range sorted(outputs) {
			add(outputs[name])
		}
	}
	for _, name := range r.state.Names() {
		add(r.state.Get(name).Data)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// Program builds the case's program.
func (c *Case) Program() (*program.Program, error) {
	b := program.NewBuilder(c.Name)
	c.Build(b)
	return b.Build()
}

// want is what ref gives.
func (c *Case) want() (*result, error) {
	c.once.Do(func() { c.ref, c.err = c.run(reference()) })
	return c.ref, c.err
}

func (c *Case) run(e engine.Engine) (*result, error) {
	p, err := c.Program()
	if err != nil {
		return nil, err
	}
	r := &result{state: State(p)}
	x, err := e.Compile(p, r.state)
	if err != nil {
		return nil, err
	}
	feed, before := c.Feed(p), c.Feed(p)
	for step := range max(1, c.Runs) {
		if _, ok := feed.Scalars["step"]; ok {
			feed.Scalars["step"] = float32(step)
		}
		if err := x.Run(feed); err != nil {
			return nil, err
		}
		outputs := map[string][]float32{}
		for _, o := range p.Outputs {
			outputs[o.Name] = slices.Clone(x.Output(o.Name))
		}
		r.outputs = append(r.outputs, outputs)
	}
	for name, data := range feed.Real {
		if !slices.Equal(data, before.Real[name]) {
			return nil, fmt.Errorf("the engine wrote to the caller's array %q", name)
		}
	}
	return r, r.state.Sync()
}

// close compares one array element by element, relative to the largest of them.
func (c *Case) close(t Reporter, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d elements, want %d", what, len(got), len(want))
		return
	}
	tolerance := c.Tolerance
	if tolerance == 0 {
		tolerance = Tolerance
	}
	largest := 0.01 // where all should be zero
	for _, v := range want {
		largest = math.Max(largest, math.Abs(float64(v)))
	}
	bad, first := 0, ""
	for i, v := range want {
		if off := math.Abs(float64(got[i]) - float64(v)); !(off <= tolerance*largest) {
			if bad == 0 {
				first = fmt.Sprintf("element %d is %v, want %v", i, got[i], v)
			}
			bad++
		}
	}
	if bad > 0 {
		t.Errorf("%s: %d of %d elements are off by more than %.2g of the largest (%.3g); %s", what, bad, len(want), tolerance, largest, first)
	}
}

// State holds what a program asks for, drawn as [Case] says.
func State(p *program.Program) *program.State {
	s := program.NewState()
	for _, v := range p.Inputs(program.Held) {
		t, err := s.Add(v.Name, v.Shape())
		if err != nil {
			panic(err) // a program holds one value of a name
		}
		if v.Shape().Rank() < 2 {
			r := stream(v.Name)
			for i := range t.Data {
				t.Data[i] = 0.5 + r.Float32()
			}
			continue
		}
		deviation := math.Sqrt(2 * float64(v.Shape()[v.Shape().Rank()-1]) / float64(len(t.Data)))
		for i, x := range normals(v.Name, len(t.Data)) {
			t.Data[i] = float32(x * deviation)
		}
	}
	return s
}

// Feed is what a program is fed, drawn as [Case] says.
func (c *Case) Feed(p *program.Program) engine.Feed {
	f := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	for _, v := range p.Inputs(program.Input) {
		if v.Type.DType == program.Index {
			r := stream(v.Name)
			data := make([]int32, v.Shape().Elems())
			for i := range data {
				data[i] = int32(r.IntN(c.Classes+1)) - 1
			}
			f.Index[v.Name] = data
			continue
		}
		data := make([]float32, v.Shape().Elems())
		for i, x := range normals(v.Name, len(data)) {
			data[i] = float32(x)
		}
		f.Real[v.Name] = data
	}
	for _, v := range p.Inputs(program.Scalar) {
		f.Scalars[v.Name] = 0.25
		if s, ok := c.Scalars[v.Name]; ok {
			f.Scalars[v.Name] = s
		}
	}
	return f
}

// stream is where a value's numbers come from.
func stream(name string) *tensor.Rand { return tensor.NewStream(1, "enginetest/"+name).At(0, 0) }

// drawn keeps what has been drawn of normal streams: names are few, and drawing was a quarter of the time of all cases.
var drawn = struct {
	sync.Mutex
	of map[string]*normal
}{of: map[string]*normal{}}

type normal struct {
	rest  *tensor.Rand
	begun []float64
}

// normals are the first n normal numbers of a value's stream, to be read alone.
func normals(name string, n int) []float64 {
	drawn.Lock()
	defer drawn.Unlock()
	d := drawn.of[name]
	if d == nil {
		d = &normal{rest: stream(name)}
		drawn.of[name] = d
	}
	for len(d.begun) < n {
		d.begun = append(d.begun, d.rest.Normal())
	}
	return d.begun[:n]
}

// Cases lists all cases: ops over widths and geometries, units as networks have them, and small networks in training.
var Cases = sync.OnceValue(func() []*Case {
	cases := slices.Concat(convCases(), poolCases(), matrixCases(), attentionCases(), elementCases(), recurrentCases(), unitCases(), netCases())
	for _, c := range cases {
		c.Name = strings.ReplaceAll(c.Name, " ", "-")
	}
	return cases
})

func sorted(m map[string][]float32) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// reference is the engine that says what is right.
func reference() engine.Engine { return ref.New() }
