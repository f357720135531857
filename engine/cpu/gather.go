package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// The gathered matrix product (kernel/conv.go) that convolutions, their gradients by the input and products of matrices all are,
// told apart by tables: where each output pixel finds its input, and how the product is cut into blocks that stay in cache.

// gather is the tables of one product: out pixel p of T pictures is the sum over taps at xoff[p].
type gather struct {
	xoff, yoff []int32
	taps       []int32
	run        int
	weights    int    // where this product's panels begin in the packed weights
	k          int    // taps · run
	cut        int    // taps a call
	panels     int    // columns that pass over a block of pixels before the next block
	block      int    // pixels a call
	bench      int    // elements of the scratch for panels packed when their turn comes
	pack       packer // packs panels when their turn comes, instead of a step before; nil: they are packed
}

// packer makes the panels of some rows and columns of from, as far as they are needed next.
type packer func(to, from []float32, row, rows, col, cols int)

// Choices by shape and level, version TableVersion.
const (
	tablePixels = 192       // pictures go into one table until it holds so many pixels, so that tails are rare on small maps
	cutBytes    = 20 << 10  // of a panel that a call walks: it stays in the first-level cache for all pixels of the block
	panelsBytes = 128 << 10 // of the panels that pass over a block: they stay in the second-level cache for all blocks
	blockBytes  = 24 << 10  // of x under a block of pixels
)

// convTile is the tile that wastes the fewest lanes on so many columns; a narrow tile does about a tenth less a lane.
func convTile(k *kernel.Set, cols int) *kernel.ConvTile {
	best, cost := 0, math.Inf(1)
	for i, t := range k.Conv {
		c := float64((cols+t.NR-1)/t.NR*t.NR) * (1 + 0.1*float64(i))
		if c < cost {
			best, cost = i, c
		}
	}
	return &k.Conv[best]
}

// fit splits long taps and chooses the three blocks of a matrix product (Goto, van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication", 2008): rows of w, columns of w, pixels. perPixel is how much of x a pixel brings along.
func (g *gather) fit(tile *kernel.ConvTile, cols, perPixel int) {
	rows := max(cutBytes/(4*tile.NR), 1)
	for parts := (g.run + rows - 1) / rows; parts > 1 && parts <= g.run/64; parts++ { // a length without fitting divisor stays whole
		if g.run%parts != 0 {
			continue
		}
		var taps []int32
		for _, t := range g.taps {
			for p := range parts {
				taps = append(taps, t+int32(p*g.run/parts))
			}
		}
		g.taps, g.run = taps, g.run/parts
		break
	}
	g.cut = max(min(rows/g.run, len(g.taps)), 1)
	g.panels = max(panelsBytes/(4*tile.NR*g.cut*g.run), 1) * tile.NR
	g.block = len(g.xoff)
	if cols > tile.NR {
		g.block = max(blockBytes/(4*min(perPixel, g.cut*g.run))/tile.MR, 4) * tile.MR
	}
}

// start is the one tap of a matrix product.
var start = []int32{0}

// product computes the given columns of y for pixels p0 to p1 of the tables. The sum of an output runs in the order of the
// taps, whatever the blocks.
func (w *worker) product(tile *kernel.ConvTile, g *gather, p0, p1 int, x, y, packed, bias []float32, cols int, add, relu bool) {
	a := &w.conv
	a.X, a.Run = x, g.run
	for t := 0; t == 0 || t < len(g.taps); t += g.cut {
		u := min(t+g.cut, len(g.taps))
		a.Taps = g.taps[t:u]
		a.Add = add || t > 0
		a.ReLU = relu && u == len(g.taps)
		for from := 0; from < cols; from += g.panels {
			to := min(from+g.panels, cols)
			panels, apart := w.bench, (u-t)*g.run
			if g.pack != nil {
				g.pack(panels, packed, t*g.run, apart, from, to-from)
			} else {
				panels, apart = packed[g.weights+from*g.k+t*g.run*tile.NR:], g.k
			}
			for p := p0; p < p1; p += g.block {
				e := min(p+g.block, p1)
				a.XOff, a.YOff = g.xoff[p:e], g.yoff[p:e]
				for j := from; j < to; j += tile.NR {
					a.Cols = min(tile.NR, cols-j)
					a.W = panels[(j-from)*apart:]
					a.Bias = nil
					if bias != nil && t == 0 {
						a.Bias = bias[j:][:a.Cols]
					}
					a.Y = y[j:]
					tile.Run(a)
				}
			}
		}
	}
}
