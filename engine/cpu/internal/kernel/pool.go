package kernel

// Pool is the geometry of a pooling over one image, made at plan time by [NewPool]: output pixel (i, j) covers the rows of H's
// window i and the columns of W's window j.
type Pool struct {
	C    int
	H, W Axis
	K    []float32 // by output pixel: 1 over what an average divides by
}

// Axis is the windows of a pooling along one axis, clipped to the image, so borders, padding and Caffe's ceil mode are bounds:
// window o covers [Lo[o], Hi[o]) of Extent. No window is empty, and none begins or ends before the one in front of it.
type Axis struct {
	Extent int
	Lo, Hi []int32
	Old    []int32 // how many of the first places of window o belong to the one before, too
}

// NewAxis is the windows of a kernel and stride, the first of which begins before the image by the padding.
func NewAxis(windows, extent, kernel, stride, padding int) Axis {
	a := Axis{Extent: extent}
	for o := range windows {
		lo := max(o*stride-padding, 0)
		hi := min(o*stride-padding+kernel, extent)
		old := 0
		if o > 0 {
			old = max(int(a.Hi[o-1])-lo, 0)
		}
		a.Lo, a.Hi, a.Old = append(a.Lo, int32(lo)), append(a.Hi, int32(hi)), append(a.Old, int32(old))
	}
	return a
}

// NewPool is a pooling whose averages divide by count, or by the places of x in a window where count is 0.
func NewPool(c int, h, w Axis, count int) *Pool {
	p := &Pool{C: c, H: h, W: w}
	for i := range h.Lo {
		for j := range w.Lo {
			n := count
			if n == 0 {
				n = int((h.Hi[i] - h.Lo[i]) * (w.Hi[j] - w.Lo[j]))
			}
			p.K = append(p.K, 1/float32(n))
		}
	}
	return p
}

// reach is how many places from the first on belong to a window, each of them.
func (a *Axis) reach() int {
	end := int32(0)
	for o, lo := range a.Lo {
		if lo > end {
			break
		}
		end = a.Hi[o]
	}
	return int(end)
}

// clear sets x to 0 but for the given rows and pixels of the first corner.
func (p *Pool) clear(x Map, rows, pixels int) {
	right, below := x, x
	if rest := (Block{Rows: rows, Pixels: p.W.Extent - pixels, C: p.C}); rows > 0 && rest.Pixels > 0 {
		right.Data = x.Data[pixels*x.Pix:]
		fill(rest, right, 0)
	}
	if rest := (Block{Rows: p.H.Extent - rows, Pixels: p.W.Extent, C: p.C}); rest.Rows > 0 {
		below.Data = x.Data[rows*x.Row:]
		fill(rest, below, 0)
	}
}

// maxPool is the largest x of each window. A NaN may be lost beside numbers.
func maxPool(p *Pool, y, x Map) {
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			y := y.at(i, j, p.C)
			copy(y, x.at(int(p.H.Lo[i]), int(p.W.Lo[j]), p.C))
			for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
				for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
					for c, v := range x.at(h, w, p.C) {
						if v > y[c] {
							y[c] = v
						}
					}
				}
			}
		}
	}
}

// maxPoolGrad is dx, the sum over windows of their dy where x is the y of the window: the first such in row-major order.
func maxPoolGrad(p *Pool, dx, x, y, dy Map) {
	p.clear(dx, 0, 0)
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			y, dy := y.at(i, j, p.C), dy.at(i, j, p.C)
			for c, v := range y {
				maxPoolGradWindow(p, i, j, dx, x, c, v, dy[c])
			}
		}
	}
}

func maxPoolGradWindow(p *Pool, i, j int, dx, x Map, c int, v, g float32) {
	for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
		for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
			if x.Data[h*x.Row+w*x.Pix+c] == v {
				dx.Data[h*dx.Row+w*dx.Pix+c] += g
				return
			}
		}
	}
}

// avgPool is the sum of x over each window, times K.
func avgPool(p *Pool, y, x Map) {
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			y := y.at(i, j, p.C)
			clear(y)
			for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
				for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
					for c, v := range x.at(h, w, p.C) {
						y[c] += v
					}
				}
			}
			k := p.K[i*len(p.W.Lo)+j]
			for c := range y {
				y[c] *= k
			}
		}
	}
}

// avgPoolGrad is dx, the sum over windows of their K·dy.
func avgPoolGrad(p *Pool, dx, dy Map) {
	p.clear(dx, 0, 0)
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			dy := dy.at(i, j, p.C)
			k := p.K[i*len(p.W.Lo)+j]
			for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
				for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
					dx := dx.at(h, w, p.C)
					for c, g := range dy {
						dx[c] += float32(k * g)
					}
				}
			}
		}
	}
}

// stochasticPool takes of each window the first x at which the running sum of a = max(x, 0) exceeds u·Σa, and 0 where the sum is 0;
// u is what [unit] makes of the output's bits, which are those that dropout has: Zeiler, Fergus, arXiv:1301.3557. Outputs are
// first, first+1 ... in row-major order.
func stochasticPool(p *Pool, y, x Map, first uint64, step uint32, key [2]uint32) {
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			at := first + uint64((i*len(p.W.Lo)+j)*p.C)
			for c := range y.at(i, j, p.C) {
				n := at + uint64(c)
				u := unit(philox(uint32(n/4), step, key)[n%4])
				y.Data[i*y.Row+j*y.Pix+c] = p.take(i, j, x, c, u)
			}
		}
	}
}

// take is the element of a window that the number u means.
func (p *Pool) take(i, j int, x Map, c int, u float32) float32 {
	sum, run := float32(0), float32(0)
	for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
		for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
			sum += max(x.Data[h*x.Row+w*x.Pix+c], 0)
		}
	}
	for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
		for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
			v := x.Data[h*x.Row+w*x.Pix+c]
			if run += max(v, 0); run > u*sum {
				return v
			}
		}
	}
	return 0
}

// stochasticPoolInference is Σa²/Σa over each window, a = max(x, 0), and 0 where that sum is 0.
func stochasticPoolInference(p *Pool, y, x Map) {
	for i := range p.H.Lo {
		for j := range p.W.Lo {
			for c := range y.at(i, j, p.C) {
				sum, squares := float32(0), float32(0)
				for h := int(p.H.Lo[i]); h < int(p.H.Hi[i]); h++ {
					for w := int(p.W.Lo[j]); w < int(p.W.Hi[j]); w++ {
						a := max(x.Data[h*x.Row+w*x.Pix+c], 0)
						sum += a
						squares += float32(a * a)
					}
				}
				if sum > 0 {
					squares /= sum
				} else {
					squares = 0
				}
				y.Data[i*y.Row+j*y.Pix+c] = squares
			}
		}
	}
}
