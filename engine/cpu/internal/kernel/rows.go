package kernel

// What runs along the channels of each pixel: sums and maxima by position, gates, softmax, layer normalisation. A map of one
// number a pixel is called narrow. Sums are in the precision of float32, in an order of the level's own. Without channels
// nothing is written.

// rowSums is y = k·Σ x over the channels of a pixel; y is narrow.
func rowSums(b Block, y, x Map, k float32) {
	for r := range b.filled() {
		for p := range b.Pixels {
			var s float32
			for _, v := range x.at(r, p, b.C) {
				s += v
			}
			y.at(r, p, 1)[0] = k * s
		}
	}
}

// rowDots is d = Σ x·y over the channels of a pixel; d is narrow.
func rowDots(b Block, d, x, y Map) {
	for r := range b.filled() {
		for p := range b.Pixels {
			d.at(r, p, 1)[0] = dot(x.at(r, p, b.C), y.at(r, p, b.C))
		}
	}
}

// filled is the rows of a block, none if it has no channels.
func (b Block) filled() int {
	if b.C < 1 {
		return 0
	}
	return b.Rows
}

func dot(x, y []float32) float32 {
	var s float32
	for i, v := range x {
		s += float32(v * y[i])
	}
	return s
}

// rowMax is the largest x of a pixel; y is narrow. A NaN may be lost beside numbers.
func rowMax(b Block, y, x Map) {
	for r := range b.filled() {
		for p := range b.Pixels {
			y.at(r, p, 1)[0] = largest(x.at(r, p, b.C))
		}
	}
}

func largest(x []float32) float32 {
	m := x[0]
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

// rowMaxGrad is dx = dy at the first channel whose x is y, else 0; y and dy are narrow.
func rowMaxGrad(b Block, dx, x, y, dy Map) {
	fill(b, dx, 0)
	for r := range b.Rows {
		for p := range b.Pixels {
			for c, v := range x.at(r, p, b.C) {
				if v == y.at(r, p, 1)[0] {
					dx.at(r, p, b.C)[c] = dy.at(r, p, 1)[0]
					break
				}
			}
		}
	}
}

// spreadRows is x = k·y at every channel of a pixel; y is narrow.
func spreadRows(b Block, x, y Map, k float32) {
	for r := range b.Rows {
		for p := range b.Pixels {
			x := x.at(r, p, b.C)
			for c := range x {
				x[c] = k * y.at(r, p, 1)[0]
			}
		}
	}
}

// gateRows is y = x·g; g is narrow.
func gateRows(b Block, y, x, g Map) {
	for r := range b.Rows {
		for p := range b.Pixels {
			y, x, k := y.at(r, p, b.C), x.at(r, p, b.C), g.at(r, p, 1)[0]
			for c := range y {
				y[c] = k * x[c]
			}
		}
	}
}

// softmax is y = e^(x−m) / Σ e^(x−m) over the channels of a pixel, m the largest of them. y may be x.
func softmax(b Block, y, x Map) {
	for r := range b.filled() {
		for p := range b.Pixels {
			y, x := y.at(r, p, b.C), x.at(r, p, b.C)
			m, s := largest(x), float32(0)
			for c, v := range x {
				y[c] = exp(v - m)
				s += y[c]
			}
			for c := range y {
				y[c] *= 1 / s
			}
		}
	}
}

// softmaxGrad is dx = y·(dy − Σ y·dy). dx may be y or dy.
func softmaxGrad(b Block, dx, y, dy Map) {
	for r := range b.Rows {
		for p := range b.Pixels {
			y, dy, dx := y.at(r, p, b.C), dy.at(r, p, b.C), dx.at(r, p, b.C)
			s := dot(y, dy)
			for c := range dx {
				dx[c] = y[c] * (dy[c] - s)
			}
		}
	}
}

// layerNorm is y = gamma[c]·(x−μ)/√(σ²+eps) + beta[c], with μ and σ² of the pixel's channels: Ba, Kiros, Hinton,
// arXiv:1607.06450. y may be x.
func layerNorm(b Block, y, x Map, gamma, beta []float32, eps float32) {
	gamma, beta = gamma[:b.C], beta[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, y := x.at(r, p, b.C), y.at(r, p, b.C)
			mean, k := standard(x, eps)
			for c := range y {
				y[c] = float32((x[c]-mean)*k*gamma[c]) + beta[c]
			}
		}
	}
}

// layerNormGrad is dx = k·(g − Σ g/C − x̂·Σ g·x̂/C) with g = gamma·dy, x̂ = (x−μ)·k, k = 1/√(σ²+eps), and adds
// dgamma[c] += Σ dy·x̂ and dbeta[c] += Σ dy over the pixels. dx may be dy.
func layerNormGrad(b Block, dx, x, dy Map, gamma, dgamma, dbeta []float32, eps float32) {
	gamma, dgamma, dbeta = gamma[:b.C], dgamma[:b.C], dbeta[:b.C]
	for r := range b.Rows {
		for p := range b.Pixels {
			x, dy, dx := x.at(r, p, b.C), dy.at(r, p, b.C), dx.at(r, p, b.C)
			mean, k := standard(x, eps)
			var s, d float32
			for c, v := range x {
				h, g := (v-mean)*k, float32(gamma[c]*dy[c])
				s += g
				d += float32(g * h)
				dgamma[c] += float32(dy[c] * h)
				dbeta[c] += dy[c]
			}
			s, d = s/float32(b.C), d/float32(b.C)
			for c, v := range x {
				dx[c] = k * (float32(gamma[c]*dy[c]) - s - float32((v-mean)*k*d))
			}
		}
	}
}

// standard gives μ and 1/√(σ²+eps).
func standard(x []float32, eps float32) (mean, k float32) {
	n := float32(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n
	var s float32
	for _, v := range x {
		s += float32((v - mean) * (v - mean))
	}
	return mean, 1 / sqrt(s/n+eps)
}
