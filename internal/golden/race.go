//go:build race

package golden

// Raced says that the race detector watches, which makes arithmetic on one goroutine ten times as slow and has nothing to find there: a
// golden of bits that takes long leaves it out.
const Raced = true
