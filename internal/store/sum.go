package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// sum is of a row: 32 hex digits of the SHA-256 of its values, each behind its kind and its length, so that no two lists of values
// look alike. The first value names the table. All not-a-numbers are one.
func sum(values ...any) string {
	h := sha256.New()
	for _, v := range values {
		switch v := v.(type) {
		case string:
			fmt.Fprintf(h, "s%d:", len(v))
			io.WriteString(h, v)
		case []byte:
			fmt.Fprintf(h, "b%d:", len(v))
			h.Write(v)
		case int:
			fmt.Fprintf(h, "i%d;", v)
		case int64:
			fmt.Fprintf(h, "i%d;", v)
		case float64:
			fmt.Fprintf(h, "f%x;", bitsOf(v))
		default:
			panic(fmt.Sprintf("store: a sum of a %T", v))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// bitsOf is a figure to compare: equal bits are one figure, and so are all not-a-numbers.
func bitsOf(x float64) uint64 {
	if math.IsNaN(x) {
		x = math.NaN()
	}
	return math.Float64bits(x)
}

// figure is NULL for what is not a number, as SQLite has it.
func figure(x float64) sql.NullFloat64 { return sql.NullFloat64{Float64: x, Valid: !math.IsNaN(x)} }

func number(x sql.NullFloat64) float64 {
	if x.Valid {
		return x.Float64
	}
	return math.NaN()
}

// text is a value as JSON, for a column.
func text(what string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%s: %w; give finite figures", what, err)
	}
	return string(b), nil
}

func packWholes(xs []int32) []byte {
	b := make([]byte, 0, 4*len(xs))
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func packReals(xs []float32) []byte {
	b := make([]byte, 0, 4*len(xs))
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func unpackWholes(b []byte) []int32 {
	xs := make([]int32, len(b)/4)
	for i := range xs {
		xs[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return xs
}

func unpackReals(b []byte) []float32 {
	xs := make([]float32, len(b)/4)
	for i := range xs {
		xs[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return xs
}
