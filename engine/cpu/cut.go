package cpu

import "github.com/assaylab/assay/program"

// How a convolution's product is shared out. With few weights it goes picture by picture in a chain, its operands in the
// second-level cache. With many, a chunk of few pictures would fetch them all from far away for little work, so it is a bag of
// tasks, each some pictures by some columns whose weights stay near while the pictures pass; of few pictures, some rows of one.
//
// Tried on AMD Zen 4 (1 MB of second-level cache), VGG-11 at 64 pixels, batch 32, share of one core's peak: chains through all
// layers 49 % on 4x4 maps of 512 channels and 75 % on 8x8.
type cut struct {
	n, images int // pictures in all and in a task
	h, rows   int // rows of a picture and of a task
	g         int // groups
	c         int // columns of a group
	columns   int // of a task

	blocks, bands, panels int // how many of each: 1 where nothing is cut
	bag                   bool
}

// piece is what a task covers: pictures, rows, groups, columns of a group.
type piece struct{ n0, n1, r0, r1, g0, g1, c0, c1 int }

// mostTasks is how many tasks a bag has at most, where pictures are many: more would be forks for little each.
const mostTasks = 128

// pictures is no cut at all: picture by picture.
func pictures(y *value, groups int) cut {
	return cut{n: y.n, images: y.n, h: y.h, rows: y.h, g: groups, c: y.c / groups, columns: y.c / groups, blocks: 1, bands: 1, panels: 1}
}

// cutProduct decides for a convolution of k weights a column, cols columns a group.
func (t *table) cutProduct(y *value, groups, k, cols, nr int) cut {
	c := pictures(y, groups)
	few := y.n < minChunks && y.n*y.elems()*k >= t.fewMACs
	if 4*k*cols*groups <= t.heavyBytes && !few {
		return c
	}
	c.bag = true
	c.columns = min(max(t.sliceBytes/(4*k)/nr, 1)*nr, cols)
	c.panels = (cols + c.columns - 1) / c.columns
	c.columns = up((cols+c.panels-1)/c.panels, nr)
	pixels := max(t.taskPixels, y.n*y.h*y.w*c.panels*groups/mostTasks)
	c.images = min((pixels+y.h*y.w-1)/(y.h*y.w), y.n)
	if few {
		c.images = 1
	}
	c.blocks = (y.n + c.images - 1) / c.images
	if few {
		for c.bands*c.blocks*c.panels*groups < minChunks && y.h*y.w >= 2*c.bands*t.bandPixels && 2*c.bands <= y.h {
			c.bands *= 2
		}
		for c.bands*c.blocks*c.panels*groups < minChunks && c.columns > nr {
			c.columns = up(c.columns/2, nr)
			c.panels = (cols + c.columns - 1) / c.columns
		}
		c.rows = (y.h + c.bands - 1) / c.bands
		c.bands = (y.h + c.rows - 1) / c.rows
	}
	return c
}

// cut adds a step for y that is shared out so.
func (b *planner) cut(n *program.Node, what string, y *value, c cut) *step {
	if c.bag {
		return b.bag(n, what, c.blocks*c.bands*c.panels*c.g, y)
	}
	return b.local(n, what, y)
}

// group is how many pictures follow one another at most.
func (c cut) group(s *step) int {
	if c.bag {
		return c.images
	}
	return s.ph.group
}

// run gives the step its body.
func (c cut) run(s *step, f func(w *worker, p piece)) {
	if !c.bag {
		s.image = func(w *worker, n0, n1 int) { f(w, piece{n0, n1, 0, c.h, 0, c.g, 0, c.c}) }
		return
	}
	s.task = func(w *worker, t int) {
		n, t := t%c.blocks*c.images, t/c.blocks
		r, t := t%c.bands*c.rows, t/c.bands
		j, g := t%c.panels*c.columns, t/c.panels
		p := piece{n, min(n+c.images, c.n), r, min(r+c.rows, c.h), g, g + 1, j, min(j+c.columns, c.c)}
		if g == 0 && j == 0 && r == 0 { // the halo is nobody else's
			for _, v := range s.clears {
				for i := p.n0; i < p.n1; i++ {
					w.clearHalo(v, i)
				}
			}
		}
		f(w, p)
	}
}
