package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.ConvArgs; a test compares them.
const (
	convX, convW, convBias, convY, convXOff, convYOff, convTaps = 0, 24, 48, 72, 96, 120, 144
	convRun, convCols, convAdd, convReLU, convFar               = 168, 176, 184, 185, 186
)

// tile is the frame that convolutions share: pixels by vectors of sums, pixel pointers gathered through the tables. State of
// the outer loops lies on the stack; with twelve pixel pointers, which leave two registers, all of it.
//
// A last tile with fewer pixels repeats its last pixel: sums start from y, bias or zero, so a pixel that is computed twice is
// stored twice with the same bits.
type tile struct {
	m             *isa
	pixels, nv    int
	paired        bool // the second vector is half as wide, and one register holds those of two pixels
	x             []reg.GPVirtual
	p, last       Mem // first pixel of the tile; the last pixel of all
	xs, ys        Mem // address of the tile's offsets, and where those of a short tile are
	xcopy, ycopy  Mem
	tapAt, tapEnd Op // address of the next offset in Taps, and the end of it
	tail          *tail
}

func (t *tile) acc(i, v int) reg.VecPhysical {
	switch {
	case t.paired && v > 0:
		return t.m.v(t.pixels + i/2)
	case t.paired:
		return t.m.v(i)
	}
	return t.m.v(i*t.nv + v)
}

// sums is how many registers hold sums; the spare ones follow.
func (t *tile) sums() int {
	if t.paired {
		return t.pixels + t.pixels/2
	}
	return t.pixels * t.nv
}

func (t *tile) spare(i int) reg.VecPhysical { return t.m.v(t.sums() + i) }

func (t *tile) cols() int {
	if t.paired {
		return t.m.lanes * 3 / 2
	}
	return t.m.lanes * t.nv
}

// load reads pixel i's columns; of two paired pixels the first goes first.
func (t *tile) load(k *tail, i int, y reg.Register) {
	for v := range t.nv {
		from, to := Mem{Base: y, Disp: v * t.m.bytes()}, t.acc(i, v)
		if t.paired && v > 0 {
			k.loadHalf(from, to, i%2, t.spare(0))
		} else {
			k.load(t.m, from, v, to)
		}
	}
}

// store writes pixel i's columns.
func (t *tile) store(k *tail, i int, y reg.Register) {
	for v := range t.nv {
		from, to := t.acc(i, v), Mem{Base: y, Disp: v * t.m.bytes()}
		if t.paired && v > 0 {
			k.storeHalf(from, i%2, to, t.spare(0), t.spare(1))
		} else {
			k.store(t.m, from, v, to, t.spare(0))
		}
	}
}

// both repeats the first half of a register in the second.
func both(r reg.VecPhysical) { VINSERTF128(Imm(1), r.AsX(), r, r) }

// local is a place for a word of the inner loops' state: a register while there are some.
func (t *tile) local() Op {
	if t.pixels <= 8 {
		return GP64()
	}
	return AllocLocal(8)
}

func (t *tile) args() reg.Register { return Load(Param("a"), GP64()) }

// gather points at the offsets of the tile's pixels: in the tables, or in copies on the stack that repeat the last pixel.
func (t *tile) gather(a reg.Register) {
	p, xs, ys := GP64(), field(a, convXOff), field(a, convYOff)
	MOVQ(t.p, p)
	LEAQ(Mem{Base: xs, Index: p, Scale: 4}, xs)
	LEAQ(Mem{Base: ys, Index: p, Scale: 4}, ys)
	MOVQ(xs, t.xs)
	MOVQ(ys, t.ys)
	left := GP64()
	MOVQ(t.last, left)
	SUBQ(p, left)
	CMPQ(left, Imm(uint64(t.pixels-1)))
	JGE(LabelRef("gathered"))
	o := GP32()
	for i := range t.pixels {
		q := GP64()
		MOVQ(U32(uint32(i)), q)
		CMPQ(q, left)
		CMOVQGT(left, q)
		MOVL(Mem{Base: xs, Index: q, Scale: 4}, o)
		MOVL(o, t.xcopy.Offset(4*i))
		MOVL(Mem{Base: ys, Index: q, Scale: 4}, o)
		MOVL(o, t.ycopy.Offset(4*i))
	}
	LEAQ(t.xcopy, xs)
	LEAQ(t.ycopy, ys)
	MOVQ(xs, t.xs)
	MOVQ(ys, t.ys)
	Label("gathered")
}

// outputs calls f with each pixel's address in y.
func (t *tile) outputs(f func(i int, y reg.Register)) {
	at, base := GP64(), field(t.args(), convY)
	MOVQ(t.ys, at)
	for i := range t.pixels {
		y := GP64()
		MOVLQSX(Mem{Base: at, Disp: 4 * i}, y)
		LEAQ(Mem{Base: base, Index: y, Scale: 4}, y)
		f(i, y)
	}
}

