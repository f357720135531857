package kernel

// What runs along pixels with one coefficient a channel: the passes of batch normalisation (Ioffe, Szegedy, ICML 2015,
// arXiv:1502.03167), bias, sums of columns. Each is one pass over memory. Sums are added to what their slices hold, in the
// precision of float32 within a block: keep blocks to an image or so, and combine those in float64.
//
// Blocks of channels go over the pixels one after the other, so a block is as many vectors as there are registers for: with 64
// bytes far memory gave 3.6 GB/s to a map of 64 channels, with 256 it gives 22 to 26 (AMD Zen 4, one thread; in the second-level
// cache both have 105, as much as a copy). More than what stays near passes in parts for the same reason. affine fetches ahead,
// which within a training step takes a tenth off and costs as much where all is in the second-level cache.

// moments adds sum[c] += Σ d and sq[c] += Σ d², d = x − pivot[c]. With a pivot near the mean (the block's first pixel will do)
// nothing cancels: mean = pivot + sum/n, and Σ(x−mean)² = sq − sum²/n. Blocks combine by Chan, Golub, LeVeque, 1979.
func moments(b Block, x Map, pivot, sum, sq []float32) {
	pivot, sum, sq = pivot[:b.C], sum[:b.C], sq[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x := x.at(r, p, b.C)
			for c := range sum {
				d := x[c] - pivot[c]
				sum[c] += d
				sq[c] += float32(d * d)
			}
		}
	}
}

// colSums adds sum[c] += Σ x: bias gradients and global average pooling.
func colSums(b Block, x Map, sum []float32) {
	sum = sum[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x := x.at(r, p, b.C)
			for c := range sum {
				sum[c] += x[c]
			}
		}
	}
}

// affine is y = act(x·scale[c] + shift[c] + res), the second half of a normalisation; without scale (nil) a bias, without
// res (the zero Map) no residual. act is ReLU or the identity.
func affine(b Block, relu bool, y, x, res Map, scale, shift []float32) {
	shift = shift[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, y := x.at(r, p, b.C), y.at(r, p, b.C)
			var add []float32 // read before y is written: they may be the same map
			if res.Data != nil {
				add = res.at(r, p, b.C)
			}
			switch {
			case scale == nil && add == nil:
				for c := range shift {
					y[c] = x[c] + shift[c]
				}
			case scale == nil:
				for c := range shift {
					y[c] = x[c] + shift[c] + add[c]
				}
			case add == nil:
				k := scale[:len(shift)]
				for c := range shift {
					y[c] = float32(x[c]*k[c]) + shift[c]
				}
			default:
				k := scale[:len(shift)]
				for c := range shift {
					y[c] = float32(x[c]*k[c]) + shift[c] + add[c]
				}
			}
			if relu {
				for c, v := range y {
					y[c] = max(v, 0)
				}
			}
		}
	}
}

// normGradSums adds sum[c] += Σ dy' and dot[c] += Σ dy'·(x−mean[c]), where dy' is dy, or 0 where the ReLU after the norm
// gave y ≤ 0 (y the zero Map: no ReLU). These are dbeta, and dgamma times the standard deviation.
func normGradSums(b Block, dy, x, y Map, mean, sum, dot []float32) {
	mean, sum, dot = mean[:b.C], sum[:b.C], dot[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			dy, x := dy.at(r, p, b.C), x.at(r, p, b.C)
			if y.Data == nil {
				for c := range sum {
					sum[c] += dy[c]
					dot[c] += float32(dy[c] * (x[c] - mean[c]))
				}
				continue
			}
			for c, v := range y.at(r, p, b.C) {
				if v > 0 {
					sum[c] += dy[c]
					dot[c] += float32(dy[c] * (x[c] - mean[c]))
				}
			}
		}
	}
}

// normGrad is dx = kdy[c]·dy' + kx[c]·(x−mean[c]) + k0[c], with dy' as in normGradSums, and dres = dy', the gradient of the
// residual branch, unless dres is the zero Map. For a batch of m values a channel, with s = 1/√(var+eps):
// kdy = gamma·s, kx = −gamma·s³·dot/m, k0 = −gamma·s·sum/m. dx or dres may be dy itself.
func normGrad(b Block, dx, dres, dy, x, y Map, mean, kdy, kx, k0 []float32) {
	mean, kdy, kx, k0 = mean[:b.C], kdy[:b.C], kx[:b.C], k0[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			dy, x, dx := dy.at(r, p, b.C), x.at(r, p, b.C), dx.at(r, p, b.C)
			var y1, dres1 []float32
			if y.Data != nil {
				y1 = y.at(r, p, b.C)
			}
			if dres.Data != nil {
				dres1 = dres.at(r, p, b.C)
			}
			for c := range kdy {
				g := dy[c]
				if y1 != nil && !(y1[c] > 0) {
					g = 0
				}
				if dres1 != nil {
					dres1[c] = g
				}
				dx[c] = float32(kdy[c]*g) + (float32(kx[c]*(x[c]-mean[c])) + k0[c])
			}
		}
	}
}

// prelu is y = x where x > 0, else a[c]·x: He, Zhang, Ren, Sun, ICCV 2015, arXiv:1502.01852.
func prelu(b Block, y, x Map, a []float32) {
	a = a[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, y := x.at(r, p, b.C), y.at(r, p, b.C)
			for c, k := range a {
				v := x[c]
				if !(v > 0) {
					v *= k
				}
				y[c] = v
			}
		}
	}
}

// preluGrad is dx = dy where x > 0, else a[c]·dy, and adds da[c] += Σ dy·x over x ≤ 0.
func preluGrad(b Block, dx, x, dy Map, a, da []float32) {
	a, da = a[:b.C], da[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, dy, dx := x.at(r, p, b.C), dy.at(r, p, b.C), dx.at(r, p, b.C)
			for c, k := range a {
				g := dy[c]
				if !(x[c] > 0) {
					da[c] += float32(g * x[c])
					g *= k
				}
				dx[c] = g
			}
		}
	}
}

// spread is y = k·v[c] at every pixel.
func spread(b Block, y Map, v []float32, k float32) {
	for r := range b.Rows {
		for p := range b.Pixels {
			for c, v := range v[:b.C] {
				y.Data[r*y.Row+p*y.Pix+c] = k * v
			}
		}
	}
}

// gate is y = x·g[c].
func gate(b Block, y, x Map, g []float32) {
	g = g[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, y := x.at(r, p, b.C), y.at(r, p, b.C)
			for c, k := range g {
				y[c] = k * x[c]
			}
		}
	}
}

// colDots adds dot[c] += Σ x·y.
func colDots(b Block, x, y Map, dot []float32) {
	dot = dot[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, y := x.at(r, p, b.C), y.at(r, p, b.C)
			for c := range dot {
				dot[c] += float32(x[c] * y[c])
			}
		}
	}
}
