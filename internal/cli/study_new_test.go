package cli

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// set describes a set of so many images of ten classes; own are the parts that it brings along.
func describedSet(train, val, test int, own ...string) data.Description {
	return data.Description{Name: "s", Images: train + val + test, Classes: make([]data.ClassCount, 10), Parts: data.Parts{Train: train, Val: val, Test: test}, Own: own}
}

func TestABudgetGoesToRepeatsAndImagesBeforeEpochs(t *testing.T) {
	fashion := describedSet(9000, 1000, 2000, "test")
	for _, c := range []struct {
		name     string
		of       data.Description
		set      string // whose errors are guessed
		target   float64
		budget   time.Duration
		speed    float64
		last     bool
		ok       bool
		repeats  int
		share    float64
		epochs   int
		images   int // trained on, where not all
		reaches  bool
		withinIt bool // the budget is kept
	}{
		{"three minutes of two quiet cores", fashion, "fashion-mini", 1, 3 * time.Minute, 18000, true, true, 6, 0.3, 7, 0, true, true},
		{"more: first epochs, then repeats", fashion, "fashion-mini", 1, 30 * time.Minute, 18000, true, true, 10, 0.3, 18, 0, true, true},
		{"half a point is out of reach", fashion, "fashion-mini", 0.5, 30 * time.Minute, 18000, true, true, 10, 0.33, 18, 0, false, true},
		{"two points are easy", fashion, "fashion-mini", 2, 3 * time.Minute, 18000, true, true, 3, 0.14, 13, 0, true, true},
		{"a minute", fashion, "fashion-mini", 1, time.Minute, 18000, true, true, 3, 0.33, 4, 0, false, true},
		{"a network too slow for the repeats that tell", fashion, "fashion-mini", 1, 3 * time.Minute, 3000, false, false, 6, 0.33, 0, 0, true, true},
		{"seconds: not all images", fashion, "fashion-mini", 1, 30 * time.Second, 3000, true, true, 3, 0.33, 6, 200, false, false},
		{"many images keep a tenth", describedSet(400000, 50000, 50000), "", 1, 8 * time.Hour, 9000, true, true, 4, 0.1, 0, 0, true, true},
		{"the set's own part stays", describedSet(200, 60, 0, "train", "val"), "", 1, 4 * time.Minute, 4000, true, true, 10, 0, 0, 0, false, true},
	} {
		p := &proposal{Target: c.target, Budget: c.budget, Described: c.of, Net: "mini", Speed: c.speed, train: c.of.Parts.Train, val: c.of.Parts.Val,
			expected: func(string) study.Expected { return study.Guess(task.Accuracy, c.set) }}
		p.Batch = batchFor(p.train)
		if ok := p.plan(c.last); ok != c.ok {
			t.Errorf("%s: the network is taken: %v", c.name, ok)
			continue
		}
		if !c.ok {
			continue
		}
		trained, val := p.parts()
		p.Variants, p.Described.Parts = classifierIdeas(p)[:proposedVariants], data.Parts{Train: trained, Val: val, Test: c.of.Parts.Test}
		p.conclude()
		if p.Repeats != c.repeats || p.Share != c.share || c.epochs > 0 && p.Epochs != c.epochs || p.Images != c.images {
			t.Errorf("%s: %d repeats, val %g, %d epochs of %d images; want %d, %g, %d, %d", c.name, p.Repeats, p.Share, p.Epochs, p.Images, c.repeats, c.share, c.epochs, c.images)
		}
		if p.Tells <= p.Target != c.reaches || c.reaches && p.Meaningful != p.Target || !c.reaches && (p.Meaningful < p.Tells || p.Meaningful > p.Tells+0.5 || math.Mod(p.Meaningful, 0.5) != 0) {
			t.Errorf("%s: tells %.3g of %g points, meaningful %g", c.name, p.Tells, p.Target, p.Meaningful)
		}
		if (len(p.careful()) == 0) != c.reaches {
			t.Errorf("%s: careful %q", c.name, p.careful())
		}
		if c.withinIt && p.Seconds > c.budget.Seconds() {
			t.Errorf("%s: takes %.0f s", c.name, p.Seconds)
		}
	}
}

