package cpu

// floats returns n zeros, on huge pages where the system gives them to who asks: of 2 MB each, so that a walk through a long array
// misses few translations, and a prefetcher, which stops where a page ends, keeps going. It is for arrays that live long: the arena,
// packed weights, the memory of workers. See docs/decisions/0017-huge-pages.md.
func floats(n int) []float32 {
	d := make([]float32, n)
	advise(d)
	return d
}
