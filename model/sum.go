package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/safetensors"
)

// Digest identifies the exact bits of a State: 32 hex digits.
func Digest(s *program.State) (string, error) {
	h := newHasher()
	for _, name := range s.Names() {
		values, err := s.Read(name)
		if err != nil {
			return "", err
		}
		h.text(name)
		h.values(values)
	}
	return h.sum(), nil
}

// sum is of all that a file of weights holds but the sum itself: every text, every array with its name and shape.
func sum(metadata map[string]string, arrays []safetensors.Named) string {
	h := newHasher()
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key != sumKey {
			h.text(key)
			h.text(metadata[key])
		}
	}
	for _, a := range arrays {
		h.text(a.Name)
		if a.Bytes != nil {
			h.text("bytes " + a.Bytes.Shape.String())
			h.Write(a.Bytes.Data)
			continue
		}
		h.text(a.Tensor.Shape.String())
		h.values(a.Tensor.Data)
	}
	return h.sum()
}

// hasher is SHA-256 over texts, each ended by a zero, and bits of float32, in blocks.
type hasher struct {
	hash.Hash
	block []byte
}

func newHasher() *hasher { return &hasher{sha256.New(), make([]byte, 0, 1<<15)} }

func (h *hasher) text(s string) {
	io.WriteString(h, s)
	h.Write([]byte{0})
}

func (h *hasher) values(x []float32) {
	for len(x) > 0 {
		n := min(len(x), cap(h.block)/4)
		for _, v := range x[:n] {
			h.block = binary.LittleEndian.AppendUint32(h.block, math.Float32bits(v))
		}
		h.Write(h.block)
		h.block, x = h.block[:0], x[n:]
	}
}

func (h *hasher) sum() string { return hex.EncodeToString(h.Sum(nil)[:16]) }
