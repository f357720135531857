package ref

// biasAdd: y[...,c] = x[...,c] + b[c].
func biasAdd(x, b, y array) {
	for i := range x.v {
		y.v[i] = x.v[i] + b.v[i%len(b.v)]
	}
}

// sumChannels: s[c] = Σ x[...,c].
func sumChannels(x, s array) {
	for i := range x.v {
		s.v[i%len(s.v)] += x.v[i]
	}
}
