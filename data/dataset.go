// Package data holds the images: it opens data sets, cuts them into training, validation and test parts, decodes each
// picture once into a cache, and feeds training with batches. It imports tensor, its own folders format (the files that are
// read) and augment (what is done to pictures), internal/atomicfile and, for near misses, internal/spec. Start at [Open],
// then [Set.Cut], [Set.Preprocess] and [Set.Loader]; the built-in sets are listed in catalog.go.
package data

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/spec"
)

// Spec is the `data:` section of an experiment: a built-in set by Name, or a Folder (or a tar archive) of the user's own.
type Spec struct {
	Name      string   `yaml:"name" spec:"bare" help:"a built-in set (assay data list)"`
	Folder    string   `yaml:"folder" help:"a folder with one folder of pictures a class, CIFAR or IDX files, or an archive of these"`
	Parts     string   `yaml:"parts" json:",omitempty" values:"redraw" help:"redraw: the folder's own train and val are pooled and cut as a folder without parts is; its test stays"`
	Val       float64  `yaml:"-" help:"share of the images for validation, from 0 to below 1, drawn anew each repeat; 0: none"`
	Folds     int      `yaml:"-" json:",omitempty" help:"in place of that share: every image is validated once in so many repeats; 0: a share"`
	Test      float64  `yaml:"test" help:"share of the images for the test, from 0 to below 1, set apart once by content; 0: none"`
	Skip      []string `yaml:"skip" help:"globs of files or folders that are left out"`
	Labels    string   `yaml:"labels" json:",omitempty" help:"a CSV file with columns file and label, in place of the folders' names"`
	Class     string   `yaml:"class" json:",omitempty" help:"a pattern (regular expression) of one group over the files' names, in place of the folders': what the group holds is the class"`
	Format    string   `yaml:"format" json:",omitempty" values:"voc, coco, yolo" help:"how the folder's boxes are written, in place of looking"`
	Fit       Fit      `yaml:"fit" json:",omitempty" values:"letterbox, stretch" help:"how a picture with boxes comes to the window: whole, its aspect kept (letterbox), or stretched; left out: letterbox"`
	Images    int      `yaml:"images" json:",omitempty" help:"of shapes: how many to train on and validate, 8 to 1000000; a quarter as many are the test; left out: 2000"`
	Size      int      `yaml:"size" json:",omitempty" help:"of shapes: pixels of a side, a multiple of 32 from 32 to 1024; left out: 128"`
	Seed      uint64   `yaml:"seed" json:",omitempty" help:"of shapes: what they are drawn by; left out: 1"`
	Thumbnail int      `yaml:"thumbnail" json:",omitempty" help:"of shapes: pixels of a side that are left of each picture, 1 to its size and a divisor of it; each is drawn as a square, so that boxes stay; left out: all"`
	Asked     []string `yaml:"-" json:"-"` // keys that a file writes, in its order, be it as they are by default: val, test, those of shapes
}

// Redraw is the value of Spec.Parts that pools train and val.
const Redraw = "redraw"

// At is the spec with a folder (or archive) in the place of its own folder or built-in name; all else stays. An empty
// folder changes nothing.
func (s Spec) At(folder string) Spec {
	if folder != "" {
		s.Name, s.Folder = "", folder
	}
	return s
}

// usualShare is the default of Val and Test.
const usualShare = 0.1

// Builtin is the spec of a built-in set with the default shares, a tenth for validation.
func Builtin(name string) Spec { return Spec{Name: name, Val: usualShare, Test: usualShare} }

// Folder is the spec of a folder or archive with the default shares, a tenth each for validation and test.
func Folder(dir string) Spec { return Spec{Folder: dir, Val: usualShare, Test: usualShare} }

// Options are where and how a set is opened. The zero value works.
type Options struct {
	Cache     string                // folder for scans and decoded pictures, made if missing; empty: they stay in memory
	Downloads string                // folder that [Get] fills; empty: [DownloadFolder]
	Size      int                   // side that training will ask for, so that pictures are decoded once; 0: the set's own
	Framing   Framing               // likewise
	Look      bool                  // whoever only looks writes nothing: the cache is read and not made, and no picture is decoded that is not asked for
	Threads   int                   // decoders at once; 0: as many as Go may run
	Progress  func(done, total int) // called after each picture of a scan or a decoding, from one goroutine at a time
}

// Split is the part of a set that an image belongs to by its own folder or file.
type Split = format.Split

// Item is one image of a set. Its index in [Set.Items] is its sample id: its rank by content (hash, label, part), whatever
// the files are called and wherever they lie.
type Item struct {
	Name  string // slash path below the folder, or file/number of a record
	Label int32  // index in Classes
	Split Split  // where the set brings its own parts, and they are not pooled
	H, W  int    // pixels of the picture as it stands upright
	Hash  Hash   // of the file or the pixels
	Group int32  // index of the first item that is nearly the same picture; its own where there is none
}

