package ref

import "github.com/assaylab/assay/internal/program"

// splitHeads: y[n,g,h·W+w,d] = x[n,h,w,g·D+d].
func splitHeads(op program.SplitHeads, x, y array) {
	d := y.channels()
	each(x, func(n, h, w, c int) { y.v[y.at(n, c/d, h*x.Shape[2]+w, c%d)] = x.v[x.at(n, h, w, c)] })
}

// mergeHeads: x[n,h,w,g·D+d] = y[n,g,h·W+w,d].
func mergeHeads(y, x array) {
	d := y.channels()
	each(x, func(n, h, w, c int) { x.v[x.at(n, h, w, c)] = y.v[y.at(n, c/d, h*x.Shape[2]+w, c%d)] })
}

// relativeBias: y[n,g,p,q] = s[n,g,p,q] + table[g,R+dh,R+dw].
func relativeBias(op program.RelativeBias, s, table, y array) {
	copy(y.v, s.v)
	pairs(op, y, func(pair, entry int) { y.v[pair] += table.v[entry] })
}

func relativeBiasGrad(op program.RelativeBiasGrad, ds, table array) {
	pairs(program.RelativeBias(op), ds, func(pair, entry int) { table.v[entry] += ds.v[pair] })
}

// pairs calls f for every pair of positions of a head, with the entry of the table that belongs to it.
func pairs(op program.RelativeBias, s array, f func(pair, entry int)) {
	side := 2*op.Range + 1
	clipped := func(d int) int { return min(max(d, -op.Range), op.Range) + op.Range }
	each(s, func(n, g, p, q int) {
		dh, dw := q/op.W-p/op.W, q%op.W-p%op.W
		f(s.at(n, g, p, q), (g*side+clipped(dh))*side+clipped(dw))
	})
}
