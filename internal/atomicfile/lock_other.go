//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package atomicfile

import (
	"io/fs"
	"os"
)

// Locks says whether this system's locks are known: whether [Share] does anything.
const Locks = false

// Share would hold a file; this system's locks are not in Go's standard library, so a file counts as held for a day after
// its last change, and Windows refuses to remove one that is open.
func Share(*os.File) {}

func lock(*os.File) {}

func held(_ *os.File, info fs.FileInfo) bool { return young(info) }

// remove closes the file first: Windows removes none that is open.
func remove(f *os.File, path string) error {
	f.Close()
	return os.Remove(path)
}

// settle closes a written file and gives it its name: an open one cannot be renamed everywhere.
func settle(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
