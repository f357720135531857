package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/format"
	"github.com/assaylab/assay/internal/atomicfile"
)

// A scan opens every file once: what is in it, whether it is a picture, how large, what it is near to. Its outcome is kept
// in the cache as JSON, and as every picture is in memory at that moment, the pixels are written too, at the size that
// training will most likely ask for.

// scanVersion is part of every cache file's name: raise it when what they hold, or how pictures are resized, changes.
const scanVersion = "scan2"

// listing is the cached outcome of a scan.
type listing struct {
	Raw     bool     `json:"raw"`
	Classes []string `json:"classes"`
	Items   []Item   `json:"items"`
	Faults  []Fault  `json:"faults"`
	Stops   []Stop   `json:"stops"`
	Digest  string   `json:"digest"`
	H       int      `json:"h"`
	W       int      `json:"w"`
	C       int      `json:"c"`
}

// result is what a sweep finds in one file.
type result struct {
	place  int
	image  augment.Image // resized
	h, w   int           // as the picture stands upright
	hash   string        // these two only in a full sweep
	sketch *sketch
	err    error
}

func (s *Set) scan(ctx context.Context) error {
	root, err := filepath.Abs(s.tree.Root) // two sets may agree in names, sizes and times: CIFAR's files always have one size
	if err != nil {
		return fmt.Errorf("%s: %w", s.tree.Root, err)
	}
	sum := sha256.Sum256([]byte(scanVersion + root + "\x00" + s.tree.Fingerprint()))
	s.id = hex.EncodeToString(sum[:10])
	file := ""
	if s.opt.Cache != "" {
		file = filepath.Join(s.opt.Cache, s.id+".json")
		if text, err := os.ReadFile(file); err == nil {
			var l listing
			if json.Unmarshal(text, &l) == nil && l.valid() {
				s.adopt(l)
				return nil
			}
		}
		if err := os.MkdirAll(s.opt.Cache, 0o777); err != nil {
			return fmt.Errorf("%s: cannot make this cache folder (%w); choose another with --store", s.opt.Cache, errors.Unwrap(err))
		}
	}
	l, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.adopt(*l)
	if file == "" {
		return nil
	}
	return atomicfile.Write(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(l) })
}

func (s *Set) adopt(l listing) {
	s.Classes, s.Items, s.stops, s.Digest = l.Classes, l.Items, l.Stops, l.Digest
	for _, f := range l.Faults {
		s.Faults = append(s.Faults, Fault{filepath.Join(s.tree.Root, f.File), f.What, f.Mend})
	}
	s.H, s.W, s.C, s.raw = l.H, l.W, l.C, l.Raw
	if len(s.classOf) == len(s.Classes) {
		s.Classes = s.classOf
	}
}

func (l *listing) valid() bool {
	ok := len(l.Digest) == 64 && (l.C == 1 || l.C == 3)
	for i, it := range l.Items {
		ok = ok && it.Label >= 0 && int(it.Label) < len(l.Classes) && it.Group >= 0 && int(it.Group) <= i && it.Split <= format.Test
	}
	return ok
}

// list looks at every file of the tree.
func (s *Set) list(ctx context.Context) (*listing, error) {
	names, err := s.tree.Names(ctx)
	if err != nil {
		return nil, err
	}
	l := &listing{Raw: format.FindRecords(names), C: 1}
	var places []format.Place
	if l.Raw {
		if s.records, err = format.ReadRecords(ctx, s.tree, names); err != nil {
			return nil, err
		}
		l.Classes = s.records.Classes
		for i, name := range s.records.Names {
			places = append(places, format.Place{Name: name, Label: s.records.Labels[i], Split: s.records.Splits[i]})
		}
	} else {
		layout := format.ImageFolder(names)
		l.Classes, places, l.Stops = layout.Classes, layout.Places, append(s.tree.Stops(), layout.Stops...)
		for _, stray := range append(s.tree.Strays(), layout.Strays...) {
			l.Faults = append(l.Faults, Fault{stray.Name, stray.What, stray.Mend})
		}
	}
	s.raw = l.Raw
	place := make(map[string]int, len(places))
	for i, p := range places {
		if _, twice := place[p.Name]; twice {
			return nil, fmt.Errorf("%s: %s is there twice; keep one", s.tree.Root, p.Name)
		}
		place[p.Name] = i
	}
	if len(places) == 0 {
		return l, nil
	}
	guess, err := s.guess(ctx, place)
	if err != nil {
		return nil, err
	}
	found, entries := make([]result, len(places)), make([]entry, len(places))
	pixels, err := writePixels(s.pixelFile(guess), func(w *pixelWriter) error {
		uniform, keep := [2]int{}, true
		err := s.sweep(ctx, place, true, guess, func(r result) (err error) {
			if r.err == nil {
				if uniform == [2]int{} {
					uniform = [2]int{r.h, r.w}
				} else if uniform != [2]int{r.h, r.w} {
					uniform = [2]int{-1, -1}
				}
				if uniform[0] < 0 && guess != s.Geometry(s.opt.Size, 0).Resize {
					keep = false // sizes differ after all: training will ask for another size than was guessed
				}
				if l.C = max(l.C, r.image.C); keep {
					entries[r.place], err = w.add(r.image)
				}
			}
			r.image = augment.Image{}
			found[r.place] = r
			return err
		})
		if err != nil {
			return err
		}
		if uniform[0] > 0 {
			l.H, l.W = uniform[0], uniform[1]
		}
		for i, r := range found {
			if r.err == nil {
				w.entries = append(w.entries, entries[i])
			}
		}
		if !keep {
			return errNotAsked
		}
		return nil
	})
	if err != nil && err != errNotAsked {
		return nil, err
	}
	l.collect(places, found)
	if err == nil {
		s.pixels[guess] = pixels
	}
	return l, nil
}

