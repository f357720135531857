//go:build !unix

package data

import "os"

// mapFile reads a file whole where the system has no mmap that Go's syscall package knows.
func mapFile(path string) ([]byte, func() error, error) {
	b, err := os.ReadFile(path)
	return b, func() error { return nil }, err
}