// fullOrTail writes the code for a panel of all columns, for one of a single vector, and for one cut elsewhere.
func (t *tile) fullOrTail(label string, code func(k *tail)) {
	cols := field(t.args(), convCols)
	CMPQ(cols, Imm(uint64(t.cols())))
	JLT(LabelRef(label + "_short"))
	code(nil)
	JMP(LabelRef(label + "_end"))
	Label(label + "_short")
	if t.nv > 1 {
		CMPQ(cols, Imm(uint64(t.m.lanes)))
		JNE(LabelRef(label + "_tail"))
		code(firstAlone)
		JMP(LabelRef(label + "_end"))
		Label(label + "_tail")
	}
	code(t.tail)
	Label(label + "_end")
}

// run writes the whole kernel around sum, the code that adds all taps to the sums.
func (t *tile) run(sum func()) {
	m := t.m
	t.p, t.last, t.tapAt, t.tapEnd = AllocLocal(8), AllocLocal(8), t.local(), t.local()
	t.xs, t.ys, t.xcopy, t.ycopy = AllocLocal(8), AllocLocal(8), AllocLocal(4*t.pixels), AllocLocal(4*t.pixels)
	t.tail = m.newTail(t.nv)
	a := t.args()
	n := field(a, convXOff+8)
	SUBQ(Imm(1), n)
	JLT(LabelRef("done"))
	MOVQ(n, t.last)
	cols := field(a, convCols)
	t.tail.set(cols, t.nv, m.v(0))
	MOVQ(U32(0), t.p)
	Label("tile")

	// Where the sums start.
	a = t.args()
	t.gather(a)
	CMPB(Mem{Base: a, Disp: convAdd}, Imm(0))
	JNE(LabelRef("add"))
	CMPB(Mem{Base: a, Disp: convFar}, Imm(0))
	JEQ(LabelRef("near"))
	t.outputs(func(_ int, y reg.Register) {
		for o := 0; o < 4*t.cols(); o += 64 {
			PREFETCHT0(Mem{Base: y, Disp: o})
		}
		PREFETCHT0(Mem{Base: y, Disp: 4*t.cols() - 4})
	})
	Label("near")
	b := field(t.args(), convBias)
	TESTQ(b, b)
	JNE(LabelRef("bias"))
	for i := range t.sums() {
		m.zero(m.v(i))
	}
	JMP(LabelRef("started"))
	Label("bias")
	t.fullOrTail("bias", func(k *tail) { t.load(k, 0, b) })
	if t.paired {
		both(t.acc(0, 1))
	}
	for i := 1; i < t.pixels; i++ {
		for v := range t.nv {
			if t.acc(i, v) != t.acc(i-1, v) {
				VMOVAPS(t.acc(0, v), t.acc(i, v))
			}
		}
	}
	JMP(LabelRef("started"))
	Label("add")
	t.fullOrTail("add", func(k *tail) {
		t.outputs(func(i int, y reg.Register) { t.load(k, i, y) })
	})
	b = field(t.args(), convBias)
	TESTQ(b, b)
	JEQ(LabelRef("started"))
	t.fullOrTail("addbias", func(k *tail) {
		for v := range t.nv {
			from := Mem{Base: b, Disp: v * m.bytes()}
			if t.paired && v > 0 {
				k.loadHalf(from, t.spare(v), 0, t.spare(v))
				both(t.spare(v))
			} else {
				k.load(m, from, v, t.spare(v))
			}
		}
	})
	for i := range t.pixels {
		for v := range t.nv {
			if i == 0 || t.acc(i, v) != t.acc(i-1, v) {
				VADDPS(t.spare(v), t.acc(i, v), t.acc(i, v))
			}
		}
	}
	Label("started")

	t.x = nil
	at, base := GP64(), field(t.args(), convX)
	MOVQ(t.xs, at)
	for i := range t.pixels {
		x := GP64().(reg.GPVirtual)
		MOVLQSX(Mem{Base: at, Disp: 4 * i}, x)
		LEAQ(Mem{Base: base, Index: x, Scale: 4}, x)
		t.x = append(t.x, x)
	}
	sum()

	a = t.args()
	CMPB(Mem{Base: a, Disp: convReLU}, Imm(0))
	JEQ(LabelRef("store"))
	m.zero(t.spare(0))
	for i := range t.sums() {
		VMAXPS(m.v(i), t.spare(0), m.v(i)) // a NaN stays
	}
	Label("store")
	t.fullOrTail("store", func(k *tail) {
		t.outputs(func(i int, y reg.Register) { t.store(k, i, y) })
	})
	p := GP64()
	MOVQ(t.p, p)
	ADDQ(Imm(uint64(t.pixels)), p)
	MOVQ(p, t.p)
	CMPQ(p, t.last)
	JLE(LabelRef("tile"))
	Label("done")
	VZEROUPPER()
	RET()
}

// nextTap leaves the offset of the next tap in idx, or jumps to out.
func (t *tile) nextTap(idx reg.GPVirtual, out string) {
	MOVQ(t.tapAt, idx)
	CMPQ(idx, t.tapEnd)
	JEQ(LabelRef(out))
	ADDQ(Imm(4), t.tapAt)
	MOVLQSX(Mem{Base: idx}, idx)
}

