package study

import (
	"flag"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/assaylab/assay/task"
)

// model draws the studies that tests look at (those that count errors are internal/simulate's). An image is right where
// difficulty + suits + seed + luck > 0: difficulty is the image's, suits is how an arm takes to an image, whatever the seed;
// seed is a trial's luck as a whole, luck its luck on an image.
type model struct {
	arms, repeats, images int
	suits, seed, luck     float64
	pool                  int       // images from which each repeat draws its validation split; 0: one split for all
	block                 float64   // a block's common luck
	effect                []float64 // added to the latent value, by arm
}

func (m model) draw(rng *rand.Rand) *Result {
	pool := max(m.pool, m.images)
	difficulty, suits := make([]float64, pool), make([][]float64, m.arms)
	for i := range difficulty {
		difficulty[i] = 1.3 + rng.NormFloat64()
	}
	r := &Result{Name: "simulated", Repeats: m.repeats, Metrics: task.Classify{}.Metrics()}
	for v := range m.arms {
		r.Arms = append(r.Arms, Arm{Name: string(rune('a' + v)), Baseline: v == 0, TrainSeconds: 60})
		suits[v] = make([]float64, pool)
		for i := range suits[v] {
			suits[v][i] = m.suits * rng.NormFloat64()
		}
	}
	for s := range m.repeats {
		ids := make([]int32, pool)
		for i := range ids {
			ids[i] = int32(i)
		}
		if m.pool > 0 {
			rng.Shuffle(pool, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		}
		ids = ids[:m.images]
		block := m.block * rng.NormFloat64()
		for v := range m.arms {
			seed := m.seed * rng.NormFloat64()
			if m.effect != nil {
				seed += m.effect[v]
			}
			hits, logP := make([]float32, m.images), make([]float32, m.images)
			right, loss := 0, 0.0
			for j, i := range ids {
				z := difficulty[i] + suits[v][i] + block + seed + m.luck*rng.NormFloat64()
				if z > 0 {
					hits[j] = 1
					right++
				}
				l := math.Log1p(math.Exp(-z))
				logP[j] = float32(-l)
				loss += l
			}
			r.Trials = append(r.Trials, Trial{Arm: r.Arms[v].Name, Repeat: s + 1, Status: Done, WeightsDigest: "",
				Images:  PerImage{IDs: ids, Columns: map[string][]float32{task.Correct: hits, task.LogPTrue: logP}},
				Metrics: map[string]float64{"accuracy": 100 * float64(right) / float64(m.images), "log_loss": loss / float64(m.images)}})
		}
	}
	return r
}

// consistent checks that verdict and interval are one thing.
func consistent(t *testing.T, j Judgement, r *Result) {
	t.Helper()
	if j.Low == nil {
		return
	}
	excludes := *j.Low > 0 || *j.High < 0
	if claims := j.Verdict == Helps || j.Verdict == Hurts; claims != excludes {
		t.Fatalf("%s: verdict %q with the interval [%g, %g]", j.Name, j.Verdict, *j.Low, *j.High)
	}
	if j.Verdict == None && !(*j.InnerLow >= -r.Delta && *j.InnerHigh <= r.Delta) {
		t.Fatalf("%s: none with the inner interval [%g, %g] and delta %g", j.Name, *j.InnerLow, *j.InnerHigh, r.Delta)
	}
}

var studiesFlag = flag.Int("studies", 0, "simulated studies a model; 0: 100, or 30 with -short")

// studiesOr is how many studies of a model to simulate; cheap models take a multiple.
func studiesOr(times int) int {
	switch {
	case *studiesFlag > 0:
		return *studiesFlag
	case testing.Short():
		return 30 * times
	}
	return 100 * times
}

// atMost checks that a rate counted over studies is within three Monte-Carlo standard errors of what is stated.
func atMost(t *testing.T, what string, got, stated float64, studies int) {
	t.Helper()
	t.Logf("%s: %.3f, stated %.2f, %d studies", what, got, stated, studies)
	if got > stated+3*math.Sqrt(stated*(1-stated)/float64(studies)) {
		t.Errorf("%s: %.3f of %d studies, stated %.2f", what, got, studies, stated)
	}
}

// What simulations judge by is what a study is judged by.
func TestALookUntoldFindsWhatJudgeFinds(t *testing.T) {
	r := clear(t)
	k, err := Ledger{}.LookAt(r, alpha)
	if err != nil {
		t.Fatal(err)
	}
	judged(t, r)
	for i, a := range k.Arms {
		j := r.Judged[i+1]
		if f := a.Findings["accuracy"]; f.Verdict != j.Verdict || *f.Low != *j.Low || *f.High != *j.High || f.Level != alpha {
			t.Errorf("%s: %s [%g, %g] at %g, Judge finds %s [%g, %g]", a.Name, f.Verdict, *f.Low, *f.High, f.Level, j.Verdict, *j.Low, *j.High)
		}
	}
	l := Ledger{Repeats: 4}
	untold, err := l.Look(r, true)
	if err != nil {
		t.Fatal(err)
	}
	told, err := l.Judge(r, true)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(untold, told) {
		t.Errorf("a look untold is\n%+v, Judge's\n%+v", untold, told)
	}
	for _, look := range []func(*Result) (Look, error){func(r *Result) (Look, error) { return l.Look(r, true) }, func(r *Result) (Look, error) { return l.LookAt(r, alpha) }} {
		if _, err := look(&Result{Name: "empty"}); err == nil {
			t.Error("a study without a baseline is looked at")
		}
	}
}
