package format

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheNameOfAFolderSaysClassAndPart(t *testing.T) {
	for _, c := range []struct {
		names   string
		classes []string
		want    string // name:label:split
		strays  int
	}{
		{"cat/1.jpg cat/old/2.jpg dog/3.jpg README.md", []string{"cat", "dog"}, "cat/1.jpg:0: cat/old/2.jpg:0: dog/3.jpg:1:", 0},
		{"train/b/1 train/a/2 val/a/3 val/b/4 LICENSE.txt", []string{"a", "b"}, "train/b/1:1:train train/a/2:0:train val/a/3:0:val val/b/4:1:val", 0},
		{"Train/a/1 valid/a/2 test/a/3 test/b/4", []string{"a", "b"}, "Train/a/1:0:train valid/a/2:0:val test/a/3:0:test test/b/4:1:test", 0},
		{"set/train/a/1 set/val/b/2 set/noisy.csv", []string{"a", "b"}, "set/train/a/1:0:train set/val/b/2:1:val", 0},
		{"set/a/1 set/b/2", []string{"a", "b"}, "set/a/1:0: set/b/2:1:", 0},
		{"train/a/1 train/b/2", []string{"a", "b"}, "train/a/1:0: train/b/2:1:", 0},
		{"train/1.jpg other/2.jpg", []string{"other", "train"}, "train/1.jpg:1: other/2.jpg:0:", 0},
		{"a/1.jpg a/b/2.jpg", []string{"a"}, "a/1.jpg:0: a/b/2.jpg:0:", 0},
		{"loose.jpg a/1.jpg b/2.jpg", []string{"a", "b"}, "a/1.jpg:0: b/2.jpg:1:", 1},
		{"a/1.jpg empty/", []string{"a", "empty"}, "a/1.jpg:0:", 0},
		{"train/a/1 train/b/2 val/a/3 val/b/4 runs/events.1", []string{"a", "b"}, "train/a/1:0:train train/b/2:1:train val/a/3:0:val val/b/4:1:val", 1},
		{"train/old/1.jpg bus/2.jpg car/3.jpg", []string{"bus", "car", "train"}, "train/old/1.jpg:2: bus/2.jpg:0: car/3.jpg:1:", 0}, // a class called train
		{"", nil, "", 0},
	} {
		l := ImageFolder(strings.Fields(c.names))
		classes, places, strays := l.Classes, l.Places, l.Strays
		var got []string
		for _, p := range places {
			got = append(got, p.Name+":"+string(rune('0'+p.Label))+":"+p.Split.String())
		}
		if strings.Join(got, " ") != c.want || !reflect.DeepEqual(classes, c.classes) || len(strays) != c.strays {
			t.Errorf("%s:\n got %v %v, %d strays\nwant %s %v, %d strays", c.names, got, classes, len(strays), c.want, c.classes, c.strays)
		}
	}
}

func TestWhatLooksLikePartsIsNeverMadeAClass(t *testing.T) {
	for _, c := range []struct{ names, classes, want, skip string }{
		{"eval/cat/1.jpg eval/dog/2.jpg train/cat/3.jpg train/dog/4.jpg", "cat dog",
			"train looks like a part, and eval is none of train, val and test; rename it or list it under data.skip", "eval"},
		{"extra/cat/1.jpg more/x.jpg train/cat/3.jpg train/dog/4.jpg val/cat/5.jpg", "cat dog",
			"train and val look like parts, and extra and more are none of train, val and test; rename them or list them under data.skip", "extra more"},
		{"set/holdout/cat/1.jpg set/train/cat/3.jpg set/val/cat/5.jpg", "cat",
			"train and val look like parts, and holdout is none of train, val and test; rename it or list it under data.skip", "set/holdout"},
		{"train/cat/3.jpg train/dog/4.jpg val/1.jpg val/2.jpg", "cat dog",
			"val holds no folder of a class, and 2 pictures that lie in none; put its pictures in folders of their classes, or list it under data.skip to have that part cut", "val"},
		{"train/cat/3.jpg train/dog/4.jpg val/", "cat dog",
			"val holds no folder of a class; put its pictures in folders of their classes, or list it under data.skip to have that part cut", "val"},
	} {
		l := ImageFolder(strings.Fields(c.names))
		if len(l.Stops) != 1 || l.Stops[0].What+"; "+l.Stops[0].Mend != c.want || strings.Join(l.Stops[0].Skip, " ") != c.skip || strings.Join(l.Classes, " ") != c.classes || len(l.Strays) != 0 {
			t.Errorf("%s: %v, stops %+v, strays %v", c.names, l.Classes, l.Stops, l.Strays)
		}
	}
}

