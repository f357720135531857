package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// MatMul is c[m,n] = Σ_k a[m,k]·b[k,n]; TransA says that a is stored as [K,M], TransB that b is stored as [N,K].
type MatMul struct{ TransA, TransB bool }

func (MatMul) Kind() string { return "matmul" }

func (m MatMul) Infer(in []*Value) ([]Type, error) {
	if err := fit(m, in, want{"a", 2}, want{"b", 2}); err != nil {
		return nil, err
	}
	rows, k := turned(in[0], m.TransA)
	l, cols := turned(in[1], m.TransB)
	if k != l {
		return nil, fmt.Errorf("matmul: %dx%d by %dx%d; the inner extents must be equal", rows, k, l, cols)
	}
	return reals(tensor.Of(rows, cols))
}

// gradient: dA = dC·Bᵀ and dB = Aᵀ·dC, each turned over where its operand was.
func (m MatMul) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x, w, da, db := n.In[0], n.In[1], (*Value)(nil), (*Value)(nil)
	if m.TransA {
		da = b.Emit(MatMul{TransA: m.TransB, TransB: true}, w, dy[0])
	} else {
		da = b.Emit(MatMul{TransB: !m.TransB}, dy[0], w)
	}
	if m.TransB {
		db = b.Emit(MatMul{TransA: true, TransB: m.TransA}, dy[0], x)
	} else {
		db = b.Emit(MatMul{TransA: !m.TransA}, x, dy[0])
	}
	return []*Value{da, db}
}

func (m MatMul) macs(n *Node) int64 {
	_, k := turned(n.In[0], m.TransA)
	return int64(n.Out[0].Shape().Elems()) * int64(k)
}

func (m MatMul) detail() string {
	return [2]string{"a", "aᵀ"}[bit(m.TransA)] + "·" + [2]string{"b", "bᵀ"}[bit(m.TransB)]
}

// turned gives the extents of a matrix as the product sees it.
func turned(v *Value, trans bool) (rows, cols int) {
	s := v.Shape()
	if trans {
		return s[1], s[0]
	}
	return s[0], s[1]
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
