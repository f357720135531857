// Package format reads the files that data sets come in: folders of pictures, IDX, CIFAR's binaries, and archives (tar, zip) of
// any of these. It imports data/augment, which resizes, and internal/memory. Start at [List], which lays every source out as
// a [Tree] of names; then [ImageFolder], [IDX] and [CIFAR] say what the names mean, and [Read] is the one way to see a picture.
package format

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
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
	"sync/atomic"
	"unicode/utf8"
)

// Tree is the files of a data set by name, wherever their bytes are: in a folder, in an archive, or in archives that lie in the
// folder. Names are slash paths below the root, in UTF-8: a byte of a name that is none is written as in `p\xeache`.
type Tree struct {
	Root     string // for messages: the folder or archive as it was given
	fsys     fs.FS
	files    []file   // plain files, sorted by name
	dirs     []string // every folder, with a slash at its end
	archives []file   // at the top level, sorted by name
	members  []string // of the archives, once listed
	skip     []string
	asked    []int         // by skip: which of the globs given it stands for
	given    []string      // the globs as they were given
	met      []atomic.Bool // by those: it named something
	links    []link        // to folders, which are entered last
	strays   []Stray
	stops    []Stop
}

type file struct {
	name string
	path string // below the root as the system has it
	size int64
	time int64
}

// link is a symbolic link to a folder.
type link struct{ name, path string }

// Stop is something that hinders training until a person mends it.
type Stop struct {
	What string   `json:"what"` // "class emu has no images"
	Mend string   `json:"mend"` // what to do, as it follows What
	Skip []string `json:"skip"` // the globs that would leave it out, below the root; none where none would
}

// Glob is the pattern of data.skip that a name alone fits.
func Glob(name string) string { return globs.Replace(name) }

var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

// maxEntries bounds the files of a set, so that an archive of empty members cannot fill the memory.
const maxEntries = 10_000_000

// List lays out a folder or a .tar, .tar.gz, .tgz or .zip archive. Symbolic links are followed; each real folder is entered once
// and under its own name, and a link to one that is listed anyway is a stray. Hidden files and what systems leave behind
// ([ignored]) are not seen; a zip archive is read where no folder lies beside it; skip holds globs over names (`cat/0*.jpg`), base names (`*.txt`) or folders (`old`), and may begin
// with the root, as a name in a message does. No picture is opened.
func List(root string, skip []string) (*Tree, error) {
	info, err := os.Stat(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such folder or archive; check the path", root)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", root, bare(err))
	}
	if !info.IsDir() {
		if !isArchive(root) {
			return nil, fmt.Errorf("%s: neither a folder nor a .tar, .tar.gz, .tgz or .zip archive; name the folder that holds the classes", root)
		}
		t := &Tree{Root: root, fsys: disk(filepath.Dir(root))}
		t.leaveOut(skip)
		base := filepath.Base(root)
		t.archives = []file{{shown(base), base, info.Size(), info.ModTime().UnixNano()}}
		return t, t.checkSkip()
	}
	t := &Tree{Root: root, fsys: disk(root)}
	t.leaveOut(skip)
	if err := t.checkSkip(); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, bare(err))
	}
	seen := map[string]string{}
	if err := t.walk("", "", real, seen); err != nil {
		return nil, err
	}
	for len(t.links) > 0 { // real folders first; a link in a linked folder comes after the others
		l := t.links[0]
		t.links = t.links[1:]
		to, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(l.path)))
		if err != nil {
			t.strays = append(t.strays, Stray{l.name, "a link that leads nowhere", mendSkip})
			continue
		}
		if first, twice := seen[to]; twice {
			t.strays = append(t.strays, Stray{l.name, "a link to " + path.Join(t.Root, first) + ", which is read already", mendSkip})
			continue
		}
		if err := t.walk(l.name, l.path, to, seen); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(t.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	t.archives = slices.DeleteFunc(t.archives, func(a file) bool {
		beside := len(t.dirs) > 0 && isZip(a.name) // most likely what the folders were unpacked from
		if beside {
			t.strays = append(t.strays, Stray{a.name, "an archive beside folders, which is not read", "move it away or list it under data.skip"})
		}
		return beside
	})
	return t, nil
}

// ListFS is List over a file system, an embedded one for instance; name stands for it in messages.
func ListFS(name string, fsys fs.FS) (*Tree, error) {
	t := &Tree{Root: name, fsys: fsys}
	return t, t.walk("", "", "", map[string]string{})
}

// Strays are what was left out while listing, and Stops what hinders training: folders that cannot be read.
func (t *Tree) Strays() []Stray { return t.strays }

// Stops are what hinders training: folders that cannot be read.
func (t *Tree) Stops() []Stop { return t.stops }

// disk is a folder as a file system. Unlike os.DirFS it opens names that are no UTF-8.
type disk string

