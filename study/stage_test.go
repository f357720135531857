package study

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assaylab/assay/task"
)

func TestAPlanLooksWhereRepeatsHaveDoubled(t *testing.T) {
	for _, c := range []struct {
		first, repeats int
		want           []int
	}{{0, 5, []int{5}}, {3, 8, []int{3, 6, 8}}, {3, 5, []int{3, 5}}, {3, 7, []int{3, 7}}, {3, 6, []int{3, 6}}, {3, 12, []int{3, 6, 12}}, {4, 40, []int{4, 8, 16, 32, 40}}} {
		if got := PlannedLooks(c.first, c.repeats); !slices.Equal(got, c.want) {
			t.Errorf("%d to %d repeats: looks after %v, want %v", c.first, c.repeats, got, c.want)
		}
	}
}

func TestLooksTogetherSpendWhatIsPromised(t *testing.T) {
	for _, first := range []int{0, 2, 3, 7} {
		var looks []Look
		sum := 0.0
		for _, at := range PlannedLooks(first, 30) {
			level, planned := Plain.Level(looks, float64(at)/30)
			if !planned || level <= 0 {
				t.Errorf("the planned look after %d of 30 has the level %g", at, level)
			}
			sum += level
			looks = append(looks, Look{Planned: true, Level: level})
		}
		if math.Abs(sum-Plain.Planned) > 1e-12 {
			t.Errorf("planned looks spend %g, want %g", sum, Plain.Planned)
		}
		for range 40 { // a second planned end, and all that was not planned
			level, planned := Plain.Level(looks, 1)
			if planned {
				t.Fatal("more than the plan has is planned")
			}
			sum += level
			looks = append(looks, Look{Level: level})
		}
		if sum > Plain.Planned+Plain.Unplanned {
			t.Errorf("all looks spend %g", sum)
		}
	}
	if level, planned := Plain.Level([]Look{{Damaged: true}}, 1); planned || level != Plain.Unplanned/4 {
		t.Errorf("after a look that cannot be read: %g, planned %v; it may have been either", level, planned)
	}
}

// A plan of 3 to 7 repeats of three variants: one far off, one without any effect, one in between.
func TestAPlanStopsWhatALookDecides(t *testing.T) {
	r := &Result{Name: "s", Repeats: 7, Metrics: []task.Metric{task.Accuracy}, Meaningful: 4,
		Arms: []Arm{{Name: "baseline", Baseline: true}, {Name: "far", Of: []string{"far"}}, {Name: "near", Of: []string{"near"}}}}
	noise := []int{0, 1, -1, 0, 2, -2, 1, 0}
	upTo := func(repeats map[string]int) {
		r.Trials = nil
		for arm, n := range repeats {
			for s := range n {
				right := 100 + noise[s]
				switch arm {
				case "far":
					right += 40 + noise[(s+3)%8]
				case "near":
					right += 4 + 2*noise[(s+5)%8]
				}
				r.Trials = append(r.Trials, counting(arm, s+1, right))
			}
		}
	}
	ledger := Ledger{Repeats: 7, First: 3}
	stage := func(until int, stopped map[string]int) {
		t.Helper()
		s, err := ledger.Stage(r)
		if err != nil || s.Until != until || fmt.Sprint(s.Stopped) != fmt.Sprint(stopped) {
			t.Errorf("stage %+v (%v), want until %d, stopped %v", s, err, until, stopped)
		}
	}
	stage(3, nil)
	upTo(map[string]int{"baseline": 3, "far": 3, "near": 3})
	look, err := ledger.Judge(r, true)
	if err != nil || !look.Planned || math.Abs(look.Level-0.04*math.Pow(3.0/7, 1.5)) > 1e-12 {
		t.Fatalf("first look %+v (%v)", look, err)
	}
	ledger.Looks = append(ledger.Looks, look)
	if j, _ := r.Judgement("far"); j.Verdict != Helps {
		t.Errorf("far: %s", j.Verdict)
	}
	stage(7, map[string]int{"far": 3})
	upTo(map[string]int{"baseline": 7, "far": 3, "near": 7})
	if look, err = ledger.Judge(r, true); err != nil || !look.Planned || math.Abs(look.Level+ledger.Looks[0].Level-0.04) > 1e-12 {
		t.Fatalf("second look %+v (%v)", look, err)
	}
	ledger.Looks = append(ledger.Looks, look)
	if len(look.Arms) != 2 || look.Arms[0].Findings[task.Accuracy.Name].Verdict != "" {
		t.Errorf("the look at what is left judged %+v", look.Arms)
	}
	r.Repeats = 12 // grown, and nothing is left to ask
	stage(7, map[string]int{"far": 3, "near": 7})
}

// When every arm is decided early there is nothing left to train.
func TestAPlanEndsWhenAllIsDecided(t *testing.T) {
	r := &Result{Name: "s", Repeats: 8, Metrics: []task.Metric{task.Accuracy}, Arms: []Arm{{Name: "baseline", Baseline: true}, {Name: "far"}}}
	rng := rand.New(rand.NewPCG(1, 1))
	for s := range 3 {
		base := 100 + rng.IntN(3)
		r.Trials = append(r.Trials, counting("baseline", s+1, base), counting("far", s+1, base-50+rng.IntN(2)))
	}
	ledger := Ledger{Repeats: 8, First: 3}
	look, err := ledger.Judge(r, true)
	if err != nil || look.N != 1 {
		t.Fatal(err)
	}
	ledger.Looks = append(ledger.Looks, look)
	if s, err := ledger.Stage(r); err != nil || s.Until != 3 || s.Stopped["far"] != 3 {
		t.Errorf("%+v (%v)", s, err)
	}
}
