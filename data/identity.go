package data

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/tensor"
)

// A set is what its pictures show and what they are called: items are ordered by content, every draw is addressed by
// content, and no name or place of a file decides a bit. So a renamed, moved or archived set is the same set, and an added
// file moves little else (see [Set.Cut]).

// Version names what this package makes of the same files: the order of items, groups of near-duplicates, cuts, subsets, the
// order of an epoch, mean and deviation, the numbers a network sees. It is raised with any of these, and part of a trial's
// identity beside format.Version (what is made of one file) and augment.Version.
const Version = 1

// Hash is the content of an image: the first 128 bits of the SHA-256 of its file; of a record (IDX, CIFAR) of its size and
// pixels.
type Hash [16]byte

// String is the hash in hex, 32 letters.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes String.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads String.
func (h *Hash) UnmarshalText(text []byte) error {
	if n, err := hex.Decode(h[:], text[:min(len(text), 2*len(h))]); err != nil || n != len(h) || len(text) != 2*len(h) {
		return fmt.Errorf("%q is no hash of an image; give 32 hexadecimal digits", text)
	}
	return nil
}

func hashOf(file []byte) Hash {
	sum := sha256.Sum256(file)
	return Hash(sum[:16])
}

// hashOfRecord takes the size in: two records of other shapes may hold the same bytes.
func hashOfRecord(h, w, c int, pixels []byte) Hash {
	sum := sha256.New()
	fmt.Fprintf(sum, "%dx%dx%d\n", h, w, c)
	sum.Write(pixels)
	return Hash(sum.Sum(nil)[:16])
}

// byContent orders items: by hash, label and part. The name comes last, where it decides between copies alone, which are the
// same to every purpose.
func byContent(a, b Item) int {
	return cmp.Or(bytes.Compare(a.Hash[:], b.Hash[:]), cmp.Compare(a.Label, b.Label), cmp.Compare(a.Split, b.Split), strings.Compare(a.Name, b.Name))
}

// digestOf is the set's identity: class names in their order, part, label and content of every item, and its objects where the set is boxed.
func digestOf(classes []string, items []Item, objects []box.Object, first []int) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", classes)
	row := make([]byte, 0, 1<<16)
	for i := range items {
		it := &items[i]
		row = append(row, byte(it.Split))
		row = binary.LittleEndian.AppendUint32(row, uint32(it.Label))
		if row = append(row, it.Hash[:]...); len(row) > 1<<15 {
			h.Write(row)
			row = row[:0]
		}
	}
	h.Write(row)
	h.Write(appendObjects(nil, objects, first))
	return hex.EncodeToString(h.Sum(nil))
}

// Hashes are the contents of items: what a model was trained on, and what per-image results are kept under.
func (s *Set) Hashes(items []int) []Hash {
	hashes := make([]Hash, len(items))
	for k, i := range items {
		hashes[k] = s.Items[i].Hash
	}
	return hashes
}

// once leaves out every item that is an exact copy, of the same class, of one before it. Items rise.
func (s *Set) once(items []int) []int {
	var kept []int
	for _, i := range items {
		if n := len(kept); n > 0 && s.Items[kept[n-1]].Hash == s.Items[i].Hash && s.Items[kept[n-1]].Label == s.Items[i].Label {
			continue
		}
		kept = append(kept, i)
	}
	return kept
}

// lot is the number that content draws from a stream in a round, and copies of it their own ones: what is ranked by it keeps
// its place whatever else comes or goes. Rounds and copies are below 2^32.
func lot(s tensor.Stream, h Hash, round, copy int) uint64 {
	r := tensor.Philox4x32([4]uint32{binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:]), uint32(round), uint32(copy)}, s.Key())
	return uint64(r[0])<<32 | uint64(r[1])
}

// drawn is what drew a lot: an index, whose meaning is the caller's.
type drawn struct {
	lot   uint64
	index int
}

// rank sorts by lots. Where two agree (once in 2^64 pairs) the lower index, of lower content, comes first.
func rank(all []drawn) {
	slices.SortFunc(all, func(a, b drawn) int {
		switch {
		case a.lot < b.lot:
			return -1
		case a.lot > b.lot:
			return 1
		}
		return a.index - b.index
	})
}

// byLot ranks items by their lots; copies draw one after the other.
func (s *Set) byLot(items []int, stream tensor.Stream, round int) []int {
	all := s.lots(items, stream, round)
	rank(all)
	ranked := make([]int, len(all))
	for k, d := range all {
		ranked[k] = d.index
	}
	return ranked
}

// lots are what items draw, in their order; copies draw one after the other.
func (s *Set) lots(items []int, stream tensor.Stream, round int) []drawn {
	all := make([]drawn, len(items))
	copies := 0
	for k, i := range items {
		if copies++; k == 0 || s.Items[i].Hash != s.Items[items[k-1]].Hash {
			copies = 0
		}
		all[k] = drawn{lot(stream, s.Items[i].Hash, round, copies), i}
	}
	return all
}
