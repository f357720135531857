package experiment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/spec"
)

// Fits reports a part of the policy that a training never comes to: a warm-up that does not end, a drop behind the last step.
func (l LR) Fits(s Schedule) error {
	total := s.Steps()
	epochs := s.Epochs(total)
	most := fmt.Sprintf("give at most %g", math.Ceil(epochs)-1)
	if epochs <= 1 {
		most = fmt.Sprintf("give less than %.3g", epochs)
	}
	if s.After(l.Warmup) >= total && l.Warmup > 0 {
		return &spec.Fault{Path: "$.warmup", Msg: fmt.Sprintf("lr: a warm-up of %s in a training of %.3g never ends; %s", Counted(l.Warmup), epochs, most)}
	}
	if l.Policy == "step" && s.After(l.Every) >= total && l.Every > 0 {
		return &spec.Fault{Path: "$.every", Msg: fmt.Sprintf("lr: a drop every %s in a training of %.3g never comes; %s, or policy: fixed", Counted(l.Every), epochs, most)}
	}
	if l.Policy == "multistep" {
		for i, at := range l.Drops {
			if s.After(at) >= total {
				return &spec.Fault{Path: fmt.Sprintf("$.at[%d]", i), Msg: fmt.Sprintf("lr: a drop after %s in a training of %.3g never comes; %s", Counted(at), epochs, most)}
			}
		}
	}
	return nil
}

// Counted is "1 epoch", "2.5 epochs".
func Counted(epochs float64) string {
	if epochs == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%g epochs", epochs)
}

// At is the rate of a step of a training, from 0: that of the policy over the whole of it, or of the stage's own fall, times the factor of the
// step's stage. linear reaches Final·Base after the last step, not at it, so that every step moves. Of layers it knows nothing.
func (l LR) At(step int, s Schedule) float32 { return l.staged(l.policy(step, s), step, s) }

// Patience is how many epochs in a row may bring nothing before plateau drops the rate, of a training of so many.
func (l LR) Patience(epochs float64) float64 { return or(l.Every, epochs/10) }

// Drops is how often plateau has dropped the rate after epochs that ended in these losses: PyTorch's ReduceLROnPlateau, mode min, with its
// threshold of 1e-4, as a share of the least loss so far, and no cooldown. A loss that is not a number brings nothing.
func Drops(losses []float64, patience float64) int {
	drops, idle, best := 0, 0.0, math.Inf(1)
	for _, loss := range losses {
		if loss < best*(1-1e-4) {
			best, idle = loss, 0
			continue
		}
		if idle++; idle > patience {
			drops, idle = drops+1, 0
		}
	}
	return drops
}

// HeldOut is how many of the images to train on plateau keeps to go by, which are not trained on: a twentieth, at most 1000; 0 of another
// policy.
func (l LR) HeldOut(images int) int {
	if l.Policy != "plateau" {
		return 0
	}
	return min((images+19)/20, 1000)
}

// TrainedOn is how many of the training images the steps of a training see: without those that a subset leaves out and plateau goes by.
func TrainedOn(o Optimization, l Learning, images int) int {
	n := l.Subset.Of(images)
	return n - o.LR.HeldOut(n)
}

// staged is a rate times what a step's stage and batch make of it.
func (l LR) staged(rate float32, step int, s Schedule) float32 {
	if left, own := s.fall(step); own {
		rate = l.Base * float32(left)
	}
	if f := s.factor(step); f != 1 {
		rate *= f
	}
	if l.Scale == "batch" { // Goyal et al., arXiv:1706.02677, §2.1
		stage, _, _ := s.At(step)
		rate *= float32(s.Stage(stage).Batch) / 256
	}
	return rate
}

