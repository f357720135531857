package runner

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/tensor"
)

const transfer = `
question: Do weights bring something?
base:
  data: {folder: pictures, val: 0.5}
  net: squeezenet1_1
  optimization: [{batch: 8}, {lr: 0.01}]
  learning: [{epochs: {steps: 1}}, {augment: [{crop: {size: 32}}]}]
variants:
  - {name: transfer, with: [{pretrain: {from: weights.safetensors, preset: frozen}}]}
repeats: 2
`

// TestATrialPlacesWeightsByTheNetworksName: a safetensors file keeps no order, so that only the table of the network's family finds the
// places, and a trial is told the network as layers.
func TestATrialPlacesWeightsByTheNetworksName(t *testing.T) {
	f, err := os.Open("../pretrain/testdata/golden/tensors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var tensors map[string]map[string][]int
	if err := json.NewDecoder(z).Decode(&tensors); err != nil {
		t.Fatal(err)
	}
	var named []safetensors.Named
	for name, shape := range tensors["squeezenet1_1"] {
		named = append(named, safetensors.Named{Name: name, Tensor: tensor.New(shape...)})
	}
	file := studyFile(t)
	if err := safetensors.WriteFile(filepath.Join(filepath.Dir(file), "weights.safetensors"), named, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(transfer), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
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
	result, err := perform(t.Context(), r, onCPU, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Steps != 1 {
		t.Errorf("%d steps, %s", result.Steps, result.Reason)
	}
	r.Net = "" // as a trial of an unnamed network
	if _, err := perform(t.Context(), r, onCPU, nil); err == nil || !strings.Contains(err.Error(), "a safetensors file keeps no order") {
		t.Errorf("without the name: %v", err)
	}
}
