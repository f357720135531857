package experiment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// An average of weights that leaves the training alone, ema or swa without a rate of its own, is an observer: it decides no bit of
// the training and stands in no trial's identity. Lookahead and swa with a rate change what is trained.

// Observes reports whether the average leaves the training as it is.
func (a Average) Observes() bool { return a.Kind == "ema" || a.Kind == "swa" && a.LR == 0 }

// String is the average in a few words, two of them equal where they average alike: "ema 0.9999", "ema 0.99 cold", "swa from 0.75".
func (a Average) String() string {
	switch {
	case a.Kind == "ema" && !a.Warm:
		return fmt.Sprintf("ema %g cold", a.Decay)
	case a.Kind == "ema":
		return fmt.Sprintf("ema %g", a.Decay)
	case a.Kind == "swa" && a.LR > 0:
		return fmt.Sprintf("swa from %g, lr %g", a.From, a.LR)
	case a.Kind == "swa":
		return fmt.Sprintf("swa from %g", a.From)
	case a.Kind == "lookahead":
		if a.Power > 0 {
			return fmt.Sprintf("lookahead %g every %d, power %g", a.Alpha, a.Every, a.Power)
		}
		return fmt.Sprintf("lookahead %g every %d", a.Alpha, a.Every)
	}
	return "none"
}

// Due reports whether weights are averaged after so many steps of a training, and the share of the old mean that stays: of ema at
// update t, from 0, decay or, where warm, at most (1+t)/(10+t), as TensorFlow's ExponentialMovingAverage has it; of swa that which makes the
// mean plain, over the ends of epochs behind the share From of the steps (Izmailov, Podoprikhin, Garipov, Vetrov, Wilson, UAI 2018,
// arXiv:1803.05407); of lookahead 1 - alpha after every so many steps, and after the last (Zhang, Lucas, Hinton, Ba, NeurIPS 2019,
// arXiv:1907.08610, algorithm 1, which gives the slow weights), with a power less of it early on (Jordan, arXiv:2404.00498, §3.4).
func (a Average) Due(done int, s Schedule) (kept float32, due bool) {
	switch a.Kind {
	case "ema":
		return a.kept(done - 1), true
	case "swa":
		if !s.EpochEnds(done) || done <= a.begins(s) {
			return 0, false
		}
		n := a.Averaged(done, s)
		return float32(float64(n-1) / float64(n)), true
	case "lookahead":
		kept = 1 - a.Alpha
		if a.Power > 0 {
			kept *= float32(elementary.Pow(float64(done)/float64(s.Steps()), a.Power))
		}
		return kept, done%a.Every == 0 || done == s.Steps()
	}
	return 0, false
}

// kept is the share of the old mean that stays at update t of ema.
func (a Average) kept(t int) float32 {
	if a.Warm {
		return min(a.Decay, float32(float64(1+t)/float64(10+t)))
	}
	return a.Decay
}

// begins is the number of steps behind which swa counts.
func (a Average) begins(s Schedule) int { return int(math.Round(a.From * float64(s.Steps()))) }

// Averaged is how many sets of weights swa has in its mean after so many steps.
func (a Average) Averaged(done int, s Schedule) int {
	n := 0
	for step := a.begins(s) + 1; step <= done; step++ {
		if s.EpochEnds(step) {
			n++
		}
	}
	return n
}

// Careful is what a person should know of an average over a run of this length, in a sentence; "": nothing.
func (a Average) Careful(s Schedule) string {
	switch a.Kind {
	case "ema":
		left := 1.0 // the share of the first weights
		for t := 0; t < s.Steps() && left > 0.01; t++ {
			left *= float64(a.kept(t))
		}
		if left > 0.01 {
			return fmt.Sprintf("average: after %d steps the weights that the training began from still count %.2g %% in the mean; train longer, or give a decay below %g", s.Steps(), 100*left, a.Decay)
		}
	case "swa":
		if n := a.Averaged(s.Steps(), s); n < 3 {
			return fmt.Sprintf("average: only %d of the run's epochs end behind its share %g, so the mean is of %d; train longer, or give a smaller from", n, a.From, n)
		}
	}
	return ""
}

// Rate is the learning rate of a step of a training, from 0: the policy's, which plateau has dropped so often, or where swa has come to its
// own rate that, with all that [LR.At] makes of one.
func (o Optimization) Rate(step int, s Schedule, drops int) float32 {
	if a := o.Average; a.Kind == "swa" && a.LR > 0 && step >= a.begins(s) {
		return o.LR.staged(a.LR, step, s)
	}
	if drops == 0 {
		return o.LR.At(step, s)
	}
	return o.LR.staged(o.LR.policy(step, s)*float32(elementary.Pow(float64(o.LR.Gamma), float64(drops))), step, s)
}
