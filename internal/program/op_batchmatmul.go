package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// BatchMatMul multiplies matrices pair by pair: a[N,G,M,K], b[N,G,K,L] → c[n,g,m,l] = Σ_k a[n,g,m,k]·b[n,g,k,l], for G heads of N
// images. TransA says that a is stored as [N,G,K,M], TransB that b is stored as [N,G,L,K]; one of both at most.
type BatchMatMul struct{ TransA, TransB bool }

func (BatchMatMul) Kind() string { return "batch-matmul" }

func (m BatchMatMul) Infer(in []*Value) ([]Type, error) {
	if err := fit(m, in, want{"a", 4}, want{"b", 4}); err != nil {
		return nil, err
	}
	if m.TransA && m.TransB {
		return nil, fmt.Errorf("batch-matmul: both operands turned over; turn over the product of the other order")
	}
	a, b := in[0].Shape(), in[1].Shape()
	if a[0] != b[0] || a[1] != b[1] {
		return nil, fmt.Errorf("batch-matmul: %dx%d matrices by %dx%d; there must be as many of both", a[0], a[1], b[0], b[1])
	}
	rows, k := m.turned(a, m.TransA)
	l, cols := m.turned(b, m.TransB)
	if k != l {
		return nil, fmt.Errorf("batch-matmul: %dx%d by %dx%d; the inner extents must be equal", rows, k, l, cols)
	}
	return reals(tensor.Of(a[0], a[1], rows, cols))
}

// gradient: dA = dC·Bᵀ and dB = Aᵀ·dC; where an operand was turned over, its gradient is the product of the other order.
func (m BatchMatMul) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x, w := n.In[0], n.In[1]
	switch {
	case m.TransA: // c = aᵀ·b
		return []*Value{b.Emit(BatchMatMul{TransB: true}, w, dy[0]), b.Emit(BatchMatMul{}, x, dy[0])}
	case m.TransB: // c = a·bᵀ
		return []*Value{b.Emit(BatchMatMul{}, dy[0], w), b.Emit(BatchMatMul{TransA: true}, dy[0], x)}
	}
	return []*Value{b.Emit(BatchMatMul{TransB: true}, dy[0], w), b.Emit(BatchMatMul{TransA: true}, x, dy[0])}
}

func (m BatchMatMul) macs(n *Node) int64 {
	_, k := m.turned(n.In[0].Shape(), m.TransA)
	return int64(n.Out[0].Shape().Elems()) * int64(k)
}

func (m BatchMatMul) detail() string { return MatMul(m).detail() }

// turned gives the extents of a matrix as the product sees it.
func (BatchMatMul) turned(s tensor.Shape, trans bool) (rows, cols int) {
	if trans {
		return s[3], s[2]
	}
	return s[2], s[3]
}
