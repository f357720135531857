package kernel

// Rectifiers that learn hinges, and the one that keeps both signs.

// apl is y = max(x, 0) + Σ_s a[s,c]·max(h[s,c]−x, 0), a and h [S,C]: Agostinelli et al., arXiv:1412.6830.
func apl(b Block, y, x Map, a, h []float32) {
	activation(b, ReLU, 0, y, x)
	for s := 0; s < len(a); s += b.C {
		a, h := a[s:s+b.C], h[s:s+b.C]
		for r := range b.Rows {
			for p := range b.Pixels {
				y, x := y.at(r, p, b.C), x.at(r, p, b.C)
				for c, v := range x {
					y[c] += float32(a[c] * max(h[c]-v, 0))
				}
			}
		}
	}
}

// aplGrad is dx = dy·([x>0] − Σ_s a[s,c]·[x<h[s,c]]), and adds dy·max(h−x, 0) to da and dy·a·[x<h] to dh, [S,C] both. No map may
// be another.
func aplGrad(b Block, dx, x, dy Map, a, h, da, dh []float32) {
	activationGrad(b, ReLU, 0, dx, x, dy)
	for s := 0; s < len(a); s += b.C {
		a, h, da, dh := a[s:s+b.C], h[s:s+b.C], da[s:s+b.C], dh[s:s+b.C]
		for r := range b.Rows {
			for p := range b.Pixels {
				dx, x, dy := dx.at(r, p, b.C), x.at(r, p, b.C), dy.at(r, p, b.C)
				for c, v := range x {
					if v < h[c] {
						da[c] += float32(dy[c] * (h[c] - v))
						dh[c] += float32(dy[c] * a[c])
						dx[c] -= float32(dy[c] * a[c])
					}
				}
			}
		}
	}
}

// crelu is [max(x, 0), max(−x, 0)], twice as many channels as the block's: Shang et al., arXiv:1603.05201.
func crelu(b Block, y, x Map) {
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x := y.at(r, p, 2*b.C), x.at(r, p, b.C)
			for c, v := range x {
				y[c], y[b.C+c] = max(v, 0), max(-v, 0)
			}
		}
	}
}

// creluGrad is dx[c] = dy[c] where y[c] > 0, −dy[C+c] where y[C+c] > 0, else 0.
func creluGrad(b Block, dx, y, dy Map) {
	for r := range b.Rows {
		for p := range b.Pixels {
			dx, y, dy := dx.at(r, p, b.C), y.at(r, p, 2*b.C), dy.at(r, p, 2*b.C)
			for c := range dx {
				g := float32(0)
				if y[c] > 0 {
					g = dy[c]
				}
				if y[b.C+c] > 0 {
					g -= dy[b.C+c]
				}
				dx[c] = g
			}
		}
	}
}
