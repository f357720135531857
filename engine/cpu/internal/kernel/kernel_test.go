package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// fast lists the levels to hold against Generic.
func fast(t testing.TB) []Set {
	levels := Levels()
	if levels[0].Name != "generic" {
		t.Fatalf("the slowest level is %q, want generic", levels[0].Name)
	}
	return levels[1:]
}

// layout is how a map lies in memory: elements between pixels and after rows that are not its own.
type layout struct{ pix, row int }

var layouts = []layout{{0, 0}, {0, 13}, {5, 7}}

// guard fills what a kernel must neither use nor change: as a number it spoils every sum.
var guard = math.Float32frombits(0x7fc0dead)

// operands is what a kernel of maps gets: five maps and vectors of channels, each between guards.
type operands struct {
	b    Block
	maps [5]Map
	vec  [5][]float32
	all  []float32 // the memory of everything
}

func newOperands(b Block, l layout, seed uint64) *operands {
	r := rand.New(rand.NewPCG(seed, 7))
	pix := b.C + l.pix
	row := b.Pixels*pix + l.row
	size := 16 + b.Rows*row
	o := &operands{b: b, all: make([]float32, 5*size+5*(b.C+16)+16)}
	for i := range o.all {
		o.all[i] = guard
	}
	at := 16
	for i := range o.maps {
		m := Map{Data: o.all[at : at+b.Rows*row+16 : at+b.Rows*row+16], Row: row, Pix: pix}
		for r1 := range b.Rows {
			for p := range b.Pixels {
				for c := range b.C {
					m.Data[r1*row+p*pix+c] = float32(r.NormFloat64())
				}
			}
		}
		o.maps[i] = m
		at += size
	}
	for i := range o.vec {
		o.vec[i] = o.all[at : at+b.C : at+b.C]
		for c := range o.vec[i] {
			o.vec[i][c] = float32(r.NormFloat64())
		}
		at += b.C + 16
	}
	return o
}

// like compares all memory of two runs, guards by their bits.
func (o *operands) like(t *testing.T, want *operands, tol float64) {
	t.Helper()
	compare(t, o.all, want.all, tol)
}

func compare(t *testing.T, got, want []float32, tol float64) {
	t.Helper()
	for i, g := range got {
		w := want[i]
		if math.Float32bits(g) != math.Float32bits(w) && !(math.Abs(float64(g-w)) <= tol*(1+math.Abs(float64(w)))) {
			t.Fatalf("element %d of %d: got %v (%#x), want %v", i, len(got), g, math.Float32bits(g), w)
		}
	}
}

