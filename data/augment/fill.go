package augment

import (
	"fmt"
	"strconv"
)

// Fill is what a network sees where a picture has been moved away: the mean colour of the training images (the zero value), which is 0
// after normalising; the nearest pixel of the picture's edge; the picture mirrored at its edge, which is not repeated (PyTorch's
// reflect); or a level of grey. A sample has one: that of the last operation in the list that asks for another than the mean.
type Fill struct {
	kind  fillKind
	level byte
}

type fillKind byte

const (
	fillMean fillKind = iota
	fillEdge
	fillReflect
	fillLevel
)

// FillEdge and FillReflect are the edge and the mirror image; the zero Fill is the mean.
var (
	FillEdge    = Fill{kind: fillEdge}
	FillReflect = Fill{kind: fillReflect}
)

// FillLevel is a grey, from 0 (black) to 255.
func FillLevel(v byte) Fill { return Fill{fillLevel, v} }

// String is the word of a file: "mean", "edge", "reflect", "128".
func (f Fill) String() string {
	if f.kind == fillLevel {
		return strconv.Itoa(int(f.level))
	}
	return [...]string{"mean", "edge", "reflect"}[f.kind]
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
	for _, known := range []Fill{{}, FillEdge, FillReflect} {
		if known.String() == string(text) {
			*f = known
			return nil
		}
	}
	v, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		return fmt.Errorf("unknown value %q; choose mean, edge, reflect, or a grey from 0 to 255", text)
	}
	*f = FillLevel(byte(v))
	return nil
}
