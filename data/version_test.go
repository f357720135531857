package data

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
)

// The pictures of testdata/tiny are all of one size, so that no resizing, which format.Version names, is in what is recorded.
func TestWhatVersionNamesChangesWithItAlone(t *testing.T) {
	s := open(t, Folder(filepath.Join("testdata", "tiny")), Options{})
	var lines []string
	record := func(name string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		lines = append(lines, fmt.Sprintf("%s %x", name, sum[:12]))
	}
	groups := make([]int32, len(s.Items))
	for i, it := range s.Items {
		groups[i] = it.Group
	}
	record("digest", s.Digest)
	record("hashes", s.Hashes(all(s)))
	record("groups", groups)
	for repeat := range 2 {
		record(fmt.Sprint("cut", repeat), s.Cut(1, repeat))
	}
	cut := s.Cut(1, 1)
	record("subset", s.Subset(cut.Train, len(cut.Train)/2, 1))
	p, err := s.Preprocess(t.Context(), cut.Train, s.Geometry(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	record("preprocess", p)
	for _, train := range []bool{true, false} {
		l, err := s.Loader(t.Context(), cut.Train, LoaderConfig{Batch: 4, Preprocess: p, Geometry: s.Geometry(0, 0), Train: train, Targets: byLabel{}, Order: tensor.NewStream(1, "order")})
		if err != nil {
			t.Fatal(err)
		}
		b := l.NewBatch()
		for step := range l.Steps() {
			if err := l.Fill(2, step, b); err != nil {
				t.Fatal(err)
			}
			record(fmt.Sprintf("batch train=%t step=%d", train, step), []any{b.IDs, b.Targets[0].Index, b.X.Data})
		}
	}
	noisy := s.Mislabelled(cut.Train, 0.3, 1)
	record("mislabelled", noisy)
	confused, err := s.Confused(cut.Train, map[string]map[string]float64{s.Classes[0]: {s.Classes[1]: 0.4}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	record("confused", confused)
	dealt, err := s.Deal(cut.Train, Overlay{}, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	record("dealt", dealt)
	probs, r := make([]float32, 3*60), tensor.NewStream(1, "probabilities").At(0, 0)
	given := make([]int32, 60)
	for i := range given {
		a, b := r.Float64(), r.Float64()
		given[i] = int32(i % 3)
		probs[3*i], probs[3*i+1], probs[3*i+2] = float32(a*b), float32(a*(1-b)), float32(1-a)
	}
	confident, err := NewConfident(given, probs, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{PruneByNoiseRate, PruneByClass, PruneByBoth, ConfidentLearning, PredictedNeqGiven} {
		record(rule, confident.Suspects(rule))
	}
	golden.Version(t, filepath.Join("testdata", "version.txt"), Version, strings.Join(lines, "\n")+"\n")
}