// Fault is a file that is left out, and why.
type Fault struct {
	File string `json:"file"` // path, the folder or archive as it was given in front
	What string `json:"what"`
	Mend string `json:"mend"` // what to do, as it follows What
}

// String is the fault with its mend, on one line.
func (f Fault) String() string {
	return f.File + ": " + f.What + "; " + f.Mend
}

// Set is an opened data set. Its exported fields are to be read only; its methods may be called from several goroutines.
type Set struct {
	Name    string   // the built-in name, or the folder's
	Classes []string // sorted by name for a folder, else in the order of the labels
	Items   []Item   // sorted by content: hash, label, part
	Faults  []Fault  // sorted by file
	Digest  string   // SHA-256 in hex over class names in their order and every image's part, label and content: equal for equal sets
	H, W    int      // the one size of all images; 0, 0 where sizes differ
	C       int      // 1 where no image has colour, else 3
	Boxed   bool     // pictures have boxes: [Set.Objects]

	spec    Spec
	opt     Options
	tree    *format.Tree
	rows    []format.Label // of spec.Labels
	listed  string         // digest of that file's content
	pattern *regexp.Regexp // of spec.Class
	own     [4]bool        // by part: the folder brings it along, pooled or not
	stops   []Stop         // found in the names
	idle    []string       // globs of skip that name nothing
	doubts  []Doubt
	id      string          // of the root: the folder and what is skipped in it, or the built-in set
	state   string          // of the files: their names, sizes and times
	held    *os.File        // the listing in the cache
	freed   int64           // bytes of the cache
	raw     bool            // IDX or CIFAR files
	made    *made           // pictures that the program makes
	records *format.Records // what these hold, once read
	classOf []string        // names that a catalogue entry gives to the labels
	objects []box.Object    // of all items, one after another
	first   []int           // by item, its first of them, and last how many there are; nil where the set is not boxed
	most    int             // objects that a picture of the set shows to training
	amiss   []Fault         // what is wrong with objects, at most 10,000
	wrong   int             // how many there are
	mu      sync.Mutex
	pixels  map[augment.Size]*Pixels
}

