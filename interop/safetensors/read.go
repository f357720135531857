// Package safetensors reads and writes named arrays in the format of that name (github.com/huggingface/safetensors,
// format of 2022-09): a JSON header with the place of every array, then the arrays, little-endian, without gaps. It
// imports tensor and internal/atomicfile. Start at [ReadFile] and [WriteFile].
//
// Arrays are float32 or, of type U8, bytes, and these two are written. F16, BF16 and the other whole-number types become float32 exactly
// or are an error, F64 is rounded; [Named.DType] tells what they were.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/assaylab/assay/tensor"
)

// MaxHeader is the longest header that is read, in bytes; 100,000 arrays fit.
const MaxHeader = 16 << 20

// metadataKey is the entry of the header that is no array.
const metadataKey = "__metadata__"

// Named is an array under its name: a Tensor, or Bytes.
type Named struct {
	Name   string
	Tensor *tensor.Tensor
	Bytes  *Bytes
	DType  string // its type in the file that it was read from, by the format's name; writing does not look at it
}

// Bytes is an array of type U8.
type Bytes struct {
	Shape tensor.Shape
	Data  []byte
}

// File is what a safetensors file holds: its arrays in the order of their bytes, and texts by name.
type File struct {
	Tensors  []Named
	Metadata map[string]string // nil if the file has none

	places map[string]int // in Tensors, by name
}

// Get returns the tensor of a name, nil if there is none.
func (f *File) Get(name string) *tensor.Tensor { return f.named(name).Tensor }

// Bytes returns the bytes of a name, nil if there are none.
func (f *File) Bytes(name string) *Bytes { return f.named(name).Bytes }

func (f *File) named(name string) Named {
	if i, ok := f.places[name]; ok {
		return f.Tensors[i]
	}
	return Named{}
}

// ReadFile reads the file at path. Errors of its content begin with the path.
func ReadFile(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(-1)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	file, err := read(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// Read reads a file from r to its end. Memory grows with the bytes that arrive, never with what the header promises.
func Read(r io.Reader) (*File, error) { return read(r, -1) }

var errDamaged = errors.New("the file is damaged; write or fetch it again")

// damaged is an error that names what does not fit.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), errDamaged)
}

// read takes the size of the whole file, -1 if it is not known.
func read(r io.Reader, size int64) (*File, error) {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, cut(err, errors.New("not a safetensors file, it ends in its first 8 bytes; give a .safetensors file"))
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > MaxHeader || n < 2 || size >= 0 && n > uint64(size)-8 {
		return nil, fmt.Errorf("not a safetensors file, its first 8 bytes give a header of %d bytes; give a .safetensors file", n)
	}
	var header bytes.Buffer
	if _, err := io.CopyN(&header, r, int64(n)); err != nil {
		return nil, cut(err, damaged("the header ends early"))
	}
	entries, metadata, err := parseHeader(header.Bytes())
	if err != nil {
		return nil, err
	}
	end := int64(0)
	if len(entries) > 0 {
		end = entries[len(entries)-1].end
	}
	if have := size - 8 - int64(n); size >= 0 && have != end {
		return nil, damaged("the header places %d bytes of arrays, the file has %d", end, have)
	}
	file := &File{Metadata: metadata, Tensors: make([]Named, 0, len(entries)), places: make(map[string]int, len(entries))}
	for i, e := range entries {
		n := Named{Name: e.name, DType: e.dtype}
		if e.dtype == byte8 {
			n.Bytes, err = e.bytes(r, size >= 0)
		} else {
			n.Tensor, err = e.read(r, size >= 0)
		}
		if err != nil {
			return nil, err
		}
		file.Tensors = append(file.Tensors, n)
		file.places[e.name] = i
	}
	if extra, _ := io.CopyN(io.Discard, r, 1); extra > 0 {
		return nil, damaged("there are bytes behind the last array")
	}
	return file, nil
}

// cut is an error of reading; where it is the end of the file, what that means here.
func cut(err, end error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return end
	}
	return err
}

// entry is the header's word on one array.
type entry struct {
	name       string
	shape      tensor.Shape
	dtype      string
	kind       dtype // of all but byte8
	begin, end int64 // of its bytes, from the end of the header
}

