package cpu

import (
	"github.com/assaylab/assay/internal/program"
)

// The gradient of a convolution by its input. At stride s it is s·s products, one a phase of the input's rows and columns
// modulo s, each with those taps alone that meet it, so no multiplication by an inserted zero is done; a phase that no tap
// meets is zero.

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
	what := "conv " + windowName(op.Window) + " grad input"
	add := u.over != nil
	if add {
		what += " + add"
	}
	if isOneChannel(op.Groups, dy.c) && dx.c < lane {
		b.oneChannelGradInput(u, what, op.Window, dy, w, dx)
		return nil
	}
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
	kw, cin, cout := op.Kernel[1], dx.c/op.Groups, dy.c/op.Groups
	if isDepthwise(op.Groups, dx.c, dy.c) {
		return b.depthwiseGradInput(u, what, op.Window, cin, dy, w, dx)
	}
	if m := multiplier(op.Groups, dx.c, dy.c); m > 0 {
		b.multipliedGradInput(u, what, op.Window, m, dy, w, dx)
		return nil
	}
	if b.minimal(op.Window, op.Groups, dy, dx, false) {
		f := filter{n: u.Node, groups: op.Groups, what: what, x: dy, y: dx, top: 2 - op.Pad[0], left: 2 - op.Pad[2], weights: w, turned: true}
		if add {
			f.over = b.val(u.over)
		}
		b.filter(f)
		return nil
	}
	tile := b.tilesFor(cin)

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
			group += tile.panelLen(n * cout)
		}
	}
	groups := op.Groups
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
			if len(taps) > 0 {
				tile.packTranspose(b.k, d[:tile.panelLen(len(taps)*cout)], from[g*cout:], taps, cout, dy.c)
			}
		}
	}
	dy.spread()
	cut := b.t.cutProduct(dy, dx, groups, group/up(cin, 8), cin, tile.at(0).NR, dx.h) // a phase has rows of its own
	s := b.cut(u.Node, what, dx, cut).reading(dy).knowing(packed)
	s.macs = int64(dy.n) * int64(dy.elems()) * int64(op.Kernel[0]*kw*cin)
	s.kernel = b.k.Name + " " + tile.name()
	if add {
		over := b.val(u.over)
		s.reading(over)
		s.over = over
	}
	s.build = func() {
		images := min(max(b.t.tablePixels/(dy.h*dy.w), 1), cut.group(s))
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
			g.weights, g.far = ph.weights, dx.home != chunk
			g.k = len(ph.hs) * len(ph.ws) * cout
			// Neighbouring columns are one run where their outputs are neighbours too.
			runs := op.Groups == 1 && len(ph.ws) > 0 && dy.gap == 0
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
			g.fit(b.t, &tile, min(cut.columns, cin), dy.c)
		}
		cut.run(s, func(wk *worker, p piece) {
			for n := p.n0; n < p.n1; n += images {
				m := min(images, p.n1-n)
				for i := range tables {
					g := &tables[i]
					for gr := p.g0; gr < p.g1; gr++ {
						wk.product(&tile, g, 0, m*per[i], p.c0, p.c1, wk.images(dy, n, n+m)[gr*cout:], wk.images(dx, n, n+m)[gr*cin+p.c0:], wk.f.whole(packed)[gr*group:], nil, add, false)
					}
				}
			}
		})
	}
	return nil
}
