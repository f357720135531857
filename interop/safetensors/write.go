package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/tensor"
)

// WriteFile writes the arrays to path, whole or not at all. Its errors name the path.
func WriteFile(path string, tensors []Named, metadata map[string]string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := Write(w, tensors, metadata); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// Write writes the arrays as F32 or U8 in the order given, without gaps, and the metadata; equal arguments give equal bytes.
// Names must differ and be UTF-8, an array must have as many elements as its shape says.
func Write(w io.Writer, tensors []Named, metadata map[string]string) error {
	header, err := makeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, n := range tensors {
		if n.Bytes != nil {
			if _, err := w.Write(n.Bytes.Data); err != nil {
				return err
			}
			continue
		}
		if err := tensor.Write(w, n.Tensor.Data); err != nil {
			return err
		}
	}
	return nil
}

// makeHeader returns the length and the JSON, filled up with blanks so that the arrays begin at a multiple of 8.
func makeHeader(tensors []Named, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	value := func(v any) error { // JSON without the line end that Encode appends
		err := j.Encode(v)
		b.Truncate(max(0, b.Len()-1))
		return err
	}
	b.WriteByte('{')
	comma := ""
	if len(metadata) > 0 {
		for k, v := range metadata {
			if !utf8.ValidString(k) || !utf8.ValidString(v) {
				return nil, fmt.Errorf("metadata %q: not UTF-8; write it as text", k)
			}
		}
		b.WriteString(`"` + metadataKey + `":`)
		if err := value(metadata); err != nil {
			return nil, err
		}
		comma = ","
	}
	seen := map[string]bool{metadataKey: true}
	at := 0
	for _, n := range tensors {
		dtype, shape, bytes, ok := n.layout()
		switch {
		case seen[n.Name] || !utf8.ValidString(n.Name):
			return nil, fmt.Errorf("%q: the name is taken or not UTF-8; give every array a name of its own", n.Name)
		case !ok:
			return nil, fmt.Errorf("%q: the shape does not fit the number of elements; give one element for each place", n.Name)
		}
		seen[n.Name] = true
		b.WriteString(comma)
		comma = ","
		if err := value(n.Name); err != nil {
			return nil, err
		}
		end := at + bytes
		b.WriteString(`:{"dtype":"` + dtype + `","shape":`)
		if err := value(append([]int{}, shape...)); err != nil { // [] for a scalar, never null
			return nil, err
		}
		fmt.Fprintf(&b, `,"data_offsets":[%d,%d]}`, at, end)
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	header := b.Bytes()
	if len(header)-8 > MaxHeader {
		return nil, fmt.Errorf("the header takes %d bytes, more than %d; write fewer arrays or less metadata", len(header)-8, MaxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	return header, nil
}

// layout is how an array is written; ok is false where it holds something else than its shape says.
func (n Named) layout() (dtype string, shape tensor.Shape, bytes int, ok bool) {
	switch {
	case n.Bytes != nil && n.Tensor == nil:
		return byte8, n.Bytes.Shape, len(n.Bytes.Data), n.Bytes.Shape.Elems() == len(n.Bytes.Data)
	case n.Tensor != nil && n.Bytes == nil:
		return real32, n.Tensor.Shape, 4 * len(n.Tensor.Data), n.Tensor.Shape.Elems() == len(n.Tensor.Data)
	}
	return "", nil, 0, false
}
