//go:build !race

package golden

// Raced says that the race detector watches.
const Raced = false
