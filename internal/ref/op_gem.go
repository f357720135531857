package ref

import "math"

// gem: y[n,c] = (Σ_{h,w} max(x,0)^p / (H·W))^(1/p).
func gem(x, p, y array) {
	c := y.Shape[1]
	for i, v := range x.v {
		y.v[i/(len(x.v)/x.Shape[0])*c+i%c] += math.Pow(math.Max(v, 0), p.v[0]) / float64(x.Shape[1]*x.Shape[2])
	}
	for i, m := range y.v {
		if y.v[i] = math.Pow(m, 1/p.v[0]); !(p.v[0] > 0) {
			y.v[i] = math.NaN()
		}
	}
}

// gemGrad: with u = max(x,0)/y, dx = dy·u^(p−1)/(H·W), dp = Σ dy·y/p · u^p·ln u / (H·W).
func gemGrad(x, p, y, dy, dx, dp array) {
	c, positions := y.Shape[1], float64(x.Shape[1]*x.Shape[2])
	for i, v := range x.v {
		if v <= 0 {
			continue
		}
		at := i/(len(x.v)/x.Shape[0])*c + i%c
		u := v / y.v[at]
		dx.v[i] = dy.v[at] * math.Pow(u, p.v[0]-1) / positions
		dp.v[0] += dy.v[at] * y.v[at] / p.v[0] * math.Pow(u, p.v[0]) * math.Log(u) / positions
	}
}
