package main

import (
	"encoding/binary"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var y = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}

var x = []reg.VecPhysical{reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7, reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15}

var declared = map[string]Mem{}

// constant is the memory of some bytes, declared once.
func constant(b []byte) Mem {
	m, ok := declared[string(b)]
	if !ok {
		m = GLOBL(fmt.Sprintf("constant%d", len(declared)), RODATA|NOPTR)
		for at := 0; at < len(b); at += 8 {
			DATA(at, U64(binary.LittleEndian.Uint64(b[at:])))
		}
		declared[string(b)] = m
	}
	return m
}

// words is a vector whose 16 words repeat the given ones.
func words(of ...int16) Mem {
	var b []byte
	for i := range 16 {
		b = binary.LittleEndian.AppendUint16(b, uint16(of[i%len(of)]))
	}
	return constant(b)
}

// longs is a vector whose 8 numbers of 32 bits repeat the given ones.
func longs(of ...int32) Mem {
	var b []byte
	for i := range 8 {
		b = binary.LittleEndian.AppendUint32(b, uint32(of[i%len(of)]))
	}
	return constant(b)
}

// none makes a shuffle write 0.
const none = 0x80

// shuffle is a vector of both halves: from which byte of its half each byte comes.
func shuffle(of ...byte) Mem {
	if len(of) != 16 {
		panic("a shuffle of other than 16 bytes")
	}
	return constant(append(of, of...))
}
