package architecture

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
)

// Widths are the maps of an inception module's branches as its papers' tables give them: 1x1 | 1x1 -> 3x3 | 1x1 -> 5x5 |
// pooling -> 1x1. In a file a list of four: numbers of maps or, none above 1, shares of all; a pair [r, n] is a branch of n
// behind a 1x1 convolution to r; 0 leaves a branch out. The word v1 stands for [0.25, 0.5, 0.125, 0.125]: those of the first
// module of GoogLeNet, 64, 128, 32 and 32 of 256, and near the average of its nine.
type Widths [4][2]float64 // {0 where no r is given, n} of each branch

// V1 is the word v1.
var V1 = Widths{{0, 0.25}, {0, 0.5}, {0, 0.125}, {0, 0.125}}

const widthsForm = "branches: want v1, or a list of 4 as in [64, [96, 128], [16, 32], 32]: maps or shares of the 1x1, 3x3, 5x5 and pooling branch"

// UnmarshalSpec reads a list of four, or v1.
func (w *Widths) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar && n.Text() == "v1" {
		*w = V1
		return nil
	}
	if n.Kind != spec.List || n.Len() != len(w) {
		return n.Errorf("%s", widthsForm)
	}
	*w = Widths{}
	for i, item := range n.Items() {
		pair := w[i][1:]
		if item.Kind == spec.List && item.Len() == 2 && (i == 1 || i == 2) {
			pair = w[i][:]
		}
		each := []*spec.Node{item}
		if item.Kind == spec.List {
			each = nil
			for _, one := range item.Items() {
				each = append(each, one)
			}
		}
		if len(each) != len(pair) {
			return item.Errorf("%s", widthsForm)
		}
		for j, one := range each {
			v, err := one.Float()
			if err != nil {
				return err
			}
			pair[j] = v
		}
	}
	return nil
}

// MarshalSpec writes what UnmarshalSpec reads.
func (w Widths) MarshalSpec() (*spec.Node, error) {
	if w == V1 {
		return spec.NewText("v1"), nil
	}
	list := spec.NewList()
	for _, pair := range w {
		if pair[0] == 0 {
			list.Append(spec.NewFloat(pair[1]))
		} else {
			list.Append(spec.NewList(spec.NewFloat(pair[0]), spec.NewFloat(pair[1])))
		}
	}
	return list, nil
}

// check faults numbers that are neither shares of a whole nor numbers of maps.
func (w Widths) check() error {
	fault := func(format string, args ...any) error {
		return &spec.Fault{Path: "$.branches", Msg: fmt.Sprintf("branches "+format, args...)}
	}
	sum := 0.0
	for _, pair := range w {
		for _, v := range pair {
			if !(v >= 0 && v <= 1<<20) || !w.shares() && v != math.Trunc(v) {
				return fault("hold %g; give whole numbers of maps, or shares of which none is above 1", v)
			}
		}
		sum += pair[1]
	}
	if w.shares() && math.Abs(sum-1) > 1e-3 {
		return fault("of shares that sum to %g; let them sum to 1", sum)
	}
	return nil
}

// shares reports whether the numbers are shares of all maps.
func (w Widths) shares() bool {
	for _, pair := range w {
		if pair[0] > 1 || pair[1] > 1 {
			return false
		}
	}
	return true
}

// total is the number of maps that the branches give; of shares, those of n.
func (w Widths) total(n int) int {
	if w.shares() && w != (Widths{}) {
		return n
	}
	sum := 0.0
	for _, pair := range w {
		sum += pair[1]
	}
	return int(sum)
}

// striding are the widths of a module that strides: it has the 3x3 and 5x5 branches alone, whose shares fill what the pooling
// leaves.
func (w Widths) striding() Widths {
	whole := 1.0
	if w.shares() {
		whole = w[1][1] + w[2][1]
	}
	var s Widths
	for i := 1; i <= 2 && whole > 0; i++ {
		s[i] = [2]float64{w[i][0] / whole, w[i][1] / whole}
	}
	return s
}

// of gives the branches of a module of n maps, or says why there is none. Shares are rounded so that they sum to n. Reductions
// are those that are given.
func (w Widths) of(n int) (m module.Branches, reason string) {
	if total := w.total(n); total != n {
		return m, fmt.Sprintf("gives %d maps, the branches %d", n, total)
	}
	whole, sum, before := 1.0, 0.0, 0
	if w.shares() {
		whole = float64(n)
	}
	var maps [4][2]int
	for i, pair := range w {
		sum += pair[1]
		to := int(math.Round(sum * whole))
		maps[i][1], before = to-before, to
		if pair[1] > 0 && maps[i][1] < 1 {
			return m, fmt.Sprintf("gives %d maps, too few for the branches", n)
		}
		if pair[0] > 0 {
			maps[i][0] = max(1, int(math.Round(pair[0]*whole)))
		}
	}
	return module.Branches{One: maps[0][1], Three: maps[1], Five: maps[2], Proj: maps[3][1]}, ""
}

// reduces lets f give the reduction of the 3x3 (i = 1) and 5x5 (i = 2) branches where the widths give none.
func (w Widths) reduces(m *module.Branches, f func(i, maps int) int) {
	for i, pair := range []*[2]int{&m.Three, &m.Five} {
		if w[i+1][0] == 0 && pair[1] > 0 {
			pair[0] = f(i, pair[1])
		}
	}
}
