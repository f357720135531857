package darknet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Weights is an open file of weights. Its values can be read until Close.
type Weights struct {
	Major, Minor, Revision int32  // of darknet's form
	Seen                   uint64 // images that the training had seen

	r    io.ReaderAt
	size int64 // of the file
	at   int64 // of its first value
	own  *os.File
}

// OpenWeights reads the header of the file at path. Its errors begin with the path.
func OpenWeights(path string) (*Weights, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is no regular file; give a file of weights", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w, err := ReadWeights(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w.own = f
	return w, nil
}

// ReadWeights reads the header of a file of that size from r, which must stay open as long as its values are wanted. The header is major,
// minor and revision, int32, and the images seen: 64 bits from 0.2 on, 32 before; then float32 up to the end, all with the low byte first.
func ReadWeights(r io.ReaderAt, size int64) (*Weights, error) {
	var head [20]byte
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	word := func(i int) int32 { return int32(binary.LittleEndian.Uint32(head[4*i:])) }
	w := &Weights{r: r, size: size, Major: word(0), Minor: word(1), Revision: word(2), at: 16}
	long := int64(w.Major)*10+int64(w.Minor) >= 2 && w.Major < 1000 && w.Minor < 1000
	if long {
		w.at = 20
	}
	switch {
	case int64(n) < w.at:
		return nil, fmt.Errorf("has %d bytes, fewer than the header of a file of darknet's weights; write or fetch it again", size)
	case text(head[:n]):
		return nil, fmt.Errorf("is a text that begins with %s, and no file of darknet's weights; fetch that", quoted(string(head[:n])))
	case w.Major < 0 || w.Minor < 0 || w.Revision < 0:
		return nil, fmt.Errorf("begins with version %d.%d.%d, which is none of darknet's; give a .weights file", w.Major, w.Minor, w.Revision)
	case (size-w.at)%4 != 0:
		return nil, fmt.Errorf("has %d bytes behind its header, no whole number of values; it was cut off: write or fetch it again", size-w.at)
	}
	if w.Seen = uint64(uint32(word(3))); long {
		w.Seen = binary.LittleEndian.Uint64(head[12:])
	}
	return w, nil
}

// Is reports whether a file that begins with these bytes is one that [ReadWeights] reads, unless it is of the oldest form, which nothing
// tells from other files.
func Is(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	for i := range 3 {
		if v := binary.LittleEndian.Uint32(head[4*i:]); v >= 1000 {
			return false
		}
	}
	return true
}

// text reports whether bytes are printable.
func text(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// Close closes what OpenWeights opened.
func (w *Weights) Close() error {
	if w.own == nil {
		return nil
	}
	return w.own.Close()
}

// transposed is whether linear layers lie as [In,Out] in the file: the oldest have a learning rate for a version, a float32 whose bits are a
// large number.
func (w *Weights) transposed() bool { return w.Major > 1000 || w.Minor > 1000 }

// Held is what a file holds of a network.
type Held struct {
	Arrays  []Array
	Layers  int // convolutions and linear layers that the file has: the first ones, in the network's order
	Of      int // those of the network
	Classes int // that the file's network tells apart; of one whose file ends before, as the network
}

// Array is a parameter or running statistic by the network's name, in its layout. Nothing of it is in memory before it is read.
type Array struct {
	Name  string
	Shape tensor.Shape
	Read  func() (*tensor.Tensor, error)
}

// Arrays finds the values of a network in the file: all of them, or the first layers' where the file ends with one of them, as
// darknet19_448.conv.23 does, or those of the network with other classes, whose last layer then has another shape. A file that ends
// within a layer, or goes on behind the last, is another network's or was cut off; the error names the layer. Names and shapes follow
// from the length of the file and the network alone, so that nothing larger than the file is ever asked for.
func (w *Weights) Arrays(g *nn.Graph) (*Held, error) {
	all, err := units(g)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no convolution and no linear layer, which are all that a file of darknet's has; give another network", g.Name)
	}
	held := &Held{Of: len(all), Classes: g.Classes}
	values := (w.size - w.at) / 4
	n, rest := split(all, values)
	if rest != 0 || n == 0 {
		if classes := w.classes(g, all, values); classes > 0 {
			c := g.Clone()
			c.Classes, held.Classes = classes, classes
			if all, err = units(c); err != nil {
				return nil, err
			}
			n, rest = split(all, values)
		}
	}
	switch {
	case rest != 0 && n == len(all):
		return nil, fmt.Errorf("goes on for %d values behind %s, the last layer of %s: it is of another network, or another size of images; give the weights of this one", rest, all[n-1].name, g.Name)
	case rest != 0:
		return nil, fmt.Errorf("ends within %s, layer %d of the %d with weights of %s: it has %d of its %d values; it was cut off, or is of another network", all[n].name, n+1, len(all), g.Name, rest, all[n].values())
	case n == 0:
		return nil, fmt.Errorf("holds no values; write or fetch it again")
	}
	held.Layers = n
	at := w.at
	for _, u := range all[:n] {
		arrays, err := w.of(u, at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.name, err)
		}
		held.Arrays = append(held.Arrays, arrays...)
		at += 4 * u.values()
	}
	return held, nil
}

