//go:build !race

package runner

// raced says that the race detector watches.
const raced = false