// mapKernels is every kernel of maps, each as it is called; outputs come first.
var mapKernels = []struct {
	name string
	tol  float64
	run  func(s Set, b Block, m [5]Map, v [5][]float32)
}{
	{"moments", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Moments(b, m[0], v[0], v[1], v[2]) }},
	{"col-sums", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ColSums(b, m[0], v[0]) }},
	{"affine", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, false, m[0], m[1], Map{}, v[0], v[1]) }},
	{"affine+relu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, true, m[0], m[1], Map{}, v[0], v[1]) }},
	{"affine+res", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, false, m[0], m[1], m[2], v[0], v[1]) }},
	{"affine+res+relu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, true, m[0], m[1], m[2], v[0], v[1]) }},
	{"affine in place", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, true, m[0], m[0], m[1], v[0], v[1]) }},
	{"bias", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, false, m[0], m[1], Map{}, nil, v[1]) }},
	{"bias+relu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, true, m[0], m[1], Map{}, nil, v[1]) }},
	{"bias+res", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Affine(b, false, m[0], m[1], m[2], nil, v[1]) }},
	{"norm-grad-sums", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.NormGradSums(b, m[0], m[1], Map{}, v[0], v[1], v[2]) }},
	{"norm-grad-sums+relu", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.NormGradSums(b, m[0], m[1], m[2], v[0], v[1], v[2]) }},
	{"norm-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.NormGrad(b, m[0], Map{}, m[1], m[2], Map{}, v[0], v[1], v[2], v[3])
	}},
	{"norm-grad+res", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.NormGrad(b, m[0], m[4], m[1], m[2], Map{}, v[0], v[1], v[2], v[3])
	}},
	{"norm-grad+relu", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.NormGrad(b, m[0], Map{}, m[1], m[2], m[3], v[0], v[1], v[2], v[3])
	}},
	{"norm-grad+relu+res", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.NormGrad(b, m[0], m[4], m[1], m[2], m[3], v[0], v[1], v[2], v[3])
	}},
	{"norm-grad+relu, the residual's in place", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.NormGrad(b, m[0], m[1], m[1], m[2], m[3], v[0], v[1], v[2], v[3])
	}},
	{"prelu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.PReLU(b, m[0], m[1], v[0]) }},
	{"prelu-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.PReLUGrad(b, m[0], m[1], m[2], v[0], v[1]) }},
	{"apl", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.APL(b, m[0], m[1], v[0], v[1])
	}},
	{"apl-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.APLGrad(b, m[0], m[1], m[2], v[0], v[1], v[2], v[3]) }},
	{"spread", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Spread(b, m[0], v[0], 0.3) }},
	{"gate", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Gate(b, m[0], m[1], v[0]) }},
	{"gate in place", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Gate(b, m[0], m[0], v[0]) }},
	{"col-dots", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ColDots(b, m[0], m[1], v[0]) }},
	{"row-sums", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.RowSums(b, m[0], m[1], 0.3) }},
	{"row-dots", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.RowDots(b, m[0], m[1], m[2]) }},
	{"row-max", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.RowMax(b, m[0], m[1]) }},
	{"row-max-grad", 0, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.RowMax(b, m[2], m[1])
		s.RowMaxGrad(b, m[0], m[1], m[2], m[3])
	}},
	{"row-max-grad among equals", 0, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.Activation(b, ReLU, 0, m[1], m[1])
		s.Scale(b, m[1], m[1], -1) // half are zeros, which are the largest
		s.RowMax(b, m[2], m[1])
		s.RowMaxGrad(b, m[0], m[1], m[2], m[3])
	}},
	{"spread-rows", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.SpreadRows(b, m[0], m[1], 0.3) }},
	{"gate-rows", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.GateRows(b, m[0], m[1], m[2]) }},
	{"gate-rows in place", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.GateRows(b, m[0], m[0], m[1]) }},
	{"softmax", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Softmax(b, m[0], m[1]) }},
	{"softmax in place", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Softmax(b, m[0], m[0]) }},
	{"softmax-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.SoftmaxGrad(b, m[0], m[1], m[2]) }},
	{"softmax-grad in place", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.SoftmaxGrad(b, m[0], m[1], m[0]) }},
	{"layer-norm", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.LayerNorm(b, m[0], m[1], v[0], v[1], 0.1) }},
	{"layer-norm in place", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.LayerNorm(b, m[0], m[0], v[0], v[1], 0.1) }},
	{"layer-norm-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.LayerNormGrad(b, m[0], m[1], m[2], v[0], v[1], v[2], 0.1)
	}},
	{"layer-norm-grad in place", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.LayerNormGrad(b, m[0], m[1], m[0], v[0], v[1], v[2], 0.1)
	}},
	{"add", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Add(b, m[0], m[1], m[2]) }},
	{"add in place", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Add(b, m[0], m[0], m[1]) }},
	{"mul", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Mul(b, m[0], m[1], m[2]) }},
	{"scale", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Scale(b, m[0], m[1], 0.3) }},
	{"axpy", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Axpy(b, m[0], m[1], 0.3) }},
	{"copy", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Copy(b, m[0], m[1]) }},
	{"fill", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Fill(b, m[0], 0.3) }},
	{"clear", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Fill(b, m[0], 0) }},
	{"identity", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Identity, 0, m[0], m[1]) }},
	{"relu", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, ReLU, 0, m[0], m[1]) }},
	{"leaky", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Leaky, 0.1, m[0], m[1]) }},
	{"elu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, ELU, 0.7, m[0], m[1]) }},
	{"selu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, SELU, 0, m[0], m[1]) }},
	{"tanh", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Tanh, 0, m[0], m[0]) }},
	{"sigmoid", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Sigmoid, 0, m[0], m[1]) }},
	{"relu6", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, ReLU6, 0, m[0], m[1]) }},
	{"celu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, CELU, 0.7, m[0], m[1]) }},
	{"softplus", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Softplus, 0, m[0], m[1]) }},
	{"softsign", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Softsign, 0, m[0], m[1]) }},
	{"hard-sigmoid", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, HardSigmoid, 0, m[0], m[1]) }},
	{"scaled-tanh", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, ScaledTanh, 0, m[0], m[1]) }},
	{"arcsinh", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Arcsinh, 0, m[0], m[1]) }},
	{"swish", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Swish, 1.5, m[0], m[1]) }},
	{"hard-swish", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, HardSwish, 0, m[0], m[1]) }},
	{"gelu", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, GELU, 0, m[0], m[1]) }},
	{"mish", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Mish, 0, m[0], m[1]) }},
	{"power", 4e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Power, 3, m[0], m[1]) }},
	{"square", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Power, 2, m[0], m[1]) }},
	{"root", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.Activation(b, Power, 0.5, m[0], m[1]) }},
	{"relu-grad", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, ReLU, 0, m[0], m[1], m[2]) }},
	{"leaky-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Leaky, 0.1, m[0], m[1], m[2]) }},
	{"elu-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, ELU, 0.7, m[0], m[1], m[2]) }},
	{"selu-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, SELU, 0, m[0], m[1], m[2]) }},
	{"tanh-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Tanh, 0, m[0], m[1], m[2]) }},
	{"sigmoid-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Sigmoid, 0, m[0], m[1], m[0]) }},
	{"relu6-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, ReLU6, 0, m[0], m[1], m[2]) }},
	{"celu-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, CELU, 0.7, m[0], m[1], m[2]) }},
	{"softplus-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Softplus, 0, m[0], m[1], m[2]) }},
	{"softsign-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Softsign, 0, m[0], m[1], m[2]) }},
	{"hard-sigmoid-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, HardSigmoid, 0, m[0], m[1], m[2]) }},
	{"scaled-tanh-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, ScaledTanh, 0, m[0], m[1], m[2]) }},
	{"arcsinh-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Arcsinh, 0, m[0], m[1], m[2]) }},
	{"swish-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Swish, 1.5, m[0], m[1], m[2]) }},
	{"hard-swish-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, HardSwish, 0, m[0], m[1], m[2]) }},
	{"gelu-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, GELU, 0, m[0], m[1], m[2]) }},
	{"mish-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Mish, 0, m[0], m[1], m[2]) }},
	{"power-grad", 4e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Power, 3, m[0], m[1], m[2]) }},
	{"square-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Power, 2, m[0], m[1], m[2]) }},
	{"root-grad", 1e-6, func(s Set, b Block, m [5]Map, v [5][]float32) { s.ActivationGrad(b, Power, 0.5, m[0], m[1], m[2]) }},
	{"crelu", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.CReLU(b.half(), m[0], m[1]) }},
	{"crelu-grad", 0, func(s Set, b Block, m [5]Map, v [5][]float32) { s.CReLUGrad(b.half(), m[0], m[1], m[2]) }},
	{"rrelu", 0, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.RReLU(b, m[0], m[1], m[1], 6, 3, 8, 3, [2]uint32{1, 2})
	}},
	{"rrelu-grad", 0, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.RReLU(b, m[0], m[1], m[2], 6, 3, 8, 3, [2]uint32{1, 2})
	}},
	{"dropout", 0, func(s Set, b Block, m [5]Map, v [5][]float32) {
		s.Dropout(b, m[0], m[1], 5, 0.4, 3, [2]uint32{1, 2})
	}},
	{"pow-log", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.PowLog(b, m[0], m[1], 2.5, 0.7, 0.4) }},
	{"pow-log in place", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.PowLog(b, m[0], m[0], -0.3, 0, 1) }},
	{"lrn", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.LRN(b, m[0], m[1], LRN{5, 1e-1, 0.75, 1}) }},
	{"lrn-grad", 1e-5, func(s Set, b Block, m [5]Map, v [5][]float32) { s.LRNGrad(b, m[0], m[1], m[2], LRN{3, 1e-1, 0.5, 2}) }},
}

// half is a block of half as many channels.
func (b Block) half() Block {
	b.C /= 2
	return b
}

func TestMapKernelsMatchGenericAtAllWidths(t *testing.T) {
	generic := Generic()
	for _, s := range fast(t) {
		for _, k := range mapKernels {
			t.Run(s.Name+"/"+k.name, func(t *testing.T) {
				for c := range 68 {
					for i, l := range layouts {
						b := Block{Rows: 2, Pixels: 1 + (c+i)%4, C: c}
						got, want := newOperands(b, l, uint64(c)), newOperands(b, l, uint64(c))
						k.run(generic, b, want.maps, want.vec)
						k.run(s, b, got.maps, got.vec)
						got.like(t, want, k.tol)
						if t.Failed() {
							t.Fatalf("at %+v, %+v", b, l)
						}
					}
				}
				b := Block{Rows: 7, Pixels: 50, C: 150} // more than a pass takes at once
				got, want := newOperands(b, layouts[1], 1), newOperands(b, layouts[1], 1)
				k.run(generic, b, want.maps, want.vec)
				k.run(s, b, got.maps, got.vec)
				got.like(t, want, 10*k.tol)
				for _, b := range []Block{{0, 3, 5}, {3, 0, 5}} {
					got, want := newOperands(b, layout{}, 1), newOperands(b, layout{}, 1)
					k.run(s, b, got.maps, got.vec)
					got.like(t, want, 0)
				}
			})
		}
	}
}

func TestMapKernelsAllocateNothing(t *testing.T) {
	for _, s := range Levels() {
		o := newOperands(Block{Rows: 3, Pixels: 4, C: 21}, layouts[2], 1)
		for _, k := range mapKernels {
			if n := testing.AllocsPerRun(3, func() { k.run(s, o.b, o.maps, o.vec) }); n != 0 {
				t.Errorf("%s/%s allocates %v times", s.Name, k.name, n)
			}
		}
	}
}

// guarded is n random numbers between guards, and the whole of them.
func guarded(n int, seed uint64) (x, all []float32) {
	all = make([]float32, n+64)
	for i := range all {
		all[i] = guard
	}
	x = all[32 : 32+n : 32+n]
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x, all
}