// split says how many units so many values fill, and what is left.
func split(all []unit, values int64) (n int, rest int64) {
	for _, u := range all {
		if values < u.values() {
			break
		}
		values -= u.values()
		n++
	}
	return n, values
}

// classes is the number of classes at which the network has exactly so many values, 0 if there is none.
func (w *Weights) classes(g *nn.Graph, all []unit, values int64) int {
	c := g.Clone()
	c.Classes++
	wider, err := units(c)
	if err != nil || len(wider) != len(all) {
		return 0
	}
	var have, each int64
	for i, u := range all {
		have += u.values()
		each += wider[i].values() - u.values()
	}
	if each <= 0 || (values-have)%each != 0 {
		return 0
	}
	if n := int64(g.Classes) + (values-have)/each; n >= 1 && n <= nn.MaxClasses {
		return int(n)
	}
	return 0
}

// of lists the arrays of a unit whose values begin at that byte.
func (w *Weights) of(u unit, at int64) ([]Array, error) {
	shift, scale, mean, variance, weights := u.parts()
	read := func(p part) ([]float32, error) { return w.values(at+4*p.at, p.count) }
	var arrays []Array
	vector := func(name string, values func() ([]float32, error)) {
		arrays = append(arrays, Array{name, tensor.Of(u.out), func() (*tensor.Tensor, error) {
			v, err := values()
			return &tensor.Tensor{Shape: tensor.Of(u.out), Data: v}, err
		}})
	}
	plain := func(p part) func() ([]float32, error) { return func() ([]float32, error) { return read(p) } }
	arrays = append(arrays, Array{u.weight.Name, u.weight.Shape, func() (*tensor.Tensor, error) {
		if err := memory.Need(8*int64(weights.count), 0); err != nil {
			return nil, err
		}
		theirs, err := read(weights)
		if err != nil {
			return nil, err
		}
		t := tensor.New(u.weight.Shape...)
		u.turned(u.linear && w.transposed(), func(i, j int) { t.Data[i] = theirs[j] })
		return t, nil
	}})
	lacks := func(p part, value float32, what string) error { // a vector that the network has no place for must do nothing
		v, err := read(p)
		for _, x := range v {
			if err == nil && x != value {
				err = fmt.Errorf("the file has %s, and the network none; give the network's own weights", what)
			}
		}
		return err
	}
	if u.norm == nil {
		if u.bias == "" {
			return arrays, lacks(shift, 0, "a bias")
		}
		vector(u.bias, plain(shift))
		return arrays, nil
	}
	if u.bias != "" { // in front of a norm that leaves it there: the mean holds it
		vector(u.bias, func() ([]float32, error) { return make([]float32, u.out), nil })
	}
	if u.beta == "" {
		if err := lacks(shift, 0, "shifts of a norm"); err != nil {
			return nil, err
		}
	} else {
		vector(u.beta, plain(shift))
	}
	both := func() (scales, variances []float32, err error) {
		if scales, err = read(scale); err == nil {
			variances, err = read(variance)
		}
		for i, v := range variances {
			if v < 0 && err == nil {
				err = fmt.Errorf("a variance is %g: the file is damaged, or of another network", v)
			}
			if err == nil {
				scales[i], variances[i] = ours(scales[i], v, u.norm.Eps)
			}
		}
		return scales, variances, err
	}
	if u.gamma == "" {
		if err := lacks(scale, 1, "scales of a norm"); err != nil {
			return nil, err
		}
	} else {
		vector(u.gamma, func() ([]float32, error) { scales, _, err := both(); return scales, err })
	}
	vector(u.mean, plain(mean))
	vector(u.varian, func() ([]float32, error) { _, variances, err := both(); return variances, err })
	return arrays, nil
}

