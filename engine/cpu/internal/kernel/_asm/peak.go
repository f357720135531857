package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// peak multiplies and adds in 12 independent registers: enough for two units of latency five.
func peak(m *isa) {
	m.function("peak", "peak"+m.suffix+" runs n rounds of 48 vector multiply-adds in registers.", "func(n int)")
	n := Load(Param("n"), GP64())
	for i := range 14 {
		m.zero(m.v(i))
	}
	Label("loop")
	for i := range 48 {
		VFMADD231PS(m.v(12), m.v(13), m.v(i%12))
	}
	SUBQ(Imm(1), n)
	JGT(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
