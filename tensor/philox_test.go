package tensor

import "testing"

// Known answers of philox4x32, 10 rounds, from Random123's tests/kat_vectors.
func TestPhiloxGivesRandom123sKnownAnswers(t *testing.T) {
	for _, k := range []struct {
		ctr  [4]uint32
		key  [2]uint32
		want [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}, [2]uint32{^uint32(0), ^uint32(0)}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := Philox4x32(k.ctr, k.key); got != k.want {
			t.Errorf("Philox4x32(%x, %x) = %x, want %x", k.ctr, k.key, got, k.want)
		}
	}
}

func TestStreamsOfDifferentNamesSeedsAndAddressesDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for _, seed := range []uint64{1, 2} {
		for _, name := range []string{"init", "order"} {
			for major := range uint64(3) {
				for minor := range uint64(3) {
					v := NewStream(seed, name).At(major, minor).Uint64()
					where := name
					if old, ok := seen[v]; ok {
						t.Errorf("seed %d %s at %d,%d repeats %s", seed, where, major, minor, old)
					}
					seen[v] = where
				}
			}
		}
	}
}

func TestNormalHasMeanZeroAndVarianceOne(t *testing.T) {
	const n = 200_000
	r := NewStream(7, "normal").At(0, 0)
	var sum, sq float64
	for range n {
		v := r.Normal()
		sum += v
		sq += v * v
	}
	// five standard errors: 5/sqrt(n) for the mean, 5*sqrt(2/n) for the variance
	if m := sum / n; m < -0.0112 || m > 0.0112 {
		t.Errorf("mean %v", m)
	}
	if v := sq / n; v < 0.984 || v > 1.016 {
		t.Errorf("variance %v", v)
	}
}

func TestPermIsAPermutation(t *testing.T) {
	seen := make([]bool, 1000)
	for _, v := range NewStream(1, "order").At(0, 0).Perm(1000) {
		if seen[v] {
			t.Fatalf("%d twice", v)
		}
		seen[v] = true
	}
}
