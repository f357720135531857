package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
