package data

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// Marks are what a model and a ledger of readings remember of the images that they saw: the first 64 bits of each content, rising, each
// once. That is 8 MB for a million images, half of what whole hashes take. Of m other images one has the mark of one of n with odds
// below m·n/2⁶⁴: 5·10⁻⁸ where both are a million.
type Marks []uint64

// markBytes is the size of a mark in a file.
const markBytes = 8

// mark orders as the hash does.
func (h Hash) mark() uint64 { return binary.BigEndian.Uint64(h[:]) }

// Marks are those of items of the set.
func (s *Set) Marks(items []int) Marks {
	m := make(Marks, len(items))
	for k, i := range items {
		m[k] = s.Items[i].Hash.mark()
	}
	slices.Sort(m)
	return slices.Clip(slices.Compact(m))
}

// Has reports whether an image of that content is among them.
func (m Marks) Has(h Hash) bool {
	_, ok := slices.BinarySearch(m, h.mark())
	return ok
}

// Among counts the items of a set that have a mark.
func (m Marks) Among(s *Set, items []int) int {
	n := 0
	for _, i := range items {
		if m.Has(s.Items[i].Hash) {
			n++
		}
	}
	return n
}

// With are the marks of both.
func (m Marks) With(other Marks) Marks {
	if len(other) == 0 {
		return m
	}
	both := slices.Concat(m, other)
	slices.Sort(both)
	return slices.Clip(slices.Compact(both))
}

// Bytes are the marks for a file: 8 bytes each, big-endian.
func (m Marks) Bytes() []byte {
	b := make([]byte, 0, markBytes*len(m))
	for _, x := range m {
		b = binary.BigEndian.AppendUint64(b, x)
	}
	return b
}

// MarksOf reads what Bytes wrote. Marks that do not rise are an error.
func MarksOf(b []byte) (Marks, error) {
	if len(b)%markBytes != 0 {
		return nil, fmt.Errorf("%d bytes are no marks of images, which have %d each; write them again", len(b), markBytes)
	}
	m := make(Marks, 0, len(b)/markBytes)
	for ; len(b) > 0; b = b[markBytes:] {
		x := binary.BigEndian.Uint64(b)
		if n := len(m); n > 0 && m[n-1] >= x {
			return nil, fmt.Errorf("mark %d of images does not rise above the one before; write them again", n)
		}
		m = append(m, x)
	}
	return m, nil
}

// MarksOfHashes are those of images whose hashes are written out, [Hash.String].
func MarksOfHashes(hashes []string) (Marks, error) {
	m := make(Marks, 0, len(hashes))
	for _, text := range hashes {
		var h Hash
		b, err := hex.DecodeString(text)
		if err != nil || copy(h[:], b) != len(b) || len(b) != len(h) {
			return nil, fmt.Errorf("%q is no hash of an image", text)
		}
		m = append(m, h.mark())
	}
	slices.Sort(m)
	return slices.Compact(m), nil
}
