package data

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/assaylab/assay/internal/format"
)

// Pictures that are nearly the same (a copy at another size or quality, two frames of one scene) must not stand on both
// sides of a cut: the network would be examined on what it has learned by heart. Two pictures are near when 16x16 means of
// their brightness agree but for noise. It is measured on one decoding that depends on the file alone, so no setting of the
// training changes it, and of two pictures it depends on these two alone, so no third picture changes it.

const (
	sketchSide = 16
	nearEnough = 0.99 // correlation of two sketches, see below
	crowd      = 2048 // pictures that look alike at a glance, above which pairs must agree in more than a glance
	window     = 32   // where even that leaves a crowd (blank pages, a fixed camera): neighbours that each is compared with
)

// What the bound was chosen by. Correlations of photographs (120 flowers) with their copies at a half and a quarter of the
// size, at 40 pixels and JPEG's quality 70, and at qualities 50 and 20: the lowest 1 % at 0.9954 or above. Of CIFAR-10 (150
// pictures) at qualities 50 and 20: half above 0.998 and 0.993. Of strangers that agree in outline, as pictures of clothes do
// (Fashion-MNIST): 3,798 pairs of 12,000 pictures above 0.98, one in twenty of these above 0.99. The ten pairs of CIFAR-10's
// that are one scene by eye lie between 0.980 and 0.997, so some of such kind are missed.

// sketch is a picture's brightness on a 16x16 grid, made to mean 0 and largest value 127; blank where there is no contrast.
type sketch struct {
	v     [sketchSide * sketchSide]int8
	norm  float64
	bits  uint64 // of an 8x8 grid: brighter than the mean?
	blank bool

	coarse [16]float32 // of v: its part that is even over 4x4 cells, one number a block
	rest   float32     // length of the other part
}

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
	even := 0
	for block := range s.coarse {
		sum := 0
		for cell := range 16 {
			sum += int(s.v[(block/4*4+cell/4)*sketchSide+block%4*4+cell%4])
		}
		s.coarse[block] = float32(sum) / 4
		even += sum * sum
	}
	s.rest = float32(math.Sqrt(max(0, float64(square)-float64(float64(even)/16))))
	for cell := range 64 {
		i := cell/8*2*sketchSide + cell%8*2
		if cells[i]+cells[i+1]+cells[i+sketchSide]+cells[i+sketchSide+1] > 0 {
			s.bits |= 1 << cell
		}
	}
	return s
}

func (s *sketch) near(t *sketch) bool {
	dot := 0
	for i := range s.v {
		dot += int(s.v[i]) * int(t.v[i])
	}
	return float64(dot) > nearEnough*s.norm*t.norm
}

// alike says whether two pictures may be near at all, which saves most of the work: they agree in all but 8 bits, and the
// coarse parts leave room for the correlation, as the product of the rests is at most that of their lengths. The small
// excess makes rounding harmless: what decides is near, in whole numbers.
func (s *sketch) alike(t *sketch) bool {
	if bits.OnesCount64(s.bits^t.bits) > 8 {
		return false
	}
	most := 1.001 * s.rest * t.rest
	for i, v := range s.coarse {
		most += float32(v * t.coarse[i])
	}
	return float64(most) > 0.999*nearEnough*s.norm*t.norm
}

// group gives each item, in the order of contents, the index of the first item that it is near to, directly or by way of
// others; sketches are by item. Near are copies, and pictures that agree in a quarter of their 64 bits, in all but 8 of
// them, and in their sketches.
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
	order := make([]int32, 0, len(items))
	for i := range items {
		if i > 0 && items[i].Hash == items[i-1].Hash {
			join(int32(i-1), int32(i))
		} else if !sketches[i].blank {
			order = append(order, int32(i))
		}
	}
	compare := func(i, j int32) {
		if s, t := sketches[i], sketches[j]; s.alike(t) && find(i) != find(j) && s.near(t) {
			join(i, j)
		}
	}
	var compared [4]map[uint64]bool // the quarters of 16 bits whose pairs were all compared
	for quarter := range 4 {
		compared[quarter] = map[uint64]bool{}
		key := func(i int32) uint64 { return bits.RotateLeft64(sketches[i].bits, 16*quarter) }
		before := func(i, j int32) bool {
			for q, done := range compared[:quarter] {
				if k := bits.RotateLeft64(sketches[i].bits, 16*q) >> 48; k == bits.RotateLeft64(sketches[j].bits, 16*q)>>48 && done[k] {
					return true
				}
			}
			return false
		}
		slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a, b)) })
		var bucket func(of []int32, shared int)
		bucket = func(of []int32, shared int) { // of agree in all but the lower 64-shared bits of their keys
			for len(of) > 0 {
				n := 1
				for n < len(of) && (key(of[n])^key(of[0]))>>(64-shared) == 0 {
					n++
				}
				same := of[:n]
				of = of[n:]
				if len(same) > crowd && shared < 64 {
					bucket(same, shared+16)
					continue
				}
				reach := len(same)
				if len(same) > crowd {
					reach = window
				}
				if shared == 16 {
					compared[quarter][key(same[0])>>48] = true
				}
				for k, i := range same {
					for _, j := range same[k+1 : min(k+1+reach, len(same))] {
						if !before(i, j) {
							compare(i, j)
						}
					}
				}
			}
		}
		bucket(order, 16)
	}
	for i := range items {
		items[i].Group = find(int32(i))
	}
}
