//go:build unix

package data

import (
	"os"
	"syscall"

	"github.com/assaylab/assay/internal/atomicfile"
)

// mapFile maps a file for reading, so that all processes of a study share one copy of the pixels. It is held as long.
func mapFile(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	atomicfile.Share(f)
	fail := func(err error) ([]byte, func() error, error) {
		f.Close()
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if info.Size() == 0 || int64(int(info.Size())) != info.Size() {
		return fail(os.ErrInvalid)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return fail(err)
	}
	return b, func() error {
		err := syscall.Munmap(b)
		f.Close()
		return err
	}, nil
}