func TestRealFoldersComeBeforeLinksAndADroppedLinkIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"ring/1.jpg", "disc/2.jpg"} {
		os.MkdirAll(filepath.Join(dir, filepath.Dir(n)), 0o755)
		os.WriteFile(filepath.Join(dir, n), []byte(n), 0o644)
	}
	out := t.TempDir()
	os.WriteFile(filepath.Join(out, "3.jpg"), nil, 0o644)
	for name, to := range map[string]string{"aaa": "ring", "zzz": "ring", "out": out, "twice": out, "lost": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	tree, err := List(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := tree.Names(t.Context())
	if want := []string{"disc/2.jpg", "lost", "out/3.jpg", "ring/1.jpg"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, %v, want %v", names, err, want)
	}
	want := []Stray{
		{"aaa", "a link to " + dir + "/ring, which is read already", mendSkip},
		{"twice", "a link to " + dir + "/out, which is read already", mendSkip},
		{"zzz", "a link to " + dir + "/ring, which is read already", mendSkip},
	}
	if !reflect.DeepEqual(tree.Strays(), want) {
		t.Errorf("strays %v, want %v", tree.Strays(), want)
	}
	err = tree.Each(t.Context(), func(n string) bool { return n == "lost" }, func(_ string, size int64, r io.Reader) error {
		_, _, err := ReadFile(r, size)
		return err
	})
	if err == nil || err.Error() != "a link to nothing" {
		t.Errorf("a dead link: %v", err)
	}
}

func TestNamesThatAreNoUTF8AreReadAndShown(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "p\xeache"), 0o755); err != nil {
		t.Skip("the file system takes no such name:", err)
	}
	os.WriteFile(filepath.Join(dir, "p\xeache", "\xff\ufffd.jpg"), []byte("x"), 0o644)
	tree, err := List(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := tree.Names(t.Context())
	if want := []string{`p\xeache/\xff` + "\ufffd.jpg"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Fatalf("got %q, %v, want %q", names, err, want)
	}
	got := ""
	err = tree.Each(t.Context(), func(string) bool { return true }, func(_ string, size int64, r io.Reader) error {
		b, release, err := ReadFile(r, size)
		if err == nil {
			release()
		}
		got = string(b)
		return err
	})
	if err != nil || got != "x" {
		t.Errorf("read %q, %v", got, err)
	}
	if tree, err = List(dir, []string{Glob(`p\xeache`)}); err != nil {
		t.Fatal(err)
	}
	if names, err := tree.Names(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("skipped: %q, %v", names, err)
	}
}