func (d disk) at(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

func (d disk) Open(name string) (fs.File, error)          { return os.Open(d.at(name)) }
func (d disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(d.at(name)) }
func (d disk) Stat(name string) (fs.FileInfo, error)      { return os.Stat(d.at(name)) }

// shown is a name in UTF-8.
func shown(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for i, r := range name {
		if r == utf8.RuneError && name[i] >= 0x80 && !strings.HasPrefix(name[i:], "\uFFFD") {
			fmt.Fprintf(&b, `\x%02x`, name[i])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// leaveOut takes globs in, each as it stands and, where it begins with the root, whole or its last part, without that.
func (t *Tree) leaveOut(skip []string) {
	t.given, t.met = skip, make([]atomic.Bool, len(skip))
	t.skip = slices.Clone(skip)
	for i := range skip {
		t.asked = append(t.asked, i)
	}
	for i, glob := range skip {
		for _, front := range []string{filepath.ToSlash(filepath.Clean(t.Root)), filepath.Base(t.Root)} {
			if rest, ok := strings.CutPrefix(path.Clean(filepath.ToSlash(glob)), front+"/"); ok {
				t.skip, t.asked = append(t.skip, rest), append(t.asked, i)
			}
		}
	}
}

// Idle are the globs of skip that have named nothing so far; of an archive's members once [Tree.Names] has been called.
func (t *Tree) Idle() []string {
	var idle []string
	for i, glob := range t.given {
		if !t.met[i].Load() {
			idle = append(idle, glob)
		}
	}
	return idle
}

func (t *Tree) checkSkip() error {
	for _, glob := range t.skip {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("data.skip: %q is no glob; * stands for any run of letters, ? for one, [ab] for a or b", glob)
		}
	}
	return nil
}

// walk collects the files below a folder: its name, its path below the root, and where it lies past all links, so that none
// is entered twice.
func (t *Tree) walk(dir, at, real string, seen map[string]string) error {
	seen[real] = dir
	entries, err := fs.ReadDir(t.fsys, dirName(at))
	if err != nil {
		if dir == "" {
			return fmt.Errorf("%s: %w", t.Root, bare(err))
		}
		t.stops = append(t.stops, Stop{fmt.Sprintf("folder %s cannot be read (%v)", dir, bare(err)), mendShut, []string{Glob(dir)}})
		return nil
	}
	if dir != "" {
		t.dirs = append(t.dirs, dir+"/")
	}
	for _, e := range entries {
		name, below := path.Join(dir, shown(e.Name())), path.Join(at, e.Name())
		if ignored(e.Name()) || t.skipped(name) {
			continue
		}
		info, err := fs.Stat(t.fsys, below) // follows links
		switch {
		case err != nil: // a link to nothing, or a file that went away: whoever opens it is told
			t.files = append(t.files, file{name: name, path: below})
		case info.IsDir() && e.Type()&fs.ModeSymlink != 0:
			t.links = append(t.links, link{name, below})
		case info.IsDir():
			if err := t.walk(name, below, filepath.Join(real, e.Name()), seen); err != nil {
				return err
			}
		case !info.Mode().IsRegular(): // a pipe or a device
		case dir == "" && isArchive(name):
			t.archives = append(t.archives, file{name, below, info.Size(), info.ModTime().UnixNano()})
		default:
			t.files = append(t.files, file{name, below, info.Size(), info.ModTime().UnixNano()})
		}
		if len(t.files)+len(t.dirs) > maxEntries {
			return fmt.Errorf("%s: more than %d files; split the folder", t.Root, maxEntries)
		}
	}
	return nil
}

// Fingerprint changes when a file or folder comes, goes or is renamed, and when a file changes in size or time: what a cache
// of the folder is looked up by. It covers all that [Tree.Names], Strays and Stops tell.
func (t *Tree) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n%q\n%q\n", t.dirs, t.strays, t.stops)
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
			err := t.eachMember(ctx, a, func(name string, _ int64, _ io.Reader) error {
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
		r, err := t.fsys.Open(f.path)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = &Fault{"a link to nothing", mendBroken}
			}
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
		err := t.eachMember(ctx, a, func(name string, size int64, r io.Reader) error {
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

// eachMember walks one archive, folders too (a slash at the end of the name). A member of train.tar.gz that does not say train/
// is thought to lie there.
func (t *Tree) eachMember(ctx context.Context, archive file, visit func(name string, size int64, r io.Reader) error) error {
	where := t.Root
	if filepath.Base(t.Root) != archive.path {
		where = path.Join(t.Root, archive.name)
	}
	fault := func(err error) error { return fmt.Errorf("%s: %w", where, err) }
	f, err := t.fsys.Open(archive.path)
	if err != nil {
		return fault(bare(err))
	}
	defer f.Close()
	stem := archive.name
	for _, end := range []string{".zip", ".tgz", ".gz", ".tar"} {
		stem = strings.TrimSuffix(stem, end)
	}
	each := func(name string, dir bool, size int64, r io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name = strings.TrimPrefix(path.Clean("/"+shown(name)), "/")
		if name == "" || slices.ContainsFunc(strings.Split(name, "/"), ignored) || t.skipped(name) {
			return nil
		}
		if top, _, _ := strings.Cut(name, "/"); splitOf(stem) != Unsplit && splitOf(top) != splitOf(stem) {
			name = stem + "/" + name
		}
		if dir {
			name += "/"
		}
		return visit(name, size, r)
	}
	if isZip(archive.name) {
		return eachZip(f, archive.size, fault, each)
	}
	return eachTar(f, fault, each)
}

// eachTar reads an archive from its beginning to its end.
func eachTar(f io.Reader, fault func(error) error, each func(name string, dir bool, size int64, r io.Reader) error) error {
	r, err := Gunzip(f)
	if err != nil {
		return fault(err)
	}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return fault(fmt.Errorf("a broken archive (%s); fetch or make it again", reason(err)))
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
			continue
		}
		if err := each(h.Name, h.Typeflag == tar.TypeDir, h.Size, tr); err != nil {
			return err
		}
	}
}

// eachZip reads the directory at an archive's end and then its members in the order of the directory.
func eachZip(f fs.File, size int64, fault func(error) error, each func(name string, dir bool, size int64, r io.Reader) error) error {
	at, ok := f.(io.ReaderAt)
	if !ok {
		return fault(errors.New("a zip archive that can only be read from its beginning; unpack it"))
	}
	if n := zipEntries(at, size); n > maxZipEntries {
		return fault(fmt.Errorf("a zip archive of more than %d files; unpack it", maxZipEntries))
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return fault(fmt.Errorf("a broken archive (%s); fetch or make it again", reason(err)))
	}
	for _, m := range z.File {
		mode := m.Mode()
		if !mode.IsRegular() && !mode.IsDir() {
			continue
		}
		var r io.Reader = strings.NewReader("")
		if mode.IsRegular() {
			r = &member{file: m}
		}
		err := each(strings.ReplaceAll(m.Name, `\`, "/"), mode.IsDir(), int64(min(m.UncompressedSize64, 1<<62)), r)
		if m, ok := r.(*member); ok && m.r != nil {
			m.r.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxZipEntries bounds the directory of a zip, which archive/zip holds in memory as a whole.
const maxZipEntries = 2_000_000

// zipEntries is the number of members that the end of a zip declares, in its short or its long form (APPNOTE.TXT, 4.3.14 and
// 4.3.16); 0 where there is no end.
func zipEntries(r io.ReaderAt, size int64) uint64 {
	n := min(size, 1<<16+22+20)
	tail := make([]byte, n)
	if _, err := r.ReadAt(tail, size-n); err != nil && err != io.EOF {
		return 0
	}
	end := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if end < 0 || end+22 > len(tail) {
		return 0
	}
	if n := uint64(binary.LittleEndian.Uint16(tail[end+10:])); n != 0xffff {
		return n
	}
	if end < 20 || string(tail[end-20:end-16]) != "PK\x06\x07" {
		return 0xffff
	}
	long := make([]byte, 56)
	if _, err := r.ReadAt(long, int64(binary.LittleEndian.Uint64(tail[end-12:])&(1<<62-1))); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(long[32:])
}

// member opens a file of a zip when its first byte is asked for.
type member struct {
	file *zip.File
	r    io.ReadCloser
}

func (m *member) Read(b []byte) (int, error) {
	if m.r == nil {
		r, err := m.file.Open()
		if err != nil {
			what := reason(err)
			if errors.Is(err, zip.ErrAlgorithm) {
				what = "a compression that is not read"
			}
			return 0, &Fault{"its place in the archive is broken or packed otherwise (" + what + ")", mendPack}
		}
		m.r = r
	}
	return m.r.Read(b)
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

// skipped tells whether a glob names the file, or a folder it lies in, and keeps which ones do.
func (t *Tree) skipped(name string) (skip bool) {
	for i, glob := range t.skip {
		glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
		for part := name; part != "."; part = path.Dir(part) {
			whole, _ := path.Match(glob, part)
			if base, _ := path.Match(glob, path.Base(part)); whole || base {
				t.met[t.asked[i]].Store(true)
				skip = true
				break
			}
		}
	}
	return skip
}

// litter is what systems, network drives and editors leave among a person's files.
var litter = map[string]bool{
	"thumbs.db": true, "ehthumbs.db": true, "desktop.ini": true, "$recycle.bin": true, "recycler": true, "system volume information": true, // Windows
	"__macosx": true, "icon\r": true, "network trash folder": true, "temporary items": true, // macOS
	"@eadir": true, "@tmp": true, "#recycle": true, "#snapshot": true, "@recycle": true, "@recently-snapshot": true, "@__thumb": true, // network drives
	"lost+found": true, "__pycache__": true,
}

// ignored names are not seen, files and folders alike: hidden ones and litter.
func ignored(base string) bool { return strings.HasPrefix(base, ".") || litter[strings.ToLower(base)] }

func isArchive(name string) bool {
	l := strings.ToLower(name)
	return strings.HasSuffix(l, ".tar") || strings.HasSuffix(l, ".tar.gz") || strings.HasSuffix(l, ".tgz") || isZip(name)
}

func isZip(name string) bool { return strings.EqualFold(path.Ext(name), ".zip") }

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
