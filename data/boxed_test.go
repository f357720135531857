package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/tensor"
)

var boxFolders = []string{VOC, COCO, YOLO}

func boxFolder(kind string) string { return filepath.Join("testdata", "boxes", kind) }

// boxesByName are the objects of a set by the last part of their picture's name.
func boxesByName(s *Set) map[string][]box.Object {
	all := map[string][]box.Object{}
	for i, it := range s.Items {
		all[strings.TrimSuffix(filepath.Base(it.Name), ".png")] = s.Objects(i)
	}
	return all
}

// testdata/boxes is made by testdata/boxes.py, which writes what it drew to want.json.
func TestOneFolderInThreeFormatsIsOneSet(t *testing.T) {
	text, err := os.ReadFile(boxFolder("want.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][][5]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	digest := ""
	for _, kind := range boxFolders {
		s := open(t, Folder(boxFolder(kind)), Options{})
		if !s.Boxed || !slices.Equal(s.Classes, []string{"cat", "dog", "owl"}) || len(s.Faults) > 0 || len(s.amiss) > 0 {
			t.Fatalf("%s: boxed %v, %v, %v, %v", kind, s.Boxed, s.Classes, s.Faults, s.amiss)
		}
		boxes := 0
		for name, got := range boxesByName(s) {
			var drawn, read []string
			for _, b := range want[name] {
				drawn = append(drawn, fmt.Sprintln(b[:]...))
			}
			for _, o := range got {
				read = append(read, fmt.Sprintln(s.Classes[o.Class], o.X0, o.Y0, o.X1, o.Y1))
				boxes++
			}
			slices.Sort(drawn)
			slices.Sort(read)
			if !slices.Equal(drawn, read) {
				t.Errorf("%s: %s: %v, want %v", kind, name, read, drawn)
			}
		}
		c := s.Cut(1, 1)
		if boxes < 12 || len(c.Train) != 9 || len(c.Val) != 2 || len(c.Test) != 1 {
			t.Errorf("%s: %d boxes; parts %d, %d, %d", kind, boxes, len(c.Train), len(c.Val), len(c.Test))
		}
		if digest == "" {
			digest = s.Digest
		}
		if s.Digest != digest {
			t.Errorf("%s: another set than %s's", kind, boxFolders[0])
		}
		images := s.Images()
		for i, it := range s.Items {
			rarest := int32(0)
			for k, o := range s.Objects(i) {
				if k == 0 || images[o.Class] < images[rarest] {
					rarest = o.Class
				}
			}
			if it.Label != rarest {
				t.Errorf("%s: %s has label %d, its rarest class is %d of %v", kind, it.Name, it.Label, rarest, images)
			}
		}
	}
}

func TestBoxesAreKeptWithTheListing(t *testing.T) {
	cache := t.TempDir()
	first := open(t, Folder(boxFolder(VOC)), Options{Cache: cache})
	again := open(t, Folder(boxFolder(VOC)), Options{Cache: cache})
	if again.Digest != first.Digest || !slices.Equal(again.objects, first.objects) || !slices.Equal(again.first, first.first) || !again.Boxed || again.most != first.most {
		t.Errorf("%d objects, %d read from the cache", len(first.objects), len(again.objects))
	}
	file := first.listingFile()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 1; at < len(whole); at += len(whole) / 50 {
		b := bytes.Clone(whole)
		b[at] ^= 4
		if _, err := readListing(b); err == nil {
			t.Errorf("byte %d of %d is flipped, and nobody saw", at, len(b))
		}
		if _, err := readListing(b[:at]); err == nil {
			t.Errorf("%d bytes of %d are taken for a listing", at, len(b))
		}
	}
}

// Areas of outlines are part of a listing, and of what a set is; sets without them are what they were.
func TestAreasOfOutlinesAreKept(t *testing.T) {
	s := open(t, Folder(boxFolder(VOC)), Options{})
	bare := digestOf(s.Classes, s.Items, s.objects, s.first)
	objects := slices.Clone(s.objects)
	objects[0].Mask, objects[len(objects)-1].Mask = objects[0].Area()/2, 1
	if digestOf(s.Classes, s.Items, objects, s.first) == bare {
		t.Error("an area changes no digest")
	}
	l := &listing{items: s.Items, objects: objects, first: s.first}
	l.Classes = s.Classes
	b := appendObjects(nil, objects, s.first)
	l.objects = nil
	if err := l.readObjects(b); err != nil || !slices.Equal(l.objects, objects) {
		t.Errorf("read back %v: %v", l.objects, err)
	}
	for _, short := range []int{1, 8, 9} {
		if err := l.readObjects(b[:len(b)-short]); err == nil {
			t.Errorf("%d bytes short, and taken", short)
		}
	}
	objects[0].Mask = objects[0].Area() + 1
	if err := l.readObjects(appendObjects(nil, objects, s.first)); err == nil {
		t.Error("an area that its box has no room for is taken")
	}
}

// vocFolder writes pictures 40 wide and 30 high, and for each that has one its annotation, without the frame.
func vocFolder(t testing.TB, objects map[string]string) string {
	t.Helper()
	dir, n := t.TempDir(), 0
	for name, text := range objects {
		n++
		writePicture(t, filepath.Join(dir, "JPEGImages", name+".png"), uint64(n), 30, 40)
		if text != "none" {
			writeBeside(t, filepath.Join(dir, "Annotations", name+".xml"), "<annotation><size><width>40</width><height>30</height></size>"+text+"</annotation>")
		}
	}
	return dir
}

func writeBeside(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func vocObject(name string, x0, y0, x1, y1 int) string {
	return fmt.Sprintf("<object><name>%s</name><bndbox><xmin>%d</xmin><ymin>%d</ymin><xmax>%d</xmax><ymax>%d</ymax></bndbox></object>", name, x0, y0, x1, y1)
}

func TestTheDigestIsOverBoxesAndNotOverTheirOrder(t *testing.T) {
	a, b, c := vocObject("cat", 1, 2, 9, 9), vocObject("dog", 5, 6, 17, 18), vocObject("cat", 1, 2, 9, 10)
	digest := func(objects string) string {
		return open(t, Folder(vocFolder(t, map[string]string{"a": objects})), Options{Look: true}).Digest
	}
	if digest(a+b) != digest(b+a) || digest(a+b) == digest(c+b) {
		t.Error("the order decides, or a corner does not")
	}
}

// told is everything that is said of a set, a line each.
func told(s *Set) string {
	var lines []string
	for _, f := range append(slices.Clone(s.Faults), s.amiss...) {
		lines = append(lines, filepath.ToSlash(f.String()))
	}
	for _, d := range s.Doubts() {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}

func expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
}

func TestWhatIsWrongWithAVOCFolderIsTold(t *testing.T) {
	good := vocObject("cat", 1, 2, 9, 9)
	dir := vocFolder(t, map[string]string{"a": good, "b": good + vocObject("cat", 1, 2, 9, 9), "c": "none", "d": good + vocObject("cat", 30, 2, 60, 9), "e": good + vocObject("cat", 50, 2, 60, 9), "f": "<size/>", "g": good, "h": vocObject("Cat", 3, 3, 9, 9)})
	writeBeside(t, filepath.Join(dir, "Annotations", "lost.xml"), "<annotation/>")
	writeBeside(t, filepath.Join(dir, "Annotations", "f.xml"), "<annotation><object>")
	writeBeside(t, filepath.Join(dir, "Annotations", "g.xml"), "<annotation><size><width>50</width><height>50</height></size>"+good+"</annotation>")
	s := open(t, Folder(dir), Options{Look: true})
	if len(s.Items) != 5 || len(s.objects) != 6 || len(s.Faults) != 4 {
		t.Errorf("%d items, %d objects, %d faults", len(s.Items), len(s.objects), len(s.Faults))
	}
	expect(t, told(s), "JPEGImages/c.png: a picture without annotation; write an XML file of that name, without objects if it shows none",
		"Annotations/lost.xml: an annotation whose picture is not there; add the picture", "Annotations/f.xml: broken XML in line 1",
		"JPEGImages/g.png: its annotation is of a picture of 50x50, and this one has 40x30; give it its own annotation",
		"Annotations/b.xml: [0 1 9 9] is there twice; it is taken once", "Annotations/d.xml: object 2: [29 1 60 9] reaches beyond the picture's 40x30; it is cut off at the edge",
		"Annotations/e.xml: object 2: [49 1 60 9] lies outside of the picture's 40x30; the box is left out", `classes "Cat" and "cat" look alike`,
		"1 box outside of the picture, left out, such as Annotations/e.xml: object 2", "1 box of the class and at the place of another, taken once")
	d := s.Describe()
	if d.Boxes == nil || d.Boxes.Count != 6 || d.Boxes.Wrong != 4 || len(d.Faults) != 8 || d.Classes[1].Boxes != 5 || d.Classes[1].Images != 4 {
		t.Errorf("%+v, %+v, %d faults", d.Boxes, d.Classes, len(d.Faults))
	}
}

func TestWhatIsWrongWithACOCOFolderIsTold(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a", "b", "c", "unlisted"} {
		writePicture(t, filepath.Join(dir, "images", name+".png"), uint64(i), 30, 40)
	}
	writeBeside(t, filepath.Join(dir, "instances.json"), `{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "/home/me/images/b.png", "width": 40, "height": 30}, {"id": 3, "file_name": "gone.png"}, {"id": 4, "file_name": "a.png"}, {"id": 1, "file_name": "c.png"}],
		"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]}, {"image_id": 2, "category_id": 9, "bbox": [1, 2, 3, 4]}, {"image_id": 8, "category_id": 7, "bbox": [1, 2, 3, 4]}],
		"categories": [{"id": 7, "name": "owl"}, {"id": 70, "name": "ant"}]}`)
	if _, err := Open(t.Context(), Folder(dir), Options{Look: true}); err == nil || !strings.Contains(err.Error(), "4 of 6 files are faulty") {
		t.Fatalf("%v", err)
	}
	s, err := scanned(t.Context(), Folder(dir), Options{Look: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !slices.Equal(s.Classes, []string{"owl", "ant"}) || len(s.Items) != 2 || len(s.objects) != 1 {
		t.Errorf("%v, %d items, %d objects", s.Classes, len(s.Items), len(s.objects))
	}
	expect(t, told(s), "gone.png, which it lists, is not there", "a.png, which it lists, is listed already", "images/unlisted.png: a picture that no JSON file lists",
		"images/c.png: a picture that no JSON file lists", "two pictures have the id 1, a.png and c.png; the second is left out; give it an id of its own", "1 id given to two pictures or categories", "2 pictures that no JSON file lists, left out, such as images/c.png; list it there", "object 2: of a category that the file does not have",
		"object 3: it is of picture 8, which is not among the images", "class ant has no boxes")
}

func yoloFolder(t testing.TB, yaml string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"train/images/a", "train/images/b", "train/images/c", "valid/images/d", "valid/images/e"} {
		writePicture(t, filepath.Join(dir, name+".png"), uint64(i), 30, 40)
		if i != 1 {
			writeBeside(t, filepath.Join(dir, strings.Replace(name, "images", "labels", 1)+".txt"), []string{"0 0.5 0.5 0.5 0.5\n3 0.5 0.5 0.5 0.5\n", "", "", "1 0.25 0.25 0.1 0.1", "0 0.5 0.5 0.1 0.1"}[i])
		}
	}
	writeBeside(t, filepath.Join(dir, "README.roboflow.txt"), "words\n")
	if yaml != "" {
		writeBeside(t, filepath.Join(dir, "data.yaml"), yaml)
	}
	return dir
}

func TestAYOLOFolderIsReadByItsDataYAML(t *testing.T) {
	s := open(t, Folder(yoloFolder(t, "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['cat', 'dog']\n")), Options{Look: true})
	c := s.Cut(1, 1)
	if len(c.Train) != 2 || len(c.Val) != 2 || len(s.objects) != 3 || !slices.Equal(s.Classes, []string{"cat", "dog"}) {
		t.Errorf("%d, %d, %d objects, %v", len(c.Train), len(c.Val), len(s.objects), s.Classes)
	}
	expect(t, told(s), "train/images/b.png: a picture without annotation; write an empty text file of that name if it shows nothing", "1 picture without annotation, left out, such as train/images/b.png; write an empty text file", `train/labels/a.txt: object 2: there is no class "3"`,
		"train of data.yaml points outside of the folder (../train/images) and is taken as train/images, which lies in it", "class dog has no boxes in train")
	// Without data.yaml classes are numbers and folders are parts.
	s = open(t, Folder(yoloFolder(t, "")), Options{Look: true})
	if c := s.Cut(1, 1); len(c.Train) != 2 || len(c.Val) != 2 || !slices.Equal(s.Classes, []string{"0", "1", "2", "3"}) {
		t.Errorf("%d, %d, %v", len(c.Train), len(c.Val), s.Classes)
	}
	for yaml, want := range map[string]string{
		"train: ../../etc/images\nval: valid/images\nnames: [cat]\n": `data.yaml: train: "../../etc/images" points outside of the folder, where nothing is read; write a path below it`,
		"train: /etc\nval: valid/images\nnames: [cat]\n":             `train: "/etc" points outside of the folder`,
		"train: train/pictures\nval: valid\nnames: [cat]\n":          `train: "train/pictures": no picture lies there; correct it`,
		"train: train\nval: valid\nnc: 0\n":                          "nc: 0 classes",
		"train: train\nval: valid\nnames: {a: cat}\n":                `"a" is no number of a class`,
	} {
		if _, err := Open(t.Context(), Folder(yoloFolder(t, yaml)), Options{Look: true}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// Most pictures have no label file: that is said, and not that the folder may be the wrong one.
	bare := yoloFolder(t, "train: train/images\nval: valid/images\nnames: [cat]\n")
	for i := range 8 {
		writePicture(t, filepath.Join(bare, "train", "images", fmt.Sprintf("a%d.png", i)), uint64(i), 30, 40)
	}
	if _, err := Open(t.Context(), Folder(bare), Options{Look: true}); err == nil || !strings.Contains(err.Error(), "files are faulty, the first is "+filepath.Join(bare, "train", "images", "a0.png")+" (a picture without annotation); write an empty text file of that name if it shows nothing") {
		t.Errorf("most pictures without labels: %v", err)
	}
	// Train and val are one folder, as in coco128.yaml: it is cut.
	s = open(t, Folder(yoloFolder(t, "train: .\nval: .\nnames: {0: cat, 3: owl}\n")), Options{Look: true})
	if c := s.Cut(1, 1); s.own[1] || s.own[2] || len(s.Items) != 4 || !slices.Equal(s.Classes, []string{"cat", "1", "2", "owl"}) {
		t.Errorf("%+v, %v, %v", c, s.own, s.Classes)
	}
}

func TestNotesBesidePicturesOfClassesAreNoBoxes(t *testing.T) {
	dir := pictureFolder(t, 16, 16, names(4, "cat", "dog")...)
	for i := range 4 {
		writeBeside(t, filepath.Join(dir, "cat", fmt.Sprintf("%02d.txt", i)), "a cat on a mat\n")
		writeBeside(t, filepath.Join(dir, "dog", fmt.Sprintf("%02d.xml", i)), "<note>a dog</note>")
		writeBeside(t, filepath.Join(dir, "dog", fmt.Sprintf("%02d.json", i)), `{"images": 1}`)
	}
	s, err := scanned(t.Context(), Folder(dir), Options{Look: true})
	if err != nil || s.Boxed || len(s.Classes) != 2 || len(s.Items) != 8 {
		t.Fatalf("%v, boxed %v, %v, %d items", err, s.Boxed, s.Classes, len(s.Items))
	}
	s.Close()
}

func TestKeysOfBoxesThatWouldChangeNothingAreFaults(t *testing.T) {
	plain, voc := pictureFolder(t, 16, 16, names(4, "cat", "dog")...), boxFolder(VOC)
	for want, spec := range map[string]Spec{
		"fit: stretch would be ignored, as " + plain + " has no boxes; take fit away":         {Folder: plain, Fit: Stretch},
		"format: " + plain + " has no XML files named as the pictures are":                    {Folder: plain, Format: VOC},
		"format: " + voc + " has no JSON file":                                                {Folder: voc, Format: COCO},
		"format: yolo would be ignored, as the classes come from elsewhere; take format away": {Folder: voc, Format: YOLO, Class: "(p).*"},
		"size would be ignored, as " + voc + " is not made by the program; take it away":      {Folder: voc, Size: 64},
		"images: 3; give 8 to 1000000":                                                        {Name: "shapes", Images: 3},
		"size: 100 pixels; give a multiple of 32 from 32 to 1024":                             {Name: "shapes", Size: 100},
		"seed would be ignored, as fashion-mini is not made by the program; take it away":     {Name: "fashion-mini", Seed: 2},
	} {
		if _, err := Open(t.Context(), spec, Options{Look: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestAPictureThatEXIFTurnsIsReadWithItsBoxes(t *testing.T) {
	lying, err := os.ReadFile(boxFolder("turned/lying.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for size, c := range map[[2]int]struct {
		object string
		want   box.Box // as Pillow's ImageOps.exif_transpose shows it: testdata/boxes.py prints it
	}{
		{40, 30}: {vocObject("cat", 5, 9, 16, 16), box.Box{X0: 14, Y0: 4, X1: 22, Y1: 16}},
		{30, 40}: {vocObject("cat", 15, 5, 22, 16), box.Box{X0: 14, Y0: 4, X1: 22, Y1: 16}},
	} {
		dir := t.TempDir()
		writeBeside(t, filepath.Join(dir, "lying.jpg"), string(lying))
		writeBeside(t, filepath.Join(dir, "lying.xml"), fmt.Sprintf("<annotation><size><width>%d</width><height>%d</height></size>%s</annotation>", size[0], size[1], c.object))
		s := open(t, Folder(dir), Options{Look: true})
		if it := s.Items[0]; it.H != 40 || it.W != 30 || len(s.Objects(0)) != 1 || s.Objects(0)[0].Box != c.want {
			t.Errorf("%v: %+v, %v, want %v", size, it, s.Objects(0), c.want)
		}
	}
}

// seen collects what rows show.
type seenTargets struct{ rows [][]Shown }

func (s *seenTargets) Room(int) []Array { return nil }
func (s *seenTargets) Fill(_ []Array, row int, shown []Shown, _ int) {
	for len(s.rows) <= row {
		s.rows = append(s.rows, nil)
	}
	s.rows[row] = s.rows[row][:0]
	for _, of := range shown {
		of.Objects = slices.Clone(of.Objects)
		s.rows[row] = append(s.rows[row], of)
	}
}

// brightFolder has grey pictures of several sizes, each with a white rectangle and its box.
func brightFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for i, size := range [][2]int{{96, 128}, {128, 96}, {64, 64}, {80, 200}, {100, 101}, {128, 128}} {
		m := image.NewRGBA(image.Rect(0, 0, size[1], size[0]))
		for k := range m.Pix {
			m.Pix[k] = map[bool]byte{true: 255, false: 60}[k%4 == 3]
		}
		r := image.Rect(size[1]/4+3*i, size[0]/3, size[1]/4+3*i+size[1]/4, size[0]/3+size[0]/3)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				m.Set(x, y, color.White)
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprintf("%d", i))
		writeBeside(t, name+".png", b.String())
		writeBeside(t, name+".xml", "<annotation>"+vocObject("cat", r.Min.X+1, r.Min.Y+1, r.Max.X, r.Max.Y)+"</annotation>")
	}
	return dir
}

// bright is the rectangle around the bright pixels of a row, in pixels, within a part of it.
func bright(l *Loader, b *Batch, row int, part box.Box) box.Box {
	p := l.cfg.Preprocess
	got := box.Box{X0: math.Inf(1), Y0: math.Inf(1), X1: math.Inf(-1), Y1: math.Inf(-1)}
	for y := int(part.Y0); y < int(part.Y1); y++ {
		for x := int(part.X0); x < int(part.X1); x++ {
			if v := b.X.Data[((row*p.H+y)*p.W+x)*p.C]; float32(v*p.Std[0])+p.Mean[0] > 0.62 {
				got = box.Box{X0: min(got.X0, float64(x)), Y0: min(got.Y0, float64(y)), X1: max(got.X1, float64(x+1)), Y1: max(got.Y1, float64(y+1))}
			}
		}
	}
	return got
}

func boxedLoader(t testing.TB, s *Set, side int, change func(*LoaderConfig)) *Loader {
	t.Helper()
	g := s.Geometry(side, 0)
	p, err := s.Preprocess(t.Context(), all(s), g)
	if err != nil {
		t.Fatal(err)
	}
	cfg := LoaderConfig{Batch: len(s.Items), Preprocess: p, Geometry: g, Train: true, Order: tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment")}
	change(&cfg)
	l, err := s.Loader(t.Context(), all(s), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestBoxesFollowTheirPictures(t *testing.T) {
	dir := brightFolder(t)
	for _, fit := range []Fit{"", Stretch} {
		spec := Folder(dir)
		spec.Fit = fit
		s := open(t, spec, Options{})
		for name, ops := range map[string]augment.List{
			"nothing": nil, "flip": {augment.Flip{}}, "upside down": {augment.Flip{Vertical: true}}, "a quarter": {augment.Rotate{Degrees: 0}},
			"scale": {augment.Scale{By: [2]float64{0.6, 1.6}}, augment.Chance{P: 0.5, Op: augment.Flip{}}}, "crop": {augment.Chance{P: 0.5, Op: augment.Flip{}}, augment.Crop{Area: [2]float64{0.3, 1}}},
			"translate": {augment.Translate{Share: 0.3}}, "padded": {augment.Crop{Pad: 30}}, "mosaic": {augment.Chance{P: 0.5, Op: augment.Flip{}}, augment.Mosaic{}},
		} {
			seen := &seenTargets{}
			l := boxedLoader(t, s, 128, func(c *LoaderConfig) { c.Augment, c.Targets = ops, seen })
			b, n := l.NewBatch(), 0
			for epoch := range 6 {
				if err := l.Fill(epoch, 0, b); err != nil {
					t.Fatal(err)
				}
				for row := range b.Valid {
					if want := map[bool]int{true: 4, false: 1}[name == "mosaic"]; len(seen.rows[row]) != want {
						t.Fatalf("%s: %d pictures in a row", name, len(seen.rows[row]))
					}
					share := float32(0)
					for i, of := range seen.rows[row] {
						share += of.Share
						for _, o := range of.Objects {
							got := box.Box{X0: o.X0 * 128, Y0: o.Y0 * 128, X1: o.X1 * 128, Y1: o.Y1 * 128}
							around := box.Box{X0: 0, Y0: 0, X1: 128, Y1: 128}
							if name == "mosaic" { // other pictures lie beside it
								around = box.Box{X0: got.X0 - 3, Y0: got.Y0 - 3, X1: got.X1 + 3, Y1: got.Y1 + 3}.Intersect(around)
								others := 0
								for j, other := range seen.rows[row] {
									for _, p := range other.Objects {
										near := box.Box{X0: p.X0*128 - 3, Y0: p.Y0*128 - 3, X1: p.X1*128 + 3, Y1: p.Y1*128 + 3}
										if i != j && !near.Intersect(around).Empty() {
											others++
										}
									}
								}
								if others > 0 {
									continue
								}
							}
							want := bright(l, b, row, around)
							n++
							for k, d := range []float64{got.X0 - want.X0, got.Y0 - want.Y0, got.X1 - want.X1, got.Y1 - want.Y1} {
								if math.Abs(d) > 2 {
									t.Fatalf("%s %s, epoch %d, row %d, edge %d: box %v, bright %v", name, fit, epoch, row, k, got, want)
								}
							}
						}
					}
					if math.Abs(float64(share)-1) > 1e-6 {
						t.Errorf("%s: shares sum to %g", name, share)
					}
				}
			}
			if n < 12 {
				t.Errorf("%s: %d boxes seen", name, n)
			}
		}
	}
}

func TestMixedRowsShowTheBoxesOfBoth(t *testing.T) {
	s := open(t, Folder(brightFolder(t)), Options{})
	for name, ops := range map[string]augment.List{"mixup": {augment.MixUp{Alpha: 1}}, "cutmix": {augment.CutMix{Alpha: 1}}} {
		seen := &seenTargets{}
		l := boxedLoader(t, s, 128, func(c *LoaderConfig) { c.Augment, c.Targets = ops, seen })
		if got := l.Labelling().Objects; got != 2 {
			t.Errorf("%s: %d objects a row", name, got)
		}
		b := l.NewBatch()
		both := 0
		for epoch := range 8 {
			if err := l.Fill(epoch, 0, b); err != nil {
				t.Fatal(err)
			}
			for row, shown := range seen.rows {
				if len(shown) != 2 || shown[1].Item != b.IDs[(row+b.Valid-1)%b.Valid] {
					t.Fatalf("%s: row %d shows %+v", name, row, shown)
				}
				both += len(shown[0].Objects) + len(shown[1].Objects)
				for _, of := range shown {
					for _, o := range of.Objects {
						if o.Empty() || o.X0 < 0 || o.Y1 > 1 {
							t.Errorf("%s: %v", name, o)
						}
					}
				}
			}
		}
		if all := 8 * 2 * len(s.Items); name == "mixup" && both != all || both > all || both < all/3 {
			t.Errorf("%s: %d boxes of %d", name, both, all)
		}
	}
}

func TestFramesTakeBoxesBack(t *testing.T) {
	for _, fit := range []Fit{"", Stretch} {
		spec := Folder(brightFolder(t))
		spec.Fit = fit
		s := open(t, spec, Options{})
		seen := &seenTargets{}
		l := boxedLoader(t, s, 160, func(c *LoaderConfig) { c.Train, c.Targets, c.Preprocess.Views, c.Batch = false, seen, Flip, 4 })
		b := l.NewBatch()
		for step := range l.Steps() {
			if err := l.Fill(0, step, b); err != nil {
				t.Fatal(err)
			}
			for row := range b.Valid {
				f, it := b.Frames[row], s.Items[b.IDs[row]]
				if f.H != it.H || f.W != it.W || len(f.Objects) != 1 || len(seen.rows[row][0].Objects) != 1 {
					t.Fatalf("%+v of %+v", f, it)
				}
				if of := l.cfg.Preprocess.Frame(it.H, it.W); b.View == 0 && (of.X != f.X || of.Y != f.Y || of.SX != f.SX || of.SY != f.SY) {
					t.Errorf("%s: a prediction of a picture of %dx%d has frame %+v, an evaluation %+v", fit, it.W, it.H, of, f)
				}
				got, want := f.Back(seen.rows[row][0].Objects[0].Box), f.Objects[0].Box
				for _, d := range []float64{got.X0 - want.X0, got.Y0 - want.Y0, got.X1 - want.X1, got.Y1 - want.Y1} {
					if math.Abs(d) > 1e-9 {
						t.Errorf("%s, view %d: %v comes back as %v", fit, b.View, want, got)
					}
				}
				if all := f.Back(box.Box{X0: -1, Y0: -1, X1: 2, Y1: 2}); all != (box.Box{X1: float64(it.W), Y1: float64(it.H)}) {
					t.Errorf("not cut off at the edges: %v", all)
				}
			}
			for row := b.Valid; row < len(b.Frames); row++ {
				if b.Frames[row].Objects != nil || b.Frames[row].H != 0 {
					t.Errorf("row %d is empty, and its frame is %+v", row, b.Frames[row])
				}
			}
		}
	}
}

// everyMove is what a training of a detector may well ask for.
var everyMove = augment.List{augment.Chance{P: 0.5, Op: augment.Flip{}}, augment.Rotate{Degrees: 10}, augment.Crop{Area: [2]float64{0.3, 1}}, augment.Color{Brightness: 0.4}, augment.Erase{Area: [2]float64{0.02, 0.3}, Aspect: [2]float64{0.5, 2}}, augment.Chance{P: 0.7, Op: augment.Mosaic{Off: 0.1}}, augment.MixUp{Alpha: 0.2}}

func TestBatchesWithBoxesAreTheSameHoweverTheyAreFilledAndAllocateNothing(t *testing.T) {
	spec := Builtin("shapes")
	spec.Images, spec.Size = 24, 64
	s := open(t, spec, Options{})
	seen := &seenTargets{}
	l := boxedLoader(t, s, 0, func(c *LoaderConfig) { c.Augment, c.Targets, c.Batch, c.Epochs = everyMove, seen, 8, 4 })
	sum := func(b *Batch) (v float64) {
		for i, x := range b.X.Data {
			v += float64(x) * float64(i%7)
		}
		for _, row := range seen.rows {
			for _, of := range row {
				for k, o := range of.Objects {
					v += (o.X0 + 2*o.Y1) * float64(k+1)
				}
			}
		}
		return v
	}
	b := l.NewBatch()
	var want []float64
	for at := range 8 {
		if err := l.Fill(at/l.Steps(), at%l.Steps(), b); err != nil {
			t.Fatal(err)
		}
		want = append(want, sum(b))
	}
	other := l.NewBatch()
	for at := 7; at >= 0; at-- {
		if err := l.Fill(at/l.Steps(), at%l.Steps(), other); err != nil {
			t.Fatal(err)
		}
		if got := sum(other); got != want[at] {
			t.Errorf("step %d: %g, and %g the other way around", at, want[at], got)
		}
	}
	quiet := boxedLoader(t, s, 0, func(c *LoaderConfig) { c.Augment, c.Batch, c.Epochs = everyMove, 8, 4 })
	b = quiet.NewBatch()
	step := 0
	fill := func() {
		if err := quiet.Fill(0, step%quiet.Steps(), b); err != nil {
			t.Fatal(err)
		}
		step++
	}
	for range 10 {
		fill()
	}
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("%g allocations a batch", n)
	}
}

func TestAMosaicEndsBeforeTheTrainingDoes(t *testing.T) {
	s := open(t, Folder(brightFolder(t)), Options{})
	seen := &seenTargets{}
	l := boxedLoader(t, s, 128, func(c *LoaderConfig) {
		c.Augment, c.Targets, c.Epochs = augment.List{augment.Mosaic{Off: 0.25}}, seen, 8
	})
	b := l.NewBatch()
	for epoch := range 8 {
		if err := l.Fill(epoch, 0, b); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 4, false: 1}[epoch < 6]; len(seen.rows[0]) != want {
			t.Errorf("epoch %d of 8 shows %d pictures in a row", epoch, len(seen.rows[0]))
		}
	}
	plain := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	g := plain.Geometry(0, 0)
	p, err := plain.Preprocess(t.Context(), all(plain), g)
	if err != nil {
		t.Fatal(err)
	}
	_, err = plain.Loader(t.Context(), all(plain), LoaderConfig{Batch: 2, Preprocess: p, Geometry: g, Train: true, Augment: augment.List{augment.Mosaic{}}})
	if err == nil || !strings.Contains(err.Error(), "mosaic puts pictures with boxes together, and") {
		t.Errorf("%v", err)
	}
}

func TestAWindowOfABoxedSetHoldsItsPicturesWhole(t *testing.T) {
	mixed := open(t, Folder(brightFolder(t)), Options{})
	stretched := open(t, Spec{Folder: brightFolder(t), Val: usualShare, Test: usualShare, Fit: Stretch}, Options{})
	spec := Builtin("shapes")
	spec.Images, spec.Size = 16, 96
	shapes := open(t, spec, Options{})
	for _, c := range []struct {
		set  *Set
		size int
		want Geometry
	}{
		{mixed, 0, Geometry{Resize: [2]int{416, 416}, H: 416, W: 416, Fit: Letterbox}},
		{mixed, 288, Geometry{Resize: [2]int{288, 288}, H: 288, W: 288, Fit: Letterbox}},
		{stretched, 0, Geometry{Resize: [2]int{416, 416}, H: 416, W: 416, Fit: Stretch}},
		{shapes, 0, Geometry{H: 96, W: 96, Fit: Letterbox}},
		{shapes, 64, Geometry{Resize: [2]int{64, 64}, H: 64, W: 64, Fit: Letterbox}},
	} {
		if got := c.set.Geometry(c.size, 0); got != c.want {
			t.Errorf("size %d: %+v, want %+v", c.size, got, c.want)
		}
	}
	p, err := mixed.Preprocess(t.Context(), all(mixed), mixed.Geometry(64, 0))
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.File(filepath.Join(mixed.tree.Root, "3.png")) // 200 wide, 80 high: the upper and the lower fifth have the mean colour
	if err != nil {
		t.Fatal(err)
	}
	for y := range 64 {
		if inside := y >= 19 && y < 45; (x.Data[(y*64+5)*p.C] != 0) != inside {
			t.Errorf("row %d: %g", y, x.Data[(y*64+5)*p.C])
		}
	}
}

func TestTheBloodCellsAreReadWhole(t *testing.T) {
	s := open(t, Folder(shared(t, "bccd")), Options{Look: true})
	d := s.Describe()
	// From the page beside the folder: 4155, 372 and 361 boxes, of which two of RBC are clicks.
	for i, want := range []ClassCount{{"Platelets", 201, 361}, {"RBC", 349, 4153}, {"WBC", 358, 372}} {
		if d.Classes[i] != want {
			t.Errorf("%+v, want %+v", d.Classes[i], want)
		}
	}
	if d.Parts != (Parts{205, 87, 72}) || d.Boxes.Wrong != 2 {
		t.Errorf("%+v, %+v", d.Parts, d.Boxes)
	}
}
