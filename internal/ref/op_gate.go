package ref

// gate: y[n,h,w,c] = x[n,h,w,c]·g[n,c], or ·g[n,h,w].
func gate(x, g, y array) {
	each(x, func(n, h, w, c int) {
		y.v[x.at(n, h, w, c)] = x.v[x.at(n, h, w, c)] * g.v[gated(g, n, h, w, c)]
	})
}

// gateGrad: dg[n,c] = Σ_{h,w} x·dy, or dg[n,h,w] = Σ_c x·dy.
func gateGrad(x, dy, dg array) {
	each(x, func(n, h, w, c int) {
		dg.v[gated(dg, n, h, w, c)] += x.v[x.at(n, h, w, c)] * dy.v[x.at(n, h, w, c)]
	})
}

// gated is the place in a gate of what an element is multiplied by.
func gated(g array, n, h, w, c int) int {
	return g.at(n, min(h, g.Shape[1]-1), min(w, g.Shape[2]-1), min(c, g.Shape[3]-1))
}

// each calls f for every place of a map.
func each(x array, f func(n, h, w, c int)) {
	for n := range x.Shape[0] {
		for h := range x.Shape[1] {
			for w := range x.Shape[2] {
				for c := range x.Shape[3] {
					f(n, h, w, c)
				}
			}
		}
	}
}
