// Package onnx writes networks as ONNX files, which onnxruntime, OpenCV, browsers and phones read. It lowers what an engine runs, a
// [program.Program] of an evaluation, and knows no layers: what can be evaluated can be written. It imports program, and internal/ref,
// by which what depends on no image, such as a weight of given length, is computed once. Start at [New]; ops.go is the table of operations.
package onnx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/program"
)

// Options are what a file has beside the program.
type Options struct {
	Name      string      // of the graph
	Producer  [2]string   // name and version of the program that writes
	Mean, Std []float32   // a number a channel, taken away from the images and divided by; nil: none
	Metadata  [][2]string // keys and values, for programs that read the file
}

// Opset is the version of ONNX's operators that files are written in, of ONNX 1.12: onnxruntime reads it from 1.12 on.
const Opset = 17

const irVersion = 8

// Batch is the name of the first dimension of inputs and outputs: files take any number of images.
const Batch = "N"

// New lowers a program whose only input is images, [N,H,W,C], and which changes no State; value gives what it holds by name, such as a
// weight. The file takes as many images at once as it is given, whatever the program's N, which must be 2 or more, so that what is a number of
// images can be told from what is not. Maps are channels first in it, as ONNX has them: the images are [N,C,H,W], outputs as the program has
// them. An operation without a form in ONNX is an error that names its layer.
func New(p *program.Program, value func(name string) ([]float32, error), o Options) (*File, error) {
	images := p.Inputs(program.Input)
	if len(images) != 1 || len(p.Inputs(program.Scalar)) > 0 || p.Writes() {
		return nil, fmt.Errorf("the program %s reads more than images, or learns; give an evaluation", p.Name)
	}
	x := images[0]
	if s := x.Shape(); s.Rank() != 4 || s[0] < 2 {
		return nil, fmt.Errorf("the program %s reads %v; give one of two images or more, [N,H,W,C]", p.Name, s)
	}
	for _, of := range [][]float32{o.Mean, o.Std} {
		if c := x.Shape()[3]; of != nil && len(of) != c {
			return nil, fmt.Errorf("%d means or deviations for %d channels; give one a channel", len(of), c)
		}
	}
	l := lowered(p, value, o)
	if err := l.fold(); err != nil {
		return nil, err
	}
	l.images(x, o)
	for _, n := range p.Nodes {
		if l.at = n.Name; !l.moving[n.Out[0]] || l.done[n] {
			continue
		}
		if err := l.node(n); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	for _, out := range p.Outputs {
		l.output(out)
	}
	return l.f, l.f.fits()
}

// form is how the elements of a value lie in ONNX.
type form uint8

const (
	plain form = iota // as in the program: [N,H,W,C]
	first             // channels first: [N,C,H,W]
	flat              // [N,C], of a map of 1x1
	forms
)

// lowering is one program on its way. A value has one form or several, each under a name of its own: who reads it asks for the one that its operation
// wants, and what is missing is made of what is there, once.
type lowering struct {
	p       *program.Program
	value   func(string) ([]float32, error)
	f       *File
	batch   int
	in      map[*program.Value]*[forms]string
	fixed   map[*program.Value][]float32 // what depends on no image, as far as it is known
	moving  map[*program.Value]bool      // what depends on them
	readers map[*program.Value][]*program.Node
	done    map[*program.Node]bool // written with a node before them
	names   map[string]int
	named   map[string]bool // outputs
	at      string          // the layer under way
}

// lowered is the start: who reads what, and what depends on the images.
func lowered(p *program.Program, value func(string) ([]float32, error), o Options) *lowering {
	x := p.Inputs(program.Input)[0]
	l := &lowering{
		p: p, value: value, batch: x.Shape()[0],
		f:       &File{name: cmp.Or(o.Name, p.Name), producer: o.Producer, metadata: o.Metadata, held: map[string]bool{}},
		in:      map[*program.Value]*[forms]string{},
		fixed:   map[*program.Value][]float32{},
		moving:  map[*program.Value]bool{x: true},
		readers: map[*program.Value][]*program.Node{},
		done:    map[*program.Node]bool{},
		names:   map[string]int{},
		named:   map[string]bool{},
	}
	for _, n := range p.Nodes {
		for _, v := range n.In {
			l.readers[v] = append(l.readers[v], n)
		}
		if slices.ContainsFunc(n.In, func(v *program.Value) bool { return l.moving[v] }) {
			for _, v := range n.Out {
				l.moving[v] = true
			}
		}
	}
	return l
}

// images declares the input, and what normalises it.
func (l *lowering) images(x *program.Value, o Options) {
	s := x.Shape()
	name := l.name(x.Name)
	l.f.inputs = append(l.f.inputs, port{name, []int{0, s[3], s[1], s[2]}})
	l.at = "normalize"
	if slices.ContainsFunc(o.Mean, func(v float32) bool { return v != 0 }) {
		name = l.emit("Sub", []string{name, l.vector("normalize/mean", known(o.Mean), len(o.Mean), first)})
	}
	if slices.ContainsFunc(o.Std, func(v float32) bool { return v != 1 }) {
		name = l.emit("Div", []string{name, l.vector("normalize/std", known(o.Std), len(o.Std), first)})
	}
	l.set(x, first, name)
}

// output names a value as the program does. The images themselves, and a value of two names, go through a node that does nothing.
func (l *lowering) output(out program.Output) {
	s := out.Value.Shape()
	name := l.get(out.Value, plain)
	if !l.named[name] && l.f.rename(name, out.Name) {
		for _, of := range l.in {
			for f := range of {
				if of[f] == name {
					of[f] = out.Name
				}
			}
		}
		l.named[out.Name] = true
	} else {
		l.f.nodes = append(l.f.nodes, node{op: "Identity", name: "output/" + out.Name, in: []string{name}, out: out.Name})
	}
	l.f.outputs = append(l.f.outputs, port{out.Name, append([]int{0}, s[1:]...)})
}

// name is one that no other value has.
func (l *lowering) name(want string) string {
	n := l.names[want]
	l.names[want]++
	if n > 0 {
		return l.name(fmt.Sprintf("%s:%d", want, n+1))
	}
	return want
}

// emit writes a node with one output, whose name it gives.
func (l *lowering) emit(op string, in []string, attributes ...attribute) string {
	name := l.name(l.at + "/" + strings.ToLower(op))
	l.f.nodes = append(l.f.nodes, node{op, name, in, name, attributes})
	return name
}

// vectorial reports whether a value has one position an image, so that its forms differ by axes of one element alone.
func vectorial(v *program.Value) bool {
	s := v.Shape()
	return s.Rank() == 2 || s.Rank() == 4 && s[1]*s[2] == 1
}

// channels is the extent of a value's last axis.
func channels(v *program.Value) int { return v.Shape()[v.Shape().Rank()-1] }

func (l *lowering) set(v *program.Value, f form, name string) {
	if l.in[v] == nil {
		l.in[v] = new([forms]string)
	}
	l.in[v][f] = name
	if v.Shape().Rank() == 2 && f != first { // the program's own form is flat
		l.in[v][plain], l.in[v][flat] = name, name
	}
}

func (l *lowering) has(v *program.Value, f form) bool { return l.in[v] != nil && l.in[v][f] != "" }

// get is the name of a value in a form.
func (l *lowering) get(v *program.Value, f form) string {
	if l.has(v, f) {
		return l.in[v][f]
	}
	s := v.Shape()
	var name string
	switch from := l.any(v); {
	case vectorial(v) && f == flat, s.Rank() == 2 && f == plain:
		name = l.emit("Flatten", []string{from}, whole("axis", 1))
	case vectorial(v) && f == first:
		name = l.shaped(from, 0, channels(v), 1, 1)
	case vectorial(v):
		name = l.shaped(from, append([]int{0}, s[1:]...)...)
	case f == first:
		name = l.transposed(from, 0, 3, 1, 2)
	default:
		name = l.transposed(from, 0, 2, 3, 1)
	}
	l.set(v, f, name)
	return name
}

// any is the name of a value in a form that it has.
func (l *lowering) any(v *program.Value) string { return l.in[v][l.best(v)] }

// best is the form to compute in element by element: one that all have, where there is one, and first where it can be.
func (l *lowering) best(vs ...*program.Value) form {
	for _, f := range []form{first, flat, plain} {
		if !slices.ContainsFunc(vs, func(v *program.Value) bool { return !l.has(v, f) }) {
			return f
		}
	}
	for _, v := range vs {
		if v.Shape().Rank() != 4 {
			return plain
		}
	}
	return first
}

// axis is where the channels of a value lie.
func axis(v *program.Value, f form) int {
	if f == plain {
		return v.Shape().Rank() - 1
	}
	return 1
}

func (l *lowering) shaped(x string, shape ...int) string {
	return l.emit("Reshape", []string{x, l.wholes(shape)})
}

func (l *lowering) transposed(x string, axes ...int) string {
	return l.emit("Transpose", []string{x}, wholes("perm", axes))
}

// wholes is a constant of whole numbers.
func (l *lowering) wholes(v []int) string {
	name := "list/" + strings.ReplaceAll(strings.Trim(fmt.Sprint(v), "[]"), " ", ",")
	if !l.f.held[name] {
		l.f.whole(name, v)
	}
	return name
}

// constant is a tensor under a name, written once.
func (l *lowering) constant(name string, v values, shape ...int) string {
	if !l.f.held[name] {
		l.f.tensor(name, v, shape)
	}
	return name
}

// number is a scalar.
func (l *lowering) number(v float32) string {
	return l.constant(fmt.Sprintf("const/%g", v), known([]float32{v}))
}

// vector is a number a channel, for a value in a form.
func (l *lowering) vector(name string, v values, n int, f form) string {
	if f == first {
		return l.constant(name+"/map", v, n, 1, 1)
	}
	return l.constant(name, v, n)
}

// alike is so many times the same number.
func (l *lowering) alike(v float32, n int) string {
	all := make([]float32, n)
	for i := range all {
		all[i] = v
	}
	return l.constant(fmt.Sprintf("const/%dx%g", n, v), known(all), n)
}
