package augment

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// Fill is what a network sees where a picture has been moved away: the mean colour of the training images (the zero value), which is 0
// after normalising; the nearest pixel of the picture's edge; the picture mirrored at its edge, which is not repeated (PyTorch's
// reflect); noise, every byte from 0 to 255 as likely; or a level of grey. A sample has one: that of the last operation in the list
// that asks for another than the mean.
type Fill struct {
	kind  fillKind
	level byte
}

type fillKind byte

const (
	fillMean fillKind = iota
	fillEdge
	fillReflect
	fillNoise
	fillLevel
)

// FillEdge, FillReflect and FillNoise are the edge, the mirror image and noise; the zero Fill is the mean.
var (
	FillEdge    = Fill{kind: fillEdge}
	FillReflect = Fill{kind: fillReflect}
	FillNoise   = Fill{kind: fillNoise}
)

// FillLevel is a grey, from 0 (black) to 255.
func FillLevel(v byte) Fill { return Fill{fillLevel, v} }

// String is the word of a file: "mean", "edge", "reflect", "128".
func (f Fill) String() string {
	if f.kind == fillLevel {
		return strconv.Itoa(int(f.level))
	}
	return [...]string{"mean", "edge", "reflect", "noise"}[f.kind]
}

func (f Fill) suffix() string {
	if f == (Fill{}) {
		return ""
	}
	return " filled by " + f.String()
}

// MarshalText writes the word of a file.
func (f Fill) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (f *Fill) UnmarshalText(text []byte) error {
	return f.read(text, Fill{}, FillEdge, FillReflect, FillNoise)
}

// read reads one of the known fills, or a grey.
func (f *Fill) read(text []byte, known ...Fill) error {
	var words strings.Builder
	for _, k := range known {
		if k.String() == string(text) {
			*f = k
			return nil
		}
		words.WriteString(k.String() + ", ")
	}
	v, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return fmt.Errorf("unknown value %q; choose %sor a grey from 0 to 255", text, words.String())
	}
	*f = FillLevel(byte(v))
	return nil
}

// Ink is what a region is covered by: the mean colour (the zero value), noise, or a level of grey.
type Ink struct{ fill Fill }

// InkNoise is noise; the zero Ink is the mean.
var InkNoise = Ink{FillNoise}

// InkLevel is a grey, from 0 (black) to 255.
func InkLevel(v byte) Ink { return Ink{FillLevel(v)} }

// String is the word of a file: "mean", "noise", "128".
func (i Ink) String() string { return i.fill.String() }

// MarshalText writes the word of a file.
func (i Ink) MarshalText() ([]byte, error) { return i.fill.MarshalText() }

// UnmarshalText reads what MarshalText writes.
func (i *Ink) UnmarshalText(text []byte) error { return i.fill.read(text, Fill{}, FillNoise) }

// Painted are the bytes of a row of a region, y from 0, of c channels: nil where it has the mean colour. They are the sample's until
// the next call.
func (s *Sample) Painted(r Region, y, c int) []byte {
	if r.Ink == (Ink{}) {
		return nil
	}
	s.spare = resized(s.spare, r.W*c)
	if r.Ink == InkNoise {
		static(s.spare, r.noise, y)
	} else {
		for i := range s.spare {
			s.spare[i] = r.Ink.fill.level
		}
	}
	return s.spare
}

// static writes the noise of a name and a row.
func static(dst []byte, name uint64, row int) {
	for i := uint32(0); len(dst) > 0; i++ {
		var words [16]byte
		for k, v := range tensor.Philox4x32([4]uint32{i, uint32(row), 0, 0}, [2]uint32{uint32(name), uint32(name >> 32)}) {
			binary.LittleEndian.PutUint32(words[4*k:], v)
		}
		dst = dst[copy(dst, words[:]):]
	}
}
