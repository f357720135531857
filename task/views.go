package task

import (
	"fmt"

	"github.com/assaylab/assay/internal/elementary"
)

// Viewing is a task that can judge a picture by several views of it.
type Viewing interface {
	// Average makes room for what an evaluation gives of a batch of rows, one view of each after the other.
	Average(views int) Average
}

// Average collects what an evaluation gives of several views of the same rows. It allocates nothing once it has seen a batch.
type Average interface {
	// Add enters the next view, and tells whether it was the last.
	Add(output func(name string) []float32) (done bool)

	// Output is the average of the views by the name of the evaluation's output, once the last one is in.
	Output(name string) []float32
}

// Averaged is what averages so many views of a task.
func Averaged(t Task, views int) (Average, error) {
	v, ok := t.(Viewing)
	if !ok {
		return nil, fmt.Errorf("views: the task %s cannot average what it finds in %d views of a picture; look at the centre", t.Name(), views)
	}
	return v.Average(views), nil
}

// Average averages probabilities: Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1.
func (Classify) Average(views int) Average { return &meanLogProbs{views: views} }

// meanLogProbs is the logarithm of mean probabilities.
type meanLogProbs struct {
	views, seen int
	sum         []float64 // ln of the sum of probabilities
	out         []float32
}

func (a *meanLogProbs) Add(output func(name string) []float32) bool {
	logProbs := output(LogProbs)
	if a.seen == a.views || len(a.sum) != len(logProbs) {
		a.seen = 0
	}
	if len(a.sum) != len(logProbs) {
		a.sum, a.out = make([]float64, len(logProbs)), make([]float32, len(logProbs))
	}
	for i, v := range logProbs {
		x := float64(v)
		if a.seen > 0 {
			x = logSum(a.sum[i], x)
		}
		a.sum[i] = x
	}
	a.seen++
	if a.seen < a.views {
		return false
	}
	n := elementary.Log(float64(a.views))
	for i, x := range a.sum {
		a.out[i] = float32(x - n)
	}
	return true
}

func (a *meanLogProbs) Output(name string) []float32 {
	if name != LogProbs {
		return nil
	}
	return a.out
}

// logSum is ln(eˣ + eʸ), without overflow.
func logSum(x, y float64) float64 {
	high, low := max(x, y), min(x, y)
	if !(low-high > -745) { // the rest of a double, or both infinite, or none a number
		return high
	}
	return high + elementary.Log(1+elementary.Exp(low-high))
}
