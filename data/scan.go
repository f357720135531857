package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/say"
)

// A scan opens every file once: what is in it, whether it is a picture, how large, what it is near to. Its outcome is kept
// in the cache, and as every picture is in memory at that moment, the pixels are written too, at the size that training will
// most likely ask for.

// result is what a sweep finds in one file.
type result struct {
	place int
	hash  Hash
	format.Picture
	err error
}

// finding is what a scan remembers of a result. Nothing of it depends on the size that was asked for.
type finding struct {
	hash         Hash
	h, w         int
	colour       bool
	levels, kept int
	turned       int // EXIF's orientation
	sketch       *sketch
	err          error
}

func (r *result) finding() finding {
	f := finding{hash: r.hash, h: r.OwnH, w: r.OwnW, colour: r.Colour, levels: r.Levels, kept: r.Kept, turned: r.Turned, err: r.err}
	if r.err == nil {
		f.sketch = sketchOf(&r.Glance)
	}
	return f
}

func (s *Set) scan(ctx context.Context) error {
	root, err := s.root()
	if err != nil {
		return err
	}
	s.id = rootID(root, s.spec)
	sum := sha256.Sum256([]byte(decoded() + s.tree.Fingerprint() + s.listed))
	state := hex.EncodeToString(sum[:])
	s.state = state[:12]
	s.tidy()
	if l := s.cached(state); l != nil {
		s.adopt(l)
		return nil
	}
	if s.opt.Cache != "" && !s.opt.Look {
		if err := os.MkdirAll(s.opt.Cache, 0o777); err != nil {
			return fmt.Errorf("%s: cannot make this cache folder (%w); choose another with --store", s.opt.Cache, errors.Unwrap(err))
		}
	}
	l, err := s.list(ctx)
	if err != nil {
		return err
	}
	l.Root, l.State = root, state
	s.adopt(l)
	return s.keep(l)
}

// root is what the listing is of: the name of a built-in set, or the folder past all links, as two sets may agree in names,
// sizes and times (CIFAR's files always have one size).
func (s *Set) root() (string, error) {
	if s.spec.Name != "" {
		return s.spec.Name, nil
	}
	root, err := filepath.Abs(s.tree.Root)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.tree.Root, err)
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	return root, nil
}

// rootID is what the names of a root's cache files begin with.
func rootID(root string, spec Spec) string {
	text := fmt.Appendf(nil, "%t %q %q", spec.Name != "", root, spec.Skip)
	if spec.Name != "" {
		text = fmt.Appendf(text, " %v", spec.Made())
	}
	if spec.Format != "" {
		text = fmt.Appendf(text, " %s", spec.Format)
	}
	if spec.Labels != "" || spec.Class != "" {
		list := spec.Labels
		if abs, err := filepath.Abs(list); err == nil && list != "" { // a trial's process is told so
			list = abs
		}
		text = fmt.Appendf(text, " %q %q", list, spec.Class)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:10])
}

// decoded names what makes pixels and listings of files: a cache of another version is made anew.
func decoded() string { return fmt.Sprintf("data %d, format %d", Version, format.Version) }

func (s *Set) adopt(l *listing) {
	s.Classes, s.Items, s.doubts, s.stops = l.Classes, l.items, l.Doubts, l.Stops
	for _, f := range l.Faults {
		f.File = filepath.Join(s.tree.Root, f.File)
		s.Faults = append(s.Faults, f)
	}
	s.H, s.W, s.C, s.raw, s.idle = l.H, l.W, l.C, l.Raw, l.Idle
	s.Boxed, s.objects, s.first, s.wrong = l.Boxed, l.objects, l.first, l.Wrong
	for _, f := range l.Amiss {
		f.File = filepath.Join(s.tree.Root, f.File)
		s.amiss = append(s.amiss, f)
	}
	s.most = mostObjects(s.objects, s.first)
	if s.own = s.ownParts(); s.spec.Parts == Redraw {
		s.pool(l)
	}
	s.Digest = digestOf(s.Classes, s.Items, s.objects, s.first)
}