// firstTap sets the tap pointers.
func (t *tile) firstTap(a reg.Register) {
	at := field(a, convTaps)
	end := field(a, convTaps+8)
	MOVQ(at, t.tapAt)
	LEAQ(Mem{Base: at, Index: end, Scale: 4}, end)
	MOVQ(end, t.tapEnd)
}

// conv: a step takes nv vectors of the panel and one broadcast element of each pixel. With one vector AVX-512 broadcasts within the
// multiply-add: a broadcast of its own for each leaves a Zen 4 at 74 % of its peak, this one at 98. High tiles fetch the panel ahead: the pixels
// that are left over walk it a second time, in the first-level cache, and meanwhile the processor's own prefetchers have nothing to go by.
func conv(m *isa, pixels, nv int) { convTile(&tile{m: m, pixels: pixels, nv: nv}) }

// convPaired is for one vector and a half: the halves of two pixels share a register. Its multiplier is blended of those of the two, which
// are there anyway.
func convPaired(m *isa, pixels int) { convTile(&tile{m: m, pixels: pixels, nv: 2, paired: true}) }

func convTile(t *tile) {
	m, pixels, nv := t.m, t.pixels, t.nv
	name := fmt.Sprintf("conv%dx%d", pixels, t.cols())
	m.function(name, fmt.Sprintf("%s%s is ConvTile.Run for %d pixels by %d columns; a is a *ConvArgs.", name, m.suffix, pixels, t.cols()), "func(a *byte)")
	row := 4 * t.cols() // bytes of the panel that a step takes
	const unroll, ahead = 4, 8 << 10
	run, run4 := AllocLocal(8), AllocLocal(8) // elements at a tap, and those in whole rounds of the unrolled loop
	end, end4 := t.local(), t.local()
	r := field(t.args(), convRun)
	MOVQ(r, run)
	ANDQ(I8(-unroll), r)
	MOVQ(r, run4)
	t.run(func() {
		w, idx := GP64(), GP64().(reg.GPVirtual)
		t.firstTap(t.args())
		MOVQ(Mem{Base: t.args(), Disp: convW}, w)
		spare := min(m.regs-t.sums()-nv, 4)
		step := func(u int) {
			if pixels == 1 && nv > 1 { // every vector of the panel is used once
				VBROADCASTSS(Mem{Base: t.x[0], Index: idx, Scale: 4, Disp: 4 * u}, t.spare(0))
				for v := range nv {
					VFMADD231PS(Mem{Base: w, Disp: u*row + v*m.bytes()}, t.spare(0), t.acc(0, v))
				}
				return
			}
			if t.paired {
				VMOVUPS(Mem{Base: w, Disp: u * row}, t.spare(0))
				VBROADCASTF128(Mem{Base: w, Disp: u*row + m.bytes()}, t.spare(1))
				for i, x := range t.x {
					b := t.spare(nv + i%2)
					VBROADCASTSS(Mem{Base: x, Index: idx, Scale: 4, Disp: 4 * u}, b)
					VFMADD231PS(b, t.spare(0), t.acc(i, 0))
					if i%2 == 1 {
						VBLENDPS(Imm(0xf0), b, t.spare(nv), b)
						VFMADD231PS(b, t.spare(1), t.acc(i, 1))
					}
				}
				return
			}
			for v := range nv {
				VMOVUPS(Mem{Base: w, Disp: u*row + v*m.bytes()}, t.spare(v))
				if pixels >= 6 && nv > 1 && v*m.bytes()%64 == 0 {
					PREFETCHT1(Mem{Base: w, Disp: u*row + v*m.bytes() + ahead})
				}
			}
			for i, x := range t.x {
				if m.avx512 && nv == 1 {
					VFMADD231PS_BCST(Mem{Base: x, Index: idx, Scale: 4, Disp: 4 * u}, t.spare(0), t.acc(i, 0))
					continue
				}
				b := t.spare(nv + i%spare)
				VBROADCASTSS(Mem{Base: x, Index: idx, Scale: 4, Disp: 4 * u}, b)
				for v := range nv {
					VFMADD231PS(b, t.spare(v), t.acc(i, v))
				}
			}
		}
		Label("tap")
		t.nextTap(idx, "summed")
		ADDQ(run4, idx)
		MOVQ(idx, end4)
		SUBQ(run4, idx)
		ADDQ(run, idx)
		MOVQ(idx, end)
		SUBQ(run, idx)
		CMPQ(idx, end4)
		JGE(LabelRef("rest"))
		Label("steps")
		for u := range unroll {
			step(u)
		}
		ADDQ(Imm(unroll), idx)
		ADDQ(U32(uint32(unroll*row)), w)
		CMPQ(idx, end4)
		JLT(LabelRef("steps"))
		Label("rest")
		CMPQ(idx, end)
		JGE(LabelRef("tap"))
		step(0)
		ADDQ(Imm(1), idx)
		ADDQ(U32(uint32(row)), w)
		JMP(LabelRef("rest"))
		Label("summed")
	})
}
