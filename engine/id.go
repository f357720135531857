package engine

import (
	"fmt"
	"strings"
)

// ID says what executes programs, as far as the bits of results depend on it, and nothing else: no number of threads, no speed.
// Results of two engines may be compared bit for bit where their IDs are equal and Deterministic. IDs are compared by ==.
type ID struct {
	Name          string `json:"name"`             // "cpu", "ref" ...
	Version       int    `json:"version"`          // of the rules by which the engine chooses its arithmetic; a change of bits is a new one
	Arch          string `json:"arch,omitempty"`   // instruction set, "amd64/avx512"; one whose bits are the same on all is named alone, "generic"
	Device        string `json:"device,omitempty"` // model of an accelerator and its driver, where bits depend on them
	Precision     string `json:"precision"`        // what sums are rounded to: "float32", "float64" ...
	Deterministic bool   `json:"deterministic"`    // the same run gives the same bits
}

// String is the canonical form, one for each ID: `cpu 7 amd64/avx512 float32`, or with a device and without the promise of equal
// bits `xla 1 cuda on "NVIDIA H200" bfloat16 varying`.
func (id ID) String() string {
	words := []string{id.Name, fmt.Sprint(id.Version)}
	if id.Arch != "" {
		words = append(words, id.Arch)
	}
	if id.Device != "" {
		words = append(words, fmt.Sprintf("on %q", id.Device))
	}
	words = append(words, id.Precision)
	if !id.Deterministic {
		words = append(words, "varying")
	}
	return strings.Join(words, " ")
}

// SameBits reports whether equal programs over equal values leave equal bits behind on both.
func (id ID) SameBits(as ID) bool { return id == as && id.Deterministic }

// Level is the last part of Arch, by which people call it: "avx512".
func (id ID) Level() string { return id.Arch[strings.LastIndex(id.Arch, "/")+1:] }
