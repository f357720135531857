package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/assaylab/assay/study"
)

// A trial's images are packed as: their number; the name of their set; each id as the difference from the one before; the
// number of columns; of each, in the order of names, its name and a float32 an image. Whole numbers are varints, floats
// little-endian, a name is its length and its bytes.

// packImages is nil for no images.
func packImages(im study.PerImage) ([]byte, error) {
	n := len(im.IDs)
	for name, column := range im.Columns {
		if len(column) != n {
			return nil, fmt.Errorf("%d image ids, %d values of %s; give as many of each", n, len(column), name)
		}
	}
	if n == 0 {
		return nil, nil
	}
	b := binary.AppendUvarint(nil, uint64(n))
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(im.Set)
	before := int64(0)
	for _, id := range im.IDs {
		b = binary.AppendVarint(b, int64(id)-before)
		before = int64(id)
	}
	b = binary.AppendUvarint(b, uint64(len(im.Columns)))
	for _, name := range slices.Sorted(maps.Keys(im.Columns)) {
		text(name)
		for _, x := range im.Columns[name] {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return b, nil
}

var errImages = errors.New("the stored images cannot be read; the store is damaged, restore it or run the study under another name (--as NAME)")

func unpackImages(b []byte) (study.PerImage, error) {
	if len(b) == 0 {
		return study.PerImage{}, nil
	}
	ok := true
	number := func() int { // at most the bytes that are left, since each thing counted takes one or more
		x, k := binary.Uvarint(b)
		if ok = ok && k > 0 && x <= uint64(len(b)); !ok {
			return 0
		}
		b = b[k:]
		return int(x)
	}
	take := func(n int) []byte {
		if ok = ok && n <= len(b); !ok {
			return nil
		}
		head := b[:n]
		b = b[n:]
		return head
	}
	n := number()
	im := study.PerImage{Set: string(take(number())), IDs: make([]int32, n), Columns: map[string][]float32{}}
	id := int64(0)
	for i := range im.IDs {
		step, k := binary.Varint(b)
		if ok = ok && k > 0; !ok {
			break
		}
		b = b[k:]
		id += step
		im.IDs[i] = int32(id)
	}
	for range number() {
		name := string(take(number()))
		packed := take(4 * n)
		if !ok {
			break
		}
		column := make([]float32, n)
		for i := range column {
			column[i] = math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:]))
		}
		im.Columns[name] = column
	}
	if !ok || len(b) > 0 {
		return study.PerImage{}, errImages
	}
	return im, nil
}
