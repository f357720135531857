package cpu

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
)

// Convolution: a gathered product (gather.go) whose taps are the kernel's rows, or a depthwise one
// (op_depthwise.go). A halo of zeros round x stands in for padding.

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
	var bias, scale *value
	if u.bias != nil {
		bias = b.val(u.bias)
		what += " + bias"
	}
	if u.norm != nil { // it scales the columns of the packed weights
		scale, bias = b.folded(u.norm, bias)
		what += " + norm"
	}
	var over *value
	if u.over != nil {
		over = b.val(u.over)
		what += " + add"
	}
	switch {
	case u.relu:
		what += " + relu"
	case u.relu6:
		what += " + relu6"
	}
	if isDepthwise(op.Groups, x.c, y.c) {
		return b.depthwise(u, what, op.Window, x.c/op.Groups, x, w, scale, bias, y)
	}
	if m := multiplier(op.Groups, x.c, y.c); m > 0 {
		return b.multiplied(u, what, op.Window, m, x, w, scale, bias, y)
	}
	if isOneChannel(op.Groups, y.c) {
		return b.oneChannel(u, what, op.Window, x, w, scale, bias, y)
	}
	if b.minimal(op.Window, op.Groups, x, y, false) {
		b.filter(filter{n: u.Node, groups: op.Groups, what: what, x: x, y: y, top: op.Pad[0], left: op.Pad[2], weights: w, norm: scale, bias: bias, over: over, relu: u.relu})
		return nil
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
	tile := b.tilesFor(cout)
	k := kh * kw * cin
	group := tile.panelLen(k)
	packed := b.temp("packed", op.Groups*group)
	p := b.bag(u.Node, "pack", op.Groups, packed).knowing(w, scale)
	p.build = func() {
		p.task = func(wk *worker, g int) {
			d := wk.f.whole(packed)[g*group:][:group]
			tile.pack(b.k, d, wk.f.whole(w)[g*cout:], k, y.c)
			if scale != nil {
				tile.scale(d, wk.f.whole(scale)[g*cout:], k)
			}
		}
	}
	x.spread()
	cut := b.t.cutProduct(x, y, op.Groups, k, cout, tile.at(0).NR, 1)
	s := b.cut(u.Node, what, y, cut).reading(x, over).knowing(packed, bias)
	s.kernel, s.macs = b.k.Name+" "+tile.name(), macs
	s.over = over
	s.build = func() {
		rows := op.Groups == 1 && op.Dilation[1] == 1 && x.gap == 0
		g := &gather{taps: taps(rows), run: cin, k: k, far: y.home != chunk}
		if rows {
			g.run = kw * cin
		}
		images := min(max(b.t.tablePixels/(y.h*y.w), 1), cut.group(s))
		g.xoff, g.yoff = table(images)
		g.fit(b.t, &tile, min(cut.columns, cout), op.Stride[0]*op.Stride[1]*x.c)
		cut.run(s, func(wk *worker, p piece) {
			for n := p.n0; n < p.n1; n += images {
				m := min(images, p.n1-n)
				r0, r1 := p.r0, (m-1)*y.h+p.r1
				for gr := p.g0; gr < p.g1; gr++ {
					wk.product(&tile, g, r0*y.w, r1*y.w, p.c0, p.c1, wk.images(x, n, n+m)[gr*cin:], wk.images(y, n, n+m)[gr*cout+p.c0:], wk.f.whole(packed)[gr*group:], wk.f.bias(bias, gr*cout), over != nil, u.relu)
				}
			}
		})
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
