package cpu

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/program"
)

// Convolution and its gradient by the input: one gathered matrix product (kernel/conv.go), told apart by its tables. The
// gradient at stride s is s·s products, one a phase of the input's rows and columns modulo s, each with those taps alone that
// meet it; a phase that no tap meets is zero.

// gather is the tables of one product: out pixel p of T pictures is the sum over taps at xoff[p].
type gather struct {
	xoff, yoff []int32
	taps       []int32
	run        int
	weights    int     // where this product's panels begin in the packed weights
	k          int     // taps · run
	cut        int     // taps a call
	panels     int     // columns that pass over a block of pixels before the next block
	block      int     // pixels a call
	copy       int     // pitch of the copies of x, 0 where it is read as it lies
	flat       []int32 // where a copied pixel begins
	bench      int     // where the copies begin in the scratch
}

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

func windowName(g program.Window) string {
	s := fmt.Sprintf("%dx%d", g.Kernel[0], g.Kernel[1])
	if g.Stride != [2]int{1, 1} {
		s += fmt.Sprintf("/%d", g.Stride[0])
	}
	return s
}

// padded is x with at least the given halo. What lies outside the arena is copied into it.
func (b *planner) padded(n *program.Node, x *value, halo [4]int) *value {
	if halo == [4]int{} {
		return x
	}
	if x.home == host {
		c := b.place(newValue(x.name, x.shape))
		b.copyStep(n, "pad", c, x)
		x = c
	}
	x.need(halo)
	return x
}

func bindConv(b *planner, u unit) error {
	op := u.Op.(program.Conv)
	y, w := b.val(u.out), b.val(u.In[1])
	x := b.val(u.In[0])
	x = b.padded(u.Node, x, windowHalo(op.Window, x.h, x.w, y.h, y.w))
	what := "conv " + windowName(op.Window)
	var bias *value
	if u.bias != nil {
		bias = b.val(u.bias)
		what += " + bias"
	}
	if u.relu {
		what += " + relu"
	}
	kh, kw, cin, cout := op.Kernel[0], op.Kernel[1], x.c/op.Groups, y.c/op.Groups
	taps := func(run bool) []int32 {
		var t []int32
		for h := range kh {
			if run {
				t = append(t, int32(h*op.Dilation[0]*x.row))
				continue
			}
			for v := range kw {
				t = append(t, int32(h*op.Dilation[0]*x.row+v*op.Dilation[1]*x.pix))
			}
		}
		return t
	}
	table := func(images int) (xoff, yoff []int32) {
		for i := range images {
			for h := range y.h {
				for v := range y.w {
					xoff = append(xoff, int32(i*x.img+x.first+(h*op.Stride[0]-op.Pad[0])*x.row+(v*op.Stride[1]-op.Pad[2])*x.pix))
					yoff = append(yoff, int32(i*y.img+y.first+h*y.row+v*y.pix))
				}
			}
		}
		return
	}
	macs := int64(y.n) * int64(y.elems()) * int64(kh*kw*cin)
	if op.Groups == x.c && cout == 1 {
		s := b.local(u.Node, "depthwise "+what, y).reading(x).knowing(w, bias)
		s.kernel, s.macs = b.k.Name, macs
		s.build = func() {
			g := gather{taps: taps(false)}
			g.xoff, g.yoff = table(1)
			s.image = func(wk *worker, n0, n1 int) {
				for n := n0; n < n1; n++ {
					wk.depthwise(b.k, &g, wk.image(x, n), wk.image(y, n), wk.f.whole(w), wk.f.bias(bias, 0), y.c, false, u.relu)
				}
			}
		}
		return nil
	}
	tile := convTile(b.k, cout)
	k := kh * kw * cin
	group := kernel.PanelLen(k, cout, tile.NR)
	packed := b.temp("packed", op.Groups*group)
	p := b.bag(u.Node, "pack", op.Groups, packed).knowing(w)
	if op.Groups > 1 {
		p.scratch = k * cout
	}
	p.build = func() {
		p.task = func(wk *worker, g int) {
			d := wk.f.whole(w)
			if op.Groups > 1 {
				d = d[g*cout:]
				for r := range k {
					copy(wk.bench[r*cout:][:cout], d[r*y.c:])
				}
				d = wk.bench
			}
			b.k.Pack(wk.f.whole(packed)[g*group:][:group], d, k, cout, tile.NR)
		}
	}
	s := b.local(u.Node, what, y).reading(x).knowing(packed, bias)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, macs
	s.build = func() {
		rows := op.Groups == 1 && op.Dilation[1] == 1
		g := &gather{taps: taps(rows), run: cin, k: k}
		if rows {
			g.run = kw * cin
		}
		images := min(max(tablePixels/(y.h*y.w), 1), s.ph.group)
		g.xoff, g.yoff = table(images)
		g.fit(tile, cout, op.Stride[0]*op.Stride[1]*x.c)
		s.scratch = g.scratch()
		s.image = func(wk *worker, n0, n1 int) {
			for n := n0; n < n1; n += images {
				m := min(images, n1-n)
				for gr := range op.Groups {
					wk.product(tile, g, m*y.h*y.w, wk.images(x, n, n+m)[gr*cin:], wk.images(y, n, n+m)[gr*cout:], wk.f.whole(packed)[gr*group:], wk.f.bias(bias, gr*cout), cout, false, u.relu)
				}
			}
		}
	}
	return nil
}

