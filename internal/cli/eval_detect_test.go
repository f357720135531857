package cli

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/meanap"
	"github.com/assaylab/assay/task"
)

// detectorOutcome is of three pictures: a cat that is found, with a second box; a dog that is called a cat, and a missed cat; an empty one in
// which a dog is seen.
func detectorOutcome() outcome {
	at := func(x, y, side float64) box.Box { return box.Box{X0: x, Y0: y, X1: x + side, Y1: y + side} }
	images := []meanap.Image{
		{Truths: []box.Object{{Box: at(10, 10, 20), Class: 0}}, Found: []box.Detection{{Box: at(10, 10, 20), Score: 0.9}, {Box: at(11, 10, 20), Score: 0.5}}},
		{Truths: []box.Object{{Box: at(0, 0, 50), Class: 1}, {Box: at(60, 60, 40), Class: 0}}, Found: []box.Detection{{Box: at(0, 0, 50), Score: 0.8}, {Box: at(60, 60, 40), Score: 0.1}}},
		{Found: []box.Detection{{Box: at(5, 5, 50), Class: 1, Score: 0.6}}},
	}
	classes := []string{"cat", "dog", "owl"}
	s := task.ScoreDetections(classes, []int32{2, 0, 1}, images)
	for range images {
		s.Detected.Frames = append(s.Detected.Frames, data.Frame{H: 100, W: 100, X: 0, Y: 0, SX: 100, SY: 100})
	}
	o := outcome{Model: "m", Split: "val"}
	o.fill(s, classes, &data.Set{})
	return o
}

func TestADetectorsOutcomeAsADocument(t *testing.T) {
	text, err := json.Marshal(detectorOutcome())
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		AP50, AP75, AP float64
		VOC07          float64                                        `json:"ap50_voc07"`
		Accuracy       *float64                                       `json:"balanced_accuracy"`
		PerClass       []map[string]any                               `json:"per_class"`
		BySize         map[string]struct{ Boxes int }                 `json:"by_size"`
		BestF1         struct{ F1, Score, Precision, Recall float64 } `json:"best_f1"`
		Kinds          map[string]int
		Confusion      [][]int
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	// Cats: .9 right, .8 wrong, .5 wrong, .1 right of two: (51·1 + 50·.5)/101. Dogs: nothing right of one.
	if want := (51 + 25.0) / 101 / 2; doc.AP50 < want-1e-12 || doc.AP50 > want+1e-12 || doc.AP == 0 || doc.AP75 == 0 || doc.VOC07 == 0 || doc.Accuracy != nil {
		t.Errorf("%s", text)
	}
	if len(doc.PerClass) != 2 || doc.PerClass[0]["name"] != "cat" || doc.PerClass[0]["boxes"] != 2.0 || doc.PerClass[0]["images"] != 2.0 || doc.PerClass[0]["ap"] == nil || len(doc.PerClass[0]["precision_at_recall"].([]any)) != 101 {
		t.Errorf("classes %v", doc.PerClass)
	}
	if doc.BySize["small"].Boxes != 1 || doc.BySize["medium"].Boxes != 2 || doc.BySize["large"].Boxes != 0 {
		t.Errorf("by size %v", doc.BySize)
	}
	if doc.BestF1.Score != 0.9 || doc.BestF1.F1 != 0.5 {
		t.Errorf("best F1 %v", doc.BestF1)
	}
	if doc.Kinds["right"] != 1 || doc.Kinds["twice"] != 1 || doc.Kinds["wrong class"] != 1 || doc.Kinds["missed"] != 1 || doc.Kinds["background"] != 1 || doc.Kinds["poor box"] != 0 {
		t.Errorf("kinds %v", doc.Kinds)
	}
	if len(doc.Confusion) != 4 || doc.Confusion[1][0] != 1 || doc.Confusion[3][1] != 1 || doc.Confusion[0][3] != 1 {
		t.Errorf("confusion %v", doc.Confusion)
	}
}

func TestADetectorsOutcomeAsText(t *testing.T) {
	var out bytes.Buffer
	e := &Env{Stdout: &out, Terminal: true, Width: 120}
	o := detectorOutcome()
	e.printOutcome(o)
	e.printConfusion(o.counted(), o.confused(), o.Confusion)
	want := `AP50  37.62 % of 3 val images   AP 37.62 %   AP75 37.62 %   AP50 (VOC07) 38.64 %   AP50 (VOC) 37.50 %   recall 50.00 %
AP by size  small 100.00 % of 1 object   medium 25.00 % of 2 objects
best F1  0.5000 from a score of 0.90 on: of its boxes 100.0 % are right, of the objects 33.3 % are found
from a score of 0.25 on  1 right, 1 missed, 1 twice, 1 wrong class, 0 poor box, 1 background
class     AP50       AP  objects  images
cat    75.25 %  75.25 %        2       2
dog     0.00 %   0.00 %        1       1

rows: what objects are; columns, by the same numbers: what they are taken for; in the column of background they are missed, in its row found where there is none
class         1  2  3
1 cat         1  0  1
2 dog         1  0  0
3 background  1  1  0
`
	lines := strings.Split(out.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheWorstErrorsAreDrawn(t *testing.T) {
	folder := t.TempDir()
	for i, class := range []string{"cat", "cat", "cat", "cat", "dog", "dog", "dog", "dog"} {
		m := image.NewRGBA(image.Rect(0, 0, 100, 100))
		m.SetRGBA(i, 0, color.RGBA{9, 9, 9, 255})
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, class, string(rune('a'+i))+".png")
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	set, err := data.Open(t.Context(), data.Folder(folder), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	p := data.Preprocess{H: 100, W: 100, C: 3, Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}}
	e := &Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}
	o, out := detectorOutcome(), filepath.Join(folder, "worst.png")
	if err := e.worstSheet(t.Context(), set, p, o.Score, o.Classes, out); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	zoom := (w - 12) / 100 // small pictures are enlarged
	cell := 100*zoom + 3*13 + 6
	if w != 100*zoom+12 || h != 4*cell+6 { // one each of four kinds, a row a kind
		t.Fatalf("the sheet is %dx%d", w, h)
	}
	green, red := color.RGBA{0, 170, 0, 255}, color.RGBA{230, 0, 0, 255}
	for at, want := range map[image.Point]color.RGBA{{6 + 60*zoom, 6 + 80*zoom}: green, {6 + 10*zoom, 6 + cell + 20*zoom}: green, {6 + 11*zoom, 6 + cell + 20*zoom}: red} { // the missed cat's left edge, and those of both of what is found twice
		if got := m.At(at.X, at.Y); got != want {
			t.Errorf("%v at %v, want %v", got, at, want)
		}
	}
}

func TestAClassWithoutBoxesHasNoBar(t *testing.T) {
	var out bytes.Buffer
	e := &Env{Stdout: &out}
	e.printClasses([]data.ClassCount{{Name: "cat"}})
	e.printClasses([]data.ClassCount{{Name: "cat", Images: 2, Boxes: 3}, {Name: "dog"}})
	if got, want := out.String(), "  cat       0  \n  cat       2 images        3 boxes  ##############################\n  dog       0 images        0 boxes  \n"; got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
