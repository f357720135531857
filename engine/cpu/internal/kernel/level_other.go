//go:build !amd64 || purego

package kernel

// Levels lists the sets that this processor runs, slowest first.
func Levels() []Set { return []Set{Generic()} }