// Open lists a set, decodes every picture once to see that it is one, and returns it with its faults. With a cache folder
// the next opening reads the list from there, as long as no file changed in size or time. Errors name the set or folder:
// one that is missing or not downloaded, fewer than two classes, an empty class, more than half of the files faulty, a key
// that would change nothing, such as a share of a part that the set brings along, folds that a class cannot fill.
func Open(ctx context.Context, spec Spec, opt Options) (*Set, error) {
	s, err := scanned(ctx, spec, opt)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(s.check(), s.ignored(), s.dealable()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func fault(key, format string, args ...any) error {
	return &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
}

// ignored is a key that would change nothing: a [spec.Fault] at it. A share that is left to its default is not asked for.
func (s *Set) ignored() error {
	overruled := func(key string, value any, why, mend string) error {
		return fault(key, "%s: %v would be ignored, as %s %s; take %s away here, or %s", key, value, s.tree.Root, why, key, mend)
	}
	asks := func(key string, share float64) bool { return share != usualShare || slices.Contains(s.spec.Asked, key) }
	for i, glob := range s.spec.Skip {
		if slices.Contains(s.idle, glob) {
			return fault(fmt.Sprintf("skip[%d]", i), "skip: %q would be ignored, as it names nothing in %s that is not left out anyway; correct it or take it away", glob, s.tree.Root)
		}
	}
	const remove = "the folder's parts"
	redraw := s.spec.Parts == Redraw
	switch v, t := s.spec.Val, s.spec.Test; {
	case redraw && !s.own[format.Val]:
		return fault("parts", "parts: redraw would be ignored, as %s has no validation images of its own; take parts away", s.tree.Root)
	case !redraw && s.own[format.Val] && s.spec.Folds > 0:
		return overruled("val", fmt.Sprintf("{folds: %d}", s.spec.Folds), "has validation images of its own", "write parts: redraw, which pools them with train")
	case !redraw && s.own[format.Val] && asks("val", v):
		return overruled("val", v, "has validation images of its own", "write parts: redraw, which pools them with train")
	case s.own[format.Test] && asks("test", t):
		return overruled("test", t, "has test images of its own", remove)
	case !redraw && s.own[format.Val] && asks("test", t) && t != 0:
		return overruled("test", t, "has train and validation images of its own and no test is cut from these", remove)
	}
	return nil
}

// scanned is Open without the last checks: what a description wants to see of a set with faults.
func scanned(ctx context.Context, spec Spec, opt Options) (*Set, error) {
	if opt.Threads <= 0 {
		opt.Threads = runtime.GOMAXPROCS(0)
	}
	s := &Set{spec: spec, opt: opt, pixels: map[augment.Size]*Pixels{}}
	switch {
	case spec.Parts != "" && spec.Parts != Redraw:
		return nil, fmt.Errorf("data: no parts %q; write redraw, or leave it out", spec.Parts)
	case spec.Folds != 0 && spec.Folds < 2:
		return nil, fmt.Errorf("data: val: folds %d; give 2 or more", spec.Folds)
	case !(spec.Val >= 0 && spec.Val < 1):
		return nil, fault("val", "val: %g is no share; give one from 0 to below 1", spec.Val)
	case !(spec.Test >= 0 && spec.Test < 1):
		return nil, fault("test", "test: %g is no share; give one from 0 to below 1", spec.Test)
	case spec.Name != "" && spec.Folder != "":
		return nil, fmt.Errorf("data: both name %q and folder %q; keep one", spec.Name, spec.Folder)
	case spec.Name != "" && len(spec.Skip) > 0:
		return nil, fault("skip", "skip would be ignored, as nothing of a built-in set is left out; take it away")
	case spec.Folder != "":
		tree, err := format.List(spec.Folder, spec.Skip)
		if err != nil {
			return nil, err
		}
		s.Name, s.tree = filepath.Base(filepath.Clean(spec.Folder)), tree
	case spec.Name != "":
		entry, err := Find(spec.Name)
		if err != nil {
			return nil, err
		}
		s.Name, s.classOf = entry.Name, entry.Classes
		if entry.made != nil {
			if s.made, err = entry.made(spec); err != nil {
				return nil, err
			}
			s.listed = fmt.Sprint(shapesVersion, spec.Made())
		}
		if s.tree, err = entry.tree(opt.Downloads); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("data: neither a name nor a folder; write a built-in set's name or {folder: DIR}")
	}
	for _, of := range spec.Made() {
		if s.made == nil && (of.N != 0 || slices.Contains(spec.Asked, of.Key)) {
			return nil, fault(of.Key, "%s would be ignored, as %s is not made by the program; take it away", of.Key, s.tree.Root)
		}
	}
	if err := s.people(); err != nil {
		return nil, err
	}
	if err := s.scan(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if !s.own[format.Val] && !s.own[format.Test] && !s.own[format.Train] && spec.Val+spec.Test >= 1 {
		s.Close()
		return nil, fault("val", "shares val %g and test %g leave nothing to train on; give shares whose sum is below 1", spec.Val, spec.Test)
	}
	return s, nil
}

// Close gives back the memory of decoded pictures. The set cannot give pixels any more.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, p := range s.pixels {
		if err := p.close(); err != nil && first == nil {
			first = err
		}
	}
	s.pixels = nil
	if s.held != nil {
		s.held.Close()
		s.held = nil
	}
	return first
}

// Objects are the boxes of an item, in pixels of the upright picture, half-open, with classes of the set; none where the set is
// not boxed. They are to be read only.
func (s *Set) Objects(item int) []box.Object {
	if s.first == nil {
		return nil
	}
	return s.objects[s.first[item]:s.first[item+1]]
}

// shown tells whether training is shown an object: nobody learns from difficult ones, nor from crowds.
func shown(o box.Object) bool { return !o.Difficult && !o.Crowd }

// mostObjects is how many objects an item shows to training at most.
func mostObjects(objects []box.Object, first []int) (most int) {
	for i := 1; i < len(first); i++ {
		n := 0
		for _, o := range objects[first[i-1]:first[i]] {
			if shown(o) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// Class is the number of a class by its name. The error of one that the set does not have offers the nearest.
func (s *Set) Class(name string) (int, error) {
	if k := slices.Index(s.Classes, name); k >= 0 {
		return k, nil
	}
	mend := "give its classes (assay data describe)"
	if near, ok := spec.Nearest(name, s.Classes); ok {
		mend = fmt.Sprintf("did you mean %q?", near)
	}
	return 0, fmt.Errorf("%s has no class %q; %s", s.Name, name, mend)
}

// Images counts the images of each class, in the order of Classes; of a boxed set those that show it.
func (s *Set) Images() []int {
	counts := make([]int, len(s.Classes))
	if s.Boxed {
		for i := range s.Items {
			objects := s.Objects(i)
			for k, o := range objects {
				if k == 0 || objects[k-1].Class != o.Class { // they are sorted by class
					counts[o.Class]++
				}
			}
		}
		return counts
	}
	for _, it := range s.Items {
		counts[it.Label]++
	}
	return counts
}
