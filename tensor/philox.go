package tensor

import (
	"hash/fnv"
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// Philox4x32 is the counter-based generator of Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as
// 1, 2, 3", SC 2011, with 10 rounds: a pure function from a 128-bit counter and a 64-bit key to 128 random bits.
func Philox4x32(ctr [4]uint32, key [2]uint32) [4]uint32 {
	const (
		m0, m1 = 0xD2511F53, 0xCD9E8D57
		w0, w1 = 0x9E3779B9, 0xBB67AE85
	)
	for round := range 10 {
		if round > 0 {
			key[0] += w0
			key[1] += w1
		}
		p0 := uint64(m0) * uint64(ctr[0])
		p1 := uint64(m1) * uint64(ctr[2])
		ctr = [4]uint32{
			uint32(p1>>32) ^ ctr[1] ^ key[0], uint32(p1),
			uint32(p0>>32) ^ ctr[3] ^ key[1], uint32(p0),
		}
	}
	return ctr
}

// Stream is a named source of random numbers. Two streams of different names, or of one name and different seeds, are
// independent; a draw is addressed by (major, minor) and not by how many draws came before it, so that what one reader
// draws never shifts what another one sees. By convention major is an epoch or a step, minor a sample id, an element
// index or 0. The zero Stream is valid.
type Stream struct{ key [2]uint32 }

// NewStream returns the stream of a purpose ("init", "order", "augment", "dropout/fc6" ...) under a seed.
func NewStream(seed uint64, purpose string) Stream {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	k := h.Sum64()
	// The seed is mixed in by the generator itself, so that close seeds give unrelated keys.
	r := Philox4x32([4]uint32{uint32(seed), uint32(seed >> 32), uint32(k), uint32(k >> 32)}, [2]uint32{0x41535341, 0x59})
	return Stream{key: [2]uint32{r[0], r[1]}}
}

// At returns the generator of one address of the stream.
func (s Stream) At(major, minor uint64) *Rand {
	return &Rand{key: s.key, ctr: [4]uint32{0, uint32(major), uint32(minor), uint32(minor>>32) ^ uint32(major>>32)<<16}, left: 0}
}

// Key is the stream's Philox key, for an engine that draws a whole array at once: element i of the array at step t is
// word i%4 of Philox4x32({i/4, t, 0, 0}, key), t below 2^32, fewer than 2^34 elements.
func (s Stream) Key() [2]uint32 { return s.key }

// Rand yields the numbers of one address of a stream in order. It is not safe for concurrent use; make one a goroutine.
type Rand struct {
	key  [2]uint32
	ctr  [4]uint32
	buf  [4]uint32
	left int
}

// Uint32 returns 32 uniform bits.
func (r *Rand) Uint32() uint32 {
	if r.left == 0 {
		r.buf = Philox4x32(r.ctr, r.key)
		r.ctr[0]++
		r.left = 4
	}
	v := r.buf[4-r.left]
	r.left--
	return v
}

// Uint64 returns 64 uniform bits. With it a Rand is a math/rand/v2 Source.
func (r *Rand) Uint64() uint64 { return uint64(r.Uint32())<<32 | uint64(r.Uint32()) }

// Float32 returns a uniform number in [0,1) with 24 random bits.
func (r *Rand) Float32() float32 { return UnitFloat32(r.Uint32()) }

// UnitFloat32 turns 32 random bits into a number in [0,1) by their upper 24.
func UnitFloat32(bits uint32) float32 { return float32(float32(bits>>8) * (1.0 / (1 << 24))) }

// Float64 returns a uniform number in [0,1) with 53 random bits.
func (r *Rand) Float64() float64 { return float64(float64(r.Uint64()>>11) * (1.0 / (1 << 53))) }

// IntN returns a uniform integer in [0,n), n > 0, without bias: Lemire, "Fast Random Integer Generation in an Interval", 2019.
func (r *Rand) IntN(n int) int {
	if n <= 0 {
		panic("tensor: IntN of a number that is not positive")
	}
	bound := uint64(n)
	if bound > math.MaxUint32 {
		panic("tensor: IntN above 2^32")
	}
	m := uint64(r.Uint32()) * bound
	if low := uint32(m); uint64(low) < bound {
		threshold := uint32(-uint32(bound)) % uint32(bound)
		for uint32(m) < threshold {
			m = uint64(r.Uint32()) * bound
		}
	}
	return int(m >> 32)
}

// Normal returns a standard normal number, by Box and Muller's transform (one of the pair is dropped, so that a draw
// takes a fixed count of words).
func (r *Rand) Normal() float64 {
	u := 1 - r.Float64() // (0,1]
	v := r.Float64()
	return math.Sqrt(-2*elementary.Log(u)) * elementary.Cos(2*math.Pi*v)
}

// Perm returns a uniform permutation of [0,n), by Fisher and Yates.
func (r *Rand) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := r.IntN(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}
