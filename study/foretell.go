package study

import (
	"math"
	"slices"

	"github.com/assaylab/assay/study/stat"
)

// foretell fills in what the repeats can detect at one level, and what would decide undecided arms at the next.
func (t *table) foretell(r *Result, now []findings, at, next float64) {
	first := now[0]
	t.backbones(r, first)
	r.NoiseSD, r.BlockSD, r.ResidualDF, r.Noise = first.noiseSD, first.blockSD, first.df, t.split(first)
	design := stat.Design{Variants: max(1, first.family), SD: r.NoiseSD, Delta: first.delta, Level: at}
	if t.whole { // every effect rests on all arms
		for _, q := range t.questions(effects)[:min(1, len(t.questions(effects)))] {
			design.SD *= math.Sqrt(t.asks[q].scale() / 2)
		}
	}
	if pairs := t.usualPairs(); r.NoiseSD > 0 && pairs > 1 {
		r.Detectable = design.Detectable(pairs, power)
	}
	r.NextLevel, design.Level = next, next
	for v := range r.Judged {
		t.whatWouldDecide(r, v, &r.Judged[v], first.of[v], design)
		r.wholeRounds(&r.Judged[v])
	}
	for i := range r.Contrasts {
		c := &r.Contrasts[i]
		if c.Weights == nil {
			continue
		}
		j := Judgement{Arm: Arm{TrainSeconds: t.seconds(len(t.arms) + i)}, Finding: c.Finding}
		t.whatWouldDecide(r, len(t.arms)+i, &j, first.of[len(t.arms)+i], design)
		r.wholeRounds(&j)
		c.Decides = j.Decides
	}
}

// Bounds of what is proposed to decide an arm.
const (
	power         = 0.8        // chance with which it is decided
	mostRepeats   = MaxRepeats // more are none
	fewestRepeats = 3          // of a new study
	clearly       = 0.8        // a new study is named where it takes at most this much of the time that going on takes
)

// LargestVal is the largest share of validation that is proposed, as a file has it: beyond a third the images to train on are
// dearer than those to judge by.
const LargestVal = 0.33

// whatWouldDecide fills in, for an undecided arm, what would decide it if the effect seen by now were the true one: more
// repeats of this study, at the design's level, or a new study with more validation images, where that is clearly cheaper.
func (t *table) whatWouldDecide(r *Result, v int, j *Judgement, now Finding, d stat.Design) {
	if j.Verdict.Decided() || now.Verdict == "" {
		return
	}
	has := t.pairs(v)
	switch {
	case j.Diverged > 0:
		has = j.Trials
		for n := j.Trials + 1; n <= mostRepeats && j.RepeatsToDecide == 0; n++ {
			if stat.FisherMore(j.Diverged*n/j.Trials, n, 0, n) <= d.Level {
				j.RepeatsToDecide = n
			}
		}
	case now.Effect != nil && has > 0:
		effect := math.Abs(*now.Effect)
		d.SD, d.ImageVar = now.SeedSE*math.Sqrt(float64(has)/2), now.ImageSE*now.ImageSE
		j.RepeatsToDecide = d.Repeats(effect, power, has+1, mostRepeats)
		j.DecidesNone = findsNone(d, effect, j.RepeatsToDecide)
		if j.RepeatsToDecide == 0 && d.ImageVar > 0 && t.images > 0 {
			if share := d.ImageShare(effect, power); share > 0 {
				j.ImagesToDecide = int(math.Ceil(float64(t.images) / share))
			}
		}
		j.Anew = t.anew(r, effect, d, t.asks[v].scale()/2)
	}
	both := (j.TrainSeconds + t.arms[t.asks[v].home].TrainSeconds) / 3600
	if j.RepeatsToDecide > 0 {
		j.MoreRepeats = max(1, j.RepeatsToDecide-has)
		j.HoursToDecide = float64(j.MoreRepeats) * both
	}
	if n := j.Anew; n != nil {
		shorter := (1 - n.Val) / (1 - r.Val) // images to train on are fewer
		n.Hours = float64(n.Repeats) * both * shorter
		if j.MoreRepeats > 0 && float64(n.Repeats)*shorter > clearly*float64(j.MoreRepeats) {
			j.Anew = nil
		}
	}
}

// seconds is what a repeat of a question's arms takes, the baseline's training apart.
func (t *table) seconds(q int) float64 {
	sum := 0.0
	for v, w := range t.asks[q].weights {
		if v != t.asks[q].home && w != 0 {
			sum += t.arms[v].TrainSeconds
		}
	}
	return sum
}

// anew is the study of the largest share of validation that would decide on an effect of this size; nil where the share cannot be
// chosen, is large already, or no number of repeats would do. A study of another split has a ledger of its own, so it is
// judged as a planned one. The trainings' part of the noise stays, the images' falls. scale is the effect's variance in units of a
// difference of two arms.
func (t *table) anew(r *Result, effect float64, d stat.Design, scale float64) *Anew {
	if r.Noise == nil || !(r.Val > 0) || r.Val > 0.75*LargestVal || !t.redrawn() {
		return nil
	}
	n := &Anew{Val: LargestVal, Images: int(math.Round(float64(t.images) * LargestVal / r.Val))}
	now := r.Noise.counted(t.images, t.images)
	d.SD = math.Sqrt(max(0, d.SD*d.SD-scale*now) + scale*r.Noise.counted(t.images, n.Images))
	d.Level = Plain.Planned
	if n.Repeats = d.Repeats(effect, power, fewestRepeats, mostRepeats); n.Repeats == 0 {
		return nil
	}
	n.DecidesNone = findsNone(d, effect, n.Repeats)
	return n
}

// findsNone tells whether what n repeats find of an effect is rather that there is none than that there is one.
func findsNone(d stat.Design, effect float64, n int) bool {
	return n > 0 && d.Delta > 0 && d.Detects(effect, n) < power/2
}

// redrawn tells whether repeats have other validation images each.
func (t *table) redrawn() bool {
	var first *Trial
	for _, c := range t.cells[0] {
		switch {
		case c == nil || c.Status != Done:
		case first == nil:
			first = c
		case c.Images.Set != first.Images.Set || !slices.Equal(c.Images.IDs, first.Images.IDs):
			return true
		}
	}
	return false
}
