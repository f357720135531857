package torch

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A machine of one pickle: pickle.py's, whose opcodes push values on a stack. Memory is bounded by the pickle's length and the number of
// opcodes, depth, where something goes through what was made, by maxDepth.

const (
	maxPickle = 64 << 20  // bytes; 100,000 tensors take a tenth of it
	maxOps    = 8_000_000 // opcodes
	maxDepth  = 1000      // lists within lists, where values are looked through
)

const opProto = 0x80

type machine struct {
	b     []byte
	at    int
	stack []any
	marks []int
	memo  map[uint64]any

	persistent func(id any) (any, error)
}

// unpickle reads one pickle at the head of b, and returns what it makes and how long it is.
func unpickle(b []byte, persistent func(id any) (any, error)) (v any, length int, err error) {
	m := &machine{b: b, memo: map[uint64]any{}, persistent: persistent}
	defer func() {
		if r := recover(); r != nil {
			s, ok := r.(short)
			if !ok {
				panic(r)
			}
			err = damaged("its pickle %s at byte %d", string(s), m.at)
		}
	}()
	for range maxOps {
		done, err := m.step()
		if err != nil {
			return nil, m.at, err
		}
		if done {
			return m.pop(), m.at, nil
		}
	}
	return nil, m.at, damaged("its pickle has more than %d opcodes", maxOps)
}

// short is what unpickle recovers: the pickle ended, or popped what was not there.
type short string

func (m *machine) take(n uint64) []byte {
	if n > uint64(len(m.b)-m.at) {
		panic(short("ends early"))
	}
	b := m.b[m.at : m.at+int(n)]
	m.at += int(n)
	return b
}

func (m *machine) number(bytes uint64) uint64 {
	var b [8]byte
	copy(b[:], m.take(bytes))
	return binary.LittleEndian.Uint64(b[:])
}

