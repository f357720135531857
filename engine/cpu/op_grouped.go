package cpu

import "github.com/assaylab/assay/internal/program"

// Weights of groups of 4 or 8 channels as kernels of groups take them (kernel/depthwise.go): sixteen channels together, of each those by
// which it sees itself and the others of its group, in the order of the exclusive-or.

// groupedLen is how many weights so many taps have, those of channels that fill up sixteen with them.
func groupedLen(taps, per, c int) int {
	if per == 1 {
		return taps * c
	}
	return taps * per * up(c, lane)
}

// groupWeights lays those of some taps of w, [taps][per][c], out: by what channel i reads, or turned, by whom it is read.
func groupWeights(to, w []float32, taps []int, per, c int, turned bool) {
	for t, tap := range taps {
		for g := range per {
			for i := range c {
				o := (tap*per+(i%per^g))*c + i
				if turned {
					o = (tap*per+i%per)*c + (i ^ g)
				}
				to[((i/lane*len(taps)+t)*per+g)*lane+i%lane] = w[o]
			}
		}
	}
}

// grouped adds the step that lays out all weights; those of channels alone lie as they must.
func (b *planner) grouped(n *program.Node, w *value, taps, per, c int) *value {
	if per == 1 {
		return w
	}
	packed := b.temp("packed", groupedLen(taps, per, c))
	p := b.bag(n, "pack", 1, packed).knowing(w)
	p.build = func() {
		all := allOf(taps)
		p.task = func(wk *worker, _ int) { groupWeights(wk.f.whole(packed), wk.f.whole(w), all, per, c, false) }
	}
	return packed
}

// ungrouped adds the step that puts sums by weight in the order of dw.
func (b *planner) ungrouped(n *program.Node, dw, sums *value, taps, per, c int) {
	p := b.bag(n, "unpack", 1, dw).knowing(sums)
	p.build = func() {
		p.task = func(wk *worker, _ int) {
			d, from := wk.f.whole(dw), wk.f.whole(sums)
			for t := range taps {
				for g := range per {
					for i := range c {
						d[(t*per+(i%per^g))*c+i] = from[((i/lane*taps+t)*per+g)*lane+i%lane]
					}
				}
			}
		}
	}
}
