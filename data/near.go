package data

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/assaylab/assay/data/format"
)

// Pictures that are nearly the same (a copy at another size or quality, two frames of one scene) must not stand on both
// sides of a cut: the network would be examined on what it has learned by heart. Two pictures are near when 16x16 means of
// their brightness agree but for noise. It is measured on the picture itself, so it depends on no setting of the training.

const (
	sketchSide = 16
	nearEnough = 0.98 // correlation of two sketches: between 10,000 and 5,000 images of CIFAR-10, 7 pairs, all one scene by eye
	bucketScan = 32   // pictures of one bucket that each is compared with, so that a set of blank pages stays linear
)

// sketch is a picture's brightness on a 16x16 grid, made to mean 0 and largest value 127; blank where there is no contrast.
type sketch struct {
	v     [sketchSide * sketchSide]int8
	norm  float64
	bits  uint64 // of an 8x8 grid: brighter than the mean?
	blank bool
}

// luma is the brightness of a colour by ITU-R BT.601.
func luma(r, g, b uint32) uint32 { return (19595*r + 38470*g + 7471*b + 1<<15) >> 16 }

// sketchOf takes the means of 2x2 pixels of a glance.
func sketchOf(g *format.Glance) *sketch {
	s := &sketch{}
	const per = format.GlanceSide / sketchSide
	var cells [sketchSide * sketchSide]int
	sum := 0
	for i, v := range g {
		cells[i/format.GlanceSide/per*sketchSide+i%format.GlanceSide/per] += int(v)
		sum += int(v)
	}
	most := 0
	for i := range cells { // whole numbers: 256 times the difference from the mean
		cells[i] = cells[i]*len(cells) - sum
		most = max(most, cells[i], -cells[i])
	}
	if s.blank = most < 4*per*per*len(cells); s.blank { // less than four grey levels from the mean
		return s
	}
	square := 0
	for i, c := range cells {
		s.v[i] = int8(c * 127 / most)
		square += int(s.v[i]) * int(s.v[i])
	}
	s.norm = math.Sqrt(float64(square))
	for cell := range 64 {
		i := cell/8*2*sketchSide + cell%8*2
		if cells[i]+cells[i+1]+cells[i+sketchSide]+cells[i+sketchSide+1] > 0 {
			s.bits |= 1 << cell
		}
	}
	return s
}

func (s *sketch) near(t *sketch) bool {
	if s.blank || t.blank || bits.OnesCount64(s.bits^t.bits) > 8 {
		return false
	}
	dot := 0
	for i := range s.v {
		dot += int(s.v[i]) * int(t.v[i])
	}
	return float64(dot) > nearEnough*s.norm*t.norm
}

// group gives each item the index of the first item that it is near to, directly or by way of others. Candidates share a
// quarter of their 64 bits (16 of them at one place) or their whole content.
func group(items []Item, sketches []*sketch) {
	root := make([]int32, len(items))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	join := func(a, b int32) {
		a, b = find(a), find(b)
		root[max(a, b)] = min(a, b)
	}
	same := make(map[string]int32, len(items))
	order := make([]int32, 0, len(items))
	for i := range items {
		if first, ok := same[items[i].Hash]; ok {
			join(first, int32(i))
			continue
		}
		same[items[i].Hash] = int32(i)
		if !sketches[i].blank {
			order = append(order, int32(i))
		}
	}
	for quarter := range 4 {
		key := func(i int32) uint64 { return bits.RotateLeft64(sketches[i].bits, -16*quarter) }
		slices.SortFunc(order, func(a, b int32) int {
			// within a bucket by the other bits, so that likely pairs stand close
			return cmp.Or(cmp.Compare(key(a)&0xffff, key(b)&0xffff), cmp.Compare(key(a), key(b)), cmp.Compare(a, b))
		})
		for at, i := range order {
			for _, j := range order[at+1 : min(at+1+bucketScan, len(order))] {
				if key(i)&0xffff != key(j)&0xffff {
					break
				}
				if find(i) != find(j) && sketches[i].near(sketches[j]) {
					join(i, j)
				}
			}
		}
	}
	for i := range items {
		items[i].Group = find(int32(i))
	}
}
