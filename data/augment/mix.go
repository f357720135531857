package augment

import (
	"github.com/assaylab/assay/tensor"
)

// Mixer is an operation on a batch: it leaves each picture as it is and mixes them once they are numbers, so that a row shows two.
type Mixer interface {
	Op

	// Mix draws from r alone how the rows of a batch, pictures h high and w wide, are mixed.
	Mix(h, w int, r *tensor.Rand) Mixture
}

// Mixture is how each row of a batch is mixed with the row before it, the first with the last: the pairs that torchvision's MixUp and
// CutMix make. As the order of an epoch is drawn, they are pairs at random.
type Mixture struct {
	Share  float32 // of a row's own picture in what it then shows, 0 to 1: the rest is the other's
	Pasted Region  // what the other's rectangle takes the place of; an empty one: both are weighed by their shares, pixel by pixel
}

// Mix draws the mixture of a batch, that of a step of an epoch. The operations of the list that are applied to every picture by
// itself leave it alone. Where there are several of batches, it is mixed by at most one of them: each has its own probability, and where
// these sum to more than 1 they are taken in proportion. Steps are below 2^31; the address (epoch, step + 2^31) is no sample's. r is room
// for the generator.
func (l List) Mix(h, w int, draws tensor.Stream, epoch, step int, r *tensor.Rand) Mixture {
	sum := 0.0
	for _, op := range l {
		_, p := mixer(op)
		sum += p
	}
	if sum == 0 {
		return Mixture{Share: 1}
	}
	*r = *draws.At(uint64(epoch), uint64(step)|1<<31)
	u := float64(float64(r.Float32()) * max(sum, 1))
	for _, op := range l {
		m, p := mixer(op)
		if m != nil && u < p {
			return m.Mix(h, w, r)
		}
		u -= p
	}
	return Mixture{Share: 1}
}

// Mixes tells whether the list has an operation on batches.
func (l List) Mixes() bool {
	for _, op := range l {
		if m, _ := mixer(op); m != nil {
			return true
		}
	}
	return false
}

// mixer is an operation of a list as one on batches, with the share of the batches that it is applied to; nil, 0 for one on pictures.
func mixer(op Op) (Mixer, float64) {
	p := 1.0
	if c, ok := op.(Chance); ok {
		op, p = c.Op, c.P
	}
	if m, ok := op.(Mixer); ok {
		return m, p
	}
	return nil, 0
}

// Apply mixes a batch [N,H,W,C] of rows n. spare has room for one row. Products are rounded before they are added.
func (m Mixture) Apply(x []float32, n, w, c int, spare []float32) {
	size := len(x) / n
	if m.Share == 1 || n < 2 {
		return
	}
	copy(spare, x[(n-1)*size:])
	for row := n - 1; row >= 0; row-- {
		own, other := x[row*size:(row+1)*size], spare[:size]
		if row > 0 {
			other = x[(row-1)*size : row*size]
		}
		if m.Pasted.H > 0 {
			for y := m.Pasted.Y; y < m.Pasted.Y+m.Pasted.H; y++ {
				from := (y*w + m.Pasted.X) * c
				copy(own[from:from+m.Pasted.W*c], other[from:])
			}
			continue
		}
		share, rest := m.Share, 1-m.Share
		own = own[:len(other)]
		for i, v := range other {
			own[i] = float32(own[i]*share) + float32(v*rest)
		}
	}
}