func TestAnEmptyFolderThatComesOrGoesChangesTheFingerprint(t *testing.T) {
	dir := t.TempDir()
	print := func() string {
		tree, err := List(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		return tree.Fingerprint()
	}
	before := print()
	os.Mkdir(filepath.Join(dir, "empty"), 0o755)
	with := print()
	os.Remove(filepath.Join(dir, "empty"))
	if with == before || print() != before {
		t.Errorf("without %.8s, with %.8s, without again %.8s", before, with, print())
	}
}

func TestWhatNetworkDrivesLeaveBehindIsNotSeen(t *testing.T) {
	files := fstest.MapFS{"a/1.jpg": {}}
	for _, n := range []string{"a/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg", "@eaDir/x.jpg", "$RECYCLE.BIN/x.png", "a/#recycle/x.png", "#snapshot/a/1.jpg", "a/.@__thumb/x.jpg",
		"System Volume Information/x", "lost+found/x.jpg", "a/Icon\r", "a/THUMBS.DB", "__MACOSX/a/._1.jpg"} {
		files[n] = &fstest.MapFile{}
	}
	tree, err := ListFS("set", files)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := tree.Names(t.Context()); err != nil || !reflect.DeepEqual(names, []string{"a/1.jpg"}) {
		t.Errorf("got %v, %v", names, err)
	}
}

func TestAZipIsReadAsTheFolderItHolds(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range []string{"photos/b/2.jpg", `photos\a\1.jpg`, "photos/c/", "__MACOSX/photos/a/._1.jpg", "../photos/b/3.jpg"} {
		f, err := w.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(n, "/") {
			io.WriteString(f, n)
		}
	}
	w.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "set.zip")
	os.WriteFile(file, b.Bytes(), 0o644)
	for _, root := range []string{dir, file} { // a folder that holds only it, and itself
		tree, err := List(root, nil)
		if err != nil {
			t.Fatal(err)
		}
		names, err := tree.Names(t.Context())
		if want := []string{"photos/a/1.jpg", "photos/b/2.jpg", "photos/b/3.jpg", "photos/c/"}; err != nil || !reflect.DeepEqual(names, want) {
			t.Errorf("%s: got %v, %v, want %v", root, names, err, want)
		}
		err = tree.Each(t.Context(), func(n string) bool { return n == "photos/b/2.jpg" }, func(_ string, size int64, r io.Reader) error {
			got, release, err := ReadFile(r, size)
			if err == nil {
				release()
			}
			if string(got) != "photos/b/2.jpg" {
				t.Errorf("read %q", got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	os.Mkdir(filepath.Join(dir, "photos"), 0o755) // what it was unpacked to
	tree, err := List(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := tree.Names(t.Context())
	if err != nil || !reflect.DeepEqual(names, []string{"photos/"}) || len(tree.Strays()) != 1 || tree.Strays()[0].Name != "set.zip" {
		t.Errorf("beside a folder: %v, %v, %v", names, tree.Strays(), err)
	}
	for what, broken := range map[string][]byte{"cut": b.Bytes()[:b.Len()-30], "empty": nil, "no zip": []byte("<html>")} {
		os.WriteFile(file, broken, 0o644)
		tree, err := List(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tree.Names(t.Context()); err == nil || !strings.HasPrefix(err.Error(), file+": a broken archive (") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFolderIsListedWithoutHiddenSkippedAndLoopedFiles(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a/1.jpg", "a/.hidden.jpg", "a/Thumbs.db", "a/2.txt", "old/3.jpg", "__MACOSX/a/4.jpg", "b/5.jpg"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(n)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte(n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "nothing"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "b", "loop")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.Symlink(filepath.Join(dir, "a", "1.jpg"), filepath.Join(dir, "b", "link.jpg")); err != nil {
		t.Fatal(err)
	}
	tree, err := List(dir, []string{"*.txt", "old"})
	if err != nil {
		t.Fatal(err)
	}
	names, err := tree.Names(t.Context())
	if want := []string{"a/1.jpg", "b/5.jpg", "b/link.jpg", "nothing/"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, %v, want %v", names, err, want)
	}
	if _, err := List(dir, []string{"[a"}); err == nil || !strings.HasPrefix(err.Error(), `data.skip: "[a" is no glob`) {
		t.Errorf("a broken glob: %v", err)
	}
	if _, err := List(filepath.Join(dir, "none"), nil); err == nil || !strings.Contains(err.Error(), "no such folder or archive") {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := List(filepath.Join(dir, "a", "1.jpg"), nil); err == nil || !strings.Contains(err.Error(), "neither a folder nor a .tar") {
		t.Errorf("a file: %v", err)
	}
}

func tarOf(t testing.TB, zip bool, files ...string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser = nopCloser{&b}
	if zip {
		w = gzip.NewWriter(&b)
	}
	tw := tar.NewWriter(w)
	for _, f := range files {
		if err := tw.WriteHeader(&tar.Header{Name: f, Size: int64(len(f)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(tw, f)
	}
	tw.Close()
	w.Close()
	return b.Bytes()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestArchivesInAFolderAreReadAsIfUnpacked(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "train.tar.gz"), tarOf(t, true, "./train/a/1.jpg", "train/b/2.jpg", "train/b/._2.jpg"), 0o644)
	os.WriteFile(filepath.Join(dir, "test.tar"), tarOf(t, false, "b/3.jpg", "../a/4.jpg"), 0o644)
	tree, err := List(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, err := tree.Names(t.Context())
	if want := []string{"test/a/4.jpg", "test/b/3.jpg", "train/a/1.jpg", "train/b/2.jpg"}; err != nil || !reflect.DeepEqual(names, want) {
		t.Fatalf("got %v, %v, want %v", names, err, want)
	}
	got := map[string]string{}
	err = tree.Each(t.Context(), func(n string) bool { return n != "test/a/4.jpg" }, func(n string, _ int64, r io.Reader) error {
		b, err := ReadAll(r, 100)
		got[n] = string(b)
		return err
	})
	if want := map[string]string{"train/a/1.jpg": "./train/a/1.jpg", "train/b/2.jpg": "train/b/2.jpg", "test/b/3.jpg": "b/3.jpg"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	whole := tarOf(t, true, "a/1.jpg", "b/2.jpg")
	broken := filepath.Join(dir, "cut.tgz")
	os.WriteFile(broken, whole[:len(whole)-20], 0o644)
	if tree, err = List(broken, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Names(t.Context()); err == nil || !strings.Contains(err.Error(), "cut.tgz: a broken archive (it ends too early)") {
		t.Errorf("a cut archive: %v", err)
	}
}

func idxOf(extents []int, data []byte) []byte {
	b := []byte{0, 0, 8, byte(len(extents))}
	for _, n := range extents {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return append(b, data...)
}

func TestIDXFilesAreReadInPairs(t *testing.T) {
	files := fstest.MapFS{
		"train-images-idx3-ubyte": {Data: idxOf([]int{2, 1, 2}, []byte{1, 2, 3, 4})},
		"train-labels-idx1-ubyte": {Data: idxOf([]int{2}, []byte{1, 0})},
		"t10k-images.idx3-ubyte":  {Data: idxOf([]int{1, 1, 2}, []byte{5, 6})},
		"t10k-labels.idx1-ubyte":  {Data: idxOf([]int{1}, []byte{2})},
		"classes.txt":             {Data: []byte("zero\r\none\n")},
	}
	read := func() (*Records, error) {
		tree, err := ListFS("set", files)
		if err != nil {
			t.Fatal(err)
		}
		names, err := tree.Names(t.Context())
		if err != nil || !FindRecords(names) {
			t.Fatalf("%v is no set of records (%v)", names, err)
		}
		return ReadRecords(context.Background(), tree, names)
	}
	got, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var pixels []byte
	for i := range got.Names {
		pixels = append(pixels, got.At(i).Pix...)
	}
	if want := []byte{5, 6, 1, 2, 3, 4}; !bytes.Equal(pixels, want) {
		t.Errorf("pixels %v, want %v", pixels, want)
	}
	got.files = nil
	want := &Records{H: 1, W: 2, C: 1, Classes: []string{"zero", "one", "2"}, Names: []string{"t10k/00000", "train/00000", "train/00001"},
		Labels: []int32{2, 1, 0}, Splits: []Split{Test, Train, Train}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for _, c := range []struct {
		file string
		data []byte
		want string
	}{
		{"train-labels-idx1-ubyte", idxOf([]int{3}, []byte{1, 0, 1}), "set/train: 2 images and 3 labels; fetch both files again"},
		{"train-labels-idx1-ubyte", idxOf([]int{4}, []byte{1, 0, 1}), "set/train-labels-idx1-ubyte: IDX that declares 4 bytes and holds 3; fetch it again"},
		{"train-labels-idx1-ubyte", idxOf([]int{2}, []byte{1, 9}), "set/train-labels-idx1-ubyte: record 1 has label 9, and the next lower label is 2; mend it, or name the classes up to it in classes.txt"},
		{"train-images-idx3-ubyte", idxOf([]int{2, 1, 2}, []byte{1, 2, 3}), "set/train-images-idx3-ubyte: IDX that declares 4 bytes and holds 3; fetch it again"},
		{"train-images-idx3-ubyte", idxOf([]int{1 << 30, 1 << 30, 1 << 30}, nil), "set/train-images-idx3-ubyte: IDX that declares more than 2048 MiB"},
		{"train-images-idx3-ubyte", []byte("<html>"), `set/train-images-idx3-ubyte: not an IDX file, it begins with "<htm"`},
		{"train-images-idx3-ubyte", idxOf([]int{2, 2, 2}, make([]byte, 8)), "set/train: images of 2x2x1 beside images of 1x2x1; keep one size in a folder"},
	} {
		kept := files[c.file]
		files[c.file] = &fstest.MapFile{Data: c.data}
		if _, err := read(); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
		files[c.file] = kept
	}
	delete(files, "train-labels-idx1-ubyte")
	if _, err := read(); err == nil || !strings.HasPrefix(err.Error(), "set/train: images without labels") {
		t.Errorf("images alone: %v", err)
	}
}

func TestCIFARRecordsBecomePixelsChannelLast(t *testing.T) {
	rec := make([]byte, 3074)
	rec[0], rec[1] = 7, 42
	rec[2+5], rec[2+1024+5], rec[2+2048+5] = 10, 20, 30
	read := func(b []byte, labelBytes, classes int) (pixels []byte, labels []int32, err error) {
		err = CIFAR(bytes.NewReader(b), labelBytes, classes, func(label int32, p []byte) error {
			pixels, labels = append(pixels, p...), append(labels, label)
			return nil
		})
		return pixels, labels, err
	}
	pixels, labels, err := read(append(rec, rec...), 2, 100)
	if err != nil || len(labels) != 2 || labels[1] != 42 || !bytes.Equal(pixels[3072+15:3072+18], []byte{10, 20, 30}) {
		t.Errorf("labels %v, pixel %v, %v", labels, pixels[15:18], err)
	}
	if _, _, err := read(rec, 1, 10); err == nil || err.Error() != "3074 bytes are no whole number of records of 3073 bytes; fetch it again" {
		t.Errorf("a wrong length: %v", err)
	}
	if _, _, err := read(rec, 2, 10); err == nil || !strings.HasPrefix(err.Error(), "record 0 has label 42 of 10 classes") {
		t.Errorf("a wrong label: %v", err)
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(idxOf([]int{2, 1, 2}, []byte{1, 2, 3, 4}), idxOf([]int{2}, []byte{1, 0}))
	f.Add(idxOf([]int{1 << 20, 1 << 11, 1}, nil), idxOf([]int{1 << 30}, nil))
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		tree, err := ListFS("set", fstest.MapFS{"train-images-idx3-ubyte": {Data: images}, "train-labels-idx1-ubyte": {Data: labels}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadRecords(context.Background(), tree, []string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"})
		if err != nil {
			return
		}
		for i := range r.Labels {
			if m := r.At(i); len(m.Pix) != m.H*m.W*m.C || int(r.Labels[i]) >= len(r.Classes) {
				t.Errorf("image %d has %d bytes of %dx%dx%d, label %d of %d classes", i, len(m.Pix), m.H, m.W, m.C, r.Labels[i], len(r.Classes))
			}
		}
	})
}

func FuzzCIFAR(f *testing.F) {
	const side = 2 // records of 13 bytes: those of 3,073 take a minute to be made smaller
	f.Add(make([]byte, 13), 1)
	f.Add(make([]byte, 28), 2)
	f.Fuzz(func(t *testing.T, b []byte, labelBytes int) {
		labelBytes = 1 + labelBytes&1
		n := 0
		err := cifar(bytes.NewReader(b), side, labelBytes, 10, func(label int32, pixels []byte) error {
			if n++; label > 9 || len(pixels) != 12 {
				t.Errorf("label %d, %d pixels", label, len(pixels))
			}
			return nil
		})
		if err == nil && n*(12+labelBytes) != len(b) {
			t.Errorf("%d records of %d bytes", n, len(b))
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add(tarOf(f, false, "train/a/1.jpg", "train/b/2.jpg"), "x.tar")
	f.Add(tarOf(f, true, "a/1.jpg", "b/../../2.jpg"), "x.tar.gz")
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, name := range []string{"train/a/1.jpg", "../b/2.jpg"} {
		if _, err := z.Create(name); err != nil {
			f.Fatal(err)
		}
	}
	z.Close()
	f.Add(packed.Bytes(), "x.zip")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		if name != "x.zip" && name != "x.tar" {
			name = "x.tar.gz"
		}
		tree, err := ListFS("set", fstest.MapFS{name: {Data: b}})
		if err != nil {
			t.Fatal(err)
		}
		names, err := tree.Names(context.Background())
		if err != nil {
			return
		}
		for _, n := range names {
			if strings.HasPrefix(n, "/") || strings.HasPrefix(n, "..") {
				t.Errorf("a name that leaves the set: %q", n)
			}
		}
		l := ImageFolder(names)
		for _, p := range l.Places {
			if int(p.Label) >= len(l.Classes) {
				t.Errorf("label %d of %d classes", p.Label, len(l.Classes))
			}
		}
	})
}

func FuzzImageFolder(f *testing.F) {
	f.Add("train/a/1.jpg\nval/b/2.jpg\neval/a/3.png\nval/")
	f.Add("a/1.jpg\nb/c/2\nx.jpg")
	f.Fuzz(func(t *testing.T, text string) {
		var names []string
		for _, n := range strings.Split(text, "\n") {
			if fs.ValidPath(strings.TrimSuffix(n, "/")) && n != "." && n != "./" {
				names = append(names, n)
			}
		}
		slices.Sort(names)
		names = slices.Compact(names)
		l := ImageFolder(names)
		for _, p := range l.Places {
			if int(p.Label) >= len(l.Classes) || p.Split > Test || strings.HasSuffix(p.Name, "/") {
				t.Errorf("%+v of %d classes", p, len(l.Classes))
			}
		}
		if len(l.Places)+len(l.Strays) > 2*len(names) {
			t.Errorf("%d places and %d strays of %d names", len(l.Places), len(l.Strays), len(names))
		}
	})
}
