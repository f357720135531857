package data

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/internal/atomicfile"
)

// The cache folder holds, for each root (a folder or archive with its globs of skip, or a built-in set), one listing and the
// pixels of the state that it was listed in: ROOT.listing, ROOT-STATE-SIZE.pixels. An opened set holds the files that it
// uses. Everything may be removed at any time; what is in use is removed by nobody.

const (
	listingEnding = ".listing"
	pixelEnding   = ".pixels"
)

// cached is the listing of this state of the files, or nil.
func (s *Set) cached(state string) *listing {
	if s.opt.Cache == "" {
		return nil
	}
	b, err := os.ReadFile(s.listingFile())
	if err != nil {
		return nil
	}
	l, err := readListing(b)
	if err != nil || l.State != state {
		return nil
	}
	s.hold()
	return l
}

// keep writes the listing, and removes what is left of the same root under other globs.
func (s *Set) keep(l *listing) error {
	if s.opt.Cache == "" || s.opt.Look {
		return nil
	}
	if err := atomicfile.Write(s.listingFile(), l.write); err != nil {
		return err
	}
	s.hold()
	files, _ := CacheFiles(s.opt.Cache)
	for _, f := range files {
		if f.Root == l.Root && !strings.HasPrefix(filepath.Base(f.Path), s.id) && time.Since(f.Used) > stale {
			n, _, _ := f.Free()
			s.freed += n
		}
	}
	return nil
}

// stale is how long the files of a root with other globs of skip are kept after their last use, when a listing of it is
// written: those who try globs would else leave all pixels behind with each, and two studies with globs of their own must not
// take the cache from one another.
const stale = 24 * time.Hour

// tidy removes what dead processes left unfinished, and the pixels of other states of the root. What cannot be removed does no
// harm.
func (s *Set) tidy() {
	if s.opt.Cache == "" || s.opt.Look {
		return
	}
	s.freed, _ = atomicfile.CleanFolder(s.opt.Cache)
	entries, _ := os.ReadDir(s.opt.Cache)
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), s.id+"-"); ok && !strings.HasPrefix(rest, s.state+"-") {
			n, _, _ := atomicfile.Free(filepath.Join(s.opt.Cache, e.Name()))
			s.freed += n
		}
	}
}

func (s *Set) listingFile() string { return filepath.Join(s.opt.Cache, s.id+listingEnding) }

// hold keeps others from removing the listing as long as the set is open.
func (s *Set) hold() {
	if !atomicfile.Locks { // an open file would only be in the way of the next one
		s.used(s.listingFile())
		return
	}
	if f, err := os.Open(s.listingFile()); err == nil {
		atomicfile.Share(f)
		s.held = f
		s.used(f.Name())
	}
}

// used notes, in the time of a file of the cache, that it was of use just now. A cache that may only be read is as good.
func (s *Set) used(path string) {
	if !s.opt.Look {
		now := time.Now()
		_ = os.Chtimes(path, now, now)
	}
}

// Freed is how many bytes of the cache this opening gave back: pixels of earlier states of the same root, and what killed
// processes left unfinished.
func (s *Set) Freed() int64 { return s.freed }

// CacheFile is a file of a cache folder.
type CacheFile struct {
	Path  string
	Kind  string // listing, pixels, or unfinished: of a process that writes it now, or was killed as it did
	Root  string // the folder, archive or built-in set that it was made of; empty where nothing says so any more
	Bytes int64
	Used  time.Time // last
	InUse bool      // by a living process
}

// CacheFiles lists what sets have put into a cache folder, sorted by name. A folder that is missing holds nothing.
func CacheFiles(dir string) ([]CacheFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	roots := map[string]string{}
	var files []CacheFile
	for _, e := range entries {
		name := e.Name()
		f := CacheFile{Path: filepath.Join(dir, name)}
		id := name
		switch {
		case !e.Type().IsRegular():
			continue
		case atomicfile.Unfinished(name):
			f.Kind, id = "unfinished", strings.TrimPrefix(name, ".")
		case strings.HasSuffix(name, listingEnding):
			f.Kind = "listing"
			roots[strings.TrimSuffix(name, listingEnding)] = rootOf(f.Path)
		case strings.HasSuffix(name, pixelEnding):
			f.Kind = "pixels"
		default:
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		f.Root = id[:max(0, strings.IndexAny(id, "-."))]
		f.Bytes, f.Used, f.InUse = info.Size(), info.ModTime(), atomicfile.Held(f.Path)
		files = append(files, f)
	}
	for i := range files {
		files[i].Root = roots[files[i].Root]
	}
	slices.SortFunc(files, func(a, b CacheFile) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// Free removes the file unless a living process uses it, and says how many bytes that gave back and whether it is gone.
func (f CacheFile) Free() (freed int64, gone bool, err error) { return atomicfile.Free(f.Path) }

// rootOf reads the head of a listing alone, unchecked.
func rootOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	front := make([]byte, len(listingMagic)+4)
	if _, err := f.Read(front); err != nil || string(front[:len(listingMagic)]) != listingMagic {
		return ""
	}
	info, err := f.Stat()
	size := binary.LittleEndian.Uint32(front[len(listingMagic):])
	if err != nil || int64(size) > info.Size() {
		return ""
	}
	text := make([]byte, size)
	if _, err := f.ReadAt(text, int64(len(front))); err != nil {
		return ""
	}
	var h struct{ Root string }
	if json.Unmarshal(text, &h) != nil {
		return ""
	}
	return h.Root
}

// Builtin says whether the set is one of the catalogue, which the user has not made.
func (s *Set) Builtin() bool { return s.spec.Name != "" }
