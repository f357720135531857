package cpu

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

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
	across                bool // the tasks of a panel follow one another, not those of a band
}

// piece is what a task covers: pictures, rows, groups, columns of a group.
type piece struct{ n0, n1, r0, r1, g0, g1, c0, c1 int }

// mostTasks is how many tasks a bag has at most, where pictures are many: more would be forks for little each.
const mostTasks = 128

// pictures is no cut at all: picture by picture.
func pictures(y *value, groups int) cut {
	return cut{n: y.n, images: y.n, h: y.h, rows: y.h, g: groups, c: y.c / groups, columns: y.c / groups, blocks: 1, bands: 1, panels: 1}
}

// cutProduct decides for a convolution of x to y of k weights a column, cols columns a group, whose rows can be done per at a time.
func (t *table) cutProduct(x, y *value, groups, k, cols, nr, per int) cut {
	c := pictures(y, groups)
	if y.n < minChunks && y.elems()*k >= t.fewMACs {
		c.share(t, per, cols, nr, groups*k*cols, x.elems(), func(rows, columns int) int {
			pixels := rows * y.w
			return up(pixels, 4)*columns*k + t.fetchMACs*(columns+pixels)*k
		})
		return c
	}
	if 4*k*cols*groups <= t.heavyBytes {
		return c
	}
	c.bag, c.across = true, true
	c.columns = min(max(t.sliceBytes/(4*k)/nr, 1)*nr, cols)
	c.panels = (cols + c.columns - 1) / c.columns
	c.columns = up((cols+c.panels-1)/c.panels, nr)
	pixels := max(t.taskPixels, y.n*y.h*y.w*c.panels*groups/mostTasks)
	c.images = min((pixels+y.h*y.w-1)/(y.h*y.w), y.n)
	c.blocks = (y.n + c.images - 1) / c.images
	return c
}

// share cuts few pictures into tasks: bands of per rows or a multiple, by panels of nr columns or a multiple. A worker is dealt
// neighbouring tasks. They are of some bands, those that it had of the layer before; or, where there are far more weights than elements
// of x, of some panels, and x comes from the others' caches. Of all such cuts share takes the one that is done first by 2, 4 and 8
// workers in the mean, if a task takes as long as cost says.
func (c *cut) share(t *table, per, cols, nr, weights, x int, cost func(rows, columns int) int) {
	units, widest := (c.h+per-1)/per, (cols+nr-1)/nr
	c.bag, c.images, c.blocks = true, 1, c.n
	c.across = weights > t.farWeights*x*c.n || units == 1
	least := math.MaxInt
	for _, bands := range even(units) {
		for _, panels := range even(widest) {
			rows, columns := per*((units+bands-1)/bands), nr*((widest+panels-1)/panels)
			far := !c.across && bands == 1 && units > 1 || c.across && panels == 1 && widest > 1
			thick := c.n > 1 && 4*weights/(c.g*cols)*columns > t.sliceBytes && panels < widest // to stay near while the pictures pass
			if far || thick {
				continue
			}
			tasks, sum := c.n*c.g*bands*panels, 0
			for _, workers := range [...]int{2, 4, 8} {
				sum += workers * ((tasks + workers - 1) / workers) * (cost(rows, min(columns, cols)) + t.taskMACs)
			}
			if sum < least {
				least = sum
				c.rows, c.columns, c.bands, c.panels = rows, columns, bands, panels
			}
		}
	}
}

// cutMap decides for what makes each element of y of those near it in x, by as much work as so many multiply-adds: into bands, and
// panels of at least nr channels.
func (t *table) cutMap(x, y *value, work, nr int) cut {
	c := pictures(y, 1)
	if y.n < minChunks && 4*y.n*(x.elems()+y.elems()) > t.tinyBytes && (y.h > 1 || nr < y.c) {
		c.share(t, 2-y.h%2, y.c, nr, y.c, x.h*x.w, func(rows, columns int) int { return rows * y.w * columns * work })
	}
	return c
}

// even lists the numbers of parts that n things are cut into without an empty one.
func even(n int) (parts []int) {
	for p := 1; p <= n; p++ {
		if each := (n + p - 1) / p; (n+each-1)/each == p {
			parts = append(parts, p)
		}
	}
	return parts
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
		if !c.across { // in the order of bands, groups, panels
			per := c.g * c.panels
			t = t%per*c.bands + t/per
		}
		r, t := t%c.bands*c.rows, t/c.bands
		j, g := t%c.panels*c.columns, t/c.panels
		p := piece{n, min(n+c.images, c.n), r, min(r+c.rows, c.h), g, g + 1, j, min(j+c.columns, c.c)}
		if g == 0 && j == 0 { // the halo is nobody else's
			for _, v := range s.clears {
				for i := p.n0; i < p.n1; i++ {
					w.clearHalo(v, i, p.r0, p.r1)
				}
			}
		}
		f(w, p)
	}
}
