package train

import (
	"context"
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// RangeTest tries rates on a training that is thrown away: each step has a higher one, in equal ratios. Smith, WACV 2017, arXiv:1506.01186,
// §3.3, with fastai's ratios in place of equal distances, so that several powers of ten are looked at.
type RangeTest struct {
	Low, High float64 // the first rate and the last
	Steps     int
}

// NewRangeTest is fastai's: 100 steps from 1e-7 to 10.
func NewRangeTest() RangeTest { return RangeTest{1e-7, 10, 100} }

// Tried is a step of a range test.
type Tried struct {
	Rate   float64 `json:"rate"`
	Loss   float64 `json:"loss"`   // of the step's batch, before it
	Smooth float64 `json:"smooth"` // mean of the losses so far, an older one counting 0.98 of the next
}

// FindRate makes a range test of a job: its data, network, solver and batch, by rates of the test in place of the job's. It ends before its
// last step where the smoothed loss is four times the least, or no number, which is not among what it returns. It writes nothing, and means of
// weights are not kept.
func FindRate(ctx context.Context, job Job, test RangeTest, on func(done int)) ([]Tried, error) {
	job.Checkpoint, job.Observers = "", nil
	r, err := job.setUp(ctx)
	if err != nil {
		return nil, early(ctx, err)
	}
	defer r.close()
	var tried []Tried
	sum, least, ratio := 0.0, math.Inf(1), test.High/test.Low
	for i := range test.Steps {
		rate := test.Low * elementary.Pow(ratio, float64(i)/float64(max(test.Steps-1, 1)))
		r.tries = float32(rate)
		loss, err := r.advance(ctx)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, early(ctx, err)
		}
		if !finite(loss) {
			break
		}
		sum = float64(0.98*sum) + float64(0.02*loss)
		smooth := sum / (1 - elementary.Pow(0.98, float64(i+1)))
		tried = append(tried, Tried{rate, loss, smooth})
		if least = min(least, smooth); smooth > 4*least {
			break
		}
		if err := r.stepped(); err != nil {
			return nil, err
		}
		if on != nil {
			on(i + 1)
		}
	}
	return tried, nil
}

// Valley suggests a rate, as fastai's function of that name: the middle of the longest valley, which is the longest run of ever smaller
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