// people reads what people bring beside the pictures: a list of labels, or a pattern over names.
func (s *Set) people() error {
	file := s.spec.Labels
	switch {
	case file != "" && s.spec.Class != "":
		return fault("class", "class: labels says it already; keep one")
	case s.spec.Class != "":
		var err error
		if s.pattern, err = regexp.Compile(s.spec.Class); err != nil {
			return fault("class", "class: %q is no pattern (%s); write a regular expression with one group, such as '^([a-z]+)_'", s.spec.Class, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		if n := s.pattern.NumSubexp(); n != 1 {
			return fault("class", "class: the pattern %q has %s; put what names the class, and nothing else, into round brackets, others begin with ?:", s.spec.Class, say.Counted(n, "group"))
		}
	case file != "":
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: no such file; give a list of labels, CSV with the columns file and label", file)
		} else if err != nil {
			return fmt.Errorf("%s: cannot be read: %w", file, err)
		}
		defer f.Close()
		sum := sha256.New()
		if s.rows, err = format.ReadLabels(io.TeeReader(f, sum)); err != nil {
			return fmt.Errorf("%s:%w", file, err)
		}
		s.listed = hex.EncodeToString(sum.Sum(nil))
	}
	return nil
}

// recorded lays out records: by the labels that they come with, or by a list of their names, whose classes stand in the
// records' order as far as these know them.
func (s *Set) recorded() format.Layout {
	rec := s.records
	own := format.Layout{Classes: rec.Classes}
	if len(s.classOf) == len(rec.Classes) {
		own.Classes = s.classOf
	}
	at := make(map[string]int, len(rec.Names))
	for i, name := range rec.Names {
		at[name] = i
		own.Places = append(own.Places, format.Place{Name: name, Label: rec.Labels[i], Split: rec.Splits[i]})
	}
	if s.rows == nil {
		return own
	}
	l := format.Listed(slices.Sorted(slices.Values(rec.Names)), s.rows, s.tree.Root, filepath.Base(s.spec.Labels), func(string) bool { return true })
	for i := range l.Places {
		l.Places[i].Split = rec.Splits[at[l.Places[i].Name]]
	}
	l.Order(own.Classes)
	return l
}

// list looks at every file of the tree.
func (s *Set) list(ctx context.Context) (*listing, error) {
	names, err := s.tree.Names(ctx)
	if err != nil {
		return nil, err
	}
	l := &listing{head: head{Raw: s.made != nil || format.FindRecords(names), Idle: s.tree.Idle(), C: 1}}
	var layout format.Layout
	var said *boxes
	switch {
	case s.made != nil && (s.rows != nil || s.pattern != nil || s.spec.Format != ""):
		return nil, fmt.Errorf("%s: its labels are made with its pictures; take labels, class and format away", s.Name)
	case s.made != nil:
		said = s.made.boxes()
		layout = said.layout
	case s.spec.Format != "" && (l.Raw || s.rows != nil || s.pattern != nil):
		return nil, fault("format", "format: %s would be ignored, as the classes come from elsewhere; take format away", s.spec.Format)
	case l.Raw && s.pattern != nil:
		return nil, fault("class", "class: %s holds records, which have no names of their own; take class away, or give labels, a list of their names", s.tree.Root)
	case l.Raw:
		if s.records, err = format.ReadRecords(ctx, s.tree, names); err != nil {
			return nil, err
		}
		layout = s.recorded()
	case s.rows != nil:
		layout = format.Listed(names, s.rows, s.tree.Root, filepath.Base(s.spec.Labels), format.IsPicture)
	case s.pattern != nil:
		if layout = format.Named(names, s.pattern); len(layout.Places) == 0 {
			return nil, fault("class", "class: the pattern %q finds a class in the name of no file in %s; one for names such as cat_001.jpg is '^([a-z]+)_'", s.spec.Class, s.tree.Root)
		}
	default:
		if said, err = s.boxes(ctx, names); err != nil {
			return nil, err
		}
		if said == nil {
			layout = format.ImageFolder(names)
		} else {
			layout = said.layout
		}
	}
	l.Boxed, s.Boxed = said != nil, said != nil
	if s.spec.Fit != "" && !s.Boxed {
		return nil, fault("fit", "fit: %s would be ignored, as %s has no boxes; take fit away", s.spec.Fit, s.tree.Root)
	}
	l.Classes, l.Stops = layout.Classes, append(s.tree.Stops(), layout.Stops...)
	places := layout.Places
	for _, stray := range append(s.tree.Strays(), layout.Strays...) {
		l.Faults = append(l.Faults, Fault{stray.Name, stray.What, stray.Mend})
	}
	if len(s.classOf) == len(l.Classes) && s.rows == nil {
		l.Classes = s.classOf
	}
	l.names()
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
	if s.opt.Look { // whoever only looks wants no pixels
		found := make([]finding, len(places))
		err := s.sweep(ctx, place, augment.Size{H: 1, W: 1}, func(r result) error {
			found[r.place] = r.finding()
			return nil
		})
		if err == nil {
			l.collect(said, places, found)
		}
		return l, err
	}
	guess, err := s.guess(ctx, place)
	if err != nil {
		return nil, err
	}
	pixels, err := s.writePixels(guess, func(w *pixelWriter) (id [16]byte, err error) {
		found, entries := make([]finding, len(places)), make([]entry, len(places))
		first, wanted := [2]int{}, true
		err = s.sweep(ctx, place, guess, func(r result) (err error) {
			if r.err == nil {
				if first == [2]int{} {
					first = [2]int{r.OwnH, r.OwnW}
				} else if first != [2]int{r.OwnH, r.OwnW} && guess != s.asked(0, 0) {
					wanted = false // sizes differ after all: training will ask for another size than was guessed
				}
				if wanted {
					entries[r.place], err = w.add(r.Image)
				}
			}
			found[r.place] = r.finding()
			return err
		})
		if err != nil {
			return id, err
		}
		for _, at := range l.collect(said, places, found) {
			w.entries = append(w.entries, entries[at])
		}
		if !wanted || guess != s.asked(l.H, l.W) {
			return id, errNotAsked
		}
		return contentsID(l.items, guess), nil
	})
	switch {
	case err == nil:
		s.pixels[guess] = pixels
	case err != errNotAsked:
		return nil, err
	}
	return l, nil
}

// errNotAsked takes back pixels that were written at a size nobody will ask for.
var errNotAsked = errors.New("pixels of another size")

// collect turns the findings into items, faults and doubts, and says in which place each item was found.
func (l *listing) collect(said *boxes, places []format.Place, found []finding) (order []int) {
	if said != nil {
		l.settle(said, found)
	}
	for at, r := range found {
		if r.err != nil {
			l.Faults = append(l.Faults, Fault{places[at].Name, r.err.Error(), format.MendOf(r.err)})
			continue
		}
		order = append(order, at)
	}
	item := func(at int) Item {
		p, r := places[at], found[at]
		return Item{Name: p.Name, Label: p.Label, Split: p.Split, H: r.h, W: r.w, Hash: r.hash}
	}
	slices.SortFunc(order, func(a, b int) int { return byContent(item(a), item(b)) })
	if !l.Raw {
		order = l.contradictions(places, found, order)
	}
	l.C = 1
	sketches := make([]*sketch, len(order))
	for k, at := range order {
		r := &found[at]
		l.items = append(l.items, item(at))
		if said != nil {
			l.first, l.objects = append(l.first, len(l.objects)), append(l.objects, l.of[at]...)
		}
		if sketches[k] = r.sketch; r.colour {
			l.C = 3
		}
		if k == 0 {
			l.H, l.W = r.h, r.w
		} else if l.H != r.h || l.W != r.w {
			l.H, l.W = 0, 0
		}
	}
	if said != nil {
		l.first, l.of = append(l.first, len(l.objects)), nil
	}
	slices.SortFunc(l.Faults, func(a, b Fault) int { return strings.Compare(a.File, b.File) })
	group(l.items, sketches)
	l.doubt(found, order)
	return order
}

// contradictions leaves out files that hold one picture under two labels: nobody can say which label is right. Order is by
// content, so they stand together.
func (l *listing) contradictions(places []format.Place, found []finding, order []int) []int {
	kept := order[:0]
	for len(order) > 0 {
		n := 1
		for n < len(order) && found[order[n]].hash == found[order[0]].hash {
			n++
		}
		same := order[:n]
		order = order[n:]
		first, last := places[same[0]], places[same[n-1]]
		if l.of != nil && slices.ContainsFunc(same, func(at int) bool { return !slices.Equal(l.of[at], l.of[same[0]]) }) {
			for k, at := range same {
				other := places[same[(k+1)%n]]
				l.Faults = append(l.Faults, Fault{places[at].Name, "the same picture with other boxes as " + other.Name, "delete the wrong one or list it under data.skip"})
			}
			continue
		}
		if first.Label == last.Label {
			kept = append(kept, same...)
			continue
		}
		for _, at := range same {
			p, other := places[at], last
			if p.Label == last.Label {
				other = first
			}
			l.Faults = append(l.Faults, Fault{p.Name, fmt.Sprintf("the same picture under two labels: %s here, %s as %s", l.Classes[p.Label], l.Classes[other.Label], other.Name), "delete the wrong one or list it under data.skip"})
		}
	}
	return kept
}

// guess is the size that training will ask for, judged by the first picture: 0, 0 for its own. Should the others differ,
// the pixels are decoded once more when they are asked for.
func (s *Set) guess(ctx context.Context, place map[string]int) (augment.Size, error) {
	var h, w int
	err := s.produce(ctx, place, func(j job) error {
		if r := j.do(augment.Size{}); r.err == nil {
			h, w = r.OwnH, r.OwnW
			return io.EOF
		}
		return nil
	})
	if err != nil && err != io.EOF {
		return augment.Size{}, err
	}
	return s.asked(h, w), nil
}

// asked is how training will ask for pictures of a set whose size is h x w; 0, 0: of many.
func (s *Set) asked(h, w int) augment.Size {
	return s.geometry(h, w, s.opt.Size, 0, s.opt.Framing).size()
}

// job is one picture on its way: the bytes of a file, or pixels.
type job struct {
	place int
	file  []byte
	image augment.Image
	make  func() augment.Image // in place of it
	err   error
	done  chan result

	release func() // gives back the room of the file, once it is read
}

func (j job) do(size augment.Size) result {
	if j.release != nil {
		defer j.release()
	}
	r := result{place: j.place, err: j.err}
	switch {
	case j.err != nil:
	case j.make != nil:
		j.image, j.make = j.make(), nil
		return j.do(size)
	case j.file == nil:
		r.hash = hashOfRecord(j.image.H, j.image.W, j.image.C, j.image.Pix)
		r.Picture = format.SeeAs(j.image, size)
	default:
		r.hash = hashOf(j.file)
		r.Picture, r.err = format.ReadAs(j.file, size)
	}
	return r
}

// produce hands over every picture that place names, always in the same order.
func (s *Set) produce(ctx context.Context, place map[string]int, emit func(job) error) error {
	if !s.raw {
		want := func(name string) bool { _, ok := place[name]; return ok }
		return s.tree.Each(ctx, want, func(name string, size int64, r io.Reader) error {
			file, release, err := format.ReadFile(r, size)
			if err = emit(job{place: place[name], file: file, err: err, release: release}); err != nil && release != nil {
				release() // nobody decodes it
			}
			return err
		})
	}
	if s.made != nil {
		for i, name := range s.made.names {
			if err := ctx.Err(); err != nil {
				return err
			}
			if at, ok := place[name]; ok {
				if err := emit(job{place: at, make: func() augment.Image { return s.made.picture(i) }}); err != nil {
					return err
				}
			}
		}
		return nil
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
func (s *Set) sweep(ctx context.Context, place map[string]int, size augment.Size, visit func(result) error) error {
	ctx, cancel := context.WithCancel(ctx)
	jobs, queue := make(chan job), make(chan job, 2*s.opt.Threads)
	var workers sync.WaitGroup
	for range s.opt.Threads {
		workers.Go(func() {
			for j := range jobs {
				j.done <- j.do(size)
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
