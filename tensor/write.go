package tensor

import (
	"encoding/binary"
	"io"
	"math"
)

// Write writes numbers as files of weights have them, one array after the other: 4 bytes each, IEEE 754, the lowest first.
func Write(w io.Writer, arrays ...[]float32) error {
	var buf []byte
	for _, data := range arrays {
		for len(data) > 0 {
			part := data[:min(len(data), 1<<14)]
			buf = buf[:0]
			for _, v := range part {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
			data = data[len(part):]
		}
	}
	return nil
}