// parseHeader returns the arrays in the order of their bytes, which must follow each other without gap or overlap.
func parseHeader(header []byte) ([]entry, map[string]string, error) {
	if !utf8.Valid(header) || header[0] != '{' {
		return nil, nil, errors.New("not a safetensors file, its header is no JSON object; give a .safetensors file")
	}
	d := json.NewDecoder(bytes.NewReader(header))
	d.Token() // the brace
	var entries []entry
	var metadata map[string]string
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, damaged("header: %v", err)
		}
		name, _ := key.(string)
		if seen[name] {
			return nil, nil, damaged("%q stands twice in the header", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&metadata); err != nil {
				return nil, nil, damaged("metadata: %v", err)
			}
			continue
		}
		e, err := parseEntry(d, name)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, damaged("header: %v", err)
	}
	if rest := bytes.Trim(header[d.InputOffset():], " "); len(rest) > 0 {
		return nil, nil, damaged("header: text behind its last brace")
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return 2*cmp64(a.begin, b.begin) + cmp64(a.end, b.end) // an empty array before the one that begins there
	})
	at := int64(0)
	for i, e := range entries {
		switch {
		case e.begin < at:
			return nil, nil, damaged("%q overlaps %q", e.name, entries[i-1].name)
		case e.begin > at:
			return nil, nil, damaged("%d bytes before %q belong to no array", e.begin-at, e.name)
		}
		at = e.end
	}
	return entries, metadata, nil
}

func cmp64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func parseEntry(d *json.Decoder, name string) (entry, error) {
	var h struct {
		DType          string
		Shape, Offsets []int64
	}
	var values map[string]json.RawMessage // by keys as they are spelled: to a struct another case is the same, so a flipped bit would pass
	if err := d.Decode(&values); err != nil {
		return entry{}, damaged("%q: %v", name, err)
	}
	for _, part := range []struct {
		key string
		to  any
	}{{"dtype", &h.DType}, {"shape", &h.Shape}, {"data_offsets", &h.Offsets}} {
		if v, ok := values[part.key]; !ok {
			return entry{}, damaged("%q: it has no %s", name, part.key)
		} else if err := json.Unmarshal(v, part.to); err != nil {
			return entry{}, damaged("%q: %s: %v", name, part.key, err)
		}
	}
	if len(h.Offsets) != 2 || h.Offsets[0] < 0 || h.Offsets[1] < h.Offsets[0] {
		return entry{}, damaged("%q: offsets %v are no range", name, h.Offsets)
	}
	kind, ok := dtypes[h.DType]
	switch {
	case h.DType == byte8:
		kind.bytes = 1
	case !ok:
		return entry{}, fmt.Errorf("%q: arrays of %q are not read; convert it to F32", name, h.DType)
	}
	e := entry{name: name, dtype: h.DType, kind: kind, begin: h.Offsets[0], end: h.Offsets[1], shape: make(tensor.Shape, len(h.Shape))}
	size := int64(kind.bytes)
	empty := slices.Contains(h.Shape, 0)
	for i, dim := range h.Shape {
		if dim < 0 || dim > math.MaxInt32 || !empty && dim > (e.end-e.begin)/size {
			return entry{}, damaged("%q: the shape %v does not fit %d bytes", name, h.Shape, e.end-e.begin)
		}
		e.shape[i] = int(dim)
		if !empty {
			size *= dim
		}
	}
	if empty {
		size = 0
	}
	if size != e.end-e.begin {
		return entry{}, damaged("%q: the shape %v does not fit %d bytes", name, h.Shape, e.end-e.begin)
	}
	return e, nil
}

// bytes takes those of a byte8 from r, as read does.
func (e entry) bytes(r io.Reader, known bool) (*Bytes, error) {
	var b bytes.Buffer
	if known {
		b.Grow(int(e.end-e.begin) + bytes.MinRead)
	}
	if _, err := io.CopyN(&b, r, e.end-e.begin); err != nil {
		return nil, cut(err, damaged("%q: its bytes end early", e.name))
	}
	return &Bytes{e.shape, b.Bytes()}, nil
}

// read takes the array's bytes from r. Where the size of the file is known to hold them, memory is taken at once.
func (e entry) read(r io.Reader, known bool) (*tensor.Tensor, error) {
	const chunk = 1 << 16
	left := (e.end - e.begin) / int64(e.kind.bytes)
	first := left
	if !known {
		first = min(left, chunk)
	}
	t := &tensor.Tensor{Shape: e.shape, Data: make([]float32, 0, first)}
	buf := make([]byte, min(left, chunk)*int64(e.kind.bytes))
	for left > 0 {
		b := buf[:min(left, chunk)*int64(e.kind.bytes)]
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, cut(err, damaged("%q: its bytes end early", e.name))
		}
		for ; len(b) > 0; b = b[e.kind.bytes:] {
			v, exact := e.kind.value(b)
			if !exact {
				return nil, fmt.Errorf("%q: element %d is a whole number that float32 cannot hold; convert it", e.name, len(t.Data))
			}
			t.Data = append(t.Data, v)
		}
		left -= int64(len(buf)) / int64(e.kind.bytes)
	}
	return t, nil
}
