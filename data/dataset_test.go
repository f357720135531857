package data

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/tensor"
)

// pictureFolder writes PNG pictures of coarse coloured noise, a different one for each name ("cat/1.png"), of h x w pixels.
func pictureFolder(t testing.TB, h, w int, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		writePicture(t, filepath.Join(dir, name), uint64(i), h, w)
	}
	return dir
}

func writePicture(t testing.TB, path string, seed uint64, h, w int) {
	t.Helper()
	r := tensor.NewStream(seed, "picture").At(0, 0)
	var cells [64]color.RGBA
	for i := range cells {
		v := r.Uint32()
		cells[i] = color.RGBA{byte(v), byte(v >> 8), byte(v >> 16), 255}
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, cells[y*8/h*8+x*8/w])
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
}

// names makes "a/0.png" ... for n pictures of each class.
func names(n int, classes ...string) []string {
	var all []string
	for _, c := range classes {
		for i := range n {
			all = append(all, fmt.Sprintf("%s/%02d.png", c, i))
		}
	}
	return all
}

func open(t testing.TB, spec Spec, opt Options) *Set {
	t.Helper()
	s, err := Open(context.Background(), spec, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// mini is fashion-mini, which takes most of a second to look through: one for all tests that read it and no more.
func mini(t testing.TB) *Set {
	t.Helper()
	s, err := openMini()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var openMini = sync.OnceValues(func() (*Set, error) { return Open(context.Background(), Builtin("fashion-mini"), Options{}) })

// pixelsAt is the stored picture of an item.
func pixelsAt(t testing.TB, p *Pixels, item int) augment.Image {
	t.Helper()
	m, err := p.At(item)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shared is a set of the project's own folder of test data, which a checkout may lack.
func shared(t testing.TB, name string) string {
	dir := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no %s in shared/data here", name)
	}
	return dir
}

func TestFashionMiniIsBalancedAndNamed(t *testing.T) {
	if golden.Raced {
		t.Skip("12,000 pictures take the way that the few of other tests take")
	}
	s := mini(t)
	if len(s.Items) != 12000 || s.H != 28 || s.W != 28 || s.C != 1 || len(s.Faults) != 0 {
		t.Fatalf("%d items of %dx%dx%d, %d faults", len(s.Items), s.H, s.W, s.C, len(s.Faults))
	}
	for c, n := range s.Images() {
		if n != 1200 {
			t.Errorf("%s: %d images, want 1200", s.Classes[c], n)
		}
	}
	if s.Classes[0] != "T-shirt/top" || s.Classes[9] != "Ankle boot" {
		t.Errorf("classes %v", s.Classes)
	}
	c := s.Cut(1, 0)
	if len(c.Train) != 9000 || len(c.Val) != 1000 || len(c.Test) != 2000 {
		t.Errorf("cut %d, %d, %d, want 9000, 1000, 2000", len(c.Train), len(c.Val), len(c.Test))
	}
	counts := make([]int, 10)
	for _, i := range c.Val {
		counts[s.Items[i].Label]++
	}
	for label, n := range counts {
		if n != 100 {
			t.Errorf("validation has %d of class %s, want 100", n, s.Classes[label])
		}
	}
}

func TestFashionMiniIsWhatItsOriginSays(t *testing.T) {
	files, err := fashionMini()
	if err != nil {
		t.Fatal(err)
	}
	origin, err := fs.ReadFile(files, "ORIGIN.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := fs.Glob(files, "*.gz")
	if err != nil || len(all) != 4 {
		t.Fatal(all, err)
	}
	for _, name := range all {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("| `%s` | %d | %x |", name, len(b), sha256.Sum256(b)); !strings.Contains(string(origin), line) {
			t.Errorf("ORIGIN.md does not say %s", line)
		}
	}
	e, err := Find("fashion-mini")
	if err != nil {
		t.Fatal(err)
	}
	classes, err := fs.ReadFile(files, "classes.txt")
	if err != nil || strings.Join(e.Classes, "\n")+"\n" != string(classes) {
		t.Errorf("classes.txt %q, catalogue %v, %v", classes, e.Classes, err)
	}
}

func TestBadFilesAreNamedCountedAndLeftOut(t *testing.T) {
	dir := pictureFolder(t, 20, 30, names(4, "cat", "dog")...)
	for name, text := range map[string]string{"cat/page.jpg": "<html><body>404", "dog/empty.png": "", "loose.png": "x", "README.md": "x", "dog/.DS_Store": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, Folder(dir), Options{})
	want := []Fault{
		{filepath.Join(dir, "cat/page.jpg"), `not an image, it begins with "<html>"`, "delete it or list it under data.skip"},
		{filepath.Join(dir, "dog/empty.png"), "an empty file", "delete it or list it under data.skip"},
		{filepath.Join(dir, "loose.png"), "in no class folder", "move it into a class's folder or list it under data.skip"},
	}
	if !reflect.DeepEqual(s.Faults, want) || len(s.Items) != 8 {
		t.Errorf("%d items, faults %v, want %v", len(s.Items), s.Faults, want)
	}
	if got, want := s.Faults[0].String(), dir+`/cat/page.jpg: not an image, it begins with "<html>"; delete it or list it under data.skip`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	skipping := Folder(dir)
	skipping.Skip = []string{"cat/page*", "empty.png", filepath.Join(dir, "loose.png")} // the last as the message names it
	if s := open(t, skipping, Options{}); len(s.Faults) != 0 || len(s.Items) != 8 {
		t.Errorf("with skip: %d items, faults %v", len(s.Items), s.Faults)
	}
}

func TestSetsThatCannotBeTrainedOnAreRefusedInOneLine(t *testing.T) {
	one := pictureFolder(t, 8, 8, names(4, "cat")...)
	empty := pictureFolder(t, 8, 8, names(4, "cat", "dog")...)
	if err := os.Mkdir(filepath.Join(empty, "emu"), 0o755); err != nil {
		t.Fatal(err)
	}
	few := pictureFolder(t, 8, 8, append(names(4, "cat"), names(2, "dog")...)...)
	hollow := pictureFolder(t, 8, 8, append(names(4, "train/cat", "train/dog"), names(2, "val/cat")...)...)
	untrained := pictureFolder(t, 8, 8, names(4, "test/cat", "test/dog", "val/cat", "val/dog")...)
	broken := t.TempDir()
	for _, n := range names(3, "cat", "dog") {
		os.MkdirAll(filepath.Join(broken, filepath.Dir(n)), 0o755)
		os.WriteFile(filepath.Join(broken, n), []byte("text"), 0o644)
	}
	nothing := t.TempDir()
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Folder(one), one + ": one class only (cat); give at least two, each in a folder of its own"},
		{Folder(empty), empty + ": class emu has no images; add some, or delete the folder or list it under data.skip"},
		{Folder(few), few + ": class dog has 2 images, too few to train, validate and test; add some or list it under data.skip"},
		{Folder(hollow), hollow + ": class dog has no images in val; add some, or list the class under data.skip"},
		{Folder(untrained), untrained + ": no folder train; name it train, or remove val and test to have the set cut"},
		{Folder(broken), broken + `: 6 of 6 files are faulty, the first is ` + filepath.Join(broken, "cat/00.png") + ` (not an image, it begins with "text"); is this the right folder?`},
		{Folder(nothing), nothing + ": no images; put each class's pictures in a folder of its own"},
		{Folder("no-such-folder"), "no-such-folder: no such folder or archive; check the path"},
		{Builtin("cifar11"), `data: no data set "cifar11"; did you mean "cifar10"? (assay data list)`},
		{Builtin("zebras"), `data: no data set "zebras"; there are fashion-mini, shapes, fashion-mnist, mnist, cifar10, cifar100, imagenette`},
		{Builtin("augment"), `data: no data set "augment"; write {folder: augment} for the folder`},
		{Builtin("cifar10"), `data: cifar10 is not on this machine; run "assay data get cifar10" (162 MiB), or give your copy as {folder: DIR}`},
		{Spec{}, "data: neither a name nor a folder; write a built-in set's name or {folder: DIR}"},
		{Spec{Name: "a", Folder: "b"}, `data: both name "a" and folder "b"; keep one`},
		{Spec{Folder: one, Val: 0.5, Test: 0.5}, "$.val: shares val 0.5 and test 0.5 leave nothing to train on; give shares whose sum is below 1"},
		{Spec{Folder: one, Val: 1}, "$.val: val: 1 is no share; give one from 0 to below 1"},
		{Spec{Folder: one, Test: math.NaN()}, "$.test: test: NaN is no share; give one from 0 to below 1"},
	} {
		_, err := Open(t.Context(), c.spec, Options{Downloads: nothing})
		if err == nil || err.Error() != c.want {
			t.Errorf("%+v:\n got %v\nwant %s", c.spec, err, c.want)
		}
	}
	if d, err := Describe(t.Context(), Folder(one), Options{}); err != nil || d.Images != 4 || !strings.Contains(d.Problem, "one class only") {
		t.Errorf("a description of one class: %+v, %v", d, err)
	}
}

func TestAFolderTakesThePlaceOfAFolderOrASetAndOfNothingElse(t *testing.T) {
	for _, c := range []struct{ was, want Spec }{
		{Spec{Folder: "old", Val: 0.3, Test: 0.2, Skip: []string{"*.bad"}}, Spec{Folder: "new", Val: 0.3, Test: 0.2, Skip: []string{"*.bad"}}},
		{Builtin("fashion-mini"), Folder("new")},
	} {
		if got := c.was.At("new"); !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
		if got := c.was.At(""); !reflect.DeepEqual(got, c.was) {
			t.Errorf("no folder makes %+v of %+v", got, c.was)
		}
	}
}

func TestAShareThatTheFolderOverrulesIsAnErrorAtItsKey(t *testing.T) {
	two := pictureFolder(t, 8, 8, names(4, "train/cat", "train/dog", "val/cat", "val/dog")...)
	tested := pictureFolder(t, 8, 8, names(4, "train/cat", "train/dog", "test/cat", "test/dog")...)
	for _, c := range []struct {
		spec Spec
		path string
		want string
	}{
		{Spec{Folder: two, Val: 0.3, Test: 0.1}, "$.val", "val: 0.3 would be ignored, as " + two + " has validation images of its own; take val away here, or write parts: redraw, which pools them with train"},
		{Spec{Folder: two, Val: 0.1, Test: 0.2}, "$.test", "test: 0.2 would be ignored, as " + two + " has train and validation images of its own and no test is cut from these; take test away here, or the folder's parts"},
		{Spec{Folder: tested, Val: 0.1, Test: 0.2}, "$.test", "test: 0.2 would be ignored, as " + tested + " has test images of its own; take test away here, or the folder's parts"},
		{Spec{Folder: two, Val: 0.1}, "", ""},
		{Spec{Folder: tested, Val: 0.3, Test: 0.1}, "", ""},
		{Spec{Folder: tested, Val: 0.9, Test: 0.1}, "", ""},
		{Folder(two), "", ""},
	} {
		_, err := Open(t.Context(), c.spec, Options{})
		f, ok := errors.AsType[*spec.Fault](err)
		if c.want == "" && err != nil || c.want != "" && (!ok || f.Path != c.path || f.Msg != c.want) {
			t.Errorf("%+v: got %v, want %s", c.spec, err, c.want)
		}
	}
}

func TestAnArchiveIsTheSameSetAsItsFolder(t *testing.T) {
	dir := pictureFolder(t, 12, 12, append(names(5, "train/cat", "train/dog"), names(2, "test/cat", "test/dog")...)...)
	file := filepath.Join(t.TempDir(), "pets.tar.gz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	z.Close()
	f.Close()
	a, b := open(t, Folder(dir), Options{}), open(t, Folder(file), Options{Cache: t.TempDir()})
	if a.Digest != b.Digest || !reflect.DeepEqual(a.Items, b.Items) || !reflect.DeepEqual(a.Cut(1, 2), b.Cut(1, 2)) {
		t.Errorf("folder %s %v\narchive %s %v", a.Digest, a.Items, b.Digest, b.Items)
	}
	pa, err := a.Pixels(t.Context(), [2]int{20, 20})
	if err != nil {
		t.Fatal(err)
	}
	pb, err := b.Pixels(t.Context(), [2]int{20, 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Items {
		if !reflect.DeepEqual(pixelsAt(t, pa, i), pixelsAt(t, pb, i)) {
			t.Fatalf("item %d differs", i)
		}
	}
}

func TestTheCacheGivesTheSameSetAndSurvivesDamage(t *testing.T) {
	dir := pictureFolder(t, 20, 30, names(5, "cat", "dog")...)
	writePicture(t, filepath.Join(dir, "cat", "tall.png"), 99, 31, 20) // so that sizes differ
	cache := t.TempDir()
	decoded := 0
	opt := Options{Cache: cache, Size: 16, Progress: func(int, int) { decoded++ }}
	pixels := func() ([]byte, *Set) {
		s := open(t, Folder(dir), opt)
		p, err := s.Pixels(t.Context(), s.Geometry(16, 0).Resize)
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for i := range s.Items {
			all = append(all, pixelsAt(t, p, i).Pix...)
		}
		return all, s
	}
	first, a := pixels()
	if decoded != 11 {
		t.Errorf("%d pictures decoded, want each of 11 once", decoded)
	}
	second, b := pixels()
	if decoded != 11 {
		t.Errorf("the second opening decoded %d pictures", decoded-11)
	}
	if string(first) != string(second) || a.Digest != b.Digest || !reflect.DeepEqual(a.Items, b.Items) {
		t.Error("the second opening gives another set")
	}
	files, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("cache holds %v, want a scan and its pixels", files)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range [][]byte{b[:len(b)/2], append([]byte{b[0] ^ 1}, b[1:]...), nil} {
			if err := os.WriteFile(file+".new", broken, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(file+".new", file); err != nil {
				t.Fatal(err)
			}
			if again, c := pixels(); string(again) != string(first) || c.Digest != a.Digest {
				t.Errorf("%s damaged: another set", filepath.Base(file))
			}
		}
	}
	writePicture(t, filepath.Join(dir, "cat", "new.png"), 100, 20, 30)
	if _, c := pixels(); len(c.Items) != 12 || c.Digest == a.Digest {
		t.Errorf("a new picture: %d items", len(c.Items))
	}
}

func TestOpeningStopsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opt := Options{Cache: t.TempDir(), Progress: func(n, _ int) {
		if n == 3 {
			cancel()
		}
	}}
	_, err := Open(ctx, Folder(pictureFolder(t, 8, 8, names(30, "cat", "dog")...)), opt)
	if err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(opt.Cache, "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSharedPhotosAreReadWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 260 photographs")
	}
	s := open(t, Folder(shared(t, "photos")), Options{})
	c := s.Cut(1, 0)
	if len(c.Train) != 200 || len(c.Val) != 60 || len(c.Test) != 0 || len(s.Faults) != 0 || s.C != 3 || s.H != 0 {
		t.Errorf("cut %d, %d, %d; faults %v; %dx%dx%d", len(c.Train), len(c.Val), len(c.Test), s.Faults, s.H, s.W, s.C)
	}
	if strings.Join(s.Classes, " ") != "daisy dandelion roses sunflowers tulips" {
		t.Errorf("classes %v", s.Classes)
	}
}

func TestSharedCIFARHasItsPublishedMeans(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 46 MB")
	}
	s := open(t, Folder(shared(t, "cifar10")), Options{})
	var train []int
	for i, it := range s.Items {
		if it.Split.String() == "train" {
			train = append(train, i)
		}
	}
	p, err := s.Preprocess(t.Context(), train, s.Geometry(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range [][2]float32{{0.4909, 0.2472}, {0.4816, 0.2436}, {0.4458, 0.2614}} { // of the README beside the files
		if d := p.Mean[c] - want[0]; d < -1e-4 || d > 1e-4 {
			t.Errorf("mean %v, want %v", p.Mean[c], want[0])
		}
		if d := p.Std[c] - want[1]; d < -1e-4 || d > 1e-4 {
			t.Errorf("std %v, want %v", p.Std[c], want[1])
		}
	}
	if s.Classes[9] != "truck" || len(train) != 10000 || len(s.Items) != 15000 {
		t.Errorf("%v, %d of %d", s.Classes, len(train), len(s.Items))
	}
}
