package report

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math"
)

// Parquet is written as its specification's plainest file (https://parquet.apache.org/docs/file-format): optional columns of four physical types,
// in groups of rows, each column of a group one page of plain values in gzip. What describes them is Thrift's compact protocol.

// The numbers that the specification gives to what is used of it.
const (
	typeBoolean, typeInt64, typeDouble, typeBytes = 0, 2, 5, 6
	optional, utf8Text, plainValues, levelRuns    = 1, 0, 0, 3
	codecGzip, dataPage                           = 2, 0
)

// parquetSink writes one file.
type parquetSink struct {
	w       io.Writer
	fields  []field
	most    int // rows of a group
	columns []parquetColumn
	at      int64 // bytes written
	rows    int64 // of the groups that are written
	n       int   // of the one that is gathered
	groups  [][]chunk
	sizes   []int64 // rows of each group
}

// parquetColumn gathers a group's values of a column.
type parquetColumn struct {
	known  []byte // a bit a row: 1 where there is a value
	values bytes.Buffer
	bits   []bool // of a boolean column
}

// chunk is a column of a group as it was written.
type chunk struct{ at, values, plain, packed int64 }

func parquetOf(w io.Writer, fs []field) (*parquetSink, error) {
	s := &parquetSink{w: w, fields: fs, most: 1 << 16, columns: make([]parquetColumn, len(fs))}
	return s, s.write([]byte("PAR1"))
}

func (s *parquetSink) write(b []byte) error {
	n, err := s.w.Write(b)
	s.at += int64(n)
	return err
}

func (s *parquetSink) row(cells []any) error {
	for i, v := range cells {
		c := &s.columns[i]
		if s.n%8 == 0 {
			c.known = append(c.known, 0)
		}
		if v == nil {
			continue
		}
		c.known[s.n/8] |= 1 << (s.n % 8)
		var b []byte
		switch v := v.(type) {
		case string:
			b = append(binary.LittleEndian.AppendUint32(nil, uint32(len(v))), v...)
		case int64:
			b = binary.LittleEndian.AppendUint64(nil, uint64(v))
		case float64:
			b = binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
		case bool:
			c.bits = append(c.bits, v)
		}
		c.values.Write(b)
	}
	if s.n++; s.n == s.most {
		return s.flush()
	}
	return nil
}

// flush writes what is gathered as a group.
func (s *parquetSink) flush() error {
	var group []chunk
	for i := range s.columns {
		c := &s.columns[i]
		// Which rows have a value: one run of bits in groups of eight, its length in front.
		levels := append(binary.AppendUvarint(nil, uint64(len(c.known))<<1|1), c.known...)
		page := append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...)
		packed := make([]byte, (len(c.bits)+7)/8)
		for i, b := range c.bits {
			if b {
				packed[i/8] |= 1 << (i % 8)
			}
		}
		page = append(append(page, c.values.Bytes()...), packed...)
		var z bytes.Buffer
		zip := gzip.NewWriter(&z)
		if _, err := zip.Write(page); err != nil {
			return err
		}
		if err := zip.Close(); err != nil {
			return err
		}
		head := thrift{}
		head.word(1, dataPage).word(2, int64(len(page))).word(3, int64(z.Len()))
		head.open(5).word(1, int64(s.n)).word(2, plainValues).word(3, levelRuns).word(4, levelRuns).close()
		text := head.end()
		group = append(group, chunk{s.at, int64(s.n), int64(len(text) + len(page)), int64(len(text) + z.Len())})
		if err := s.write(append(text, z.Bytes()...)); err != nil {
			return err
		}
		*c = parquetColumn{}
	}
	s.groups, s.sizes = append(s.groups, group), append(s.sizes, int64(s.n))
	s.rows, s.n = s.rows+int64(s.n), 0
	return nil
}

// end writes the last group and what the file holds.
func (s *parquetSink) end() error {
	if s.n > 0 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	foot := thrift{}
	foot.word(1, 1).list(2, structs, len(s.fields)+1)
	foot.item().text(4, "trials").word(5, int64(len(s.fields))).close()
	for _, f := range s.fields {
		kind := typeOf(f)
		foot.item().word(1, kind).word(3, optional).text(4, f.name)
		if kind == typeBytes {
			foot.word(6, utf8Text)
		}
		foot.close()
	}
	foot.number(3, s.rows).list(4, structs, len(s.groups))
	for i, group := range s.groups {
		foot.item().list(1, structs, len(group))
		total := int64(0)
		for c, of := range group {
			f := s.fields[c]
			total += of.plain
			foot.item().number(2, of.at).open(3)
			foot.word(1, typeOf(f)).list(2, words, 2).raw(plainValues).raw(levelRuns)
			foot.list(3, texts, 1).rawText(f.name)
			foot.word(4, codecGzip).number(5, of.values).number(6, of.plain).number(7, of.packed).number(9, of.at)
			foot.close()
			foot.close()
		}
		foot.number(2, total).number(3, s.sizes[i]).close()
	}
	foot.text(6, "assay")
	text := foot.end()
	return s.write(append(binary.LittleEndian.AppendUint32(text, uint32(len(text))), "PAR1"...))
}

func typeOf(f field) int64 {
	switch f.zero.(type) {
	case bool:
		return typeBoolean
	case int64:
		return typeInt64
	case float64:
		return typeDouble
	}
	return typeBytes
}

// The kinds of Thrift's compact protocol that are used; words are of 32 bits, numbers of 64.
const (
	words   = 5
	numbers = 6
	texts   = 8
	lists   = 9
	structs = 12
)

// thrift writes a struct by Thrift's compact protocol; fields of a struct go up by their numbers.
type thrift struct {
	bytes.Buffer
	last  int   // number of the field that was written last
	outer []int // the same of the structs around this one
}

func (t *thrift) field(id, kind int) {
	t.WriteByte(byte((id-t.last)<<4 | kind))
	t.last = id
}

// raw writes a number without a field, as an item of a list.
func (t *thrift) raw(x int64) *thrift {
	t.Write(binary.AppendVarint(nil, x))
	return t
}

func (t *thrift) rawText(s string) *thrift {
	t.Write(append(binary.AppendUvarint(nil, uint64(len(s))), s...))
	return t
}

func (t *thrift) word(id int, x int64) *thrift   { t.field(id, words); return t.raw(x) }
func (t *thrift) number(id int, x int64) *thrift { t.field(id, numbers); return t.raw(x) }
func (t *thrift) text(id int, s string) *thrift  { t.field(id, texts); return t.rawText(s) }

func (t *thrift) list(id, kind, n int) *thrift {
	t.field(id, lists)
	if n < 15 {
		t.WriteByte(byte(n<<4 | kind))
		return t
	}
	t.WriteByte(byte(0xf0 | kind))
	t.Write(binary.AppendUvarint(nil, uint64(n)))
	return t
}

// item opens a struct of a list, open one of a field; close ends it.
func (t *thrift) item() *thrift {
	t.outer, t.last = append(t.outer, t.last), 0
	return t
}

func (t *thrift) open(id int) *thrift { t.field(id, structs); return t.item() }

func (t *thrift) close() *thrift {
	t.WriteByte(0)
	t.last = t.outer[len(t.outer)-1]
	t.outer = t.outer[:len(t.outer)-1]
	return t
}

// end ends the outermost struct and gives its bytes.
func (t *thrift) end() []byte {
	t.WriteByte(0)
	return t.Bytes()
}
