package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.permuteFrame; a test compares them.
const (
	permuteY, permuteX, permuteRows, permutePixels               = 0, 8, 16, 24
	permuteYStep, permuteYSkip, permuteXStep, permuteXSkip       = 32, 40, 48, 56
	permuteCols, permuteAt, permuteOrder, permuteHas, mostNearby = 64, 72, 104, 360, 4
)

// permutes writes the kernels of a vector of channels whose elements come out of one to four vectors of x.
func permutes(m *isa) {
	for n := 1; n <= mostNearby; n++ {
		m.function(fmt.Sprintf("permuteOf%d", n), fmt.Sprintf("permuteOf%d%s is Set.Permute for some channels that come out of %d vectors of x; a is a *permuteFrame.", n, m.suffix, n), "func(a *byte)")
		a := Load(Param("a"), GP64())
		mask := m.newTail(1)
		cols := field(a, permuteCols)
		mask.set(cols, 1, m.v(0))
		y, x, rows := field(a, permuteY), field(a, permuteX), field(a, permuteRows)
		ystep, xstep := field(a, permuteYStep), field(a, permuteXStep)
		var at [mostNearby]reg.GPVirtual
		ks := []reg.Register{reg.K4, reg.K5, reg.K6, reg.K7}
		to, in := m.v(2*n), m.v(2*n+1)
		for i := range n {
			at[i] = field(a, permuteAt+8*i)
			VMOVUPS(Mem{Base: a, Disp: permuteOrder + 64*i}, m.v(i))
			VMOVUPS(Mem{Base: a, Disp: permuteHas + 64*i}, m.v(n+i))
			if m.avx512 {
				VPMOVD2M(m.v(n+i), ks[i])
			}
		}
		Label("row")
		pixels := field(a, permutePixels)
		loop := func(k *tail, name string) {
			Label(name)
			for i := range n {
				from := Mem{Base: x, Index: at[i], Scale: 1}
				switch {
				case i == 0 && (n == 1 || !m.avx512):
					VPERMPS(from, m.v(i), to)
					if n > 1 {
						VANDPS(m.v(n), to, to)
					}
				case i == 0:
					VPERMPS_Z(from, m.v(i), ks[i], to)
				case m.avx512:
					VPERMPS(from, m.v(i), ks[i], to)
				default:
					VPERMPS(from, m.v(i), in)
					VANDPS(m.v(n+i), in, in)
					VORPS(in, to, to)
				}
			}
			k.store(m, to, 0, Mem{Base: y}, in)
			ADDQ(xstep, x)
			ADDQ(ystep, y)
			SUBQ(Imm(1), pixels)
			JNE(LabelRef(name))
		}
		CMPQ(Mem{Base: a, Disp: permuteCols}, Imm(uint64(m.lanes)))
		JL(LabelRef("some"))
		loop(nil, "whole")
		JMP(LabelRef("next"))
		Label("some")
		loop(mask, "part")
		Label("next")
		ADDQ(Mem{Base: a, Disp: permuteXSkip}, x)
		ADDQ(Mem{Base: a, Disp: permuteYSkip}, y)
		SUBQ(Imm(1), rows)
		JNE(LabelRef("row"))
		VZEROUPPER()
		RET()
	}
}
