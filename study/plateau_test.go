package study

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/task"
)

// schooling is how an arm learns: a power of the learning rate summed up, less what the rate has yet to lose, less what is soon
// over; and how its curve is seen, on a thousand images by which a point varies from epoch to epoch.
type schooling struct {
	epochs           int
	linear           bool    // the rate falls to 0, else it stays
	room, power      float64 // points that the power has yet to give at the end, and its exponent
	anneal           float64 // points that the fall of the rate gives
	forgets          float64 // points lost from the tenth of the training that is best to its end
	runs             int
	noise            float64
	transient, decay float64 // points that the first epochs give, gone by exp(-epoch/decay)
}

// at is the expected value at an epoch of a training of so many.
func (s schooling) at(epoch, epochs float64) float64 {
	x := epoch / epochs
	sum, rate := epoch, 1.0
	if s.linear {
		sum, rate = epochs*(x-x*x/2), 1-x
	}
	whole := float64(s.epochs)
	if s.linear {
		whole /= 2
	}
	y := 90 - s.room*math.Pow(sum/whole, -s.power) - s.anneal*rate - s.transient*math.Exp(-epoch/s.decay)
	if x > 0.1 {
		y -= s.forgets * (x - 0.1) / 0.9
	}
	return y
}

// gain is what twice the epochs give.
func (s schooling) gain() float64 {
	e := float64(s.epochs)
	return s.at(2*e, 2*e) - s.at(e, e)
}

// flagged is the share of arms that are called under-trained and over-long.
func (s schooling) flagged(rng *rand.Rand, arms int, delta float64) (under, over float64) {
	t := &table{metrics: []task.Metric{task.Accuracy}, images: 3300}
	for range arms {
		var cells []*Trial
		for range s.runs {
			tr := &Trial{Status: Done}
			offset := rng.NormFloat64() // which thousand images they are
			for e := 1; e <= s.epochs; e++ {
				rate := 0.02
				if s.linear {
					rate *= 1 - float64(e)/float64(s.epochs)
				}
				y := s.at(float64(e), float64(s.epochs)) + offset + s.noise*rng.NormFloat64()
				tr.Curve = append(tr.Curve, Point{Epoch: float64(e), LR: rate, Metrics: map[string]float64{"accuracy": y}, Images: 1000})
			}
			cells = append(cells, tr)
		}
		t.cells = [][]*Trial{cells}
		switch plateau(t, 0, delta) {
		case underTrained:
			under += 1 / float64(arms)
		case overLong:
			over += 1 / float64(arms)
		}
	}
	return under, over
}

// The rates are those of docs/statistics.md: on a thousand images a point varies by 0.9 points from epoch to epoch.
func TestAPlateauIsSeldomTakenForALackOfTraining(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	arms := studiesOr(5)
	over := schooling{noise: 0.9, transient: 15, decay: 0.7, power: 0.5}
	for _, epochs := range []int{6, 12, 40} {
		stated := 0.05
		if epochs == 6 {
			stated = 0.08
		}
		for _, runs := range []int{1, 3, 8} {
			s := over
			s.epochs, s.runs = epochs, runs
			for _, s.anneal = range []float64{0, 4, 12} { // what the fall of the rate gives is no lack of training
				s.linear = true
				under, long := s.flagged(rng, arms, 1)
				atMost(t, fmt.Sprintf("%d epochs, %d runs, the rate's fall gives %g points: under-trained", epochs, runs, s.anneal), under, stated, arms)
				atMost(t, "over-long", long, 0.02, arms)
			}
			s.linear = false
			under, long := s.flagged(rng, arms, 1)
			atMost(t, fmt.Sprintf("%d epochs, %d runs at one rate: under-trained", epochs, runs), under, 0.06, arms)
			atMost(t, "over-long", long, 0.02, arms)
		}
	}
}

func TestALackOfTrainingIsSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	arms := studiesOr(3)
	seen := func(s schooling, least, most float64) {
		t.Helper()
		s.noise, s.transient, s.decay = 0.9, 15, 0.7
		under, _ := s.flagged(rng, arms, 1)
		t.Logf("%d epochs, %d runs, falling %v, twice the epochs gain %.2f: %.3f", s.epochs, s.runs, s.linear, s.gain(), under)
		if margin := 3 * math.Sqrt(0.25/float64(arms)); under < least-margin || under > most+margin {
			t.Errorf("%+v, which twice the epochs give %.2f points: under-trained in %.3f, stated %.2f to %.2f", s, s.gain(), under, least, most)
		}
	}
	for _, power := range []float64{0.3, 0.5, 1} { // whatever the exponent
		room := 2 / (1 - math.Pow(2, -power))
		seen(schooling{epochs: 12, runs: 8, linear: true, room: room, power: power, anneal: 4}, 0.9, 1)
		seen(schooling{epochs: 40, runs: 3, linear: true, room: room, power: power, anneal: 4}, 0.7, 1)
	}
	seen(schooling{epochs: 6, runs: 8, linear: true, room: 3 / (1 - math.Sqrt2/2), power: 0.5, anneal: 4}, 0.3, 1)
	seen(schooling{epochs: 12, runs: 8, linear: true, room: 0.5 / (1 - math.Sqrt2/2), power: 0.5, anneal: 4}, 0, 0.15) // half of what matters
	seen(schooling{epochs: 12, runs: 8, room: 10, power: 0.5}, 0.8, 1)
}

func TestAScheduleThatDragsIsSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for _, linear := range []bool{true, false} {
		s := schooling{epochs: 40, runs: 3, linear: linear, forgets: 15, noise: 0.9, transient: 5, decay: 0.4}
		if _, long := s.flagged(rng, 200, 1); long < 0.8 {
			t.Errorf("a loss of 15 points, falling %v: over-long in %.3f", linear, long)
		}
	}
}

func TestCurvesThatTellNothingAreNotFlagged(t *testing.T) {
	point := func(e, y, rate float64) Point {
		return Point{Epoch: e, LR: rate, Metrics: map[string]float64{"accuracy": y}}
	}
	for name, curve := range map[string][]Point{
		"none":                      nil,
		"two points":                {point(1, 10, 1), point(2, 90, 0)},
		"three, and the rate falls": {point(1, 10, 1), point(2, 50, 0.5), point(3, 90, 0)},
		"a rate of 0 throughout":    {point(1, 50, 0), point(2, 50, 0), point(3, 50, 0), point(4, 50, 0)},
		"a rate that rises from 0":  {point(1, 10, 0), point(2, 50, 0), point(3, 70, 0), point(4, 80, 1), point(5, 90, 0)},
		"points at one epoch":       {point(1, 10, 1), point(1, 50, 1), point(1, 70, 0.5), point(1, 90, 0)},
	} {
		tb := &table{metrics: []task.Metric{task.Accuracy}, images: 1000, cells: [][]*Trial{{{Status: Done, Curve: curve}, {Status: Failed}, nil}}}
		if got := plateau(tb, 0, 1); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	tb := &table{metrics: []task.Metric{task.LogLoss}, cells: [][]*Trial{{{Status: Done, Curve: []Point{point(1, 1, 1), point(2, 1, 1), point(3, 1, 1)}}}}}
	if got := plateau(tb, 0, 0); got != "" {
		t.Errorf("log loss of one run: %s", got)
	}
}
