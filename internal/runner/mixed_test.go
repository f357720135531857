package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/store"
)

const mixing = `
question: Do pictures of one class bring something?
base:
  data: {name: shapes, images: 16, size: 32, val: 0.5}
  task: detect
  net: mini
  architecture: [{head: {kind: yolo, anchors: 2, channels: 8, convs: 1}}]
  optimization: [{batch: 4}, {lr: 0.001}]
  learning: [{epochs: 1}]
variants:
  - {name: mixed, with: [{mixed: {data: {folder: pictures, val: 0.5}, ratio: 1}}]}
repeats: 2
`

// A trial is told where the pictures beside are, its identity holds what they show, and it counts them.
func TestPicturesBesideArePartOfATrial(t *testing.T) {
	file := studyFile(t)
	if err := os.WriteFile(file, []byte(mixing), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
	base, mixed := s.Plan.Arms[0], s.Plan.Arms[1]
	if base.Steps != base.TrainImages/4 || mixed.Steps != 2*base.TrainImages/4 || mixed.TrainMACs <= base.TrainMACs || mixed.TrainImages != base.TrainImages || mixed.Signature != base.Signature {
		t.Errorf("%d steps and %d multiply-adds for %d and %d", mixed.Steps, mixed.TrainMACs, base.Steps, base.TrainMACs)
	}
	st, err := store.Open(filepath.Join(filepath.Dir(file), "store"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	e, err := s.engineID()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.ask(t.Context(), st, 1, 1, e.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.spec(t.Context(), 1, 2, e.String())
	if err != nil {
		t.Fatal(err)
	}
	if r.Spec.Beside == "" || r.Spec.Beside == other.Beside || !filepath.IsAbs(r.Beside.Folder) || strings.Contains(r.Settings, "pictures") {
		t.Errorf("beside %q, in the second repeat %q, of %+v; settings\n%s", r.Spec.Beside, other.Beside, r.Beside, r.Settings)
	}
	result, err := perform(t.Context(), r, onCPU, nil)
	if err != nil || result.Steps != mixed.Steps {
		t.Fatalf("%+v, %v", result, err)
	}
	r.Beside = nil
	if _, err := perform(t.Context(), r, onCPU, nil); err == nil || !strings.Contains(err.Error(), "mixed: the images have changed since the study began") {
		t.Errorf("without them: %v", err)
	}
}

// Pictures that the set beside validates or tests on leave an arm's own training images, in its plan, its trials' identity and the draws of a
// noise study; the baseline keeps them.
func TestWhatJudgesThePicturesBesideIsNotTrainedOn(t *testing.T) {
	file := studyFile(t)
	dir := filepath.Dir(file)
	for _, name := range []string{"a", "b"} {
		for i := range 22 {
			picture := fmt.Sprintf("%02d.png", i)
			b, err := os.ReadFile(filepath.Join(dir, "pictures", name, picture))
			for to, text := range map[string]string{"images/" + name + picture: string(b), "labels/" + name + strings.Replace(picture, "png", "txt", 1): fmt.Sprintf("%d 0.5 0.5 0.5 0.5\n", i%2)} {
				to = filepath.Join(dir, "cells", to)
				err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(text), 0o644))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	of := strings.NewReplacer("{name: shapes, images: 16, size: 32, val: 0.5}", "{folder: cells, val: 0.3, test: 0}", "val: 0.5}, ratio", "val: 0.3, test: 0}, ratio", "anchors: 2", "anchors: 1", "{epochs: 1}", "{epochs: 1}, {augment: [{crop: {size: 32}}]}")
	if err := os.WriteFile(file, []byte(of.Replace(mixing)), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
	base, mixed := s.Plan.Arms[0], s.Plan.Arms[1]
	theirs, err := s.cut(t.Context(), base, 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.cut(t.Context(), mixed, 1)
	if err != nil {
		t.Fatal(err)
	}
	left := len(theirs.Train) - len(c.Train)
	if left == 0 || left != c.mixture.OwnLeft || c.mixture.BesideLeft == 0 || mixed.TrainImages != len(c.Train) || base.TrainImages != len(theirs.Train) || !slices.Equal(c.Val, theirs.Val) {
		t.Errorf("%d of its own are left out, %+v; the plan has %d and %d", left, c.mixture, base.TrainImages, mixed.TrainImages)
	}
	want := fmt.Sprintf("mixed: mixed: not trained on, as the other set validates or tests on them: %s of cells, %s of pictures", say.Counted(left, "image"), say.Counted(c.mixture.BesideLeft, "image"))
	if told := s.Foresee().Warnings; !slices.Contains(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	st, err := store.Open(filepath.Join(dir, "store"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	e, err := s.engineID()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.ask(t.Context(), st, 1, 1, e.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	result, err := perform(t.Context(), r, onCPU, nil)
	if err != nil || result.Steps != mixed.Steps {
		t.Errorf("%+v, %v", result, err)
	}
}
