package study

import (
	"math"

	"github.com/assaylab/assay/study/stat"
)

// foretell fills in what the repeats can detect at one level, and what would decide undecided arms at the next.
func (t *table) foretell(r *Result, now []findings, at, next float64) {
	first := now[0]
	r.NoiseSD, r.BlockSD, r.ResidualDF, r.Noise = first.noiseSD, first.blockSD, first.df, t.split(first)
	design := stat.Design{Variants: max(1, first.family), SD: r.NoiseSD, Delta: first.delta, Level: at}
	if t.whole { // every effect rests on all arms
		for _, q := range t.questions(effects)[:min(1, len(t.questions(effects)))] {
			design.SD *= math.Sqrt(t.asks[q].scale() / 2)
		}
	}
	if pairs := t.usualPairs(); r.NoiseSD > 0 && pairs > 1 {
		r.Detectable = design.Detectable(pairs, 0.8)
	}
	r.NextLevel, design.Level = next, next
	for v := range r.Judged {
		t.whatWouldDecide(v, &r.Judged[v], first.of[v], design)
		r.wholeRounds(&r.Judged[v])
	}
	for i := range r.Contrasts {
		c := &r.Contrasts[i]
		if c.Weights == nil {
			continue
		}
		j := Judgement{Arm: Arm{TrainSeconds: t.seconds(len(t.arms) + i)}, Finding: c.Finding}
		t.whatWouldDecide(len(t.arms)+i, &j, first.of[len(t.arms)+i], design)
		r.wholeRounds(&j)
		c.RepeatsToDecide, c.MoreRepeats, c.HoursToDecide, c.ImagesToDecide = j.RepeatsToDecide, j.MoreRepeats, j.HoursToDecide, j.ImagesToDecide
	}
}

// whatWouldDecide fills in, for an undecided arm, what would decide it at the design's level if the effect seen by now were
// the true one.
func (t *table) whatWouldDecide(v int, j *Judgement, now Finding, d stat.Design) {
	const most, power = 1000, 0.8
	if j.Verdict.Decided() || now.Verdict == "" {
		return
	}
	has := t.pairs(v)
	switch {
	case j.Diverged > 0:
		has = j.Trials
		for n := j.Trials + 1; n <= most && j.RepeatsToDecide == 0; n++ {
			if stat.FisherMore(j.Diverged*n/j.Trials, n, 0, n) <= d.Level {
				j.RepeatsToDecide = n
			}
		}
	case now.Effect != nil && has > 0:
		d.SD, d.ImageVar = now.SeedSE*math.Sqrt(float64(has)/2), now.ImageSE*now.ImageSE
		j.RepeatsToDecide = d.Repeats(math.Abs(*now.Effect), power, has+1, most)
		if j.RepeatsToDecide == 0 && d.ImageVar > 0 && t.images > 0 {
			if share := d.ImageShare(math.Abs(*now.Effect), power); share > 0 {
				j.ImagesToDecide = int(math.Ceil(float64(t.images) / share))
			}
		}
	}
	if j.RepeatsToDecide > 0 {
		j.MoreRepeats = max(1, j.RepeatsToDecide-has)
		j.HoursToDecide = float64(j.MoreRepeats) * (j.TrainSeconds + t.arms[0].TrainSeconds) / 3600
	}
}

// seconds is what a repeat of a question's arms takes, the baseline's training apart.
func (t *table) seconds(q int) float64 {
	sum := 0.0
	for v, w := range t.asks[q].weights {
		if v > 0 && w != 0 {
			sum += t.arms[v].TrainSeconds
		}
	}
	return sum
}
