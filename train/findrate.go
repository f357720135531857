package train

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/elementary"
)

// RangeTest finds a learning rate by trainings that are thrown away. The first has a higher rate at each step, in equal ratios: Smith, WACV
// 2017, arXiv:1506.01186, §3.3, with fastai's ratios in place of equal distances, so that several powers of ten are looked at. Where its loss
// is least is about where steps become too large, but for how much below it a rate is best no rule over that curve holds: fastai's valley and
// minimum/10 and Lightning's steepest point are ten times too low for one network and ten times too high for another. So short trainings
// from the same first weights on the same images, at rates about there, decide.
type RangeTest struct {
	Low, High float64 // the first rate and the last
	Steps     int
	Short     int     // steps of a short training, over which its rate falls evenly to nothing; four times as many where these tell nothing
	Ratio     float64 // of the rates of two short trainings, above 1
}

// NewRangeTest is 100 steps from 1e-6 to 10, fastai's but for rates at which nothing happens, and short trainings of 40 steps at half powers of ten.
func NewRangeTest() RangeTest { return RangeTest{1e-6, 10, 100, 40, math.Sqrt(10)} }

// mostShort is how many short trainings of one length are taken at most.
const mostShort = 7

// telling is the share of the first loss that a training has to take off it: what falls less may do so by chance, whatever the rate.
const telling = 0.1

// Tried is a step of a range test.
type Tried struct {
	Rate   float64 `json:"rate"`
	Loss   float64 `json:"loss"`   // of the step's batch, before it
	Smooth float64 `json:"smooth"` // mean of the losses about it, by a normal curve over the logarithm of the rate
}

// ShortTraining is one that a range test ends in.
type ShortTraining struct {
	Rate float64  `json:"rate"` // of its first step
	Loss *float64 `json:"loss"` // mean of its last quarter of steps; nil where it diverged
}

// FoundRate is what a range test comes to. Rates are 0 where the loss falls nowhere.
type FoundRate struct {
	Points    []Tried
	Steepest  float64         // where the smoothed loss falls fastest, up to its least
	Valley    float64         // [Valley]
	Least     float64         // where it is least
	Short     int             // steps of each of the trainings
	Trainings []ShortTraining // in the order of their rates
	Rate      float64         // the one that is suggested: the lowest of a training whose loss is within a twentieth of the least; 0 where none falls by a tenth
}

// FindRate makes a range test of a job: its data, network, solver and batch, by rates of the test in place of the job's, which are bases of
// its lr policy as if it were fixed. The first training ends before its last step where the loss is four times the least, or no number. It
// writes nothing, and means of weights are not kept.
func FindRate(ctx context.Context, job Job, test RangeTest, on func(done, total int)) (*FoundRate, error) {
	job.Checkpoint, job.Observers = "", nil
	r, err := job.setUp(ctx)
	if err != nil {
		return nil, early(ctx, err)
	}
	defer r.close()
	first, err := r.keepState()
	if err != nil {
		return nil, err
	}
	done, total := 0, test.Steps+3*test.Short
	stepped := func() {
		if done++; on != nil {
			on(done, max(done, total))
		}
	}
	found := &FoundRate{}
	if found.Points, err = r.ramp(ctx, test, stepped); err != nil {
		return nil, err
	}
	if !found.read() {
		return found, nil
	}
	short := func(rate float64) (ShortTraining, error) {
		if err := r.rewind(first); err != nil {
			return ShortTraining{}, err
		}
		return r.short(ctx, rate, found.Short, stepped)
	}
	// where the first training falls by less than tells, its least is where chance has it: then they begin below where it rises
	start, from := found.Points[0].Smooth, found.Least
	if !slices.ContainsFunc(found.Points, func(p Tried) bool { return p.Smooth <= (1-telling)*start }) {
		for _, p := range found.Points {
			if p.Smooth <= (1+telling/2)*start {
				from = p.Rate
			}
		}
	}
	for found.Short = test.Short; ; found.Short *= 4 {
		if found.Trainings, err = downhill(from/3, test.Ratio, short); err != nil {
			return nil, err
		}
		rate, least := suggestion(found.Trainings)
		if least <= (1-telling)*start {
			found.Rate = rate
			return found, nil
		}
		if found.Short > test.Short {
			return found, nil
		}
	}
}

// downhill takes short trainings at a rate and its neighbours in a ladder of equal ratios, and goes on to a neighbour that is better until
// there is none. It returns all that it took in the order of their rates.
func downhill(start, ratio float64, short func(rate float64) (ShortTraining, error)) (taken []ShortTraining, err error) {
	losses := map[int]float64{}
	at := func(i int) float64 {
		loss, ok := losses[i]
		if ok || err != nil || len(taken) == mostShort {
			if !ok {
				loss = math.Inf(1)
			}
			return loss
		}
		t, e := short(start * elementary.Pow(ratio, float64(i)))
		if err = e; err != nil {
			return 0
		}
		losses[i], taken = math.Inf(1), append(taken, t)
		if t.Loss != nil {
			losses[i] = *t.Loss
		}
		return losses[i]
	}
	for best := 0; err == nil; {
		here := at(best)
		if down := at(best - 1); down < here || math.IsInf(here, 1) && len(taken) < mostShort {
			best--
		} else if up := at(best + 1); up < here {
			best++
		} else {
			break
		}
	}
	slices.SortFunc(taken, func(a, b ShortTraining) int { return cmp.Compare(a.Rate, b.Rate) })
	return taken, err
}

