package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// The gathered matrix product (kernel/conv.go) that convolutions, their gradients by the input and products of matrices all are,
// told apart by tables: where each output pixel finds its input, and how the product is cut into blocks that stay in cache.

// gather is the tables of one product: out pixel p of T pictures is the sum over taps at xoff[p].
type gather struct {
	xoff, yoff []int32
	taps       []int32
	run        int
	far        bool   // the outputs lie in memory, not in a cache
	weights    int    // where this product's panels begin in the packed weights
	k          int    // taps · run
	cut        int    // taps a call
	panels     int    // columns that pass over a block of pixels before the next block
	block      int    // pixels a call
	walk       bool   // every panel from end to end, not row by row of all: it is needed once
	bench      int    // elements of the scratch for panels packed when their turn comes
	pack       packer // packs panels when their turn comes, instead of a step before; nil: they are packed
}

// packer makes the panels of some rows and columns of from, as far as they are needed next.
type packer func(to, from []float32, row, rows, col, cols int)

// tiles is how columns are shared out to kernels: panels of the main tile's width, then one of the last tile's.
type tiles struct {
	main, last *kernel.ConvTile
	full, cols int // columns that main covers, and all
}

// at is the tile of column j, the first of a panel.
func (t *tiles) at(j int) *kernel.ConvTile {
	if j < t.full {
		return t.main
	}
	return t.last
}

// name is "12x32", or "12x32+12x16" where the last panel has another tile.
func (t *tiles) name() string {
	switch {
	case t.full == 0:
		return t.last.Name
	case t.full < t.cols && t.last != t.main:
		return t.main.Name + "+" + t.last.Name
	}
	return t.main.Name
}

// panelLen is the length of the packed form of k rows.
func (t *tiles) panelLen(k int) int { return t.full*k + kernel.PanelLen(k, t.cols-t.full, t.last.NR) }

// pack makes the panels of k rows of w, ld apart.
func (t *tiles) pack(s *kernel.Set, dst, w []float32, k, ld int) {
	if t.full > 0 {
		s.Pack(dst, w, k, t.full, ld, t.main.NR)
	}
	if t.full < t.cols {
		s.Pack(dst[t.full*k:], w[t.full:], k, t.cols-t.full, ld, t.last.NR)
	}
}

// scale multiplies the columns of packed weights.
func (t *tiles) scale(packed, by []float32, k int) {
	for j := 0; j < t.cols; {
		nr := t.at(j).NR
		for r := range k {
			row := packed[j*k+r*nr:][:nr]
			for i := range min(nr, t.cols-j) {
				row[i] *= by[j+i]
			}
		}
		j += nr
	}
}

// packTranspose makes the panels of a product by the transpose: see [kernel.Set].
func (t *tiles) packTranspose(s *kernel.Set, dst, w []float32, taps []int32, cout, ld int) {
	if t.full > 0 {
		s.PackTranspose(dst, w, taps, t.full, cout, ld, t.main.NR)
	}
	if t.full < t.cols {
		s.PackTranspose(dst[t.full*len(taps)*cout:], w[t.full*ld:], taps, t.cols-t.full, cout, ld, t.last.NR)
	}
}

// fit splits long taps and chooses the three blocks of a matrix product (Goto, van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication", 2008): rows of w, columns of w, pixels. perPixel is how much of x a pixel brings along. Where the pixels
// pass in one block every panel is needed once and walked from end to end, one stream of memory: pieces of 16 KB of all panels in turn cost
// a linear layer of one picture a third of its speed on a Zen 4, as a prefetcher starts anew at each.
func (g *gather) fit(t *table, ts *tiles, cols, perPixel int) {
	tile := ts.at(0)
	rows := max(t.cutBytes/(4*tile.NR), 1)
	if g.pack == nil && len(g.xoff) <= tile.MR {
		rows = max(g.k, 1) // nothing of a panel is needed twice
	}
	for parts := (g.run + rows - 1) / rows; parts > 1 && parts <= g.run/64; parts++ { // a length without fitting divisor stays whole
		if g.run%parts != 0 {
			continue
		}
		var taps []int32
		for _, tap := range g.taps {
			for p := range parts {
				taps = append(taps, tap+int32(p*g.run/parts))
			}
		}
		g.taps, g.run = taps, g.run/parts
		break
	}
	g.cut = max(min(rows/g.run, len(g.taps)), 1)
	g.panels = max(t.panelsBytes/(4*tile.NR*g.cut*g.run), 1) * tile.NR
	g.block = len(g.xoff)
	if cols > tile.NR {
		g.block = max(t.blockBytes/(4*min(perPixel, g.cut*g.run))/tile.MR, 4) * tile.MR
	}
	if g.pack == nil && len(g.xoff) <= g.block {
		g.panels, g.walk = tile.NR, true
	}
}

// start is the one tap of a matrix product.
var start = []int32{0}

// product computes columns c0 to c1 for pixels p0 to p1 of the tables; y begins at column c0. The sum of an output runs in the order of the taps,
// whatever the blocks.
func (w *worker) product(ts *tiles, g *gather, p0, p1, c0, c1 int, x, y, packed, bias []float32, add, relu bool) {
	a := &w.conv
	a.X, a.Run, a.Far = x, g.run, g.far
	columns := c1 - c0
	if g.walk {
		columns = g.panels
	}
	for j0 := c0; j0 < c1; j0 += columns {
		j1 := min(j0+columns, c1)
		for t := 0; t == 0 || t < len(g.taps); t += g.cut {
			u := min(t+g.cut, len(g.taps))
			a.Taps = g.taps[t:u]
			a.Add = add || t > 0
			a.ReLU = relu && u == len(g.taps)
			for from := j0; from < j1; from += g.panels {
				to := min(from+g.panels, j1)
				panels, apart := w.bench, (u-t)*g.run
				if g.pack != nil {
					g.pack(panels, packed, t*g.run, apart, from, to-from)
				} else {
					panels, apart = packed[g.weights+from*g.k:], g.k
				}
				for p := p0; p < p1; p += g.block {
					e := min(p+g.block, p1)
					a.XOff, a.YOff = g.xoff[p:e], g.yoff[p:e]
					for j := from; j < to; {
						tile := ts.at(j)
						a.Cols = min(tile.NR, to-j)
						a.W = panels[(j-from)*apart:]
						if g.pack == nil {
							a.W = a.W[t*g.run*tile.NR:]
						}
						a.Bias = nil
						if bias != nil && t == 0 {
							a.Bias = bias[j:][:a.Cols]
						}
						a.Y = y[j-c0:]
						tile.Run(a)
						j += tile.NR
					}
				}
			}
		}
	}
}
