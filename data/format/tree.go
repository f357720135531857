// Package format reads the files that data sets come in: folders of pictures, IDX, CIFAR's binaries, and tar archives of
// any of these. It imports nothing of Assay. Start at [List], which lays every source out as a [Tree] of names; then
// [ImageFolder], [IDX] and [CIFAR] say what the names mean, and [Decode] reads one picture.
package format

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is the files of a data set by name, wherever their bytes are: in a folder, in a tar archive, or in archives that lie
// in the folder. Names are slash paths below the root.
type Tree struct {
	Root     string // for messages: the folder or archive as it was given
	fsys     fs.FS
	files    []file   // plain files, sorted by name
	dirs     []string // every folder, with a slash at its end
	archives []file   // tar archives at the top level, sorted by name
	members  []string // of the archives, once listed
	skip     []string
}

type file struct {
	name string
	size int64
	time int64
}

// maxEntries bounds the files of a set, so that an archive of empty members cannot fill the memory.
const maxEntries = 10_000_000

// List lays out a folder or a .tar, .tar.gz or .tgz archive. Symbolic links are followed, each real folder is entered once;
// hidden files and what systems leave behind (Thumbs.db, desktop.ini, __MACOSX) are not seen; skip holds globs over names
// (`cat/0*.jpg`), base names (`*.txt`) or folders (`old`), and may begin with the root, as a name in a message does. No
// picture is opened.
func List(root string, skip []string) (*Tree, error) {
	info, err := os.Stat(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such folder or archive; check the path", root)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", root, bare(err))
	}
	if !info.IsDir() {
		if !isArchive(root) {
			return nil, fmt.Errorf("%s: neither a folder nor a .tar, .tar.gz or .tgz archive; name the folder that holds the classes", root)
		}
		t := &Tree{Root: root, fsys: os.DirFS(filepath.Dir(root)), skip: below(root, skip)}
		t.archives = []file{{filepath.Base(root), info.Size(), info.ModTime().UnixNano()}}
		return t, t.checkSkip()
	}
	t := &Tree{Root: root, fsys: os.DirFS(root), skip: below(root, skip)}
	if err := t.checkSkip(); err != nil {
		return nil, err
	}
	return t, t.walk("", map[string]bool{}, func(dir string) string {
		real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil {
			return dir
		}
		return real
	})
}

// ListFS is List over a file system, an embedded one for instance; name stands for it in messages.
func ListFS(name string, fsys fs.FS) (*Tree, error) {
	t := &Tree{Root: name, fsys: fsys}
	return t, t.walk("", map[string]bool{}, func(dir string) string { return dir })
}

// below takes the root, whole or its last part, off globs that begin with it; the glob as it stands counts too.
func below(root string, skip []string) []string {
	all := slices.Clone(skip)
	for _, glob := range skip {
		for _, front := range []string{filepath.ToSlash(filepath.Clean(root)), filepath.Base(root)} {
			if rest, ok := strings.CutPrefix(path.Clean(filepath.ToSlash(glob)), front+"/"); ok {
				all = append(all, rest)
			}
		}
	}
	return all
}

func (t *Tree) checkSkip() error {
	for _, glob := range t.skip {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("data.skip: %q is no glob; * stands for any run of letters, ? for one, [ab] for a or b", glob)
		}
	}
	return nil
}

// walk collects the files below dir; real names a folder past all links, so that a loop of links ends.
func (t *Tree) walk(dir string, seen map[string]bool, real func(string) string) error {
	if id := real(dir); seen[id] {
		return nil
	} else {
		seen[id] = true
	}
	entries, err := fs.ReadDir(t.fsys, dirName(dir))
	if err != nil {
		return fmt.Errorf("%s: %w", path.Join(t.Root, dir), bare(err))
	}
	if dir != "" {
		t.dirs = append(t.dirs, dir+"/")
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if ignored(e.Name()) || t.skipped(name) {
			continue
		}
		info, err := fs.Stat(t.fsys, name) // follows links
		switch {
		case err != nil: // a link to nothing
			t.files = append(t.files, file{name: name})
		case info.IsDir():
			if err := t.walk(name, seen, real); err != nil {
				return err
			}
		case !info.Mode().IsRegular(): // a pipe or a device
		case dir == "" && isArchive(name):
			t.archives = append(t.archives, file{name, info.Size(), info.ModTime().UnixNano()})
		default:
			t.files = append(t.files, file{name, info.Size(), info.ModTime().UnixNano()})
		}
		if len(t.files) > maxEntries {
			return fmt.Errorf("%s: more than %d files; split the folder", t.Root, maxEntries)
		}
	}
	return nil
}

