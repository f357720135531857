package nn

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// Attention lets every position of a map gather from all: it reads queries and keys, [H,W,C] each, and values [H,W,D], and
// gives y[p] = Σ_q softmax_q(Scale·query[p]·key[q] + bias[q-p]) · value[q], each head with its share of the channels. Vaswani
// et al., "Attention Is All You Need", arXiv:1706.03762, §3.2; with one head and Scale 1 the non-local operation of Wang,
// Girshick, Gupta, He, arXiv:1711.07971, eq. 1 and 3. Keys and values may come from another map than queries unless there is a
// bias.
type Attention struct {
	Heads int     `yaml:"heads"` // default 1; divides C and D
	Scale float32 `yaml:"scale"` // of the products; default 1/√(C/Heads)
	// Range adds a learned bias a head to the scores, by rows and columns from query to key, each clipped to it: the bias of
	// Liu et al., arXiv:2103.14030, §3.2, whose window of 7 has 6, clipped as Shaw, Uszkoreit, Vaswani, arXiv:1803.02155, do;
	// so it fits images of all sizes. 0 is none.
	Range int `yaml:"range"`
}

// Kind is "attention".
func (Attention) Kind() string { return "attention" }

// Normal makes it one head.
func (l Attention) Normal() Layer {
	if l.Heads == 0 {
		l.Heads = 1
	}
	return l
}

// String prints "attention 4 heads range 6".
func (l Attention) String() string {
	var s strings.Builder
	s.WriteString("attention")
	if l.Heads > 1 {
		fmt.Fprintf(&s, " %d heads", l.Heads)
	}
	if l.Scale != 0 {
		fmt.Fprintf(&s, " scale %g", l.Scale)
	}
	if l.Range > 0 {
		fmt.Fprintf(&s, " range %d", l.Range)
	}
	return s.String()
}

// Infer gives the values' channels at the queries' positions.
func (l Attention) Infer(in []Size, _ int) (Size, error) {
	if len(in) != 3 {
		return Size{}, fmt.Errorf("attends to %d layers; give it queries, keys and values", len(in))
	}
	q, k, v := in[0], in[1], in[2]
	switch {
	case q.C != k.C || k.H != v.H || k.W != v.W:
		return Size{}, fmt.Errorf("queries %v, keys %v and values %v do not fit; queries and keys have the same channels, keys and values the same positions", q, k, v)
	case l.Heads < 1 || q.C%l.Heads != 0 || v.C%l.Heads != 0:
		return Size{}, fmt.Errorf("%d heads do not divide %d channels; choose a divisor of both %d and %d", l.Heads, q.C, q.C, v.C)
	case !(l.Scale >= 0 && l.Scale < 1e6):
		return Size{}, fmt.Errorf("scale %g; give one above 0, or none for 1/√(channels of a head)", l.Scale)
	case l.Range < 0 || l.Range > maxRange:
		return Size{}, fmt.Errorf("range %d; give rows and columns from 1 to %d, or 0 for no bias", l.Range, maxRange)
	case l.Range > 0 && (q.H != k.H || q.W != k.W):
		return Size{}, fmt.Errorf("a bias by offset needs queries and keys of one map, got %v and %v; set range to 0", q, k)
	case int64(q.H*q.W)*int64(k.H*k.W) > maxElems/int64(l.Heads):
		return Size{}, fmt.Errorf("attention between %dx%d and %dx%d positions is too large; attend to a smaller map", q.H, q.W, k.H, k.W)
	}
	return Size{q.H, q.W, v.C}, nil
}

// maxRange bounds a table of biases.
const maxRange = 1 << 10

// Params is the bias by offset [Heads,2·Range+1,2·Range+1], if there is one.
func (l Attention) Params([]Size, Size) []Param {
	if l.Range == 0 {
		return nil
	}
	return []Param{{Name: "bias", Shape: tensor.Of(l.Heads, 2*l.Range+1, 2*l.Range+1), Role: RoleBias}}
}

// MACs is those of both products, of all pairs of positions.
func (l Attention) MACs(in []Size, _ Size) int64 {
	q, k, v := in[0], in[1], in[2]
	return int64(q.H*q.W) * int64(k.H*k.W) * int64(q.C+v.C)
}

// AttentionPool averages the positions of the first map that it reads by the softmax of the second, whose every channel holds
// the scores of a head: [H,W,C] and [H,W,Heads] to [1,1,C], each head with its share of the channels. The pooling of Radford et
// al., arXiv:2103.00020, §2.3, with a learned query: a 1x1 convolution gives its product with the keys, and what values are
// multiplied by is left to the layer behind.
type AttentionPool struct{}

// Kind is "attention-pool".
func (AttentionPool) Kind() string { return "attention-pool" }

// String is "attention pool".
func (AttentionPool) String() string { return "attention pool" }

// Infer gives 1x1xC.
func (AttentionPool) Infer(in []Size, _ int) (Size, error) {
	if len(in) != 2 {
		return Size{}, fmt.Errorf("pools %d layers; give it a map and its scores", len(in))
	}
	x, s := in[0], in[1]
	if x.H != s.H || x.W != s.W || x.C%s.C != 0 {
		return Size{}, fmt.Errorf("scores %v do not fit a map of %v; give every position one a head, heads that divide %d channels", s, x, x.C)
	}
	return Size{1, 1, x.C}, nil
}

// Params is none.
func (AttentionPool) Params([]Size, Size) []Param { return nil }

// MACs is one a value of the map.
func (AttentionPool) MACs(in []Size, _ Size) int64 { return int64(in[0].Elems()) }
