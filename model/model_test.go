package model_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// network is a small one with parameters and running statistics, its values, and a description that fits it.
func network(t testing.TB) (*nn.Graph, *program.State, model.About) {
	t.Helper()
	b := nn.NewBuilder("tiny", nn.Size{}, 3)
	b.Logits(b.Linear(b.GlobalAvgPool(b.ReLU(b.Norm(b.Conv(b.Image(8, 8, 3), 4, 3, 1)))), nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	f, err := compile.New(g, task.Classify{}, experiment.DefaultOptimization(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Initialize(experiment.DefaultOptimization().Init, 1); err != nil {
		t.Fatal(err)
	}
	return g, f.State, model.About{
		Classes:    []string{"ant", "bee", "cat"},
		Preprocess: data.Preprocess{H: 8, W: 8, C: 3, Mean: []float32{.5, .4, .3}, Std: []float32{.2, .2, .1}},
		Data:       "photos", Epochs: 2, Steps: 12, Metrics: map[string]float64{"accuracy": 75},
	}
}

func made(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.New(network(t))
	if err != nil {
		t.Fatal(err)
	}
	m.Seen = model.Seen{Trained: data.Marks{1, 5, math.MaxUint64}, Validated: data.Marks{2}}
	return m
}

// saved writes a model and returns its path and content.
func saved(t testing.TB, m *model.Model) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAModelSurvivesItsFile(t *testing.T) {
	want := made(t)
	path, content := saved(t, want)
	got, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != want.Digest || !reflect.DeepEqual(got.About, want.About) || !reflect.DeepEqual(got.Seen, want.Seen) || !bytes.Equal(got.Graph.Canonical(), want.Graph.Canonical()) {
		t.Errorf("got %s %+v %v, want %s %+v %v", got.Digest, got.About, got.Seen, want.Digest, want.About, want.Seen)
	}
	if again, b := saved(t, got); !bytes.Equal(b, content) {
		t.Errorf("written again, %s is another file", again)
	}
}

func TestAModelWithoutMarksHasNone(t *testing.T) {
	m := made(t)
	m.Seen = model.Seen{}
	path, _ := saved(t, m)
	if got, err := model.Load(path); err != nil || len(got.Seen.Trained)+len(got.Seen.Validated) > 0 {
		t.Errorf("got %v, %v", got.Seen, err)
	}
}

func TestWhatDoesNotFitTheNetworkIsNoModel(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(s *program.State, a *model.About) *program.State
		want  string
	}{
		"a parameter is missing": {func(s *program.State, _ *model.About) *program.State { return without(t, s, "conv1/weight", nil) }, "tensor conv1/weight is missing"},
		"a running statistic is missing": {func(s *program.State, _ *model.About) *program.State {
			return without(t, s, "conv1/norm/mean", nil)
		}, "is missing"},
		"another shape": {func(s *program.State, _ *model.About) *program.State {
			return without(t, s, "conv1/weight", tensor.Of(3, 3, 3, 5))
		}, "tensor conv1/weight is [3 3 3 5], the network wants [3 3 3 4]"},
		"names for other classes": {func(s *program.State, a *model.About) *program.State { a.Classes = a.Classes[:2]; return s }, "2 names for 3 classes"},
		"another window":          {func(s *program.State, a *model.About) *program.State { a.Preprocess.W = 9; return s }, "pictures become 8x9x3, the network takes 8x8x3"},
		"no preprocessing":        {func(s *program.State, a *model.About) *program.State { a.Preprocess = data.Preprocess{}; return s }, "preprocessing that is impossible"},
		"another task":            {func(s *program.State, a *model.About) *program.State { a.Task = "read"; return s }, `no task "read"; there is classify`},
	} {
		g, s, a := network(t)
		s = c.spoil(s, &a)
		if _, err := model.New(g, s, a); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// without is a State less a tensor, or with that tensor in another shape.
func without(t *testing.T, s *program.State, name string, shape tensor.Shape) *program.State {
	if s.Get(name) == nil {
		t.Fatalf("there is no %s in %v", name, s.Names())
	}
	left := program.NewState()
	for _, n := range s.Names() {
		if n != name {
			left.Share(n, s)
		} else if shape != nil {
			if _, err := left.Add(n, shape); err != nil {
				t.Fatal(err)
			}
		}
	}
	return left
}

func TestEveryFlippedBitOfAModelIsSeen(t *testing.T) {
	_, whole := saved(t, made(t))
	b := bytes.Clone(whole)
	for at := range b {
		for bit := range 8 {
			if testing.Short() && (8*at+bit)%5 != 0 {
				continue
			}
			b[at] ^= 1 << bit
			if _, err := model.Read(b); err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("bit %d of byte %d (%q): got %v", bit, at, whole[max(0, at-20):min(len(whole), at+20)], err)
			}
			b[at] ^= 1 << bit
		}
	}
}

func TestAFileThatIsCutIsSeen(t *testing.T) {
	path, whole := saved(t, made(t))
	for n := range len(whole) {
		if n%5 != 0 {
			continue
		}
		write(t, path, whole[:n])
		if _, err := model.Load(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("the first %d bytes of %d: got %v", n, len(whole), err)
		}
	}
}

func TestOtherFormsAreRefusedInOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	if _, err := model.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing: got %v", err)
	}
	for form, want := range map[string]string{
		"pt":       "holds tensors but no network of Assay's; give a file that assay train wrote",
		"assay-2":  `a model in the form "assay-2", and this program reads assay-3; train it again`,
		"assay-99": `a model in the form "assay-99", and this program reads assay-3; train it again`,
	} {
		if err := safetensors.WriteFile(path, nil, map[string]string{"format": form}); err != nil {
			t.Fatal(err)
		}
		if _, err := model.Load(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("%s: got %v, want %s", form, err, want)
		}
	}
}

// A text of a few bytes may ask for a network of a terabyte; its arrays would have to be there.
func TestANetworkThatItsArraysDoNotFitTakesNoMemory(t *testing.T) {
	b := nn.NewBuilder("vast", nn.Size{}, 3)
	b.Logits(b.Linear(b.ReLU(b.Linear(b.Image(8, 8, 3), 1<<30)), nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	_, s, a := network(t)
	path := filepath.Join(t.TempDir(), "m")
	if err := (model.Checkpoint{Graph: g, State: s, About: a}).Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Load(path); err == nil || !strings.Contains(err.Error(), "the network wants [192 1073741824]") {
		t.Errorf("got %v", err)
	}
}

func TestACheckpointIsAModelWithMoreInIt(t *testing.T) {
	g, s, a := network(t)
	if _, err := s.Add("conv1/weight@velocity", tensor.Of(3, 3, 3, 4)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c")
	if err := (model.Checkpoint{Graph: g, State: s, About: a, Seen: model.Seen{Trained: data.Marks{7}}, Progress: "step 3"}).Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.State.Get("conv1/weight@velocity") != nil || len(m.Seen.Trained) != 1 {
		t.Errorf("a model of %v that saw %v", m.State.Names(), m.Seen)
	}
	held, err := model.ReadCheckpoint(path)
	if err != nil || held.Progress != "step 3" {
		t.Fatalf("got %+v, %v", held, err)
	}
	back := program.NewState()
	for _, name := range s.Names() {
		if _, err := back.Add(name, s.Get(name).Shape); err != nil {
			t.Fatal(err)
		}
	}
	if err := held.Fill(back); err != nil {
		t.Fatal(err)
	}
	got, err := model.Digest(back)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := model.Digest(s); got != want {
		t.Errorf("values of digest %s came back as %s", want, got)
	}
	if _, err := back.Add("more", tensor.Of(1)); err != nil {
		t.Fatal(err)
	}
	if err := held.Fill(back); err == nil || !strings.HasPrefix(err.Error(), path+": tensor more is missing") {
		t.Errorf("got %v", err)
	}
}

// FuzzLoad: a file is a model, or one line that begins with its name.
func FuzzLoad(f *testing.F) {
	path, whole := saved(f, made(f))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, text := range []string{`\"classes\"`, "conv", "F32", "U8", `"format"`} {
		f.Add([]byte(strings.ReplaceAll(string(whole), text, strings.Repeat("x", len(text)))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		write(t, path, b)
		if _, err := model.Load(path); err != nil && (strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), path)) {
			t.Errorf("got %q, want one line that begins with the file", err)
		}
	})
}
