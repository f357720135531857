package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

func TestADivergingRateEndsAsDiverged(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Optimization.LR = experiment.LR{Base: 1e20, Policy: "fixed"}
	r := run(t, j)
	if !r.Diverged || r.Model != nil || r.Step < 1 || r.Step > 11 || r.Score.Images != 0 {
		t.Errorf("got %+v", r)
	}
	again := run(t, j)
	if again.Step != r.Step || !reflect.DeepEqual(again.Curve, r.Curve) {
		t.Errorf("a second time it diverged at step %d, not %d", again.Step, r.Step)
	}
}

func TestAJobThatCannotBeIsOneLine(t *testing.T) {
	s := draw(t, 13)
	for name, c := range map[string]struct {
		spoil func(*train.Job)
		want  string
	}{
		"batch larger than the data": {func(j *train.Job) { j.Optimization.Batch.Size = 32 }, "batch: 32 images a step, but there are 31 to train on"},
		"a network for other images": {func(j *train.Job) { j.Graph.SetInput(nn.Size{H: 16, W: 16, C: 3}) }, "takes images of 16x16x3, the data gives 12x12x3"},
		"an unknown initialisation":  {func(j *train.Job) { j.Optimization.Init.Kind = "zeros" }, "choose he, xavier, msra-fan-out, lsuv"},
	} {
		j := job(t, s)
		c.spoil(&j)
		_, err := train.Run(context.Background(), j)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestATrainingThatIsStoppedBeforeItBeginsSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	j := job(t, draw(t, 4))
	if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	if _, err := train.Begin(ctx, j, 3, time.Hour); !errors.Is(err, train.ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}

// interrupted leaves a checkpoint after three steps.
func interrupted(t *testing.T, j train.Job) []byte {
	t.Helper()
	return stoppedAfter(t, j, 3)
}

// stoppedAfter leaves a checkpoint after so many steps.
func stoppedAfter(t *testing.T, j train.Job, step int) []byte {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	j.OnStep = func(p train.Progress) {
		if p.Step == step {
			stop()
		}
	}
	if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) || !strings.Contains(err.Error(), j.Checkpoint) {
		t.Fatalf("got %v", err)
	}
	b, err := os.ReadFile(j.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestACheckpointOfAnotherTrainingIsRefusedAndKept(t *testing.T) {
	s := draw(t, 13)
	j := job(t, s)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	held := interrupted(t, j)
	for name, change := range map[string]func(*train.Job){
		"rate":    func(j *train.Job) { j.Optimization.LR.Base = 0.01 },
		"epochs":  func(j *train.Job) { j.Learning.Epochs.Count = 3 },
		"seed":    func(j *train.Job) { j.Seeds.Order = 2 },
		"split":   func(j *train.Job) { j.Cut = s.Cut(2, 1) },
		"label":   func(j *train.Job) { j.Overlay = relabelled(s) },
		"dropout": func(j *train.Job) { j.Graph.Overlay().Set(nn.In(j.Graph.Main().Node, 0), nn.Dropout{Rate: 0.1}) },
	} {
		other := job(t, s)
		other.Checkpoint = j.Checkpoint
		change(&other)
		_, err := train.Run(context.Background(), other)
		if err == nil || !strings.Contains(err.Error(), "checkpoint of another training") || !strings.HasPrefix(err.Error(), j.Checkpoint) {
			t.Errorf("another %s: got %v", name, err)
		}
		if b, err := os.ReadFile(j.Checkpoint); err != nil || !bytes.Equal(b, held) {
			t.Fatalf("another %s: the checkpoint was lost (%v)", name, err)
		}
	}
}

// relabelled takes every item for the first class.
func relabelled(s *data.Set) data.Overlay {
	return data.Overlay{Labels: make([]int32, len(s.Items))}
}

func TestATrainingSeesWhatTheOverlaySaysAndItsEvaluationDoesNot(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Overlay = relabelled(j.Set)
	r := run(t, j)
	if got := r.Curve[len(r.Curve)-1].TrainLoss; got > 0.5 || r.Score.Raw("log_loss") < 1 {
		t.Errorf("with one label for all the training loss is %g and the log loss %g", got, r.Score.Raw("log_loss"))
	}
}

// A bit of the arrays that flips would be trained on to another result, and nobody would know.
func TestADamagedCheckpointIsToldAndTheTrainingBeginsAnew(t *testing.T) {
	j := job(t, draw(t, 13))
	want := run(t, j)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	whole := interrupted(t, j)
	damaged := map[string][]byte{
		"cut short": whole[:len(whole)-7], "half": whole[:len(whole)/2], "a few bytes": whole[:5], "empty": {},
		"no safetensors": []byte("a text that is none of ours"),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		b := bytes.Clone(whole)
		bit := r.IntN(8 * len(b))
		b[bit/8] ^= 1 << (bit % 8)
		damaged[fmt.Sprintf("bit %d of byte %d", bit%8, bit/8)] = b
	}
	for name, content := range damaged {
		if err := os.WriteFile(j.Checkpoint, content, 0o644); err != nil {
			t.Fatal(err)
		}
		var notes []string
		j.OnNote = func(s string) { notes = append(notes, s) }
		got, err := train.Run(context.Background(), j)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case got.Resumed != 0 || got.Model.Digest != want.Model.Digest:
			t.Errorf("%s: went on from step %d to %s, want %s", name, got.Resumed, got.Model.Digest, want.Model.Digest)
		case len(notes) != 1 || !strings.HasPrefix(notes[0], j.Checkpoint):
			t.Errorf("%s: told %q", name, notes)
		}
	}
}

func TestAFileThatIsNoCheckpointIsKept(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	if err := safetensors.WriteFile(j.Checkpoint, []safetensors.Named{{Name: "w", Tensor: tensor.New(2)}}, nil); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(j.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := train.Run(context.Background(), j); err == nil || !strings.Contains(err.Error(), j.Checkpoint) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(j.Checkpoint); err != nil || !bytes.Equal(b, content) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestAModelSurvivesItsFile(t *testing.T) {
	j := job(t, draw(t, 13))
	r := run(t, j)
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := r.Model.Save(path); err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.Digest != r.Model.Digest || !reflect.DeepEqual(m.About, r.Model.About) || !reflect.DeepEqual(m.Seen, r.Model.Seen) || m.Graph.Signature() != j.Graph.Signature() {
		t.Errorf("got %s %+v, want %s %+v", m.Digest, m.About, r.Model.Digest, r.Model.About)
	}
	got, err := train.Evaluate(context.Background(), m, j.Set, j.Cut.Val, threads(t, 2), j.Optimization.Batch.Size, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r.Score) {
		t.Errorf("from the file %+v, want %+v", got, r.Score)
	}
	f, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Get("conv1/weight") == nil || f.Get("conv1/weight@velocity") != nil {
		t.Error("a model holds weights, and nothing of the solver")
	}
}

func TestAConfusionHasEveryImageOnce(t *testing.T) {
	j := job(t, draw(t, 13))
	s := run(t, j).Score
	c := s.Confusion(len(classes), func(id int32) int { return int(j.Set.Items[id].Label) })
	right, images := 0, make([]int, len(classes))
	for k, row := range c {
		right += row[k]
		for _, n := range row {
			images[k] += n
		}
	}
	want := make([]int, len(classes))
	for k, per := range s.Classes {
		want[k] = per.Images
	}
	if float64(right)/float64(s.Images) != s.Raw("accuracy") || !reflect.DeepEqual(images, want) {
		t.Errorf("%v: %d right, classes of %v images; want %.3f of %d, %v", c, right, images, s.Raw("accuracy"), s.Images, want)
	}
}

func TestAModelRemembersTheImagesItWasTrainedOnAndNoOthers(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Learning.Subset.Images = 12
	seen := run(t, j).Model.Seen
	if want := j.Set.Marks(j.Set.Subset(j.Cut.Train, 12, j.Seeds.Split)); !slices.Equal(seen.Trained, want) || len(want) != 12 {
		t.Errorf("trained on %v, want the subset %v", seen.Trained, want)
	}
	if want := j.Set.Marks(j.Cut.Val); !slices.Equal(seen.Validated, want) {
		t.Errorf("validated on %v, want %v", seen.Validated, want)
	}
	for _, i := range j.Cut.Test {
		if seen.Trained.Has(j.Set.Items[i].Hash) {
			t.Errorf("test image %d was trained on", i)
		}
	}
}

func TestRowsThatPadTheLastBatchDoNotCount(t *testing.T) {
	j := job(t, draw(t, 13))
	r := run(t, j)
	if n := len(j.Cut.Val); n%j.Optimization.Batch.Size == 0 || r.Score.Images != n || len(r.Score.IDs) != n {
		t.Fatalf("%d validation images in batches of %d, %d were counted", n, j.Optimization.Batch.Size, r.Score.Images)
	}
	for _, batch := range []int{1, 5, 100} {
		m, err := train.Evaluate(context.Background(), r.Model, j.Set, j.Cut.Val, j.Engine, batch, 1)
		if err != nil {
			t.Fatal(err)
		}
		if m.Raw("accuracy") != r.Score.Raw("accuracy") || math.Abs(m.Raw("log_loss")-r.Score.Raw("log_loss")) > 1e-6 || !reflect.DeepEqual(m.IDs, r.Score.IDs) {
			t.Errorf("in batches of %d: %+v, want %+v", batch, m, r.Score)
		}
	}
}

func TestClassesAreCountedEach(t *testing.T) {
	j := job(t, draw(t, 13))
	m := run(t, j).Score
	images, right := 0, 0.0
	for i, c := range m.Classes {
		if c.Name != classes[i] {
			t.Errorf("class %d is %q", i, c.Name)
		}
		images += c.Images
		right += c.Figure.Raw * float64(c.Images)
	}
	if images != m.Images || math.Abs(right/float64(images)-m.Raw("accuracy")) > 1e-12 {
		t.Errorf("%d images and %.1f right by class, of %d and %.3f", images, right, m.Images, m.Raw("accuracy"))
	}
	if m.Raw("top5") != 1 {
		t.Errorf("of three classes the first five hold the true one, but top-5 is %g", m.Raw("top5"))
	}
}

func TestClassesAreFoundByNameWhateverTheirOrder(t *testing.T) {
	j := job(t, draw(t, 13))
	m := run(t, j).Model
	want, err := train.Evaluate(context.Background(), m, j.Set, j.Cut.Val, j.Engine, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.About.Classes = slices.Clone(m.About.Classes) // it is the set's
	slices.Reverse(m.About.Classes)
	got, err := train.Evaluate(context.Background(), m, j.Set, j.Cut.Val, j.Engine, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range want.Classes {
		if r := got.Classes[len(got.Classes)-1-i]; r.Name != c.Name || r.Images != c.Images {
			t.Errorf("turned round: got %+v, want the %d images of %s", r, c.Images, c.Name)
		}
	}
}

func TestOtherClassesAreRefused(t *testing.T) {
	j := job(t, draw(t, 4))
	m := run(t, j).Model
	m.About.Classes = []string{"across", "disc", "up"}
	_, err := train.Evaluate(context.Background(), m, j.Set, j.Cut.Val, j.Engine, 4, 1)
	if err == nil || !strings.Contains(err.Error(), `has a class "down", which the model does not know (it has across, disc, up)`) {
		t.Errorf("got %v", err)
	}
}

func TestPicturesInGreyAndColourArePredicted(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Learning.Epochs.Count = 20
	p, err := run(t, j).Model.Predictor(j.Engine)
	if err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray(image.Rect(0, 0, 24, 30)) // twice as large, and not square
	colour := image.NewNRGBA(image.Rect(0, 0, 12, 12))
	for y := range 30 {
		for x := range 24 {
			if y/2%4 < 2 {
				grey.SetGray(x, y, color.Gray{200})
			}
			if x%4 < 2 && x < 12 && y < 12 {
				colour.SetNRGBA(x, y, color.NRGBA{210, 200, 40, 255})
			}
		}
	}
	for want, m := range map[string]image.Image{"across": grey, "down": colour} {
		path := filepath.Join(t.TempDir(), want+".png")
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		gs, err := p.File(path, 5)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, g := range gs {
			sum += g.Probability
			if i > 0 && g.Probability > gs[i-1].Probability {
				t.Errorf("%s: not in order: %+v", want, gs)
			}
		}
		if len(gs) != 3 || gs[0].Name != want || math.Abs(sum-1) > 1e-6 {
			t.Errorf("%s: got %+v", want, gs)
		}
	}
	if _, err := p.File(filepath.Join(t.TempDir(), "cat.png"), 5); err == nil || !strings.Contains(err.Error(), "no such picture") {
		t.Errorf("got %v", err)
	}
}

// TestLSUVStartsAtUnitVariance trains no step worth the name and looks at the weights that it began with.
func TestLSUVStartsAtUnitVariance(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Optimization.Init, j.Optimization.LR.Base = experiment.Init{Kind: "lsuv", Gain: 1}, 1e-30
	j.Optimization.L2.Strength, j.Learning.Epochs = 0, experiment.Epochs{Steps: 1}
	m := run(t, j).Model
	f, err := compile.New(m.Graph, task.Classify{}, j.Optimization, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Kept() {
		f.State.Share(name, m.State)
	}
	p, err := f.Statistics(30)
	if err != nil {
		t.Fatal(err)
	}
	x, err := j.Engine.Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	pictures := make([]float32, 30*12*12*3)
	for i, r := 0, tensor.NewStream(3, "pictures").At(0, 0); i < len(pictures); i++ {
		pictures[i] = float32(r.Normal())
	}
	if err := x.Run(engine.Feed{Real: map[string][]float32{compile.Images: pictures}}); err != nil {
		t.Fatal(err)
	}
	for _, n := range f.Scaled() { // of other pictures than the five that it was scaled by, so roughly
		if v := x.Output(compile.VarianceOf(n))[0]; !(v > 0.2 && v < 5) {
			t.Errorf("%s: variance %g", n.Name, v)
		}
	}
}
