package study

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assaylab/assay/task"
)

// drawnNoise is a study whose every source of noise is known: an image's score in a trial is how hard the image is, how an arm
// takes to it, the block's luck, the training's (trainings) and the training's on that image (images); all normal.
type drawnNoise struct {
	arms, repeats, images, pool int // pool images to draw each split from; 0: one split for all
	trainings, luck, suits      float64
}

var score = task.Metric{Name: "score", Column: "score", Unit: "points", Better: 1, Scale: 1}

func (d drawnNoise) draw(rng *rand.Rand) *Result {
	pool := max(d.pool, d.images)
	hard, suits := make([]float64, pool), make([][]float64, d.arms)
	for i := range hard {
		hard[i] = rng.NormFloat64()
	}
	r := &Result{Name: "simulated", Repeats: d.repeats, Metrics: []task.Metric{score}}
	for v := range d.arms {
		r.Arms = append(r.Arms, Arm{Name: string(rune('a' + v)), Baseline: v == 0})
		suits[v] = make([]float64, pool)
		for i := range suits[v] {
			suits[v][i] = d.suits * rng.NormFloat64()
		}
	}
	for s := range d.repeats {
		ids := make([]int32, 0, pool)
		for i := range pool {
			ids = append(ids, int32(i))
		}
		if d.pool > 0 {
			rng.Shuffle(pool, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		}
		ids = ids[:d.images]
		block := 0.3 * rng.NormFloat64()
		for v := range d.arms {
			training := d.trainings * rng.NormFloat64()
			x, sum := make([]float32, d.images), 0.0
			for j, i := range ids {
				x[j] = float32(hard[i] + suits[v][i] + block + training + d.luck*rng.NormFloat64())
				sum += float64(x[j])
			}
			r.Trials = append(r.Trials, Trial{Arm: r.Arms[v].Name, Repeat: s + 1, Status: Done, Images: PerImage{IDs: ids, Columns: map[string][]float32{"score": x}},
				Metrics: map[string]float64{"score": sum / float64(d.images)}})
		}
	}
	return r
}

// noisy fills r with its noise alone: what else a judgement holds, the choice before all, is most of the work.
func noisy(t *testing.T, r *Result) *Result {
	t.Helper()
	k, err := tabulate(r)
	if err != nil {
		t.Fatal(err)
	}
	k.begin(r)
	now := k.ask(r, sight{level: alpha})[0]
	r.NoiseSD, r.Noise = now.noiseSD, k.split(now)
	return r
}

func TestAJudgementHoldsTheNoiseThatSimulationsLookAt(t *testing.T) {
	d := drawnNoise{arms: 5, repeats: 4, images: 100, pool: 400, trainings: 0.2, luck: 0.8, suits: 0.5}
	draw := func() *Result { return d.draw(rand.New(rand.NewPCG(25, 26))) }
	got, want := noisy(t, draw()), judged(t, draw())
	if got.NoiseSD != want.NoiseSD || *got.Noise != *want.Noise {
		t.Errorf("%g, %+v; a judgement has %g, %+v", got.NoiseSD, *got.Noise, want.NoiseSD, *want.Noise)
	}
}

func TestTheNoiseIsSplitAsItWasDrawn(t *testing.T) {
	for name, d := range map[string]drawnNoise{
		"splits redrawn":              {arms: 5, repeats: 4, images: 100, pool: 400, trainings: 0.2, luck: 0.8, suits: 0.5},
		"one split":                   {arms: 5, repeats: 4, images: 100, trainings: 0.2, luck: 0.8, suits: 0.5},
		"nothing suits any image":     {arms: 3, repeats: 4, images: 100, pool: 1000, trainings: 0.2, luck: 0.8},
		"the trainings do not differ": {arms: 5, repeats: 4, images: 100, pool: 1000, luck: 0.8},
	} {
		studies := studiesOr(1)
		rng := rand.New(rand.NewPCG(21, 22))
		// What blocks share of what suits an arm is no noise between them: all of it of one split, images/pool of redrawn ones.
		own := 1 - float64(d.images)/float64(max(d.pool, d.images))
		images := (d.luck*d.luck + own*d.suits*d.suits) / float64(d.images)
		var got, rest, squares float64
		covered := 0
		for range studies {
			r := noisy(t, d.draw(rng))
			got += r.Noise.Images * r.Noise.Images / float64(studies)
			left := r.NoiseSD*r.NoiseSD - r.Noise.Images*r.Noise.Images
			rest, squares = rest+left/float64(studies), squares+left*left/float64(studies)
			if want := math.Sqrt(max(0, left)); math.Abs(r.Noise.Trainings-want) > 1e-9 {
				t.Fatalf("%s: %+v of noise %g: the parts do not add up", name, *r.Noise, r.NoiseSD)
			}
			if r.Noise.Low <= d.trainings && d.trainings <= r.Noise.High {
				covered++
			}
		}
		se := math.Sqrt((squares - rest*rest) / float64(studies))
		t.Logf("%s: images %.5f, drawn %.5f; trainings %.5f ± %.5f, drawn %.5f; %d of %d intervals hold it", name, got, images, rest, se, d.trainings*d.trainings, covered, studies)
		if math.Abs(got/images-1) > 0.03 {
			t.Errorf("%s: the images' variance is %.5f, drawn were %.5f", name, got, images)
		}
		if math.Abs(rest-d.trainings*d.trainings) > 3*se {
			t.Errorf("%s: the trainings' variance is %.5f ± %.5f, drawn were %.5f", name, rest, se, d.trainings*d.trainings)
		}
		if share := float64(covered) / float64(studies); share < 0.9-3*math.Sqrt(0.09/float64(studies))-0.01 {
			t.Errorf("%s: %.3f of the 90 %% intervals hold the truth", name, share)
		}
	}
}

func TestMoreImagesLessenTheirPartAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	few, many := drawnNoise{5, 4, 100, 900, 0.1, 0.8, 0.5}, drawnNoise{5, 4, 300, 900, 0.1, 0.8, 0.5}
	studies := studiesOr(1)
	var foretold, came float64
	for range studies {
		r := noisy(t, few.draw(rng))
		foretold += r.Noise.counted(100, 300) / float64(studies)
		r = noisy(t, many.draw(rng))
		came += r.Noise.Images * r.Noise.Images / float64(studies)
	}
	if math.Abs(foretold/came-1) > 0.06 {
		t.Errorf("100 images foretell a variance of %.5f of 300, which came out as %.5f", foretold, came)
	}
}

