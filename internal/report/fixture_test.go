package report

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

var remake = flag.Bool("remake", false, "simulate and judge testdata/first.json anew")

// made is a variant of a made-up study: its true effect and what befalls it.
type made struct {
	name     string
	effect   float64 // points
	differs  []string
	params   float64 // times the baseline's
	macs     float64
	seconds  float64
	diverged []int // repeats
	failed   []int
	reason   string
}

// makeUp simulates a study: blocks, seeds, images and curves, judged as a real one.
func makeUp(t *testing.T, question string, repeats, epochs, images int, arms ...made) *study.Result {
	t.Helper()
	r := &study.Result{Question: question, Name: "made-up", Digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Data: "fashion-mini", Net: "mini", Design: study.Design{Kind: study.OFAT},
		Seed: 1, Repeats: repeats, Engine: "cpu/avx2/1", Metric: "accuracy", Metrics: task.Classify{}.Metrics()}
	arms = append([]made{{name: "baseline", params: 1, macs: 1, seconds: 1}}, arms...)
	for i, a := range arms {
		r.Arms = append(r.Arms, study.Arm{Name: a.name, Baseline: i == 0, Differs: a.differs, Params: int64(a.params * 61_706), MACs: int64(a.macs * 3_870_000),
			TrainSeconds: 6.4 * a.seconds, SharedStart: min(1, 1/a.params)})
	}
	for repeat := 1; repeat <= repeats; repeat++ {
		images64 := rand.New(rand.NewPCG(uint64(repeat), 7))
		difficulty := make([]float64, images)
		for i := range difficulty {
			difficulty[i] = images64.NormFloat64()
		}
		for v, a := range arms {
			rng := rand.New(rand.NewPCG(uint64(repeat), uint64(100+v)))
			tr := study.Trial{Arm: a.name, Repeat: repeat, Status: study.Done, Step: int64(epochs * 70), Seconds: 7.1 * a.seconds, Engine: "cpu/avx2/1", WeightsDigest: fmt.Sprintf("sha256:%08x%08x", rng.Uint32(), rng.Uint32())}
			skill := 1.18 + a.effect/20 + 0.012*rng.NormFloat64()
			tr.Images = study.PerImage{IDs: make([]int32, images)}
			correct, logP := make([]float32, images), make([]float32, images)
			right, loss := 0, 0.0
			for i, d := range difficulty {
				margin := skill - d + 0.06*rng.NormFloat64()
				tr.Images.IDs[i], correct[i] = int32(i), float32(btoi(margin > 0))
				logP[i] = float32(-math.Log1p(math.Exp(-3 * margin)))
				loss -= float64(logP[i]) / float64(images)
				right += btoi(margin > 0)
			}
			accuracy := 100 * float64(right) / float64(images)
			tr.Images.Columns = map[string][]float32{task.Correct: correct, task.LogPTrue: logP}
			tr.Metrics = map[string]float64{task.Accuracy.Name: accuracy, task.LogLoss.Name: loss}
			rate := 9.0
			if a.macs < 0.3 {
				rate = 3.2 // still improving at the end
			}
			for e := 1; e <= epochs; e++ {
				far := 1 - math.Exp(-rate*float64(e)/float64(epochs))
				tr.Curve = append(tr.Curve, study.Point{Epoch: float64(e), TrainLoss: 2.3 - 1.9*far, Metrics: map[string]float64{"accuracy": 10 + (accuracy-10)*far/(1-math.Exp(-rate)) + 0.3*rng.NormFloat64()*(1-float64(e)/float64(epochs)), "log_loss": 2.3 - (2.3-loss)*far}, LR: 0.05 * (1 - float64(e-1)/float64(epochs))})
			}
			for _, s := range a.diverged {
				if s == repeat {
					n := max(1, epochs/2)
					tr.Status, tr.Step, tr.Reason, tr.Metrics, tr.Images = study.Diverged, int64(n*70-31), "the loss is not finite", nil, study.PerImage{}
					tr.Curve = append(tr.Curve[:n-1:n-1], study.Point{Epoch: float64(n), TrainLoss: math.NaN(), Metrics: map[string]float64{"accuracy": 10, "log_loss": math.NaN()}})
				}
			}
			for _, s := range a.failed {
				if s == repeat {
					tr = study.Trial{Arm: a.name, Repeat: repeat, Status: study.Failed, Reason: a.reason}
				}
			}
			r.Trials = append(r.Trials, tr)
		}
	}
	if err := study.Judge(r); err != nil {
		t.Fatal(err)
	}
	return r
}

// firstArms are one arm of each kind.
var firstArms = []made{
	{name: "batchnorm", effect: 3.2, differs: []string{"batch norm before 4 of 4 activations", "bias of 4 convolutions dropped (a norm has its own)"}, params: 1.01, macs: 1, seconds: 1.09},
	{name: "elu", effect: 2.4, differs: []string{"activation: 5 of 5 relu became elu"}, params: 1, macs: 1, seconds: 1.04},
	{name: "max+avg", effect: 0.5, differs: []string{"pool: 2 of 2 max became max+avg"}, params: 1, macs: 1, seconds: 1.12},
	{name: "separable", effect: -2.8, differs: []string{"conv: 3 of 4 became depthwise and pointwise"}, params: 0.31, macs: 0.29, seconds: 0.69},
	{name: "lr 0.5", effect: 0.4, differs: []string{"lr.base: 0.05 became 0.5"}, params: 1, macs: 1, seconds: 1, diverged: []int{2}},
	{name: "residual", effect: 1, differs: []string{"residual: 2 shortcuts added"}, params: 1.07, macs: 1.12, seconds: 1.31, failed: []int{1, 2, 3}, reason: "killed: out of memory at 3.9 GiB; lower batch"},
}

const firstQuestion = "Which choices pay on fashion-mini?"

// first is the study of the golden files: kept judged, so that they depend on this room alone.
func first(t *testing.T) *study.Result {
	t.Helper()
	path := filepath.Join("testdata", "first.json")
	if *remake {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := JSON(f, Input{Result: makeUp(t, firstQuestion, 3, 6, 2000, firstArms...)}, ""); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := new(study.Result)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// around is a result with all that may stand around it.
func around(r *study.Result) Input {
	return Input{Result: r, Store: "assay-store", Winner: "assay-store/first-study/winner.yaml", FileName: "examples/first-study.yaml",
		File:     "question: Which choices pay on fashion-mini?\nbase:\n  data: fashion-mini\n  net: mini\nvariants:\n  - {name: batchnorm, with: [batchnorm]}\nrepeats: 3\n",
		Commands: []string{"git checkout v0.1.0", "go run ./cmd/assay study run examples/first-study.yaml"}, Run: "assay study run examples/first-study.yaml", Next: "assay study next first-study",
		Version: "v0.1.0 (go1.26)", Machine: "AMD EPYC, 2 cores, linux/amd64", Made: time.Date(2026, 11, 23, 21, 5, 0, 0, time.UTC)}
}

// many are forty arms with long names.
func many() []made {
	var arms []made
	for i := range 39 {
		name := fmt.Sprintf("width-%d+batchnorm+activation-elu+dropout-0.%d", 8+i, i%10)
		if i%3 == 0 {
			name = fmt.Sprintf("w%d", i)
		}
		arms = append(arms, made{name: name, effect: 4 * math.Sin(float64(i)), differs: []string{"a", "b"}, params: 0.3 + float64(i)/10, macs: 0.2 + float64(i)/8, seconds: 0.5 + float64(i)/20})
	}
	arms[7].effect = -40
	return arms
}