// policy is the rate before stages and batches count. e is epochs done, from the beginning; t is the share of the run done, behind the
// warm-up. Names and forms are Caffe's where it has them, with epochs for its iterations and sigmoid falling.
func (l LR) policy(step int, s Schedule) float32 {
	warm, total := s.After(l.Warmup), s.Steps()
	if l.Policy == "onecycle" {
		return l.onecycle(step, warm, total)
	}
	if step < warm {
		if l.Start > 0 {
			return l.Base * (l.Start + float32((1-l.Start)*float32(step+1)/float32(warm)))
		}
		return l.Base * float32(step+1) / float32(warm)
	}
	t := 1.0
	if total > warm {
		t = float64(step-warm) / float64(total-warm)
	}
	run, e, gamma, power := s.Epochs(total), s.Epochs(step), float64(l.Gamma), float64(l.Power)
	switch l.Policy {
	case "linear":
		return l.between(float64(l.Final), 1-t)
	case "poly":
		return l.between(float64(l.Final), elementary.Pow(1-t, power))
	case "sqrt":
		return l.between(float64(l.Final), math.Sqrt(1-t))
	case "square":
		return l.between(float64(l.Final), (1-t)*(1-t))
	case "cosine": // Loshchilov, Hutter, "SGDR", ICLR 2017, arXiv:1608.03983, without restarts
		return l.between(float64(l.Final), cosine(t))
	case "restarts": // and with them
		return l.between(float64(l.Final), cosine(cycle(e-s.Epochs(warm), or(l.Period, (run-s.Epochs(warm))/3), float64(l.Mult))))
	case "triangular": // Smith, WACV 2017, arXiv:1506.01186, §3.2
		return l.between(l.low(), 1-math.Abs(2*cycle(e-s.Epochs(warm), or(l.Period, run-s.Epochs(warm)), 1)-1))
	case "trapezoid": // Zhai et al., CVPR 2022, arXiv:2106.04560, §3.5
		fall := total - s.After(run-or(l.Every, run/5))
		return l.between(float64(l.Final), min(1, float64(total-step)/float64(max(fall, 1))))
	case "step":
		drops := step / max((total+2)/3, 1)
		if l.Every > 0 {
			drops = s.intervals(l.Every, step)
		}
		return l.Base * float32(elementary.Pow(gamma, float64(drops)))
	case "multistep":
		drops := 0
		for _, at := range l.Drops {
			if s.After(at) <= step {
				drops++
			}
		}
		if len(l.Drops) == 0 { // He et al., CVPR 2016, arXiv:1512.03385, §4.2
			drops = min(max(4*step/max(total, 1)-1, 0), 2)
		}
		return l.Base * float32(elementary.Pow(gamma, float64(drops)))
	case "exp":
		return l.Base * float32(elementary.Pow(gamma, e/or(l.Every, run)))
	case "inv":
		return l.Base * float32(elementary.Pow(1+float64(gamma*e), -power))
	case "sigmoid":
		return l.Base * float32(1/(1+elementary.Exp(gamma*(e-or(l.Every, run/2)))))
	}
	return l.Base
}

// onecycle rises and falls by half a cosine each: Smith, Topin, arXiv:1708.07120, in fastai's form.
func (l LR) onecycle(step, rise, total int) float32 {
	if rise == 0 {
		rise = int(math.Round(0.3 * float64(total)))
	}
	if step < rise {
		return l.between(l.low(), 1-cosine(float64(step)/float64(rise)))
	}
	return l.between(float64(l.Final), cosine(float64(step-rise)/float64(total-rise)))
}

// low is the share that cycles begin from.
func (l LR) low() float64 { return or(float64(l.Start), 0.04) }

// between is base times a share from low to 1.
func (l LR) between(low, share float64) float32 {
	return l.Base * float32(low+float64((1-low)*share))
}

// cosine falls from 1 to 0.
func cosine(t float64) float64 { return float64((1 + elementary.Cos(math.Pi*t)) / 2) }

// cycle is the share that is done, after so many epochs, of a cycle that each time is mult times as long as the one before.
func cycle(epochs, length, mult float64) float64 {
	for epochs > length-1e-9 { // a sum of shares may fall short by rounding
		epochs -= length
		length *= mult
	}
	return max(epochs, 0) / length
}

// or is a setting, or what stands in its place where it is 0.
func or(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}
