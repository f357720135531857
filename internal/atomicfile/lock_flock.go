//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Locks says whether this system's locks are known: whether [Share] does anything.
const Locks = true

// Share holds a file, together with others who do, until it is closed or the process dies: [Free] lets it be. A file system
// without locks is no failure; the file then counts as held for a day after its last change.
func Share(f *os.File) { flock(f, syscall.LOCK_SH) }

func lock(f *os.File) { flock(f, syscall.LOCK_EX|syscall.LOCK_NB) }

// held tries to take the file for itself alone. What it takes it keeps until f is closed, so that nobody comes in between.
func held(f *os.File, info fs.FileInfo) bool {
	switch err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return false
	case errors.Is(err, syscall.EWOULDBLOCK):
		return true
	default:
		return young(info)
	}
}

func remove(_ *os.File, path string) error { return os.Remove(path) }

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}

// settle gives a written file its name and closes it, in this order: once it is closed nobody holds it, and another process would
// take it for a dead one's.
func settle(f *os.File, path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}
