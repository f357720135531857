package torch

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/tensor"
)

// Dict is a dictionary. Keys that are no strings are not kept, nor what stands under them.
type Dict struct {
	Keys   []string // in the order of the file
	values map[string]any
}

// Get is what stands under a key, nil if nothing does.
func (d *Dict) Get(key string) any { return d.values[key] }

func (d *Dict) set(key, value any) {
	k, ok := key.(string)
	if !ok {
		return
	}
	if d.values == nil {
		d.values = map[string]any{}
	}
	if _, old := d.values[k]; !old {
		d.Keys = append(d.Keys, k)
	}
	d.values[k] = value
}

// List is a list, tuple or set.
type List struct{ Items []any }

// Inert is an object of a class, or what a function made, that is not known here: nothing was called.
type Inert struct {
	Class string // "argparse.Namespace"

	held []any // arguments and state
}

// Tensors reports whether a tensor, or the values of one, hang on it.
func (v *Inert) Tensors() bool { return holds(v, map[any]bool{}, maxDepth) }

// holds looks through a value, at each thing once, so many things deep.
func holds(v any, seen map[any]bool, depth int) bool {
	var within []any
	switch v := v.(type) {
	case *Array, *storage:
		return true
	case *Inert:
		within = v.held
	case *List:
		within = v.Items
	case *Dict:
		for _, key := range v.Keys {
			within = append(within, v.values[key])
		}
	default:
		return false
	}
	if seen[v] || depth == 0 {
		return false
	}
	seen[v] = true
	for _, w := range within {
		if holds(w, seen, depth-1) {
			return true
		}
	}
	return false
}

// Array is a tensor whose values lie in the file.
type Array struct {
	Shape tensor.Shape
	DType string // PyTorch's name without "torch.": "float16"

	stride []int64
	offset int64 // of the first element in the storage, in elements
	in     *storage
}

// storage is a run of elements in the file that tensors look into.
type storage struct {
	file  *File
	kind  dtype
	count int64 // elements
	at    int64 // byte of the first one in the file
	err   error // why its values cannot be read; nil: they can
}

// dtype is a type of elements.
type dtype struct {
	name  string
	bytes int64
	value func(b []byte) float64 // exact; nil: it is not read
}

// dtypes are those of the storage classes of PyTorch, without "Storage".
var dtypes = map[string]dtype{
	"Float": {"float32", 4, func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }},
	"Half":  {"float16", 2, func(b []byte) float64 { return half(binary.LittleEndian.Uint16(b)) }},
	"BFloat16": {"bfloat16", 2, func(b []byte) float64 {
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	}},
	"Double":        {"float64", 8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }},
	"Long":          {"int64", 8, func(b []byte) float64 { return float64(int64(binary.LittleEndian.Uint64(b))) }},
	"Int":           {"int32", 4, func(b []byte) float64 { return float64(int32(binary.LittleEndian.Uint32(b))) }},
	"Short":         {"int16", 2, func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) }},
	"Char":          {"int8", 1, func(b []byte) float64 { return float64(int8(b[0])) }},
	"Byte":          {"uint8", 1, func(b []byte) float64 { return float64(b[0]) }},
	"Bool":          {"bool", 1, func(b []byte) float64 { return float64(b[0]) }},
	"QInt8":         {"qint8", 1, nil},
	"QUInt8":        {"quint8", 1, nil},
	"QInt32":        {"qint32", 4, nil},
	"QUInt4x2":      {"quint4x2", 1, nil},
	"QUInt2x4":      {"quint2x4", 1, nil},
	"ComplexFloat":  {"complex64", 8, nil},
	"ComplexDouble": {"complex128", 16, nil},
}

// half is IEEE 754 binary16, exactly: five bits of exponent, ten of fraction.
func half(h uint16) float64 {
	sign, exp, frac := 1-2*float64(h>>15), int(h>>10)&31, float64(h&1023)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

// array checks a tensor against its storage: that no element lies outside, and that the sizes count without overflow.
func array(in *storage, offset int64, size, stride []int64) (*Array, error) {
	a := &Array{DType: in.kind.name, stride: stride, offset: offset, in: in}
	if len(size) != len(stride) {
		return nil, damaged("a tensor of %d sizes and %d strides", len(size), len(stride))
	}
	if len(size) > maxRank {
		return nil, damaged("a tensor of %d dimensions", len(size))
	}
	count, last := int64(1), offset
	for i, n := range size {
		if n < 0 || n > math.MaxInt32 || stride[i] < 0 || n > 0 && count > maxElements/n {
			return nil, damaged("a tensor of shape %v and strides %v", size, stride)
		}
		a.Shape = append(a.Shape, int(n))
		count *= n
		if n > 1 && stride[i] > 0 {
			if n-1 > (math.MaxInt64-last)/stride[i] || last < 0 {
				return nil, damaged("a tensor of shape %v and strides %v", size, stride)
			}
			last += (n - 1) * stride[i]
		}
	}
	if offset < 0 || count > 0 && last >= in.count {
		return nil, damaged("a tensor of shape %v, strides %v and offset %d reaches beyond its storage of %d elements", size, stride, offset, in.count)
	}
	return a, nil
}

const (
	maxRank     = 64
	maxElements = 1 << 40
)

// Read returns the values as float32, in the order of the shape: float16 and bfloat16 exactly, float64 rounded. A value that is no
// finite float32, or a whole number that float32 cannot hold, is an error, as is what does not fit the memory.
func (a *Array) Read() (*tensor.Tensor, error) {
	if a.in.err != nil {
		return nil, a.in.err
	}
	count := int64(1)
	for _, n := range a.Shape {
		count *= int64(n)
	}
	if count == 0 {
		return &tensor.Tensor{Shape: a.Shape, Data: []float32{}}, nil
	}
	first, last := a.offset, a.offset
	for i, n := range a.Shape {
		last += int64(n-1) * a.stride[i]
	}
	size := a.in.kind.bytes
	if err := memory.Need(4*count+size*(last-first+1), 0); err != nil {
		return nil, fmt.Errorf("%w; free some, or give smaller weights", err)
	}
	raw := make([]byte, size*(last-first+1))
	if _, err := a.in.file.r.ReadAt(raw, a.in.at+first*size); err != nil {
		return nil, damaged("its values end early")
	}
	t := tensor.New(a.Shape...)
	float := a.in.kind.name[0] == 'f' || a.in.kind.name[:2] == "bf"
	index := make([]int, len(a.Shape))
	at := int64(0)
	for i := range t.Data {
		v := a.in.kind.value(raw[at*size:])
		f := float32(v)
		switch {
		case math.IsNaN(v):
			return nil, fmt.Errorf("element %d is not a number (NaN): the training that wrote it diverged; take an earlier checkpoint", i)
		case math.IsInf(float64(f), 0):
			return nil, fmt.Errorf("element %d is %g, which is no finite float32; take an earlier checkpoint", i, v)
		case !float && float64(f) != v:
			return nil, fmt.Errorf("element %d is a whole number that float32 cannot hold; convert it", i)
		}
		t.Data[i] = f
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			at += a.stride[d]
			if index[d] < a.Shape[d] {
				break
			}
			at -= int64(a.Shape[d]) * a.stride[d]
			index[d] = 0
		}
	}
	return t, nil
}
