//go:build race

package runner

// raced says that the race detector watches, which makes arithmetic on one goroutine ten times as slow and has nothing to find there.
const raced = true
