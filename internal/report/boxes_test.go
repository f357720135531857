package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// detectors simulates a study of detectors: three classes, one with a slash and marks in its name, and what each trial keeps of boxes.
func detectors(t *testing.T) *study.Result {
	t.Helper()
	r := makeUp(t, "What moves boxes?", 3, 6, 200, made{name: "mosaic", effect: 3, differs: []string{"augment: mosaic"}, params: 1, macs: 1, seconds: 1.1}, made{name: "color", effect: -0.5, params: 1, macs: 1, seconds: 1})
	r.Data, r.Net, r.Metric, r.Metrics = "cells", "yolov2-tiny", task.AP50.Name, task.Detect{}.Metrics()
	classes := []struct {
		name       string
		ap50, gain float64
		boxes      int
	}{{"RBC", 74, 1, 980}, {"a/b <i>", 41.5, 9, 80}, {"WBC", 96, 0, 87}}
	for i := range r.Trials {
		tr := &r.Trials[i]
		rng := rand.New(rand.NewPCG(uint64(tr.Repeat), uint64(len(tr.Arm))))
		gain := 0.0
		if tr.Arm == "mosaic" {
			gain = 1
		}
		pseudo := tr.Images.Columns[task.Correct]
		rarest := make([]float32, len(pseudo))
		for i := range rarest {
			rarest[i] = 80
		}
		tr.Images.Columns = map[string][]float32{task.AP50Pseudo: pseudo, task.APPseudo: pseudo, task.ImagesOfRarest: rarest}
		ap50 := tr.Metrics[task.Accuracy.Name]
		tr.Metrics = map[string]float64{task.AP50.Name: ap50, task.AP.Name: ap50}
		for k, p := range tr.Curve {
			tr.Curve[k].Metrics = map[string]float64{task.AP50.Name: p.Metrics[task.Accuracy.Name]}
		}
		put := func(of, name, says string, v float64) {
			tr.Metrics[task.Detail{Of: of, Name: name, Says: says}.String()] = v
		}
		for i := range 21 {
			recall, mean := float64(i)/20, 0.0
			for _, c := range classes {
				ends := (c.ap50 + gain*c.gain) / 100
				p := max(0, 1-math.Pow(recall/(ends*1.2), 6))
				mean += p / 3
				put(task.OfCurve, c.name, fmt.Sprintf("%.3g", recall), p)
			}
			put(task.OfCurve, "", fmt.Sprintf("%.3g", recall), mean)
		}
		for _, c := range classes {
			put(task.OfClass, c.name, task.AP50.Name, c.ap50+gain*c.gain+0.1*rng.NormFloat64())
			put(task.OfClass, c.name, task.AP.Name, c.ap50/2)
			put(task.OfClass, c.name, task.DetailBoxes, float64(c.boxes))
		}
		put(task.OfSize, "small", task.AP.Name, 12+gain)
		put(task.OfSize, "small", task.DetailBoxes, 40)
		put(task.OfSize, "large", task.AP.Name, 60)
		put(task.OfSize, "large", task.DetailBoxes, 1107)
		for e := range tr.Curve {
			tr.Curve[e].Metrics = map[string]float64{task.AP50.Name: tr.Curve[e].Metrics["accuracy"]}
		}
	}
	if err := study.Judge(r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReportOfDetectorsTellsWhichObjects(t *testing.T) {
	r := detectors(t)
	b := rank(r).boxes()
	if b == nil || b.Compared != "mosaic" || len(b.Classes) != 3 || len(b.Sizes) != 2 || len(b.Panels) != 4 {
		t.Fatalf("%+v", b)
	}
	if c := b.Classes[0]; c.Name != "RBC" || c.Objects != "980" || b.Classes[2].Name != "a/b <i>" {
		t.Errorf("the rarest class is not last: %+v", b.Classes)
	}
	var gain float64
	if _, err := fmt.Sscan(b.Classes[2].Change, &gain); err != nil || math.Abs(gain-9) > 0.5 {
		t.Errorf("a class gains %q, and 9 points were put in", b.Classes[2].Change)
	}
	if s := b.Sizes[0]; s != (boxesRow{"small", "40", "12.0", "13.0", "+1.0"}) || b.Sizes[1].Name != "large" {
		t.Errorf("sizes %+v", b.Sizes)
	}
	if b.Panels[0].Name != "all classes" || b.Panels[1].Name != "RBC" || !strings.Contains(string(b.Panels[1].SVG), `class="reference"`) || !strings.Contains(string(b.Panels[1].SVG), "recall 0.5\nmosaic: precision ") {
		t.Errorf("panels %+v", b.Panels[1])
	}
	var page, text bytes.Buffer
	if err := HTML(&page, around(r)); err != nil {
		t.Fatal(err)
	}
	if s := page.String(); !strings.Contains(s, `<section id="objects">`) || !strings.Contains(s, "a/b &lt;i&gt;") || strings.Contains(s, "<i>") {
		t.Error("the page lacks the section, or a class's name is taken for a mark")
	}
	for text, want := range map[string]bool{`<section id="curves">`: true, "the training loss": true, `class="training"`: true, "log loss": false, "over-fitted": false, "hundredths": false, `class="loss"`: false} {
		if strings.Contains(page.String(), text) != want {
			t.Errorf("the page has %q: %t", text, !want)
		}
	}
	if err := Markdown(&text, around(r)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "| small | 40 | 12.0 | 13.0 | +1.0 |") {
		t.Errorf("the Markdown lacks the sizes:\n%s", text.String())
	}
}

func TestWhatTrialsDoNotKeepOfBoxesIsNotTold(t *testing.T) {
	if b := rank(first(t)).boxes(); b != nil {
		t.Errorf("of classifiers: %+v", b)
	}
	r := detectors(t)
	for i := range r.Trials {
		if r.Trials[i].Arm != "baseline" { // trained before details were kept
			for name := range r.Trials[i].Metrics {
				if _, ok := task.ReadDetail(name); ok {
					delete(r.Trials[i].Metrics, name)
				}
			}
		}
	}
	b := rank(r).boxes()
	if b == nil || b.Compared != "" || b.Classes[0].Compared != "" || b.Panels[0].SVG == "" {
		t.Fatalf("of the baseline alone: %+v", b)
	}
	for i := range r.Trials {
		r.Trials[i].Metrics = map[string]float64{task.AP50.Name: 50, task.AP.Name: 30}
	}
	if b := rank(r).boxes(); b != nil {
		t.Errorf("of nothing: %+v", b)
	}
}
