package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.Transform; a test compares them.
const (
	trX, trY, trXOff, trYOff            = 0, 24, 48, 72
	trXRow, trXCol, trYRow, trYCol, trC = 96, 104, 112, 120, 128
	trBias, trAdd, trReLU, trEdge       = 136, 160, 161, 168
)

// winograd writes the transforms of winograd.go, which says what the matrices are.
func winograd(m *isa) {
	m.transform("winogradIn", [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}, false)
	m.transform("winogradWeight", [][]float64{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}, false)
	m.transform("winogradOut", [][]float64{{1, 1, 1, 0}, {0, 1, -1, -1}}, true)
	m.transform("winogradOutGrad", [][]float64{{1, 0}, {1, 1}, {1, -1}, {0, -1}}, false)
	m.transform("winogradWeightGrad", [][]float64{{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}}, false)
}

// square is the frame of a transform: pointers to the rows of a square of vectors, and of what comes out, at a vector of channels.
type square struct {
	*isa
	matrix     [][]float64
	x, y       []reg.GPVirtual
	xcol, ycol [2]reg.GPVirtual // pitch of columns, once and three times
	bias, edge reg.GPVirtual    // of the one that finishes a convolution; bias 0 for none
}

// column is element s of a row.
func column(row reg.GPVirtual, pitch [2]reg.GPVirtual, s int) Mem {
	switch s {
	case 0:
		return Mem{Base: row}
	case 3:
		return Mem{Base: row, Index: pitch[1], Scale: 1}
	}
	return Mem{Base: row, Index: pitch[0], Scale: uint8(s)}
}

// combine is to = Σ row[q]·get(q). Halves are joined first. get may give two registers in turn.
func (m *isa) combine(row []float64, half, to reg.VecPhysical, get func(q int) reg.VecPhysical) {
	var first reg.VecPhysical // alone so far
	started := false
	join := func(q int, minus bool) {
		r := get(q)
		from := to
		switch {
		case !started && first == nil && !minus:
			first = r
			return
		case !started && first == nil:
			m.zero(to)
		case !started:
			from = first
		}
		started = true
		if minus {
			VSUBPS(r, from, to)
		} else {
			VADDPS(r, from, to)
		}
	}
	halves := false
	for q, k := range row {
		if k == .5 || k == -.5 {
			join(q, k < 0)
			halves = true
		}
	}
	if halves {
		VMULPS(half, to, to)
	}
	for _, minus := range []bool{false, true} {
		for q, k := range row {
			if k == 1 && !minus || k == -1 && minus {
				join(q, minus)
			}
		}
	}
	if !started {
		VMOVAPS(first, to)
	}
}

// vector writes the code for one vector of channels, masked by k.
func (p *square) vector(id string, k *tail, finish bool) {
	m := p.isa
	half, out, scratch := m.v(6), m.v(7), m.v(8)
	for r, row := range p.matrix {
		if finish && r > 0 {
			TESTQ(U32(2), p.edge)
			JNE(LabelRef("out" + id))
		}
		for s := range p.x {
			next := 4
			m.combine(row, half, m.v(s), func(q int) reg.VecPhysical {
				next = 9 - next // 5, 4, 5 ...
				k.load(m, column(p.x[q], p.xcol, s), 0, m.v(next))
				return m.v(next)
			})
		}
		for s, col := range p.matrix {
			here := fmt.Sprintf("%s_%d%d", id, r, s)
			if finish && s > 0 {
				TESTQ(U32(1), p.edge)
				JNE(LabelRef("missing" + here))
			}
			m.combine(col, half, out, func(q int) reg.VecPhysical { return m.v(q) })
			to := column(p.y[r], p.ycol, s)
			if finish {
				a := Load(Param("a"), GP64())
				TESTQ(p.bias, p.bias)
				JEQ(LabelRef("unbiased" + here))
				k.load(m, Mem{Base: p.bias}, 0, scratch)
				VADDPS(scratch, out, out)
				Label("unbiased" + here)
				CMPB(Mem{Base: a, Disp: trAdd}, Imm(0))
				JEQ(LabelRef("fresh" + here))
				k.load(m, to, 0, scratch)
				VADDPS(scratch, out, out)
				Label("fresh" + here)
				CMPB(Mem{Base: a, Disp: trReLU}, Imm(0))
				JEQ(LabelRef("linear" + here))
				m.zero(scratch)
				VMAXPS(out, scratch, out) // a NaN stays
				Label("linear" + here)
			}
			k.store(m, out, 0, to, scratch)
			Label("missing" + here)
		}
	}
	Label("out" + id)
}

