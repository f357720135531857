package kernel

import (
	"fmt"
	"math"
	"testing"
)

// cells is every kernel of a recurrent step, with the maps that it touches and how many gates each has.
var cells = []struct {
	name string
	run  func(s Set, a *Cell)
	maps func(a *Cell) map[*Map]int
}{
	{"lstm", func(s Set, a *Cell) { s.LSTM(a) }, func(a *Cell) map[*Map]int {
		return map[*Map]int{&a.X: 4, &a.P: 4, &a.G: 4, &a.Before: 1, &a.C: 1, &a.H: 1}
	}},
	{"lstm-grad", func(s Set, a *Cell) { s.LSTMGrad(a) }, func(a *Cell) map[*Map]int {
		return map[*Map]int{&a.G: 4, &a.Before: 1, &a.C: 1, &a.DY: 1, &a.DH: 1, &a.DC: 1, &a.DX: 4}
	}},
	{"gru", func(s Set, a *Cell) { s.GRU(a) }, func(a *Cell) map[*Map]int {
		return map[*Map]int{&a.X: 3, &a.P: 3, &a.G: 4, &a.Before: 1, &a.H: 1}
	}},
	{"gru-grad", func(s Set, a *Cell) { s.GRUGrad(a) }, func(a *Cell) map[*Map]int {
		return map[*Map]int{&a.G: 4, &a.Before: 1, &a.DY: 1, &a.DH: 1, &a.DX: 3, &a.DP: 3}
	}},
}

// places lists the maps of a cell in the order of the struct.
func (a *Cell) places() []*Map {
	return []*Map{&a.X, &a.P, &a.G, &a.Before, &a.C, &a.H, &a.DY, &a.DH, &a.DC, &a.DX, &a.DP}
}

// newCell gives each of the maps its memory between guards; x and g are one map where asked for.
func newCell(rows, units, more int, maps func(a *Cell) map[*Map]int, inPlace bool) (a *Cell, all []float32) {
	a = &Cell{Rows: rows, Units: units}
	gates := maps(a)
	width := 5*units + more
	all = make([]float32, len(a.places())*(rows*width+32))
	for i := range all {
		all[i] = guard
	}
	for i, m := range a.places() {
		if gates[m] == 0 {
			continue
		}
		*m = Map{Data: all[i*(rows*width+32)+16:][:rows*width+1], Row: gates[m]*units + more}
		for r := range rows {
			x, _ := guarded(gates[m]*units, uint64(100*i+r))
			copy(m.Data[r*m.Row:], x)
		}
	}
	if inPlace {
		a.G = a.X
	}
	return a, all
}

func TestCellsMatchGenericAtAllWidths(t *testing.T) {
	generic := Generic()
	for _, s := range fast(t) {
		for _, k := range cells {
			t.Run(s.Name+"/"+k.name, func(t *testing.T) {
				for units := range 68 {
					for rows := range 4 {
						inPlace := k.name == "lstm" && rows == 2
						got, all := newCell(rows, units, 5*(rows%2), k.maps, inPlace)
						want, wanted := newCell(rows, units, 5*(rows%2), k.maps, inPlace)
						if rows == 3 {
							got.Before.Row, want.Before.Row = 0, 0
						}
						k.run(generic, want)
						k.run(s, got)
						compare(t, all, wanted, 2e-6)
						if t.Failed() {
							t.Fatalf("at %d rows of %d units", rows, units)
						}
					}
				}
			})
		}
	}
}

func TestCellsAllocateNothing(t *testing.T) {
	for _, s := range Levels() {
		for _, k := range cells {
			a, _ := newCell(3, 21, 0, k.maps, false)
			if n := testing.AllocsPerRun(3, func() { k.run(s, a) }); n != 0 {
				t.Errorf("%s/%s allocates %v times", s.Name, k.name, n)
			}
		}
	}
}

func TestCellsKeepNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, s := range Levels() {
		for _, k := range []int{0, 2} { // the forward ones
			k := cells[k]
			a, _ := newCell(1, 19, 0, k.maps, false)
			for i := range a.P.Data {
				a.P.Data[i] = nan
			}
			k.run(s, a)
			for i, v := range a.H.row(0, 19) {
				if v == v {
					t.Fatalf("%s/%s hides a NaN: unit %d is %v", s.Name, k.name, i, v)
				}
			}
		}
	}
}

func BenchmarkCells(b *testing.B) {
	for _, s := range Levels() {
		for _, k := range cells {
			for _, units := range []int{64, 256} {
				b.Run(fmt.Sprintf("%s/%s/%d", s.Name, k.name, units), func(b *testing.B) {
					const rows = 12
					a, _ := newCell(rows, units, 0, k.maps, false)
					for b.Loop() {
						k.run(s, a)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*units), "ns/unit")
				})
			}
		}
	}
}