// Fingerprint changes when a file comes, goes, or changes in size or time: what a cache of the folder is looked up by.
func (t *Tree) Fingerprint() string {
	h := sha256.New()
	for _, list := range [][]file{t.files, t.archives} {
		for _, f := range list {
			fmt.Fprintf(h, "%s\x00%d\x00%d\n", f.name, f.size, f.time)
		}
		fmt.Fprintln(h)
	}
	for _, glob := range t.skip {
		fmt.Fprintf(h, "%s\x00", glob)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Names lists every file, sorted, those in archives included, and every empty folder, with a slash at its end. The first
// call reads the archives through.
func (t *Tree) Names(ctx context.Context) ([]string, error) {
	if t.members == nil {
		for _, a := range t.archives {
			err := t.eachMember(ctx, a.name, func(name string, _ int64, _ io.Reader) error {
				if t.members = append(t.members, name); len(t.members) > maxEntries {
					return fmt.Errorf("more than %d files; split the archive", maxEntries)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	names := append(slices.Clone(t.members), t.dirs...)
	for _, f := range t.files {
		names = append(names, f.name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	kept := names[:0]
	for i, n := range names { // a folder that is not empty stands right before what it holds
		if !strings.HasSuffix(n, "/") || i+1 == len(names) || !strings.HasPrefix(names[i+1], n) {
			kept = append(kept, n)
		}
	}
	return kept, nil
}

// Each calls visit for every file that want accepts, plain files first, then archives in the order of their members. The
// reader holds until visit returns. The order is the same at every call. A plain file that cannot be opened is visited with
// a reader that says so.
func (t *Tree) Each(ctx context.Context, want func(name string) bool, visit func(name string, size int64, r io.Reader) error) error {
	for _, f := range t.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !want(f.name) {
			continue
		}
		r, err := t.fsys.Open(f.name)
		if err != nil {
			if err := visit(f.name, f.size, failing{bare(err)}); err != nil {
				return err
			}
			continue
		}
		err = visit(f.name, f.size, r)
		r.Close()
		if err != nil {
			return err
		}
	}
	for _, a := range t.archives {
		err := t.eachMember(ctx, a.name, func(name string, size int64, r io.Reader) error {
			if !want(name) {
				return nil
			}
			return visit(name, size, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachMember walks one archive, folders too (a slash at the end of the name). A member of train.tar.gz that does not say train/ is thought to lie there.
func (t *Tree) eachMember(ctx context.Context, archive string, visit func(name string, size int64, r io.Reader) error) error {
	fault := func(err error) error {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the archive ends too early; fetch it again")
		}
		return fmt.Errorf("%s: %w", path.Join(path.Dir(t.Root), archive), err)
	}
	f, err := t.fsys.Open(archive)
	if err != nil {
		return fault(bare(err))
	}
	defer f.Close()
	r, err := Gunzip(f)
	if err != nil {
		return fault(err)
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(archive, ".tgz"), ".gz"), ".tar")
	for tr := tar.NewReader(r); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fault(fmt.Errorf("a broken archive (%s); fetch or make it again", reason(err)))
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if name == "" || h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir || slices.ContainsFunc(strings.Split(name, "/"), ignored) || t.skipped(name) {
			continue
		}
		if top, _, _ := strings.Cut(name, "/"); splitOf(stem) != Unsplit && splitOf(top) != splitOf(stem) {
			name = stem + "/" + name
		}
		if h.Typeflag == tar.TypeDir {
			name += "/"
		}
		if err := visit(name, h.Size, tr); err != nil {
			return err
		}
	}
}

// Gunzip returns what r holds, unpacked where it begins as gzip does.
func Gunzip(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if head, _ := b.Peek(2); string(head) != "\x1f\x8b" {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, errors.New("a broken gzip file; fetch it again")
	}
	return z, nil
}

// ReadAll reads at most limit bytes and says so where there are more.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("more than %d MiB", limit>>20)
	}
	return b, nil
}

func (t *Tree) skipped(name string) bool {
	for _, glob := range t.skip {
		glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
		for part := name; part != "."; part = path.Dir(part) { // the file, or a folder it lies in
			if whole, _ := path.Match(glob, part); whole {
				return true
			}
			if base, _ := path.Match(glob, path.Base(part)); base {
				return true
			}
		}
	}
	return false
}

func ignored(base string) bool {
	return strings.HasPrefix(base, ".") || strings.EqualFold(base, "thumbs.db") || strings.EqualFold(base, "desktop.ini") || base == "__MACOSX"
}

func isArchive(name string) bool {
	l := strings.ToLower(name)
	return strings.HasSuffix(l, ".tar") || strings.HasSuffix(l, ".tar.gz") || strings.HasSuffix(l, ".tgz")
}

func dirName(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// bare takes operation and path off an error of the system: the caller names the file in its own way.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
