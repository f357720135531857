package annotation

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/box"
)

const head = "<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size>"

func object(name, corners string) string {
	var v []any
	for _, c := range strings.Split(corners, ",") {
		v = append(v, c)
	}
	return fmt.Sprintf("<object><name>"+name+"</name><bndbox><xmin>%s</xmin><ymin>%s</ymin><xmax>%s</xmax><ymax>%s</ymax></bndbox></object>", v...)
}

// rules are the numbers of objects and the rules that they fell under.
func rules(amiss []Amiss) string {
	var all []string
	for _, a := range amiss {
		all = append(all, fmt.Sprintf("%d:%d", a.Object, a.Rule))
	}
	return strings.Join(all, " ")
}

func TestVOCTellsWhatIsWrongWithEachObject(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []box.Box
		amiss      string
	}{
		{"corners from 1", object("cat", "3,4,5,6"), []box.Box{{X0: 2, Y0: 3, X1: 5, Y1: 6}}, ""},
		{"fractions", object("cat", "3.5,4,5.25,6"), []box.Box{{X0: 2.5, Y0: 3, X1: 5.25, Y1: 6}}, ""},
		{"a word", object("cat", "3,four,5,6") + object("cat", "1,1,9,9"), []box.Box{{X1: 9, Y1: 9}}, "1:0"},
		{"NaN", object("cat", "3,NaN,5,6"), nil, "1:0"},
		{"endless", object("cat", "3,4,1e999,6"), nil, "1:0"},
		{"nothing", object("cat", "3,,5,6"), nil, "1:0"},
		{"percent", object("cat", "3%,4%,5%,6%"), nil, "1:7"},
		{"shares", object("cat", "0.1,0.2,0.5,0.5"), nil, "1:7"},
		{"a click", object("cat", "3,4,3,4"), nil, "1:2"},
		{"the wrong way around", object("cat", "9,4,3,6"), nil, "1:2"},
		{"no name", object("", "3,4,5,6"), nil, "1:5"},
		{"no box", "<object><name>cat</name></object>", nil, "1:0"},
		{"a turned box", "<object><name>cat</name><robndbox><cx>1</cx></robndbox></object>", nil, "1:0"},
		{"parts", "<object><name>cat</name><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>" + strings.TrimPrefix(object("cat", "3,4,5,6"), "<object><name>cat</name>"), []box.Box{{X0: 2, Y0: 3, X1: 5, Y1: 6}}, ""},
	} {
		m, err := VOC(strings.NewReader(head + c.text + "</annotation>"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []box.Box
		for _, o := range m.Objects {
			got = append(got, o.Box)
		}
		if !reflect.DeepEqual(got, c.want) || rules(m.Amiss) != c.amiss || m.W != 100 || m.H != 80 || m.File != "a.jpg" {
			t.Errorf("%s: %v, %s of %+v; want %v, %s", c.name, got, rules(m.Amiss), m, c.want, c.amiss)
		}
	}
	m, err := VOC(strings.NewReader("\ufeff<?xml version='1.0' encoding='ISO-8859-1'?>" + head + "<object><difficult>1</difficult><name>k\xe4fer</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>"))
	if err != nil || len(m.Objects) != 1 || m.Objects[0].Class != "käfer" || !m.Objects[0].Difficult {
		t.Errorf("Latin-1: %+v, %v", m, err)
	}
}

func TestHostileXMLIsRefusedInOneLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"entities": {`<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>`, "invalid character entity"},
		"depth":    {"<annotation>" + strings.Repeat("<a>", 100_000), "more than 64 deep"},
		"cut off":  {head + "<object><name>ca", "broken XML in line 1"},
		"html":     {"<html><body/></html>", "it begins with <html>"},
		"empty":    {"", "no <annotation> in it"},
		"large":    {head + strings.Repeat(" ", maxVOC) + "</annotation>", "more than 16 MiB"},
		"encoding": {"<?xml version='1.0' encoding='GB2312'?><annotation/>", "is not read; save it in UTF-8"},
	} {
		if _, err := VOC(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func instances(images, annotations, categories string) string {
	return `{"info": {"a": [1, {"b": null}]}, "annotations": [` + annotations + `], "images": [` + images + `], "categories": [` + categories + `]}`
}

func TestCOCOJoinsByIdInAnyOrder(t *testing.T) {
	const images = `{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}, {"id": "x", "file_name": "b/c.jpg"}, {"id": 7.0, "file_name": "d.jpg"}`
	const categories = `{"id": 90, "name": "dog"}, {"id": 2, "name": "cat"}, {"id": 5, "name": "cat"}, {"id": 2, "name": "owl"}, {"id": 8}`
	got, err := COCO(strings.NewReader(instances(images, strings.Join([]string{
		`{"image_id": 7, "category_id": 90, "bbox": [1, 2, 3.5, 4], "segmentation": [[1, 2, 3]], "area": 2}`,
		`{"bbox": [0, 0, 5, 5], "iscrowd": 1, "category_id": 2, "image_id": "x", "segmentation": {"counts": "abc\"\\", "size": [1, 2]}}`,
		`{"image_id": 9, "category_id": 2, "bbox": [1, 2, 3, 4]}`,
		`{"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]}`,
		`{"image_id": 7, "category_id": 2, "bbox": ["1", "2", "3", "4"]}`,
		`{"image_id": 7, "category_id": 2, "bbox": ["one", 2, 3, 4]}`,
		`{"image_id": 7, "category_id": 2, "bbox": [1, 2, NaN, 4]}`,
		`{"image_id": 7, "category_id": 2, "bbox": [1, 2, 3]}`,
		`{"image_id": 7, "category_id": 2}`,
		`{"image_id": 7, "category_id": 2, "bbox": "1 2 3 4"}`,
		`{"image_id": 7, "category_id": 2, "bbox": [0.1, 0.2, 0.3, 0.4]}`,
		`{"image_id": 7, "category_id": 5, "bbox": [1, 2, {"a": 1}, 4]}`,
	}, ", "), categories)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cat", "dog"}; !reflect.DeepEqual(got.Categories, want) {
		t.Errorf("categories %v, want %v", got.Categories, want)
	}
	if len(got.Images) != 2 || got.Images[0].File != "a.jpg" || got.Images[0].W != 100 || got.Images[1].File != "b/c.jpg" {
		t.Fatalf("%+v", got.Images)
	}
	want := []Object{{Box: box.Box{X0: 1, Y0: 2, X1: 4.5, Y1: 6}, N: 1, Class: "dog", Mask: 2}, {Box: box.Box{X0: 1, Y0: 2, X1: 4, Y1: 6}, N: 5, Class: "cat"}}
	if !reflect.DeepEqual(got.Images[0].Objects, want) {
		t.Errorf("%+v, want %+v", got.Images[0].Objects, want)
	}
	if o := got.Images[1].Objects; len(o) != 1 || !o[0].Crowd || o[0].Class != "cat" {
		t.Errorf("%+v", o)
	}
	if r := rules(got.Images[0].Amiss); r != "4:5 5:1 6:0 7:0 8:0 9:0 10:0 11:7 12:0" {
		t.Errorf("of the picture: %s", r)
	}
	if r := rules(got.Amiss); r != "0:12 0:12 0:5 3:11" { // the id twice, the category twice, one without a name, the picture that is not there
		t.Errorf("of the file: %s (%v)", r, got.Amiss)
	}
}

// An outline's area grows with the picture; one that its box has no room for is none.
func TestAnAreaIsOfTheUprightPicture(t *testing.T) {
	of := func(x float64, area float64) Object { return Object{Box: at(x, 0, x+10, 10), Class: "cat", Mask: area} }
	m := Image{H: 40, W: 60, Objects: []Object{of(0, 25), of(10, 100), of(20, 0), of(30, -3), of(40, math.NaN())}}
	for _, c := range []struct {
		h, w int
		want float64
	}{{40, 60, 25}, {80, 120, 100}} {
		objects, _, err := Settle(m, c.h, c.w, 1, func(string) (int32, bool) { return 0, true })
		if err != nil || len(objects) != 5 {
			t.Fatal(objects, err)
		}
		for i, o := range objects {
			if want := []float64{c.want, 0, 0, 0, 0}[i]; o.Mask != want || want == 0 && o.Extent() != o.Area() || want > 0 && o.Extent() != want {
				t.Errorf("%dx%d: object %d has an area of %g, %g; want %g", c.h, c.w, i, o.Mask, o.Extent(), want)
			}
		}
	}
}

func TestHostileJSONIsRefusedInOneLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"depth":     {`{"info": ` + strings.Repeat("[", 1<<20), "more than 64 deep"},
		"cut off":   {`{"images": [{"id": 1, "file`, "it ends too early"},
		"captions":  {`{"images": [], "annotations": []}`, `it has no "categories"`},
		"a list":    {`[1, 2]`, `'[' where '{' is due`},
		"more":      {instances("", "", "") + "{}", "behind its end"},
		"long text": {`{"images": [{"file_name": "` + strings.Repeat("a", maxText+1) + `"}]}`, "a text of more than 64 KiB"},
		"a comma":   {`{"images": [1 2]}`, "'1' where '{' is due"},
		"digits":    {`{"info": ` + strings.Repeat("1", 1000), "more than 512 digits"},
		"empty":     {"", "it ends too early"},
	} {
		if _, err := COCO(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// endless gives a text again and again.
type endless struct {
	text string
	left int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, os.ErrClosed
	}
	n := copy(b, e.text)
	e.left -= n
	return n, nil
}

func TestAHundredMegabytesOfOneTextTakeNoRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred megabytes")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := &endless{strings.Repeat("a", 4096), 100 << 20}
	if _, err := COCO(&prefixed{`{"info": "`, r}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("%v", err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes", got)
	}
}

type prefixed struct {
	front string
	r     *endless
}

func (p *prefixed) Read(b []byte) (int, error) {
	if p.front != "" {
		n := copy(b, p.front)
		p.front = p.front[n:]
		return n, nil
	}
	return p.r.Read(b)
}

func TestYOLOReadsBoxesAndPolygons(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []Object
		amiss      string
	}{
		{"empty", "", nil, ""},
		{"blank lines", "\n \r\n", nil, ""},
		{"a box", "2 0.5 0.5 0.25 0.5\r\n", []Object{{Box: box.Box{X0: 0.375, Y0: 0.25, X1: 0.625, Y1: 0.75}, N: 1, Class: "2"}}, ""},
		{"a class with a point", "2.0 0.5 0.5 0.25 0.5", []Object{{Box: box.Box{X0: 0.375, Y0: 0.25, X1: 0.625, Y1: 0.75}, N: 1, Class: "2"}}, ""},
		{"a polygon", "0 0.1 0.2 0.5 0.1 0.4 0.9", []Object{{Box: box.Box{X0: 0.1, Y0: 0.1, X1: 0.5, Y1: 0.9}, N: 1, Class: "0"}}, ""},
		{"a confidence", "0 0.5 0.5 0.25 0.5 0.9", nil, "1:0"},
		{"words", "cat 0.5 0.5 0.2 0.2\n0 a 0.5 0.2 0.2\n0 0.5 0.5 nan 0.2\n-1 0.5 0.5 0.2 0.2\n1.5 0.5 0.5 0.2 0.2", nil, "1:5 2:0 3:0 4:5 5:5"},
		{"percent", "0 50 50 20 20\n0 0.5 0.5 0.25 0.5", []Object{{Box: box.Box{X0: 0.375, Y0: 0.25, X1: 0.625, Y1: 0.75}, N: 2, Class: "0"}}, "1:7"},
		{"three numbers", "0 0.5 0.5 0.2", nil, "1:0"},
		{"seven numbers", "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", nil, "1:0"},
	} {
		m, err := YOLO(strings.NewReader(c.text))
		if err != nil || !reflect.DeepEqual(m.Objects, c.want) || rules(m.Amiss) != c.amiss || !m.Shares {
			t.Errorf("%s: %+v, %s, %v; want %+v, %s", c.name, m.Objects, rules(m.Amiss), err, c.want, c.amiss)
		}
	}
	m, _ := YOLO(strings.NewReader("0 320 240 100 100"))
	if len(m.Amiss) != 1 || !strings.Contains(m.Amiss[0].What, "in pixels") {
		t.Errorf("pixels: %v", m.Amiss)
	}
	for text, want := range map[string]string{strings.Repeat("a", maxLine+1): "a line of more than", strings.Repeat("x\n", maxAmiss+2): "lines that are no labels"} {
		if _, err := YOLO(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func classOf(name string) (int32, bool) {
	k := strings.Index("abc", name)
	return int32(k), k >= 0 && len(name) == 1
}

func TestSettledBoxesLieInTheirPicture(t *testing.T) {
	o := func(class string, x0, y0, x1, y1 float64) Object {
		return Object{Box: box.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, N: 1, Class: class}
	}
	settled := func(class int32, x0, y0, x1, y1 float64) box.Object {
		return box.Object{Box: box.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, Class: class}
	}
	for _, c := range []struct {
		name  string
		m     Image
		want  []box.Object
		amiss string
		err   string
	}{
		{"as it is", Image{H: 30, W: 40, Objects: []Object{o("b", 1, 2, 3, 4)}}, []box.Object{settled(1, 1, 2, 3, 4)}, "", ""},
		{"no size is said", Image{Objects: []Object{o("b", 1, 2, 3, 4)}}, []box.Object{settled(1, 1, 2, 3, 4)}, "", ""},
		{"sorted by class, then from the top", Image{Objects: []Object{o("b", 1, 2, 3, 4), o("a", 5, 6, 7, 8), o("a", 9, 1, 10, 2)}}, []box.Object{settled(0, 9, 1, 10, 2), settled(0, 5, 6, 7, 8), settled(1, 1, 2, 3, 4)}, "", ""},
		{"beyond by a pixel", Image{Objects: []Object{o("a", -1, 2, 3, 4)}}, []box.Object{settled(0, 0, 2, 3, 4)}, "", ""},
		{"beyond", Image{Objects: []Object{o("a", -2, 2, 50, 4)}}, []box.Object{settled(0, 0, 2, 40, 4)}, "1:4", ""},
		{"outside", Image{Objects: []Object{o("a", 40, 2, 50, 4)}}, []box.Object{}, "1:3", ""},
		{"nothing", Image{Objects: []Object{o("a", 4, 2, 4, 4), o("a", 4, 2, 3, 4)}}, []box.Object{}, "1:2 1:2", ""},
		{"no number", Image{Objects: []Object{o("a", math.NaN(), 2, 4, 4), o("a", math.Inf(-1), 2, 3, 4)}}, []box.Object{}, "1:0 1:0", ""},
		{"unknown", Image{Objects: []Object{o("d", 1, 2, 3, 4)}}, []box.Object{}, "1:5", ""},
		{"twice", Image{Objects: []Object{o("a", 1, 2, 3, 4), o("b", 1, 2, 3, 4), o("a", 1, 2, 3, 4)}}, []box.Object{settled(0, 1, 2, 3, 4), settled(1, 1, 2, 3, 4)}, "0:6", ""},
		{"scaled", Image{H: 60, W: 80, Objects: []Object{o("a", 10, 20, 30, 40)}}, []box.Object{settled(0, 5, 10, 15, 20)}, "0:9", ""},
		{"another picture", Image{H: 60, W: 60, Objects: []Object{o("a", 10, 20, 30, 40)}}, nil, "", "its annotation is of a picture of 60x60, and this one has 40x30"},
		{"shares", Image{Shares: true, Objects: []Object{o("a", 0.25, 0.5, 0.5, 1)}}, []box.Object{settled(0, 10, 15, 20, 30)}, "", ""},
	} {
		got, amiss, err := Settle(c.m, 30, 40, 1, classOf)
		if !reflect.DeepEqual(got, c.want) || rules(amiss) != c.amiss || fmt.Sprint(err) != c.err && (err != nil || c.err != "") {
			t.Errorf("%s: %v, %s, %v; want %v, %s, %s", c.name, got, rules(amiss), err, c.want, c.amiss, c.err)
		}
	}
}

// testdata/turned.json is what Pillow makes of a box on a picture that EXIF turns.
func TestBoxesAreTurnedAsPillowTurnsPictures(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "turned.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Orientation  int
		Box, Upright [4]float64
		Size         [2]int
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) != 12 {
		t.Fatal(err, len(cases))
	}
	for _, c := range cases {
		m := Image{H: 30, W: 40, Objects: []Object{{Box: at(c.Box[0], c.Box[1], c.Box[2], c.Box[3]), N: 1, Class: "a"}}}
		got, amiss, err := Settle(m, c.Size[1], c.Size[0], c.Orientation, classOf)
		if want := at(c.Upright[0], c.Upright[1], c.Upright[2], c.Upright[3]); err != nil || len(got) != 1 || got[0].Box != want || rules(amiss) != "0:8" {
			t.Errorf("orientation %d, %v: %v, %v, %v; want %v", c.Orientation, c.Box, got, amiss, err, want)
		}
		m.H, m.W = m.W, m.H // its size agrees with upright
		m.Objects[0].Box = at(1, 2, 3, 4)
		if got, amiss, err := Settle(m, c.Size[1], c.Size[0], c.Orientation, classOf); err != nil || got[0].Box != at(1, 2, 3, 4) || amiss != nil {
			t.Errorf("orientation %d, upright: %v, %v, %v", c.Orientation, got, amiss, err)
		}
	}
}