// text is up to the end of a line.
func (m *machine) text() string {
	i := strings.IndexByte(string(m.b[m.at:min(len(m.b), m.at+1<<16)]), '\n')
	if i < 0 {
		panic(short("has a line without end"))
	}
	return strings.TrimSuffix(string(m.take(uint64(i) + 1)[:i]), "\r")
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() any {
	if len(m.stack) <= m.floor() {
		panic(short("pops an empty stack"))
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

func (m *machine) top() any {
	if len(m.stack) <= m.floor() {
		panic(short("reads an empty stack"))
	}
	return m.stack[len(m.stack)-1]
}

// toMark pops all down to the last mark.
func (m *machine) toMark() []any {
	if len(m.marks) == 0 {
		panic(short("pops a mark that is not there"))
	}
	i := m.floor()
	vs := append([]any(nil), m.stack[i:]...)
	m.stack, m.marks = m.stack[:i], m.marks[:len(m.marks)-1]
	return vs
}

// tuple pops n values into one.
func (m *machine) tuple(n int) {
	vs := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		vs[i] = m.pop()
	}
	m.push(&List{vs})
}

func (m *machine) get(n uint64) {
	v, ok := m.memo[n]
	if !ok {
		panic(short("remembers what it never kept"))
	}
	m.push(v)
}

// reduce calls a callable, or makes an object of a class, with arguments.
func (m *machine) reduce(callable, args any) error {
	l, ok := args.(*List)
	c, known := callable.(class)
	if !ok || !known {
		m.push(&Inert{Class: "what another call made", held: []any{callable, args}})
		return nil
	}
	v, err := call(c, l.Items)
	m.push(v)
	return err
}

// step runs one opcode; the names are pickle.py's.
func (m *machine) step() (done bool, err error) {
	switch op := m.take(1)[0]; op {
	case '(': // MARK
		m.marks = append(m.marks, len(m.stack))
	case '.': // STOP
		m.marks = nil
		return true, nil
	case '0': // POP
		if len(m.stack) == m.floor() && len(m.marks) > 0 {
			m.toMark()
		} else {
			m.pop()
		}
	case '1': // POP_MARK
		m.toMark()
	case '2': // DUP
		m.push(m.top())

	case 'N':
		m.push(nil)
	case 0x88:
		m.push(true)
	case 0x89:
		m.push(false)
	case 'I': // INT, and the bools of protocol 0
		switch s := m.text(); s {
		case "00", "01":
			m.push(s == "01")
		default:
			m.push(whole(s))
		}
	case 'L':
		m.push(whole(strings.TrimSuffix(m.text(), "L")))
	case 'J':
		m.push(int64(int32(m.number(4))))
	case 'K':
		m.push(int64(m.number(1)))
	case 'M':
		m.push(int64(m.number(2)))
	case 0x8a: // LONG1
		m.push(long(m.take(m.number(1))))
	case 0x8b: // LONG4
		m.push(long(m.take(m.number(4))))
	case 'F':
		f, err := strconv.ParseFloat(m.text(), 64)
		if err != nil && !math.IsInf(f, 0) {
			panic(short("has a number that is none"))
		}
		m.push(f)
	case 'G':
		m.push(math.Float64frombits(binary.BigEndian.Uint64(m.take(8))))
	case 'S': // STRING, in quotes
		s := m.text()
		if len(s) < 2 || s[0] != s[len(s)-1] {
			panic(short("has a text without its quotes"))
		}
		m.push(s[1 : len(s)-1])
	case 'V':
		m.push(m.text())
	case 'T', 'X', 'B': // BINSTRING, BINUNICODE, BINBYTES
		m.push(string(m.take(m.number(4))))
	case 'U', 'C', 0x8c: // SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE
		m.push(string(m.take(m.number(1))))
	case 0x8d, 0x8e, 0x96: // BINUNICODE8, BINBYTES8, BYTEARRAY8
		m.push(string(m.take(m.number(8))))

	case ')': // EMPTY_TUPLE
		m.push(&List{})
	case ']', 0x8f: // EMPTY_LIST, EMPTY_SET
		m.push(&List{})
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		m.tuple(int(op - 0x84))
	case 't', 'l', 0x91: // TUPLE, LIST, FROZENSET
		m.push(&List{m.toMark()})
	case 'a': // APPEND
		v := m.pop()
		m.extend([]any{v})
	case 'e', 0x90: // APPENDS, ADDITEMS
		vs := m.toMark()
		m.extend(vs)
	case '}':
		m.push(&Dict{})
	case 'd': // DICT
		vs := m.toMark()
		m.push(&Dict{})
		m.setItems(vs)
	case 's': // SETITEM
		v, k := m.pop(), m.pop()
		m.setItems([]any{k, v})
	case 'u': // SETITEMS
		vs := m.toMark()
		m.setItems(vs)

	case 'p':
		n, err := strconv.ParseUint(m.text(), 10, 64)
		if err != nil {
			panic(short("keeps under a name that is no number"))
		}
		m.memo[n] = m.top()
	case 'q':
		m.memo[m.number(1)] = m.top()
	case 'r':
		m.memo[m.number(4)] = m.top()
	case 0x94: // MEMOIZE
		m.memo[uint64(len(m.memo))] = m.top()
	case 'g':
		n, err := strconv.ParseUint(m.text(), 10, 64)
		if err != nil {
			panic(short("remembers under a name that is no number"))
		}
		m.get(n)
	case 'h':
		m.get(m.number(1))
	case 'j':
		m.get(m.number(4))

	case 'c': // GLOBAL
		module := m.text()
		m.push(class(module + "." + m.text()))
	case 0x93: // STACK_GLOBAL
		name, ok := m.pop().(string)
		module, ok2 := m.pop().(string)
		if !ok || !ok2 {
			panic(short("names a class by what is no text"))
		}
		m.push(class(module + "." + name))
	case 'R', 0x81: // REDUCE, NEWOBJ
		args, callable := m.pop(), m.pop()
		return false, m.reduce(callable, args)
	case 0x92: // NEWOBJ_EX
		named, args, callable := m.pop(), m.pop(), m.pop()
		m.push(&Inert{Class: nameOf(callable), held: []any{args, named}})
	case 'i': // INST
		module := m.text()
		c := class(module + "." + m.text())
		return false, m.reduce(c, &List{m.toMark()})
	case 'o': // OBJ
		vs := m.toMark()
		if len(vs) == 0 {
			panic(short("makes an object of no class"))
		}
		return false, m.reduce(vs[0], &List{vs[1:]})
	case 'b': // BUILD
		state := m.pop()
		if v, ok := m.top().(*Inert); ok { // of a dictionary it is attributes, of a tensor hooks
			v.held = append(v.held, state)
		}
	case 'P': // PERSID
		m.text()
		m.push(&Inert{Class: "a thing kept elsewhere"})
	case 'Q': // BINPERSID
		v, err := m.persistent(m.pop())
		m.push(v)
		return false, err
	case 0x82, 0x83, 0x84: // EXT1, EXT2, EXT4
		m.take(1 << (op - 0x82))
		m.push(&Inert{Class: "a class of an extension registry"})

	case opProto:
		if v := m.number(1); v > 5 {
			return false, damaged("its pickle is of protocol %d, and 5 is the last that is known", v)
		}
	case 0x95: // FRAME: how much may be read at once
		if m.number(8) > uint64(len(m.b)-m.at) {
			panic(short("ends early"))
		}
	default: // NEXT_BUFFER and READONLY_BUFFER, too: a file has no buffers beside it
		return false, damaged("its pickle has an opcode %#02x, which no file has", op)
	}
	return false, nil
}

// extend appends to the list on the stack.
func (m *machine) extend(vs []any) {
	switch l := m.top().(type) {
	case *List:
		l.Items = append(l.Items, vs...)
	case *Inert: // an object that takes items
		l.held = append(l.held, vs...)
	}
}

// setItems puts keys and values in turn into the dictionary on the stack.
func (m *machine) setItems(vs []any) {
	if len(vs)%2 != 0 {
		panic(short("has a key without a value"))
	}
	switch d := m.top().(type) {
	case *Dict:
		for i := 0; i < len(vs); i += 2 {
			d.set(vs[i], vs[i+1])
		}
	case *Inert:
		d.held = append(d.held, vs...)
	}
}

func nameOf(v any) string {
	if c, ok := v.(class); ok {
		return string(c)
	}
	return "what another call made"
}

// whole reads a whole number; one beyond int64 is inert, as no size is.
func whole(s string) any {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return n
	}
	if len(s) > 1000 {
		panic(short("has a number that is none"))
	}
	if _, ok := new(big.Int).SetString(s, 10); !ok {
		panic(short("has a number that is none"))
	}
	return bigNumber(s)
}

// long is a whole number in two's complement, little-endian. One beyond int64 is its bytes.
func long(b []byte) any {
	if len(b) > 8 {
		return bigNumber(b)
	}
	var w [8]byte
	copy(w[:], b)
	n := int64(binary.LittleEndian.Uint64(w[:]))
	if len(b) > 0 && len(b) < 8 {
		n = n << (64 - 8*len(b)) >> (64 - 8*len(b))
	}
	return n
}

// bigNumber is a whole number beyond int64.
type bigNumber string
