// Package atomicfile writes a file whole or not at all, whatever kills the process: beside its place, synced, renamed. It
// also says whether a file is in the hands of a living process ([Share], [Free]), by locks that the system takes back from
// the dead, so that what killed processes left can be told from what others are writing. It imports nothing of Assay. Start
// at [Write].
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
	"time"
	"unicode/utf8"
)

// Write calls write with a buffered file beside path and, when all of it is on the disk, renames it to path, so that a
// reader sees the old file or the new one and never a part. The folder must exist. A file that is there keeps its
// permissions, a new one gets 0644 less the umask; a symbolic link is followed, so that the link stays. When write or the
// disk fails, path is as it was and nothing is left beside it; only a process that is killed in between leaves
// ".NAME.NUMBER.partial" (of a long name its beginning), which [Clean] and [CleanFolder] remove.
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
	if err := settle(f, path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// create opens a new file beside the one meant, under a name that two processes do not share, and holds its lock until it
// is closed.
func create(dir, name string, mode fs.FileMode) (*os.File, error) {
	for i := range 1000 {
		partial := filepath.Join(dir, fmt.Sprintf("%s%d-%d%s", opening(name), os.Getpid(), i, ending))
		f, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lock(f)
		// Between the two steps another process may have taken it for a dead one's and removed it.
		if mine, err := f.Stat(); err == nil {
			if there, err := os.Stat(partial); err == nil && os.SameFile(mine, there) {
				return f, nil
			}
		}
		f.Close()
	}
	return nil, fmt.Errorf("%s: a thousand unfinished files of that name in %s; remove .%s*%s", name, dir, name, ending)
}

const (
	ending  = ".partial"
	longest = 200 // bytes of the name that an unfinished file repeats: file systems allow 255 in all
)

// opening is what the names of the unfinished files of name begin with. A name is cut between letters.
func opening(name string) string {
	for len(name) > longest {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return "." + name + "."
}

// syncDir makes the rename itself last through a loss of power. The file stands whole either way, so a file system that
// cannot sync a folder, or a folder that may be written but not read, is no failure.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// Clean removes what killed processes left beside path: its unfinished files. Those of a living process stay.
func Clean(path string) error {
	dir, name := filepath.Split(path)
	_, err := clean(dir, opening(name))
	return err
}

// CleanFolder is Clean for every file of a folder, and says how many bytes that gave back. A folder that is missing is clean.
func CleanFolder(dir string) (freed int64, err error) { return clean(dir, ".") }

func clean(dir, front string) (freed int64, err error) {
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), front) && strings.HasSuffix(e.Name(), ending) {
			n, _, e := Free(filepath.Join(dir, e.Name()))
			freed += n
			err = errors.Join(err, e)
		}
	}
	return freed, err
}

// Unfinished says whether a name is one that [Write] gives a file that is not whole yet.
func Unfinished(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ending)
}

// Free removes a file unless a living process holds it: by [Share], or because it is writing it. It says how many bytes that
// gave back and whether the file is gone; a file that is not there is gone. Where the system has no such locks a file that
// changed within the last day counts as held.
func Free(path string) (freed int64, gone bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	} else if err != nil {
		return 0, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || held(f, info) {
		return 0, false, err
	}
	if err := remove(f, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, false, err
	}
	return info.Size(), true, nil
}

// Held says whether a living process holds the file, as [Free] judges it. A file that cannot be opened is not held.
func Held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	return err == nil && held(f, info)
}

// recent is how long a file without a lock counts as held after its last change.
const recent = 24 * time.Hour

func young(info fs.FileInfo) bool { return time.Since(info.ModTime()) < recent }

// of gives an error of the unfinished file the name of the file that was meant: the other one is gone when a person reads it.
func of(path string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok && strings.HasSuffix(p.Path, ending) {
		return &fs.PathError{Op: p.Op, Path: path, Err: p.Err}
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: l.Op, Path: path, Err: l.Err}
	}
	return err
}
