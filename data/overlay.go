package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Overlay is laid over the items of a set for one training: what they are taken for, how often they are seen, and how much they count.
// It leaves the set as it is, and evaluation never looks through one. The zero Overlay changes nothing. Lists are by item of the set.
type Overlay struct {
	Labels []int32   // what each item is taken for, an index of the set's classes; nil: its own label
	Draws  []float32 // how often each item is seen in an epoch, from 0 to 1024, on average; nil: once
	Counts []float32 // how much each item counts in the loss, 0 or more; nil: 1, and no weights are handed to the task
	Coarse *Coarse   // of a boxed set; nil: objects are of their own classes
}

// Coarse takes the objects of some items for other classes than their own, such as their parents.
type Coarse struct {
	Items []bool
	Class []int32  // by the set's class: an index of the set's classes with Names behind them
	Names []string // classes that the set does not have
}

// Coarsened takes the objects of a share of items for what another name says of their classes; those of which it says nothing stay. The items are drawn by the
// stream "coarse" of the seed from their content, and a smaller share lies within a larger one.
func (s *Set) Coarsened(items []int, share float64, parent map[string]string, seed uint64) *Coarse {
	c := &Coarse{Items: make([]bool, len(s.Items))}
	for _, i := range s.byLot(items, tensor.NewStream(seed, "coarse"), 0)[:int(math.Round(share*float64(len(items))))] {
		c.Items[i] = true
	}
	for k, name := range s.Classes {
		of := parent[name]
		if of == "" {
			c.Class = append(c.Class, int32(k))
			continue
		}
		at := slices.Index(s.Classes, of)
		if at < 0 {
			if at = slices.Index(c.Names, of); at < 0 {
				at, c.Names = len(c.Names), append(c.Names, of)
			}
			at += len(s.Classes)
		}
		c.Class = append(c.Class, int32(at))
	}
	return c
}

// class is what an object of a class in an item is taken for.
func (c *Coarse) class(item int, class int32) int32 {
	if c == nil || !c.Items[item] {
		return class
	}
	return c.Class[class]
}

// Within is the overlay with all items but the given ones left out.
func (o Overlay) Within(s *Set, items []int) Overlay {
	draws := make([]float32, len(s.Items))
	for _, i := range items {
		draws[i] = 1
		if o.Draws != nil {
			draws[i] = o.Draws[i]
		}
	}
	o.Draws = draws
	return o
}

// Once reports whether no item is seen more than once in an epoch.
func (o Overlay) Once() bool {
	return !slices.ContainsFunc(o.Draws, func(n float32) bool { return n > 1 })
}

