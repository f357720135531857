package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/assaylab/assay/study"
)

// A trial's images are packed as: their number; each id as the difference from the one before; a bit an image, 1 for
// correct; a float32 an image, the log-probability. Whole numbers are varints, floats little-endian. About 5 bytes an image.

// packImages is nil for no images.
func packImages(im study.PerImage) ([]byte, error) {
	n := len(im.IDs)
	if len(im.Correct) != n || len(im.LogProb) != n {
		return nil, fmt.Errorf("%d image ids, %d marks, %d log-probabilities; give as many of each", n, len(im.Correct), len(im.LogProb))
	}
	if n == 0 {
		return nil, nil
	}
	b := binary.AppendUvarint(make([]byte, 0, 6*n+8), uint64(n))
	before := int64(0)
	for _, id := range im.IDs {
		b = binary.AppendVarint(b, int64(id)-before)
		before = int64(id)
	}
	marks := make([]byte, (n+7)/8)
	for i, right := range im.Correct {
		if right {
			marks[i/8] |= 1 << (i % 8)
		}
	}
	b = append(b, marks...)
	for _, p := range im.LogProb {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(p))
	}
	return b, nil
}

var errImages = errors.New("the stored images cannot be read; the store is damaged, restore it or run the study under another name (--as NAME)")

func unpackImages(b []byte) (study.PerImage, error) {
	if len(b) == 0 {
		return study.PerImage{}, nil
	}
	count, k := binary.Uvarint(b)
	if k <= 0 || count > uint64(len(b)) { // each image takes more than a byte
		return study.PerImage{}, errImages
	}
	b = b[k:]
	n := int(count)
	im := study.PerImage{IDs: make([]int32, n), Correct: make([]bool, n), LogProb: make([]float32, n)}
	id := int64(0)
	for i := range im.IDs {
		step, k := binary.Varint(b)
		if k <= 0 {
			return study.PerImage{}, errImages
		}
		b = b[k:]
		id += step
		im.IDs[i] = int32(id)
	}
	marks := (n + 7) / 8
	if len(b) != marks+4*n {
		return study.PerImage{}, errImages
	}
	for i := range im.Correct {
		im.Correct[i] = b[i/8]>>(i%8)&1 == 1
		im.LogProb[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[marks+4*i:]))
	}
	return im, nil
}