// values reads so many numbers from that byte on. One that is not finite is an error.
func (w *Weights) values(at int64, count int) ([]float32, error) {
	if err := memory.Need(4*int64(count), 0); err != nil {
		return nil, err
	}
	v := make([]float32, count)
	buf := make([]byte, min(4*count, 1<<16))
	for done := 0; done < count; {
		b := buf[:min(len(buf), 4*(count-done))]
		if _, err := w.r.ReadAt(b, at+4*int64(done)); err != nil {
			return nil, err
		}
		for i := 0; i < len(b); i += 4 {
			x := math.Float32frombits(binary.LittleEndian.Uint32(b[i:]))
			if d := x - x; d != 0 {
				return nil, fmt.Errorf("a value is %g: the file is damaged, or of another network", x)
			}
			v[done] = x
			done++
		}
	}
	return v, nil
}

// WriteWeights writes the values of a network to the file at path, whole or not at all, as darknet writes them: version 0.2.0. value gives a
// parameter or running statistic by its name, seen the images that the training has seen. A network with parameters that darknet has
// no place for is an error that names the layer.
func WriteWeights(path string, g *nn.Graph, seen uint64, value func(name string) ([]float32, error)) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := writeWeights(w, g, seen, value); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

func writeWeights(w io.Writer, g *nn.Graph, seen uint64, value func(name string) ([]float32, error)) error {
	all, err := units(g)
	if err != nil {
		return err
	}
	head := binary.LittleEndian.AppendUint32(nil, 0)
	head = binary.LittleEndian.AppendUint32(head, 2)
	head = binary.LittleEndian.AppendUint32(head, 0)
	head = binary.LittleEndian.AppendUint64(head, seen)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, u := range all {
		if err := u.write(w, value); err != nil {
			return fmt.Errorf("%s: %w", u.name, err)
		}
	}
	return nil
}

// write writes the values of a unit.
func (u unit) write(w io.Writer, value func(name string) ([]float32, error)) error {
	vector := func(name string, without float32) ([]float32, error) {
		v := make([]float32, u.out)
		if name == "" {
			for i := range v {
				v[i] = without
			}
			return v, nil
		}
		have, err := value(name)
		if err == nil && len(have) != len(v) {
			err = fmt.Errorf("%s has %d values, and the network wants %d", name, len(have), len(v))
		}
		copy(v, have)
		return v, err
	}
	own, err := value(u.weight.Name)
	if err != nil {
		return err
	}
	if len(own) != u.weight.Shape.Elems() {
		return fmt.Errorf("%s has %d values, and the network wants %d", u.weight.Name, len(own), u.weight.Shape.Elems())
	}
	weights := make([]float32, len(own))
	u.turned(false, func(i, j int) { weights[j] = own[i] })
	shift, err := vector(u.bias, 0)
	if err != nil {
		return err
	}
	if u.norm == nil {
		return tensor.Write(w, shift, weights)
	}
	bias := shift
	var scale, mean, variance []float32
	for _, v := range []struct {
		to      *[]float32
		name    string
		without float32
	}{{&shift, u.beta, 0}, {&scale, u.gamma, 1}, {&mean, u.mean, 0}, {&variance, u.varian, 1}} {
		if *v.to, err = vector(v.name, v.without); err != nil {
			return err
		}
	}
	for i := range variance {
		scale[i], variance[i] = theirs(scale[i], variance[i], u.norm.Eps)
		mean[i] -= bias[i]
	}
	if u.linear {
		return tensor.Write(w, shift, weights, scale, mean, variance)
	}
	return tensor.Write(w, shift, scale, mean, variance, weights)
}
