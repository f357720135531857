package study

import (
	"math"
	"math/rand/v2"
	"testing"
)

// model is a known truth to draw studies from. An image is right where difficulty + suits + seed + luck > 0: difficulty
// is the image's, suits is how an arm takes to an image, whatever the seed; seed is a trial's luck as a whole, luck its
// luck on an image. Means over all images there could be are the same for every arm unless effect says otherwise.
type model struct {
	arms, repeats, images int
	suits, seed, luck     float64
	pool                  int       // images from which each repeat draws its validation split; 0: one split for all
	block                 float64   // a block's common luck
	effect                []float64 // added to the latent value, by arm
	wild                  int       // an arm whose seed is three times as large; 0: none
}

func (m model) draw(rng *rand.Rand) *Result {
	pool := max(m.pool, m.images)
	difficulty, suits := make([]float64, pool), make([][]float64, m.arms)
	for i := range difficulty {
		difficulty[i] = 1.3 + rng.NormFloat64()
	}
	r := &Result{Name: "simulated", Repeats: m.repeats}
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
			if v > 0 && v == m.wild {
				seed *= 3
			}
			if m.effect != nil {
				seed += m.effect[v]
			}
			p := PerImage{IDs: ids, Correct: make([]bool, m.images), LogProb: make([]float32, m.images)}
			right, loss := 0, 0.0
			for j, i := range ids {
				z := difficulty[i] + suits[v][i] + block + seed + m.luck*rng.NormFloat64()
				if p.Correct[j] = z > 0; z > 0 {
					right++
				}
				l := math.Log1p(math.Exp(-z))
				p.LogProb[j] = float32(-l)
				loss += l
			}
			r.Trials = append(r.Trials, Trial{Arm: r.Arms[v].Name, Repeat: s + 1, Status: Done, Images: p, WeightsDigest: "",
				Outcome: 100 * float64(right) / float64(m.images), LogLoss: loss / float64(m.images)})
		}
	}
	return r
}

// rates are shares of studies with at least one claim of a difference.
type rates struct{ accuracy, loss, seedsAlone float64 }

func (m model) falseClaims(t *testing.T, studies int, seed uint64) rates {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var n rates
	for range studies {
		r := m.draw(rng)
		if err := Judge(r); err != nil {
			t.Fatal(err)
		}
		var accuracy, loss, alone bool
		for _, j := range r.Judged[1:] {
			consistent(t, j, r)
			claim := j.Verdict == Helps || j.Verdict == Hurts
			accuracy = accuracy || claim
			loss = loss || j.LogLoss.Verdict == Helps || j.LogLoss.Verdict == Hurts
			alone = alone || claim || len(j.Notes) > 0
		}
		for _, c := range []struct {
			hit bool
			sum *float64
		}{{accuracy, &n.accuracy}, {loss, &n.loss}, {alone, &n.seedsAlone}} {
			if c.hit {
				*c.sum += 1 / float64(studies)
			}
		}
	}
	return n
}

func consistent(t *testing.T, j Judgement, r *Result) {
	t.Helper()
	if j.Low == nil {
		return
	}
	excludes := *j.Low > 0 || *j.High < 0
	if claims := j.Verdict == Helps || j.Verdict == Hurts; claims != excludes {
		t.Fatalf("%s: verdict %q with the interval [%g, %g]", j.Name, j.Verdict, *j.Low, *j.High)
	}
	if j.Verdict == None && !(*j.Low90 >= -r.Delta && *j.High90 <= r.Delta) {
		t.Fatalf("%s: none with the 90 %% interval [%g, %g] and delta %g", j.Name, *j.Low90, *j.High90, r.Delta)
	}
}

func TestExplore(t *testing.T) {
	for _, m := range []model{
		{arms: 6, repeats: 5, images: 1000, suits: 0.5, seed: 0.012, luck: 0.5, block: 0.01, pool: 10000},
		{arms: 6, repeats: 3, images: 1000, suits: 0.5, seed: 0.012, luck: 0.5, block: 0.01, pool: 3000},
	} {
		x := m.falseClaims(t, 2000, 8)
		r := m.draw(rand.New(rand.NewPCG(1, 2)))
		Judge(r)
		t.Logf("%+v\n    %.3f accuracy, %.3f loss, %.3f seeds alone; noise %.2f seedSE %.3f imageSE %.3f df %.1f", m, x.accuracy, x.loss, x.seedsAlone, r.NoiseSD, r.Judged[1].SeedSE, r.Judged[1].ImageSE, r.Judged[1].DF)
	}
}
