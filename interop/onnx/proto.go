package onnx

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/tensor"
)

// The messages of onnx.proto3, as far as they are written: github.com/onnx/onnx, whose numbers of fields these are.

// File is a network in ONNX: a ModelProto.
type File struct {
	name            string
	producer        [2]string
	metadata        [][2]string
	nodes           []node
	constants       []constant
	held            map[string]bool // names of constants
	inputs, outputs []port
}

// port is an input or output; a dimension of 0 is the number of images.
type port struct {
	name  string
	shape []int
}

// constant is an initializer: the head of its TensorProto, and its values, which follow as raw_data.
type constant struct {
	head  []byte
	count int
	data  values // nil: whole numbers, in head
}

// attribute is one of a node: an AttributeProto.
type attribute []byte

// Types of elements and of attributes.
const (
	typeFloat  = 1
	typeInt64  = 7
	attrFloat  = 1
	attrInt    = 2
	attrString = 3
	attrInts   = 7
)

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func number(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(int64(v)))
}

func whole(name string, v int) attribute {
	return number(number(text(nil, 1, name), 3, v), 20, attrInt)
}

func wholes(name string, vs []int) attribute {
	b := text(nil, 1, name)
	for _, v := range vs {
		b = number(b, 8, v)
	}
	return number(b, 20, attrInts)
}

func real(name string, v float32) attribute {
	b := protowire.AppendTag(text(nil, 1, name), 2, protowire.Fixed32Type)
	return number(protowire.AppendFixed32(b, math.Float32bits(v)), 20, attrFloat)
}

func word(name, v string) attribute {
	return number(text(text(nil, 1, name), 4, v), 20, attrString)
}

// node is a NodeProto; an input "" is one that is left out.
type node struct {
	op, name   string
	in         []string
	out        string
	attributes []attribute
}

func (n node) proto() []byte {
	var b []byte
	for _, s := range n.in {
		b = text(b, 1, s)
	}
	b = text(text(text(b, 2, n.out), 3, n.name), 4, n.op)
	for _, a := range n.attributes {
		b = message(b, 5, a)
	}
	return b
}

// rename gives what a node makes another name, and reports whether there is such a node.
func (f *File) rename(from, to string) bool {
	by := slices.IndexFunc(f.nodes, func(n node) bool { return n.out == from })
	if by < 0 {
		return false
	}
	f.nodes[by].out = to
	for _, n := range f.nodes {
		for k, in := range n.in {
			if in == from {
				n.in[k] = to
			}
		}
	}
	return true
}

func tensorHead(name string, kind int, shape []int) []byte {
	var b []byte
	for _, d := range shape {
		b = number(b, 1, d)
	}
	return text(number(b, 2, kind), 8, name)
}

// tensor adds a constant of real numbers.
func (f *File) tensor(name string, data values, shape []int) {
	f.held[name] = true
	count := 1
	for _, d := range shape {
		count *= d
	}
	b := protowire.AppendTag(tensorHead(name, typeFloat, shape), 9, protowire.BytesType)
	f.constants = append(f.constants, constant{protowire.AppendVarint(b, uint64(4*count)), count, data})
}

// whole adds a constant of whole numbers, a vector.
func (f *File) whole(name string, data []int) {
	f.held[name] = true
	b := tensorHead(name, typeInt64, []int{len(data)})
	var raw []byte
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(int64(v)))
	}
	f.constants = append(f.constants, constant{head: message(b, 9, raw)})
}

// proto is a ValueInfoProto.
func (p port) proto() []byte {
	var dims []byte
	for _, d := range p.shape {
		if d == 0 {
			dims = message(dims, 1, text(nil, 2, Batch))
		} else {
			dims = message(dims, 1, number(nil, 1, d))
		}
	}
	of := message(nil, 1, message(number(nil, 1, typeFloat), 2, dims))
	return message(text(nil, 1, p.name), 2, of)
}

// Nodes is how many operations the file has.
func (f *File) Nodes() int { return len(f.nodes) }

// WriteFile writes the file to path, whole or not at all.
func (f *File) WriteFile(path string) error { return atomicfile.Write(path, f.Write) }

// Write writes the file: what is small at once, the constants one after the other.
func (f *File) Write(w io.Writer) error {
	head, graph, ports, size := f.parts()
	head = protowire.AppendVarint(protowire.AppendTag(head, 7, protowire.BytesType), uint64(size))
	if _, err := w.Write(append(head, graph...)); err != nil {
		return err
	}
	for _, c := range f.constants {
		head := protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.BytesType), uint64(c.bytes()))
		if _, err := w.Write(append(head, c.head...)); err != nil {
			return err
		}
		if c.data == nil {
			continue
		}
		data, err := c.data()
		if err != nil {
			return err
		}
		if err := tensor.Write(w, data); err != nil {
			return err
		}
	}
	_, err := w.Write(ports)
	return err
}

// parts are the ModelProto up to its GraphProto, of that the nodes and the inputs and outputs, and the bytes that it has with its constants.
func (f *File) parts() (head, graph, ports []byte, size int64) {
	for _, p := range f.inputs {
		ports = message(ports, 11, p.proto())
	}
	for _, p := range f.outputs {
		ports = message(ports, 12, p.proto())
	}
	for _, n := range f.nodes {
		graph = message(graph, 1, n.proto())
	}
	graph = text(graph, 2, f.name)
	size = int64(len(graph) + len(ports))
	for _, c := range f.constants {
		size += int64(protowire.SizeTag(5) + protowire.SizeBytes(c.bytes()))
	}
	head = text(text(number(nil, 1, irVersion), 2, f.producer[0]), 3, f.producer[1])
	for _, pair := range f.metadata {
		head = message(head, 14, text(text(nil, 1, pair[0]), 2, pair[1]))
	}
	return message(head, 8, number(text(nil, 1, ""), 2, Opset)), graph, ports, size
}

func (c constant) bytes() int { return len(c.head) + 4*c.count }

// fits reports a file that no message of protobuf can hold, of which 2 GiB is the most.
func (f *File) fits() error {
	if head, _, _, size := f.parts(); int64(len(head))+size > math.MaxInt32-64 {
		return errors.New("more than 2 GiB, which no ONNX file holds in one piece; take a smaller network")
	}
	return nil
}