func TestAProposalSaysWhatItTells(t *testing.T) {
	p := &proposal{Target: 1, Budget: 4 * time.Minute, Described: describedSet(200, 60, 0, "train", "val"), Net: "mini", Speed: 900, Batch: 16, train: 200, val: 60,
		Data: "{folder: photos}", Out: "photos.yaml", Variants: classifierIdeas(&proposal{})[:2], Augment: "[flip]", expected: func(string) study.Expected { return study.Guess(task.Accuracy, "") }}
	p.plan(true)
	p.conclude()
	text, err := p.text()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Careful: 60 validation images and ", "bring more images", "in 8 of 10 cases (a guess: 30 % errors, 60 images)\n", "  # points; 1 would matter, but so few images and repeats do not tell it\n", "  data: {folder: photos}\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	odd := data.Folder("a: b")
	odd.Val = 0.29
	if where, err := where(odd, "x.yaml"); err != nil || where != `{folder: "a: b", val: 0.29}` {
		t.Errorf("data is written as %s (%v)", where, err)
	}
	p.Folds = 3
	if p.plan(true); p.Repeats%3 != 0 || p.Repeats > most {
		t.Errorf("%d repeats of 3 folds", p.Repeats)
	}
	if text, err = p.text(); err != nil || !strings.Contains(string(text), "dealt into 3 folds: 3 repeats validate every image once\n") {
		t.Errorf("%s (%v)", text, err)
	}
}

func TestAStudyOfDetectorsIsJudgedByAP50(t *testing.T) {
	of := describedSet(205, 87, 72, "train", "val", "test")
	of.Boxes = &data.Boxes{Percent: data.Range{Min: 4, Median: 19, Max: 53}}
	p := &proposal{Target: 1, Budget: 3 * time.Hour, Described: of, Net: "mini", Rewrites: wideMini, Boxed: true, Window: 128, Size: 128, Speed: 150, Batch: 16, Rate: 0.003, Augment: "[flip]", train: 205, val: 87,
		Data: "{folder: cells}", Out: "cells.yaml", expected: func(string) study.Expected { return study.Guess(task.AP50, "") }}
	if !p.plan(false) {
		t.Fatal("three hours do not pay for 60 epochs of 205 images")
	}
	p.Variants = detectorIdeas(p)[:proposedVariants]
	p.conclude()
	if p.Epochs < 60 || p.Repeats != most || p.Seconds > p.Budget.Seconds() {
		t.Errorf("%d epochs, %d repeats, %.0f s", p.Epochs, p.Repeats, p.Seconds)
	}
	if !(p.Tells > 1) || p.Meaningful < p.Tells {
		t.Errorf("87 images tell %.3g points, meaningful %g", p.Tells, p.Meaningful)
	}
	p.rare = "WBC is in 3 images of validation"
	text, err := p.text()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  task: detect  #", "\n  architecture: " + wideMini + "  #", "sizes: [{size: 128, share: 1}]  # pixels of a side, a multiple of 32: half of the objects have 24 or more\n", "- solver: adam\n",
		"{name: smaller, with: [{sizes: [{size: 96, share: 1}]}]}", "(a guess: trainings on shapes at an AP50 of 84, ", "\n# Careful: WBC is in 3 images of validation.\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	p.Size, p.Budget = 32, time.Minute
	if c := p.careful(); len(c) != 3 || !strings.HasPrefix(c[1], "half of the objects have 6 pixels a side or fewer in a window of 32, ") {
		t.Errorf("%q", c)
	}
}

func TestTheDetectorsOfWeightsKeepTheirBoxes(t *testing.T) {
	p := &proposal{Net: "yolov2-tiny", Weights: "w.weights", Out: "w.yaml", Boxed: true, Rate: 0.001}
	for _, c := range []struct{ net, rewrites string }{{"yolov2-tiny", ""}, {"resnet18", "[{head: yolo}]"}} {
		p.Net = c.net
		if k := p.detectors(&data.Set{Boxed: true}); k.nets[0] != (candidate{c.net, c.rewrites, 416}) {
			t.Errorf("%s: %+v", c.net, k.nets[0])
		}
	}
	for budget, net := range map[time.Duration]string{time.Minute: "mini", time.Hour: "yolov2-tiny"} {
		if k := (&proposal{Budget: budget, Boxed: true}).detectors(&data.Set{Boxed: true}); k.nets[0].net != net {
			t.Errorf("%v begin with %s", budget, k.nets[0].net)
		}
	}
	if v := detectorIdeas(p); len(v) != p.variants() || v[1].Edit != "with: [{pretrain: w.weights}, {lr: {base: 0.00025}}]" {
		t.Errorf("%+v", v)
	}
}
