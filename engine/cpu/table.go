package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// The table of choices. What kernel, tile and block a step gets follows from op, shape and level by the figures of one table a
// level (table_data.go): data of the program, never measured at run time, because most of them decide the order of sums. Equal
// version and level give equal bits on any machine; a changed figure is a new TableVersion, which a test sees to.
//
// Not here is what is no figure of a machine: the cache line (lane, in layout.go), and into how many tasks work is cut at least so
// that some tens of threads find some (minChunks and its like).

// table is the figures of one level. Bytes and counts are of float32 values and of what one worker has under way.
type table struct {
	made string // on which machine, and when

	// Tiles by name: time a multiply-add lane, 1 for the level's best. A level may only choose tiles that are here.
	conv, wgrad map[string]float64
	panelPass   float64 // lanes that a panel's way over a pixel costs besides, as x is read once more

	// 3x3 by minimal filtering (op_winograd.go). Costs are in multiply-adds of the best tile.
	tileStart         float64 // of a sum's first and last: what an output costs before anything is added to it
	winogradIn        float64 // of the transform of a channel of a square of x
	winogradOut       float64 // of that of a channel of a square of y
	winogradExtra     float64 // what minimal filtering takes by those costs, 1 for just what they say; 0: this level has none
	winogradGradExtra float64 // the same of the gradient by the weights
	lyingGain         float64 // the share of the time that its sums may take lying to be worth turning over

	fewestInAll   int // squares of all pictures: to fewer the weights come faster as they are, 9/16 as many
	squaresBytes  int // of a block's transformed values
	fewestSquares int // in a block, where there are as many
	mostSquares   int // in a block, at most
	minimalHeavy  int // bytes of transformed weights that are too many for a chain
	minimalPart   int // weights of a place that a task of the gradient owns

	// Chunks and forks (plan.go).
	chunkBytes int // of the operands of a step for a chunk's pictures: they stay in the second-level cache
	tinyBytes  int // less than this in all is not worth a fork

	// How a convolution is shared out (cut.go).
	heavyBytes int // of weights of a convolution that are too many for a chain
	sliceBytes int // of weights that a task keeps near
	taskPixels int // pixels a task covers at least, if there are as many

	// The same where pictures are few.
	fewMACs    int // multiply-adds of a picture that are worth a fork
	fetchMACs  int // that take as long as fetching an operand from the second-level cache
	taskMACs   int // that take as long as beginning a product
	farWeights int // that come from memory in the time that an element of x takes from another core's cache

	// Blocks of a product (gather.go).
	tablePixels int // pictures go into one table until it holds so many pixels, so that tails are rare on small maps
	cutBytes    int // of a panel that a call walks: it stays in the first-level cache for all pixels of the block
	panelsBytes int // of the panels that pass over a block: they stay in the second-level cache for all blocks
	blockBytes  int // of x under a block of pixels

	// Gradients by weights (op_convgradweight.go).
	wgradPixels int // pixels of a block: a cache line of x and two of dy each fit the first-level cache
	ownBytes    int // of weights that a task owns, at most

	// Products of matrices (op_matmul.go).
	matRows         int // rows a task covers, at most
	matPanels       int // panels a task covers, at most
	streamedRows    int // rows of a product that is not worth packing for, at most
	streamedColumns int // columns a task of such a product covers, at most
	streamedDepth   int // rows of the matrix that a tile walks down

	// Recurrent sweeps (op_recurrent.go).
	sweepRows  int // sequences that a chunk holds at least, for each walk over the recurrent weight
	sweepBytes int // of the products of a block
}

// tilesFor chooses the tiles that cost the least for so many columns.
func (b *planner) tilesFor(cols int) tiles {
	var best tiles
	least := math.Inf(1)
	for i := range b.k.Conv {
		main := &b.k.Conv[i]
		full := cols / main.NR * main.NR
		for j := range b.k.Conv {
			last := &b.k.Conv[j]
			t := tiles{main, last, full, cols}
			if cost := b.lanes(t) + float64(b.t.panelPass*float64((cols+main.NR-1)/main.NR)); cost < least && cols-full <= last.NR {
				best, least = t, cost
			}
		}
	}
	return best
}

// wgradTile is the tile that costs the least for so many columns, of those that take rows in runs that channels of x are a
// multiple of.
func (b *planner) wgradTile(cin, cols int) *kernel.WgradTile {
	var best *kernel.WgradTile
	least := math.Inf(1)
	for i := range b.k.Wgrad {
		t := &b.k.Wgrad[i]
		if c := float64(float64(up(cols, t.NR))*b.t.wgrad[t.Name]) + float64(b.t.panelPass*float64((cols+t.NR-1)/t.NR)); c < least && cin%t.Rows == 0 {
			best, least = t, c
		}
	}
	return best
}

// wgradLying is wgradTile's choice for so many channels of x and of dy, and whether the sums are better computed lying: channels of dy
// for rows and those of x for columns, because the former are few or odd and would leave lanes empty. A sum of one term each costs so much.
func (b *planner) wgradLying(cin, cout int) (t *kernel.WgradTile, lying bool, lanes float64) {
	cost := func(t *kernel.WgradTile, rows, cols int) float64 {
		return float64(up(rows, t.MR)*up(cols, t.NR)) * b.t.wgrad[t.Name]
	}
	t = b.wgradTile(cin, cout)
	lanes = cost(t, cin, cout)
	least := b.t.lyingGain * lanes
	for i := range b.k.Wgrad {
		l := &b.k.Wgrad[i]
		if c := cost(l, cout, cin); c < least && cout%l.Rows == 0 {
			t, least, lanes, lying = l, c, c, true
		}
	}
	return t, lying, lanes
}

// lanes is the cost of a sum of one term in each column.
func (b *planner) lanes(t tiles) float64 {
	return float64(float64(t.full)*b.t.conv[t.main.Name]) + float64(float64(up(t.cols-t.full, t.last.NR))*b.t.conv[t.last.Name])
}

// costs is what a 3x3 convolution of cin to cout channels takes for a picture of h by w outputs, or its gradient by the weights:
// direct, and by minimal filtering.
func (b *planner) costs(h, w, cin, cout int, grad bool) (direct, minimal float64) {
	squares, in := float64((h+1)/2*((w+1)/2)), float64(cin)
	transforms := float64(b.t.winogradIn*float64(up(cin, lane))) + float64(b.t.winogradOut*float64(up(cout, lane)))
	if grad { // sums stay in registers from pixel to pixel
		tile := b.wgradTile(cin, cout)
		lanes := float64(up(cout, tile.NR)) * b.t.wgrad[tile.Name]
		_, _, products := b.wgradLying(cin, cout)
		return float64(h*w) * 9 * in * lanes, b.t.winogradGradExtra * squares * (float64(16*products) + transforms)
	}
	lanes := b.lanes(b.tilesFor(cout))
	return float64(h*w) * lanes * (float64(9*in) + b.t.tileStart), b.t.winogradExtra * squares * (float64(16*lanes*(in+b.t.tileStart)) + transforms)
}