// suggestion is the lowest rate whose loss is within a twentieth of the least: a long training has more steps to go wrong in. 0 and +Inf
// where all diverged.
func suggestion(taken []ShortTraining) (rate, least float64) {
	least = math.Inf(1)
	for _, t := range taken {
		if t.Loss != nil {
			least = min(least, *t.Loss)
		}
	}
	for _, t := range slices.Backward(taken) {
		if t.Loss != nil && *t.Loss-least <= math.Abs(least)/20 {
			rate = t.Rate
		}
	}
	return rate, least
}

// ramp is the training whose rate rises.
func (r *run) ramp(ctx context.Context, test RangeTest, stepped func()) (tried []Tried, err error) {
	sum, least, ratio := 0.0, math.Inf(1), test.High/test.Low
	for i := range test.Steps {
		rate := test.Low * elementary.Pow(ratio, float64(i)/float64(max(test.Steps-1, 1)))
		loss, err := r.try(ctx, rate, stepped)
		if err != nil {
			return nil, err
		}
		if !finite(loss) {
			break
		}
		tried = append(tried, Tried{Rate: rate, Loss: loss})
		sum = float64(0.9*sum) + float64(0.1*loss)
		mean := sum / (1 - elementary.Pow(0.9, float64(i+1)))
		if least = min(least, mean); mean > 4*least {
			break
		}
	}
	smooth(tried)
	return tried, nil
}

// short is a short training from a rate.
func (r *run) short(ctx context.Context, rate float64, steps int, stepped func()) (ShortTraining, error) {
	t, sum, of := ShortTraining{Rate: rate}, 0.0, 0
	for i := range steps {
		loss, err := r.try(ctx, rate*float64(steps-i)/float64(steps), stepped)
		if err != nil {
			return t, err
		}
		if !finite(loss) {
			return t, nil
		}
		if i >= steps-max(steps/4, 1) {
			sum, of = sum+loss, of+1
		}
	}
	mean := sum / float64(of)
	t.Loss = &mean
	return t, nil
}

// try takes a step at a rate and returns the loss of its batch before it.
func (r *run) try(ctx context.Context, rate float64, stepped func()) (float64, error) {
	r.tries = float32(rate)
	loss, err := r.advance(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return 0, early(ctx, err)
	}
	if err := r.stepped(); err != nil {
		return 0, err
	}
	stepped()
	return loss, nil
}

// triedRate is the rate of a step whose base is tried: the settings' without a policy and a warm-up.
func (r *run) triedRate(step int) float32 {
	l := r.Optimization.LR
	l.Base, l.Policy, l.Warmup = r.tries, "fixed", 0
	return l.At(step, r.schedule)
}

// keepState copies the State as it is before the first step.
func (r *run) keepState() (map[string][]float32, error) {
	kept := map[string][]float32{}
	for _, name := range r.family.State.Names() {
		values, err := r.family.State.Read(name)
		if err != nil {
			return nil, err
		}
		kept[name] = slices.Clone(values)
	}
	return kept, nil
}

// rewind goes back to before the first step: what joined the State since, as a solver's memory of what is thawed, is nothing again.
func (r *run) rewind(first map[string][]float32) error {
	for _, name := range r.family.State.Names() {
		if err := r.family.State.Write(name, func(values []float32) {
			clear(values)
			copy(values, first[name])
		}); err != nil {
			return err
		}
	}
	r.stop()
	r.done = 0
	return nil
}

// smoothed is the standard deviation of the curve that a loss is smoothed by, in powers of ten of the rate.
const smoothed = 0.2

// smooth fills in the smoothed losses. A loss counts at most as three times the one before the first step, so that one that blows up leaves
// what is long before it alone.
func smooth(tried []Tried) {
	for i := range tried {
		sum, weights := 0.0, 0.0
		for _, t := range tried {
			d := elementary.Log(t.Rate/tried[i].Rate) / (math.Ln10 * smoothed)
			w := elementary.Exp(-d * d / 2)
			sum, weights = sum+float64(w*min(t.Loss, 3*tried[0].Loss)), weights+w
		}
		tried[i].Smooth = sum / weights
	}
}

// read finds the places of the curve; false where nothing falls.
func (f *FoundRate) read() bool {
	valley, found := Valley(f.Points)
	if !found {
		return false
	}
	f.Valley = valley
	least := 0
	for i, t := range f.Points {
		if t.Smooth < f.Points[least].Smooth {
			least = i
		}
	}
	f.Least = f.Points[least].Rate
	steepest := 0.0
	for i := len(f.Points)/10 + 1; i <= least; i++ {
		if fall := f.Points[i-1].Smooth - f.Points[i].Smooth; fall > steepest { // the ratios of rates are equal
			steepest, f.Steepest = fall, f.Points[i].Rate
		}
	}
	return true
}

// Valley is the rate that fastai's function of that name suggests: the middle of the longest valley, which is the longest run of ever smaller
// smoothed losses, others between them passed over. The first tenth of the steps, where the rate does nothing yet, and the last five are left
// out. false where nothing falls.
func Valley(tried []Tried) (rate float64, found bool) {
	from, to := len(tried)/10, len(tried)-5
	if to-from < 2 {
		return 0, false
	}
	tried = tried[from:to]
	length := make([]int, len(tried)) // of the longest run that ends here
	end := 0
	for i, t := range tried {
		for j, earlier := range tried[:i] {
			if t.Smooth < earlier.Smooth {
				length[i] = max(length[i], length[j]+1)
			}
		}
		if length[i] > length[end] {
			end = i
		}
	}
	if length[end] < 2 {
		return 0, false
	}
	begin := end - length[end] - 1 // one before its first, if nothing was passed over
	third := (end - begin) / 3
	return tried[begin+third+third/2].Rate, true
}
