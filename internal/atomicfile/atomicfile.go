// Package atomicfile writes a file whole or not at all, whatever kills the process: beside its place, synced, renamed. It
// imports nothing of Assay. Start at [Write].
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write calls write with a buffered file beside path and, when all of it is on the disk, renames it to path, so that a
// reader sees the old file or the new one and never a part. The folder must exist. A file that is there keeps its
// permissions, a new one gets 0644 less the umask; a symbolic link is followed, so that the link stays. When write or the
// disk fails, path is as it was and nothing is left beside it; only a process that is killed in between leaves
// ".NAME.NUMBER.partial", which [Clean] removes.
func Write(path string, write func(io.Writer) error) (err error) {
	if target, e := filepath.EvalSymlinks(path); e == nil {
		path = target
	}
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	mode := fs.FileMode(0o644)
	exists := false
	switch info, e := os.Stat(path); {
	case e == nil && info.IsDir():
		return fmt.Errorf("%s: is a folder; name a file", path)
	case e == nil:
		mode, exists = info.Mode().Perm(), true
	}
	f, err := create(dir, name, mode)
	if err != nil {
		return of(path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = of(path, err)
		}
	}()
	if exists { // a new file's mode is left to the umask
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// create opens a new file beside the one meant, under a name that two processes do not share.
func create(dir, name string, mode fs.FileMode) (*os.File, error) {
	for i := range 1000 {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf(".%s.%d-%d.partial", name, os.Getpid(), i)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("%s: a thousand unfinished files of that name in %s; remove .%s.*.partial", name, dir, name)
}

// syncDir makes the rename itself last through a loss of power. The file stands whole either way, so a file system that
// cannot sync a folder, or a folder that may be written but not read, is no failure.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// Clean removes what killed processes left beside path: its unfinished files. Call it when nobody else writes path.
func Clean(path string) error {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+name+".") && strings.HasSuffix(e.Name(), ".partial") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// of gives an error of the unfinished file the name of the file that was meant: the other one is gone when a person reads it.
func of(path string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok && strings.HasSuffix(p.Path, ".partial") {
		return &fs.PathError{Op: p.Op, Path: path, Err: p.Err}
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: l.Op, Path: path, Err: l.Err}
	}
	return err
}