// errNotAsked takes back pixels that were written at a size nobody will ask for.
var errNotAsked = errors.New("pixels of another size")

// collect turns the findings into items, faults and a digest.
func (l *listing) collect(places []format.Place, found []result) {
	var sketches []*sketch
	for i, p := range places {
		r := found[i]
		if r.err != nil {
			l.Faults = append(l.Faults, Fault{p.Name, r.err.Error(), format.MendOf(r.err)})
			continue
		}
		l.Items = append(l.Items, Item{Name: p.Name, Label: p.Label, Split: p.Split, H: r.h, W: r.w, Hash: r.hash})
		sketches = append(sketches, r.sketch)
	}
	slices.SortFunc(l.Faults, func(a, b Fault) int { return strings.Compare(a.File, b.File) })
	group(l.Items, sketches)
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", l.Classes)
	for _, it := range l.Items {
		fmt.Fprintf(h, "%d %d %s\n", it.Split, it.Label, it.Hash)
	}
	l.Digest = hex.EncodeToString(h.Sum(nil))
}

// guess is the size that training will ask for, judged by the first picture: 0, 0 for its own. Should the others differ,
// the pixels are decoded once more when they are asked for.
func (s *Set) guess(ctx context.Context, place map[string]int) ([2]int, error) {
	var h, w int
	err := s.produce(ctx, place, func(j job) error {
		if r := j.do(false, [2]int{}); r.err == nil {
			h, w = r.h, r.w
			return io.EOF
		}
		return nil
	})
	if err != nil && err != io.EOF {
		return [2]int{}, err
	}
	return geometry(h, w, s.opt.Size, 0).Resize, nil
}

// job is one picture on its way: the bytes of a file, or pixels.
type job struct {
	place int
	file  []byte
	image augment.Image
	err   error
	done  chan result

	release func() // gives back the room of the file, once it is read
}

func (j job) do(full bool, resize [2]int) result {
	r := result{place: j.place, err: j.err}
	if j.release != nil {
		defer j.release()
	}
	var p format.Picture
	switch {
	case j.err != nil:
		return r
	case j.file == nil:
		p = format.See(j.image, resize[0], resize[1])
	default:
		if p, r.err = format.Read(j.file, resize[0], resize[1]); r.err != nil {
			return r
		}
	}
	r.image, r.h, r.w = p.Image, p.OwnH, p.OwnW
	if full {
		if r.hash = hashOf(j.file); j.file == nil {
			r.hash = hashOf(j.image.Pix)
		}
		r.sketch = sketchOf(&p.Glance)
	}
	return r
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// produce hands over every picture that place names, always in the same order.
func (s *Set) produce(ctx context.Context, place map[string]int, emit func(job) error) error {
	if !s.raw {
		want := func(name string) bool { _, ok := place[name]; return ok }
		return s.tree.Each(ctx, want, func(name string, size int64, r io.Reader) error {
			file, release, err := format.ReadFile(r, size)
			if failed := emit(job{place: place[name], file: file, err: err, release: release}); failed != nil {
				if release != nil { // nobody takes it any more
					release()
				}
				return failed
			}
			return nil
		})
	}
	if s.records == nil {
		names, err := s.tree.Names(ctx)
		if err == nil {
			s.records, err = format.ReadRecords(ctx, s.tree, names)
		}
		if err != nil {
			return err
		}
	}
	rec := s.records
	for i, name := range rec.Names {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, ok := place[name]
		if !ok {
			continue
		}
		if err := emit(job{place: at, image: rec.At(i)}); err != nil {
			return err
		}
	}
	return nil
}

// sweep decodes and resizes every picture that place names on all threads and hands the results over one by one, in the
// order they are produced. At most a few pictures a thread are in memory at once.
func (s *Set) sweep(ctx context.Context, place map[string]int, full bool, resize [2]int, visit func(result) error) error {
	ctx, cancel := context.WithCancel(ctx)
	jobs, queue := make(chan job), make(chan job, 2*s.opt.Threads)
	var workers sync.WaitGroup
	for range s.opt.Threads {
		workers.Go(func() {
			for j := range jobs {
				j.done <- j.do(full, resize)
			}
		})
	}
	var produced error
	workers.Go(func() {
		defer close(queue)
		defer close(jobs)
		produced = s.produce(ctx, place, func(j job) error {
			j.done = make(chan result, 1)
			for _, to := range []chan job{queue, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	seen := make([]bool, len(place))
	var failed error
	n := 0
	for j := range queue {
		if failed != nil {
			continue
		}
		var r result
		select {
		case r = <-j.done:
		case <-ctx.Done():
			failed = ctx.Err()
			continue
		}
		if failed = visit(r); failed != nil {
			cancel()
			continue
		}
		seen[r.place] = true
		if n++; s.opt.Progress != nil {
			s.opt.Progress(n, len(place))
		}
	}
	cancel()
	workers.Wait()
	if failed == nil {
		failed = produced
	}
	if failed == nil && n < len(place) {
		for name, at := range place {
			if !seen[at] {
				return fmt.Errorf("%s: %s was there a moment ago and is not now; run again", s.tree.Root, name)
			}
		}
	}
	return failed
}