// bias is a bias from channel c on, nil if there is none.
func (f *frame) bias(v *value, c int) []float32 {
	if v == nil {
		return nil
	}
	return f.whole(v)[c:]
}

// fit splits long taps and chooses the three blocks of a matrix product (Goto, van de Geijn, "Anatomy of High-Performance
// Matrix Multiplication", 2008): rows of w, columns of w, pixels. perPixel is how much of x a pixel brings along.
func (g *gather) fit(tile *kernel.ConvTile, cols, perPixel int) {
	rows := max(cutBytes/(4*tile.NR), 1)
	for parts := (g.run + rows - 1) / rows; parts > 1 && parts <= g.run; parts++ {
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
	// Pixels whose distance is a multiple of 1 KB share few sets of the first-level cache (at 4 KB eight lines in all): what a
	// block reads is copied, pixel after pixel. On AMD Zen 3 that took 1024 to 256 channels from 30 to COPYAFTER % of peak.
	if d := len(g.xoff) - 1; d > 0 && cols > tile.NR && (g.xoff[1]-g.xoff[0])%256 == 0 && g.xoff[1] != g.xoff[0] {
		g.copy = up(g.cut*g.run, 16) + 16
		g.block = min(g.block, len(g.xoff))
		for i := range g.block {
			g.flat = append(g.flat, int32(i*g.copy))
		}
	}
}

// scratch is the length of the copies, and of what lies before them.
func (g *gather) scratch() int { return g.bench + g.block*g.copy }

// copied gathers what a block of pixels reads through taps t to u.
func (g *gather) copied(to, x []float32, p, e, t, u int) {
	for i, o := range g.xoff[p:e] {
		d := to[i*g.copy:]
		for _, tap := range g.taps[t:u] {
			d = d[copy(d[:g.run], x[o+tap:]):]
		}
	}
}

// start is where a tap's run begins when x was copied.
var start = []int32{0}

// product computes the given columns of y for the first pixels of the tables. The sum of an output runs in the order of the
// taps, whatever the blocks.
func (w *worker) product(tile *kernel.ConvTile, g *gather, pixels int, x, y, packed, bias []float32, cols int, add, relu bool) {
	a := &w.conv
	a.X, a.Run = x, g.run // of what is not copied
	for t := 0; t == 0 || t < len(g.taps); t += g.cut {
		u := min(t+g.cut, len(g.taps))
		a.Taps = g.taps[t:u]
		a.Add = add || t > 0
		a.ReLU = relu && u == len(g.taps)
		for from := 0; from < cols; from += g.panels {
			to := min(from+g.panels, cols)
			for p := 0; p < pixels; p += g.block {
				e := min(p+g.block, pixels)
				a.XOff, a.YOff = g.xoff[p:e], g.yoff[p:e]
				if g.copy > 0 {
					to := w.bench[g.bench:]
					g.copied(to, x, p, e, t, u)
					a.X, a.XOff, a.Taps, a.Run = to, g.flat[:e-p], start, (u-t)*g.run
				}
				for j := from; j < to; j += tile.NR {
					a.Cols = min(tile.NR, cols-j)
					a.W = packed[g.weights+j*g.k+t*g.run*tile.NR:]
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

func (w *worker) depthwise(k *kernel.Set, g *gather, x, y, weights, bias []float32, channels int, add, relu bool) {
	a := &w.conv
	*a = kernel.ConvArgs{X: x, W: weights, Bias: bias, Y: y, XOff: g.xoff, YOff: g.yoff, Taps: g.taps, Cols: channels, Add: add, ReLU: relu}
	k.Depthwise(a)
}

// meet lists the kernel positions that reach the input positions a, a+s, a+2s ..., with how far from a/s the output lies that
// they come from: input a+s·i gets w[k] · dy[i+d].
func meet(a, pad, kernel, stride, dilation int) (ks, ds []int) {
	for k := kernel - 1; k >= 0; k-- { // the last first, so that outputs ascend
		if t := a + pad - k*dilation; t%stride == 0 {
			ks, ds = append(ks, k), append(ds, t/stride)
		}
	}
	return
}

func bindConvGradInput(b *planner, u unit) error {
	op := u.Op.(program.ConvGradInput)
	dx, w := b.val(u.out), b.val(u.In[1])
	dy := b.val(u.In[0])
	// The halo of dy: how far outside of it any tap of any input reaches.
	var halo [4]int
	for axis, extent := range [2][2]int{{dx.h, dy.h}, {dx.w, dy.w}} {
		s := op.Stride[axis]
		for a := range min(s, extent[0]) {
			_, ds := meet(a, op.Pad[2*axis], op.Kernel[axis], s, op.Dilation[axis])
			last := (extent[0] - 1 - a) / s
			for _, d := range ds {
				halo[2*axis] = max(halo[2*axis], -d)
				halo[2*axis+1] = max(halo[2*axis+1], last+d-(extent[1]-1))
			}
		}
	}
	dy = b.padded(u.Node, dy, halo)
	what := "conv " + windowName(op.Window) + " grad input"
	add := u.over != nil
	if add {
		what += " + add"
	}
	kw, cin, cout := op.Kernel[1], dx.c/op.Groups, dy.c/op.Groups
	depthwise := op.Groups == dx.c && cout == 1
	tile := convTile(b.k, cin)

	// The phases: which weights, in which order, at which offsets.
	type phase struct {
		a, b    int
		hs, dhs []int
		ws, dws []int
		weights int // where its panels begin within a group
	}
	var phases []phase
	group := 0
	for i := range op.Stride[0] {
		for j := range op.Stride[1] {
			if i >= dx.h || j >= dx.w {
				continue
			}
			p := phase{a: i, b: j, weights: group}
			p.hs, p.dhs = meet(i, op.Pad[0], op.Kernel[0], op.Stride[0], op.Dilation[0])
			p.ws, p.dws = meet(j, op.Pad[2], op.Kernel[1], op.Stride[1], op.Dilation[1])
			n := len(p.hs) * len(p.ws)
			if n == 0 && add {
				continue
			}
			phases = append(phases, p)
			if depthwise {
				group += n * dx.c
			} else {
				group += kernel.PanelLen(n*cout, cin, tile.NR)
			}
		}
	}
	groups := op.Groups
	if depthwise {
		groups = 1
	}
	packed := b.temp("packed", max(groups*group, 1))
	p := b.bag(u.Node, "pack", len(phases)*groups, packed).knowing(w)
	p.build = func() {
		offsets := make([][]int32, len(phases))
		for i, ph := range phases {
			for _, h := range ph.hs {
				for _, v := range ph.ws {
					offsets[i] = append(offsets[i], int32((h*kw+v)*cin*dy.c))
				}
			}
		}
		p.task = func(wk *worker, t int) {
			ph, g := &phases[t%len(phases)], t/len(phases)
			d, from := wk.f.whole(packed)[g*group+ph.weights:], wk.f.whole(w)
			taps := offsets[t%len(phases)]
			if depthwise {
				for i, o := range taps {
					copy(d[i*dx.c:][:dx.c], from[o:])
				}
				return
			}
			if len(taps) > 0 {
				b.k.PackTranspose(d[:kernel.PanelLen(len(taps)*cout, cin, tile.NR)], from[g*cout:], taps, cin, cout, dy.c, tile.NR)
			}
		}
	}
	s := b.local(u.Node, what, dx).reading(dy).knowing(packed)
	s.macs = int64(dy.n) * int64(dy.elems()) * int64(op.Kernel[0]*kw*cin)
	s.kernel = b.k.Name + " " + tile.Name
	if depthwise {
		s.what, s.kernel = "depthwise "+what, b.k.Name
	}
	if add {
		over := b.val(u.over)
		s.reading(over)
		s.over = over
	}
	s.build = func() {
		images := min(max(tablePixels/(dy.h*dy.w), 1), s.ph.group)
		if depthwise {
			images = 1
		}
		tables := make([]gather, len(phases))
		per := make([]int, len(phases))
		for i, ph := range phases {
			g := &tables[i]
			for m := range images {
				for h := ph.a; h < dx.h; h += op.Stride[0] {
					for v := ph.b; v < dx.w; v += op.Stride[1] {
						g.xoff = append(g.xoff, int32(m*dy.img+dy.first+h/op.Stride[0]*dy.row+v/op.Stride[1]*dy.pix))
						g.yoff = append(g.yoff, int32(m*dx.img+dx.first+h*dx.row+v*dx.pix))
					}
				}
			}
			per[i] = len(g.xoff) / images
			g.weights = ph.weights
			g.k = len(ph.hs) * len(ph.ws) * cout
			// Neighbouring columns are one run where their outputs are neighbours too.
			runs := !depthwise && op.Groups == 1 && len(ph.ws) > 0
			for c, d := range ph.dws {
				runs = runs && d == ph.dws[0]+c
			}
			g.run = cout
			for _, d := range ph.dhs {
				for c, e := range ph.dws {
					if c == 0 || !runs {
						g.taps = append(g.taps, int32(d*dy.row+e*dy.pix))
					}
				}
			}
			if runs {
				g.run = len(ph.dws) * cout
			}
			g.fit(tile, cin, dy.c)
			s.scratch = max(s.scratch, g.scratch())
		}
		s.image = func(wk *worker, n0, n1 int) {
			for n := n0; n < n1; n += images {
				m := min(images, n1-n)
				for i := range tables {
					g := &tables[i]
					if depthwise {
						wk.depthwise(b.k, g, wk.image(dy, n), wk.image(dx, n), wk.f.whole(packed)[g.weights:], nil, dx.c, add, false)
						continue
					}
					for gr := range groups {
						wk.product(tile, g, m*per[i], wk.images(dy, n, n+m)[gr*cout:], wk.images(dx, n, n+m)[gr*cin:], wk.f.whole(packed)[gr*group:], nil, cin, add, false)
					}
				}
			}
		}
	}
	return nil
}
