package ref

import "math"

// apl: y = max(x, 0) + Σ_s a[s,c]·max(b[s,c]-x, 0).
func apl(x, a, b, y array) {
	for i, v := range x.v {
		y.v[i] = math.Max(v, 0)
		for sc := i % x.channels(); sc < len(a.v); sc += x.channels() {
			y.v[i] += a.v[sc] * math.Max(b.v[sc]-v, 0)
		}
	}
}

// aplGrad: dx = dy·([x>0] - Σ_s a[s,c]·[x<b[s,c]]), da[s,c] = Σ dy·max(b[s,c]-x, 0), db[s,c] = Σ dy·a[s,c]·[x<b[s,c]].
func aplGrad(x, a, b, dy, dx, da, db array) {
	for i, v := range x.v {
		if v > 0 {
			dx.v[i] = dy.v[i]
		}
		for sc := i % x.channels(); sc < len(a.v); sc += x.channels() {
			if v < b.v[sc] {
				dx.v[i] -= dy.v[i] * a.v[sc]
				da.v[sc] += dy.v[i] * (b.v[sc] - v)
				db.v[sc] += dy.v[i] * a.v[sc]
			}
		}
	}
}