// transform goes square by square, a vector of channels at a time. A row of what comes out needs the rows of x that its row of the
// matrix names; those are joined column by column as they are loaded, then the columns.
func (m *isa) transform(name string, matrix [][]float64, finish bool) {
	m.function(name, name+m.suffix+" is Set's function of that name; a is a *Transform.", "func(a *byte)")
	p := &square{isa: m, matrix: matrix}
	mask := m.newTail(1)
	item, items, rest := AllocLocal(8), AllocLocal(8), AllocLocal(8)
	args := func() reg.Register { return Load(Param("a"), GP64()) }

	a := args()
	count := field(a, trXOff+8)
	TESTQ(count, count)
	JLE(LabelRef("done"))
	MOVQ(count, items)
	c := field(a, trC)
	ANDQ(I8(int8(m.lanes-1)), c)
	MOVQ(c, rest)
	mask.set(c, 1, m.v(0))
	VMOVUPS(m.consts.float(.5), m.v(6))
	MOVQ(U32(0), item)

	Label("square")
	i := GP64()
	MOVQ(item, i)
	a = args()
	pitch := func(offset int) [2]reg.GPVirtual {
		once := field(a, offset)
		SHLQ(U8(2), once)
		triple := GP64()
		LEAQ(Mem{Base: once, Index: once, Scale: 2}, triple)
		return [2]reg.GPVirtual{once, triple.(reg.GPVirtual)}
	}
	rowsOf := func(base, off, down, n int) (rows []reg.GPVirtual) {
		o, first := field(a, off), field(a, base)
		MOVLQSX(Mem{Base: o, Index: i, Scale: 4}, o)
		LEAQ(Mem{Base: first, Index: o, Scale: 4}, first)
		rows = append(rows, first)
		step := field(a, down)
		for r := 1; r < n; r++ {
			next := GP64().(reg.GPVirtual)
			LEAQ(Mem{Base: rows[r-1], Index: step, Scale: 4}, next)
			rows = append(rows, next)
		}
		return rows
	}
	p.x = rowsOf(trX, trXOff, trXRow, len(matrix[0]))
	p.y = rowsOf(trY, trYOff, trYRow, len(matrix))
	if finish {
		p.edge, p.bias = field(a, trEdge), field(a, trBias)
		TESTQ(p.edge, p.edge)
		JEQ(LabelRef("edged"))
		MOVBQZX(Mem{Base: p.edge, Index: i, Scale: 1}, p.edge)
		Label("edged")
	}
	p.xcol, p.ycol = pitch(trXCol), pitch(trYCol)
	left := AllocLocal(8)
	n := field(a, trC)
	SUBQ(Imm(uint64(m.lanes)), n)
	JLT(LabelRef("last"))
	MOVQ(n, left)
	Label("vector")
	p.vector("", nil, finish)
	for _, at := range append(append([]reg.GPVirtual{}, p.x...), p.y...) {
		ADDQ(Imm(uint64(m.bytes())), at)
	}
	if finish {
		TESTQ(p.bias, p.bias)
		JEQ(LabelRef("next"))
		ADDQ(Imm(uint64(m.bytes())), p.bias)
		Label("next")
	}
	SUBQ(Imm(uint64(m.lanes)), left)
	JGE(LabelRef("vector"))
	Label("last")
	CMPQ(rest, Imm(0))
	JEQ(LabelRef("squared"))
	p.vector("tail", mask, finish)
	Label("squared")
	next := GP64()
	MOVQ(item, next)
	ADDQ(Imm(1), next)
	MOVQ(next, item)
	CMPQ(next, items)
	JLT(LabelRef("square"))
	Label("done")
	VZEROUPPER()
	RET()
}
