package kernel

// Pool is the geometry of a pooling over one image, made at plan time: output pixel (i, j) covers the input rows
// [H0[i], H1[i]) and columns [W0[j], W1[j]), clipped to the image, so borders, padding and Caffe's ceil mode are bounds. No
// window is empty. HN[i]·WN[j] is what an average divides by, padding counted or not.
type Pool struct {
	C              int
	H0, H1, W0, W1 []int32
	HN, WN         []int32 // AvgPool alone
}

// maxPool is the largest x of each window. A NaN may be lost beside numbers.
func maxPool(p *Pool, y, x Map) {
	for i := range p.H0 {
		for j := range p.W0 {
			y := y.at(i, j, p.C)
			copy(y, x.at(int(p.H0[i]), int(p.W0[j]), p.C))
			for h := int(p.H0[i]); h < int(p.H1[i]); h++ {
				for w := int(p.W0[j]); w < int(p.W1[j]); w++ {
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

// maxPoolGrad adds dy to dx where x is the y of the window: the first such in row-major order.
func maxPoolGrad(p *Pool, dx, x, y, dy Map) {
	for i := range p.H0 {
		for j := range p.W0 {
			y, dy := y.at(i, j, p.C), dy.at(i, j, p.C)
			for c, v := range y {
				maxPoolGradWindow(p, i, j, dx, x, c, v, dy[c])
			}
		}
	}
}

func maxPoolGradWindow(p *Pool, i, j int, dx, x Map, c int, v, g float32) {
	for h := int(p.H0[i]); h < int(p.H1[i]); h++ {
		for w := int(p.W0[j]); w < int(p.W1[j]); w++ {
			if x.Data[h*x.Row+w*x.Pix+c] == v {
				dx.Data[h*dx.Row+w*dx.Pix+c] += g
				return
			}
		}
	}
}

// avgPool is the sum of x over each window by HN·WN.
func avgPool(p *Pool, y, x Map) {
	for i := range p.H0 {
		for j := range p.W0 {
			y := y.at(i, j, p.C)
			clear(y)
			for h := int(p.H0[i]); h < int(p.H1[i]); h++ {
				for w := int(p.W0[j]); w < int(p.W1[j]); w++ {
					for c, v := range x.at(h, w, p.C) {
						y[c] += v
					}
				}
			}
			k := 1 / float32(p.HN[i]*p.WN[j])
			for c := range y {
				y[c] *= k
			}
		}
	}
}

// avgPoolGrad adds dy/(HN·WN) to dx all over each window.
func avgPoolGrad(p *Pool, dx, dy Map) {
	for i := range p.H0 {
		for j := range p.W0 {
			dy := dy.at(i, j, p.C)
			k := 1 / float32(p.HN[i]*p.WN[j])
			for h := int(p.H0[i]); h < int(p.H1[i]); h++ {
				for w := int(p.W0[j]); w < int(p.W1[j]); w++ {
					dx := dx.at(h, w, p.C)
					for c, g := range dy {
						dx[c] += k * g
					}
				}
			}
		}
	}
}