// Digest identifies what an overlay changes, given the digest of its set; "" for nothing. It is a part of a training's identity.
func (o Overlay) Digest() string {
	if o.Labels == nil && o.Draws == nil && o.Counts == nil && o.Coarse == nil {
		return ""
	}
	sum := sha256.New()
	put := func(name string, n int, at func(int) uint32) {
		fmt.Fprintf(sum, "%s %d\n", name, n)
		var b [4]byte
		for i := range n {
			binary.LittleEndian.PutUint32(b[:], at(i))
			sum.Write(b[:])
		}
	}
	put("labels", len(o.Labels), func(i int) uint32 { return uint32(o.Labels[i]) })
	put("draws", len(o.Draws), func(i int) uint32 { return math.Float32bits(o.Draws[i]) })
	if o.Counts != nil {
		put("counts", len(o.Counts), func(i int) uint32 { return math.Float32bits(o.Counts[i]) })
	}
	if c := o.Coarse; c != nil {
		put("coarse", len(c.Items), func(i int) uint32 {
			if c.Items[i] {
				return 1
			}
			return 0
		})
		put("coarse classes", len(c.Class), func(i int) uint32 { return uint32(c.Class[i]) })
		fmt.Fprintf(sum, "%q\n", c.Names)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// check reports lists that are not of the set.
func (o Overlay) check(s *Set) error {
	for name, n := range map[string]int{"labels": len(o.Labels), "draws": len(o.Draws), "counts": len(o.Counts)} {
		if n != 0 && n != len(s.Items) {
			return fmt.Errorf("%s: an overlay of %d %s over %d items; give one for each", s.Name, n, name, len(s.Items))
		}
	}
	if c := o.Coarse; c != nil && (len(c.Items) != len(s.Items) || len(c.Class) != len(s.Classes)) {
		return fmt.Errorf("%s: an overlay takes objects of %d items for others of %d classes, and there are %d and %d; give one for each", s.Name, len(c.Items), len(c.Class), len(s.Items), len(s.Classes))
	}
	for i, label := range o.Labels {
		if label < 0 || int(label) >= len(s.Classes) {
			return fmt.Errorf("%s: an overlay takes item %d for class %d of %d; give 0 to %d", s.Name, i, label, len(s.Classes), len(s.Classes)-1)
		}
	}
	for i, d := range o.Draws {
		if !(d >= 0 && d <= 1024) {
			return fmt.Errorf("%s: an overlay sees item %d %g times an epoch; give 0 to 1024", s.Name, i, d)
		}
	}
	for i, w := range o.Counts {
		if !(w >= 0) || math.IsInf(float64(w), 0) {
			return fmt.Errorf("%s: an overlay counts item %d as %g; give 0 or more", s.Name, i, w)
		}
	}
	return nil
}

// Label is what an item is taken for.
func (o Overlay) Label(s *Set, item int) int32 {
	if o.Labels != nil {
		return o.Labels[item]
	}
	return s.Items[item].Label
}

// share is how often an item is seen in an epoch, with 20 bits behind the point: in whole numbers, so that their sum does not depend on
// the order.
func (o Overlay) share(item int) int64 {
	if o.Draws == nil {
		return 1 << 20
	}
	return int64(math.Round(float64(o.Draws[item]) * (1 << 20)))
}

// visit is an item in the order of an epoch, and which time of its times in it, from 0.
type visit struct{ item, again int }

// Visits is how often the items are seen in an epoch, all together.
func (o Overlay) Visits(items []int) int {
	var sum int64
	for _, i := range items {
		sum += o.share(i)
	}
	return int(sum >> 20)
}

// order is an epoch's: items ranked by the numbers that their contents draw, for each time that they are seen one of its own. An item that
// is seen 2.3 times on average is seen twice or three times: along the first ranking, shares are added up from a number
// that the epoch draws, and an item is seen as often as a whole number is passed. So an epoch has always as many images, and where an
// item is seen once or never, all others keep their places.
func (s *Set) order(items []int, o Overlay, stream tensor.Stream, epoch int) []visit {
	ranked := s.byLot(items, stream, epoch)
	visits := make([]visit, 0, len(ranked))
	if o.Draws == nil {
		for _, i := range ranked {
			visits = append(visits, visit{i, 0})
		}
		return visits
	}
	passed := int64(stream.At(uint64(epoch), 0).Uint32() >> 12)
	most := int64(0)
	times := make([]int64, len(s.Items))
	for _, i := range ranked {
		next := passed + o.share(i)
		times[i] = next>>20 - passed>>20
		passed, most = next, max(most, times[i])
	}
	if most <= 1 {
		for _, i := range ranked {
			if times[i] > 0 {
				visits = append(visits, visit{i, 0})
			}
		}
		return visits
	}
	var all []drawn
	copies := 0
	for k, i := range items {
		if copies++; k == 0 || s.Items[i].Hash != s.Items[items[k-1]].Hash {
			copies = 0
		}
		for again := range times[i] {
			all = append(all, drawn{lot(stream, s.Items[i].Hash, epoch, copies|int(again)<<21), len(visits)})
			visits = append(visits, visit{i, int(again)})
		}
	}
	rank(all)
	inOrder := make([]visit, len(all))
	for k, d := range all {
		inOrder[k] = visits[d.index]
	}
	return inOrder
}