func TestNoNoiseIsSplitWhereThereIsNone(t *testing.T) {
	r := clear(t)
	r.Trials = r.Trials[:4]
	if n := judged(t, r).Noise; n != nil {
		t.Errorf("one repeat: %+v", *n)
	}
	r = clear(t)
	r.Trials[0].Status = Diverged
	if n := judged(t, r).Noise; n != nil {
		t.Errorf("a baseline that diverged: %+v", *n)
	}
	if text, err := json.Marshal(judged(t, clear(t))); err != nil || !strings.Contains(string(text), `"noise":{"images":0.`) {
		t.Errorf("no noise in the JSON, %v", err)
	}
}

func TestTheCheaperOfRepeatsAndImagesIsNamed(t *testing.T) {
	few := model{arms: 5, repeats: 3, images: 300, pool: 3000, seed: 0.001, luck: 0.5, effect: []float64{0, 0.08, -0.1, 0.05, 0}}
	alike := model{arms: 5, repeats: 3, images: 900, pool: 9000, seed: 0.15, luck: 0.1, block: 0.01}
	some := func(m model, seed uint64, change func(*Result)) (anew int, r *Result) {
		r = m.draw(rand.New(rand.NewPCG(seed, 26)))
		r.Val = 0.1
		change(r)
		for _, j := range judged(t, r).Judged {
			if j.Anew != nil {
				anew++
			}
		}
		return anew, r
	}
	as := func(*Result) {}
	if n, r := some(few, 1, as); n == 0 {
		t.Errorf("300 images, no part of the trainings: no new study named, noise %+v", *r.Noise)
	} else {
		for _, j := range r.Judged {
			if a := j.Anew; a != nil && (a.Val != LargestVal || a.Images != 990 || a.Repeats < 3 || j.MoreRepeats > 0 && float64(a.Repeats)*(1-a.Val)/0.9 > clearly*float64(j.MoreRepeats)) {
				t.Errorf("%s: %d more repeats, or %+v", j.Name, j.MoreRepeats, *a)
			}
		}
	}
	if n, r := some(alike, 1, as); n > 0 {
		t.Errorf("trainings that vary: a new study of more images is named, noise %+v", *r.Noise)
	}
	for what, change := range map[string]func(*Result){
		"the share is not known": func(r *Result) { r.Val = 0 },
		"the share is large":     func(r *Result) { r.Val = 0.3 },
		"all repeats have one part": func(r *Result) { // as of a folder that brings its own
			for i := range r.Trials {
				r.Trials[i].Images.IDs = r.Trials[0].Images.IDs
			}
		},
	} {
		if n, _ := some(few, 1, change); n > 0 {
			t.Errorf("%s, and a new study is named", what)
		}
	}
}

func TestAnArmWithoutEffectIsToldWhatWouldBeFound(t *testing.T) {
	m := model{arms: 3, repeats: 3, images: 1000, pool: 4000, seed: 0.05, luck: 0.2, effect: []float64{0, 0, 0.06}}
	r := m.draw(rand.New(rand.NewPCG(5, 5)))
	r.Meaningful = 1
	judged(t, r)
	for name, none := range map[string]bool{"b": true, "c": false} {
		j := arm(t, r, name)
		if j.Verdict != Undecided || j.RepeatsToDecide == 0 || j.DecidesNone != none {
			t.Errorf("%s is %s, effect %.2f, noise %.2f, delta 1: that %d repeats find none is %v, want %v", j.Name, j.Verdict, *j.Effect, r.NoiseSD, j.RepeatsToDecide, j.DecidesNone, none)
		}
	}
}
