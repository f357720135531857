package simulate

import (
	"flag"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/study"
)

var studiesFlag = flag.Int("studies", 0, "simulated studies a row; 0: 100, of rows with images 25, without a promise 5; with -short 5")

// Every row keeps its promise, and so do the rows of each table together: so many errors have a chance of 1 in 100,000 or more where the
// rate is the one promised, and of thousands of studies the rate stays within two simulation errors of it. Rows with images are dear, so that
// fewer studies are simulated of each: what one of them would not show, the table does. Rows without a promise are only run.
func TestEveryRowKeepsItsPromise(t *testing.T) {
	cheap, dear, unpromised := 100, 25, 5
	switch {
	case *studiesFlag > 0:
		cheap, dear, unpromised = *studiesFlag, *studiesFlag, *studiesFlag
	case testing.Short():
		cheap, dear = 5, 5
	}
	broken := func(rate, promise float64, studies int) bool {
		chance := distuv.Binomial{N: float64(studies), P: promise}.Survival(math.Round(rate*float64(studies)) - 1)
		return promise > 0 && (chance < 1e-5 || studies >= 4000 && rate > promise+2*math.Sqrt(promise*(1-promise)/float64(studies)))
	}
	var of struct {
		sync.Mutex
		tables map[string][]Outcome // those that promise
	}
	of.tables = map[string][]Outcome{}
	t.Run("row", func(t *testing.T) {
		for i, r := range Rows {
			if testing.Short() && i%17 > 0 {
				continue
			}
			t.Run(r.Name(), func(t *testing.T) {
				t.Parallel()
				studies := cheap
				switch {
				case r.Promise == 0:
					studies = unpromised
				case r.Model.Images > 0:
					studies = dear
				}
				if r.Dear && *studiesFlag == 0 {
					studies = min(studies, 10)
				}
				o, err := r.Run(studies, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("any false claim %.4f, others %v, seeds alone %.3f, found %.3f, none %.3f, looks %.2f", o.Wrong, o.Others, o.Alone, o.Found, o.Nones, o.Looks)
				if broken(o.Wrong, r.Promise, studies) {
					t.Errorf("any false claim in %.4f of %d studies, promised %.2f", o.Wrong, studies, r.Promise)
				}
				for _, beside := range []string{"log_loss", "ap"} {
					if s, ok := o.Others[beside]; ok && broken(s.Wrong, r.Promise, studies) {
						t.Errorf("any false claim on %s in %.4f of %d studies, promised %.2f", beside, s.Wrong, studies, r.Promise)
					}
				}
				if r.Promise == alpha {
					of.Lock()
					defer of.Unlock()
					of.tables[r.Table] = append(of.tables[r.Table], o)
				}
			})
		}
	})
	for table, outcomes := range of.tables {
		wrong, studies := 0.0, 0
		for _, o := range outcomes {
			wrong, studies = wrong+o.Wrong*float64(o.Studies), studies+o.Studies
		}
		if rate := wrong / float64(studies); broken(rate, alpha, min(studies, 3999)) { // by chance alone: rows share draws
			t.Errorf("table %s: any false claim in %.4f of %d studies, promised %.2f", table, rate, studies, alpha)
		}
	}
}

// Were images no sample, a study on one split would claim what only suits these images: the model puts that to the test.
func TestImagesCount(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a hundred studies")
	}
	o, err := Rows[0].Run(100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if o.Alone < 0.12 {
		t.Errorf("by seeds alone %.3f of studies would claim a difference: the model does not test the image term", o.Alone)
	}
}

func TestNamesAreTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rows {
		if seen[r.Name()] {
			t.Errorf("two rows are named %q", r.Name())
		}
		seen[r.Name()] = true
	}
}

func TestThreadsChangeNothing(t *testing.T) {
	i := slices.IndexFunc(Rows, func(r Row) bool { return r.Table == "lives" })
	one, err := Rows[i].Run(7, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	three, err := Rows[i].Run(7, 3, 3)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one, three) {
		t.Errorf("one thread: %+v, three: %+v", one, three)
	}
}

// An arm has the effect that its scenario says, over images and seeds that no study sees.
func TestTruthIsWhatTheScenarioSays(t *testing.T) {
	detector := objects
	detector.Pool, detector.Suits = 500, 0
	for _, m := range []Model{fewImages, unlike, wide, margins, detector} {
		m.Pool *= 4
		w := newWorld(m, study.Design{Kind: study.OFAT}, mixture, stream(5, 0))
		repeats := 400
		if m.Objects.Classes > 0 {
			repeats = 40
		}
		got, want := w.effect([]int{1}, repeats), 0.0 // the second arm is at 0, the first that is made
		if w.arm([]int{1}).Effect != 0 {
			t.Fatalf("the first arm made has the effect %g", w.arm([]int{1}).Effect)
		}
		near := 0.15 * m.Delta
		if math.Abs(got-want) > near+0.2 {
			t.Errorf("%+v: effect %.2f, want %.2f", m, got, want)
		}
		if got := w.effect([]int{2}, repeats); math.Abs(got-m.Delta) > near+0.2 {
			t.Errorf("%+v: effect %.2f, want %.2f", m, got, m.Delta)
		}
	}
}

func TestWhatIsFalse(t *testing.T) {
	p := &person{world: &world{Model: Model{Delta: 1}}}
	for _, c := range []struct {
		effect float64
		v      study.Verdict
		want   bool
	}{{0, study.Helps, true}, {0, study.None, false}, {0, study.Undecided, false}, {1, study.Helps, false}, {1, study.Hurts, true}, {1, study.None, true}, {-0.5, study.None, false}, {-0.5, study.Hurts, false}, {-1, study.None, true}} {
		if got := p.false(&arm{Truth: Truth{Effect: c.effect}}, c.v); got != c.want {
			t.Errorf("%s of an arm at %g: false is %v", c.v, c.effect, got)
		}
	}
}

func TestSpendingSumsUp(t *testing.T) {
	blocks, levels := spend(3, 10, 0.04)
	sum := 0.0
	for _, l := range levels {
		sum += l
	}
	if !slices.Equal(blocks, []int{3, 6, 10}) || math.Abs(sum-0.04) > 1e-12 || levels[0] > levels[1] {
		t.Errorf("looks after %v spend %v", blocks, levels)
	}
}
