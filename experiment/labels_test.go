package experiment_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
)

func TestAConfusionIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) experiment.Confusion {
		t.Helper()
		path := filepath.Join(dir, "c.csv")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return experiment.Confusion{File: path}
	}
	want := map[string]map[string]float64{"cat": {"dog": 0.25}, "dog": {"cat": 0.1, "cow": 0.4}}
	for name, text := range map[string]string{
		"counts": "true,cat,dog,cow\ncat,30,10,0\ndog,1,5,4\ncow,0,0,7\n",
		"shares": "\ufeff;cat;dog;cow\r\ncat;0.75;0.25;0\r\ndog;0.1;0.5;0.4\r\n",
	} {
		c, err := write(text).Read()
		if err != nil || !reflect.DeepEqual(c.Rates, want) {
			t.Errorf("%s: %v, %v; want %v", name, c.Rates, err, want)
		}
		if again, err := c.Read(); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s: read twice %v, %v", name, again, err)
		}
		l := experiment.DefaultLearning()
		l.Labels.Confusion = c
		o := experiment.DefaultOptimization()
		if _, back, err := experiment.DecodeSettings(experiment.Canonical(o, l)); err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("%s: comes back as %+v, %v", name, back.Labels, err)
		}
	}
	for text, want := range map[string]string{
		"true,cat,dog\ncat,1\n":            "c.csv:2: 2 columns, and the first line has 3; give one for each class",
		"true,cat,dog\ncat,1,x\n":          `c.csv:2: "x" is no count and no share; give numbers, 0 or more`,
		"true,cat,dog\ncat,1,-1\n":         `c.csv:2: "-1" is no count and no share; give numbers, 0 or more`,
		"true,cat,dog\ncat,0,0\n":          "c.csv:2: class cat is taken for none; give a number above 0",
		"true,cat,dog\ncat,1,1\ncat,1,2\n": "c.csv:3: class cat a second time; give one row for each class",
		"true,cat,dog\ncat,1,0\ndog,0,1\n": "c.csv:1: no class is taken for another; leave confusion out",
		"":                                 "c.csv:1: no table of two or more columns; write CSV, columns parted by commas",
	} {
		if _, err := write(text).Read(); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
	if _, err := (experiment.Confusion{File: filepath.Join(dir, "none.csv")}).Read(); err == nil || !strings.Contains(err.Error(), "no such file; give a CSV file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestCleaningCostsATrainingForEachFold(t *testing.T) {
	l := experiment.DefaultLearning()
	if n := l.Trainings(); n != 1 {
		t.Errorf("%d trainings without cleaning, want 1", n)
	}
	if l.Labels.Clean, l.Labels.Folds = experiment.CleanRelabel, 4; l.Trainings() != 4 { // one, and four of three quarters of the images
		t.Errorf("%d trainings with four folds, want 4", l.Trainings())
	}
}
