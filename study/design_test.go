package study

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/task"
)

// Runs of the regular two-level fractions for 3 to 11 variants: Box, Hunter and Hunter, "Statistics for Experimenters", 2nd ed.
// (Wiley 2005), table 6.22.
func TestFractionsHaveTheRunsOfTheTable(t *testing.T) {
	for r, runs := range map[Resolution][]int{
		ResolutionIII: {4, 8, 8, 8, 8, 16, 16, 16, 16},
		ResolutionIV:  {8, 8, 16, 16, 16, 16, 32, 32, 32},
		ResolutionV:   {8, 16, 16, 32, 64, 64, 128, 128, 128},
	} {
		for i, want := range runs {
			k := i + 3
			arms := Design{Kind: Fractional, Resolution: r}.arms(k)
			if len(arms) != want || len(arms[0]) != 0 {
				t.Errorf("resolution %s of %d variants: %d runs, want %d, the first of no variant", r, k, len(arms), want)
			}
		}
	}
}

// The strength of a fraction: any strength-1 variants show each of their combinations equally often.
func TestFractionsAreBalanced(t *testing.T) {
	for r, strength := range map[Resolution]int{ResolutionIII: 2, ResolutionIV: 3, ResolutionV: 4, PlackettBurman: 2} {
		for k := 5; k <= 11; k++ {
			arms := Design{Kind: Fractional, Resolution: r}.arms(k)
			for set := range 1 << k {
				if bits.OnesCount(uint(set)) != strength {
					continue
				}
				of, count := members(set, k), map[string]int{}
				for _, arm := range arms {
					var here []bool
					for _, v := range of {
						here = append(here, slices.Contains(arm, v))
					}
					count[fmt.Sprint(here)]++
				}
				for combination, n := range count {
					if n != len(arms)>>strength {
						t.Fatalf("%s of %d variants: %v stands %d times as %s among %d runs", r, k, of, n, combination, len(arms))
					}
				}
			}
		}
	}
}

func TestDesignsAskWhatTheirNamesSay(t *testing.T) {
	for _, c := range []struct {
		design Design
		arms   string // names
		asked  string // name, weights of arms that have one
	}{
		{Design{}, "baseline a b c", "a: -1 baseline +1 a; b: -1 baseline +1 b; c: -1 baseline +1 c"},
		{Design{Kind: LOO}, "baseline all all-but-a all-but-b all-but-c",
			"all: -1 baseline +1 all; a: +1 all -1 all-but-a; b: +1 all -1 all-but-b; c: +1 all -1 all-but-c"},
		{Design{Kind: All}, "baseline a b c all",
			"a: -1 baseline +1 a; b: -1 baseline +1 b; c: -1 baseline +1 c; all: -1 baseline +1 all; deficit-of-all-together: -2 baseline +1 a +1 b +1 c -1 all"},
		{Design{Kind: Ladder}, "baseline a a-+-b all c b-+-c",
			"a,-going-up: -1 baseline +1 a; b,-going-up: -1 a +1 a-+-b; c,-going-up: -1 a-+-b +1 all; " +
				"c,-going-down: -1 baseline +1 c; b,-going-down: -1 c +1 b-+-c; a,-going-down: +1 all -1 b-+-c"},
		{Design{Kind: Pairs}, "baseline a b c a-+-b a-+-c b-+-c",
			"a: -1 baseline +1 a; b: -1 baseline +1 b; c: -1 baseline +1 c; a-x-b: +1 baseline -1 a -1 b +1 a-+-b; " +
				"a-x-c: +1 baseline -1 a -1 c +1 a-+-c; b-x-c: +1 baseline -1 b -1 c +1 b-+-c"},
		{Design{Kind: Fractional, Resolution: ResolutionIII}, "baseline a-+-c b-+-c a-+-b",
			"a: -0.5 baseline +0.5 a-+-c -0.5 b-+-c +0.5 a-+-b; b: -0.5 baseline -0.5 a-+-c +0.5 b-+-c +0.5 a-+-b; " +
				"c: -0.5 baseline +0.5 a-+-c +0.5 b-+-c -0.5 a-+-b"},
	} {
		variants := []string{"a", "b", "c"}
		arms := laid(c.design, variants)
		var names, list []string
		usable := make([]bool, len(arms))
		for v, a := range arms {
			names, usable[v] = append(names, strings.ReplaceAll(a.Name, " ", "-")), true
		}
		for _, q := range c.design.questions(variants, arms, usable) {
			line := strings.ReplaceAll(q.name, " ", "-") + ":"
			for v, w := range q.weights {
				if w != 0 {
					line += fmt.Sprintf(" %+g %s", w, names[v])
				}
			}
			list = append(list, line)
		}
		if got := strings.Join(names, " "); got != c.arms {
			t.Errorf("%s: arms %s, want %s", c.design, got, c.arms)
		}
		if got := strings.Join(list, "; "); got != c.asked {
			t.Errorf("%s asks\n%s, want\n%s", c.design, got, c.asked)
		}
	}
}

// laid is the arms of a design as a plan has them.
func laid(d Design, variants []string) []Arm {
	of := d.arms(len(variants))
	var arms []Arm
	for i, name := range d.plain().names(variants, of) {
		a := Arm{Name: name, Baseline: i == 0}
		for _, v := range of[i] {
			a.Of = append(a.Of, variants[v])
		}
		arms = append(arms, a)
	}
	return arms
}

// Effects are those of a made-up world without noise: a mean, main effects, interactions of two. Every design that says it can tell them does.
func TestContrastsTellTheEffectsOfAWorldWithoutNoise(t *testing.T) {
	variants := []string{"a", "b", "c", "d", "e"}
	main := map[string]float64{"a": 1, "b": -2, "c": 0.5, "d": 0, "e": 3}
	inter := map[string]float64{"a x b": 0.7, "c x e": -1.1}
	outcome := func(of []string, interactions bool) float64 {
		y := 50.0
		for j, b := range of {
			y += main[b]
			for _, a := range of[:j] {
				if interactions {
					y += inter[a+" x "+b]
				}
			}
		}
		return y
	}
	averaged := func(v string) float64 { // over the other variants there or not
		e := main[v]
		for name, x := range inter {
			if slices.Contains(strings.Split(name, " x "), v) {
				e += x / 2
			}
		}
		return e
	}
	for _, c := range []struct {
		design       Design
		interactions bool
		lost         []string // arms
	}{
		{Design{Kind: Factorial}, true, nil}, {Design{Kind: Fractional, Resolution: ResolutionV}, true, nil},
		{Design{Kind: Fractional}, false, nil}, {Design{Kind: Fractional, Resolution: ResolutionIII}, false, nil},
		{Design{Kind: Fractional, Resolution: PlackettBurman}, false, nil}, {Design{Kind: Factorial}, true, []string{"a", "all"}},
		{Design{Kind: Fractional, Resolution: PlackettBurman}, false, []string{"all"}}, {Design{Kind: Fractional}, false, []string{"a + e", "b + e"}}, {Design{Kind: Ladder}, false, nil}, {Design{Kind: LOO}, false, nil},
	} {
		arms := laid(c.design, variants)
		usable := make([]bool, len(arms))
		for v, a := range arms {
			usable[v] = !slices.Contains(c.lost, a.Name)
		}
		told := 0
		for _, q := range c.design.questions(variants, arms, usable) {
			if q.weights == nil || len(q.about) > 2 {
				continue
			}
			got := 0.0
			for v, w := range q.weights {
				if w != 0 && !usable[v] {
					t.Fatalf("%s: %s weighs %s, which is lost", c.design, q.name, arms[v].Name)
				}
				got += w * outcome(arms[v].Of, c.interactions)
			}
			want := main[q.about[0]]
			switch {
			case q.kind == Interaction && !c.interactions:
				want = 0
			case q.kind == Interaction:
				want = inter[q.name]
			case c.interactions:
				want = averaged(q.about[0])
			}
			if told++; math.Abs(got-want) > 1e-9 {
				t.Errorf("%s without %v: %s is %g, want %g", c.design, c.lost, q.name, got, want)
			}
		}
		if told < len(variants) {
			t.Errorf("%s without %v tells %d effects", c.design, c.lost, told)
		}
	}
	half := Design{Kind: Fractional, Resolution: ResolutionIII}
	arms, usable := laid(half, variants), make([]bool, 8)
	usable[0], usable[1] = true, true
	for _, q := range half.questions(variants, arms, usable) {
		if q.weights != nil {
			t.Errorf("two runs tell %s: %v", q.name, q.weights)
		}
	}
}

func TestAliasesAreNamed(t *testing.T) {
	variants := []string{"a", "b", "c", "d"}
	aliases := func(d Design) string {
		var s []string
		arms := laid(d, variants)
		for _, q := range d.questions(variants, arms, slices.Repeat([]bool{true}, len(arms))) {
			s = append(s, q.name+"="+strings.Join(q.aliases, ","))
		}
		return strings.Join(s, " | ")
	}
	if got, want := aliases(Design{Kind: Fractional}), "a= | b= | c= | d= | a x b=c x d | a x c=b x d | b x c=a x d"; got != want {
		t.Errorf("2^(4-1) of resolution IV: %s, want %s", got, want)
	}
	if got, want := aliases(Design{Kind: Fractional, Resolution: ResolutionIII}), "a=b x d | b=a x d | c= | d=a x b"; got != want && len(laid(Design{Kind: Fractional, Resolution: ResolutionIII}, variants)) == 8 {
		t.Errorf("of resolution III: %s, want %s", got, want)
	}
}

// A study of a fraction: of four variants one is truly better; its contrast says so, at half of the variance that one factor at a time has.
func TestAFractionIsJudgedByItsContrasts(t *testing.T) {
	design, variants := Design{Kind: Fractional}, []string{"a", "b", "c", "d"}
	r := &Result{Name: "fraction", Design: design, Variants: variants, Repeats: 3, Metrics: []task.Metric{task.Accuracy}, Meaningful: 6}
	r.Arms = laid(design, variants)
	noise := []int{0, 1, -1, 2, 0, -2, 1, 0, -1, 1, 2, -1, 0, 1, -2, 0, 1, -1, 0, 2, 0, 1, -1, 0}
	for s := range 3 {
		for v, a := range r.Arms {
			right := 100 + noise[(8*s+v)%len(noise)]
			if slices.Contains(a.Of, "b") {
				right += 20
			}
			r.Trials = append(r.Trials, counting(a.Name, s+1, right))
		}
	}
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	if len(r.Contrasts) != 7 {
		t.Fatalf("%d contrasts, want 4 effects and 3 interactions", len(r.Contrasts))
	}
	for i, c := range r.Contrasts {
		want := None
		if c.Name == "b" {
			want = Helps
		}
		if c.Effect == nil || c.Verdict != want || (i < 4) != (c.Kind == Main) {
			t.Errorf("%s (%s): %v %s", c.Name, c.Kind, c.Effect, c.Verdict)
		}
	}
	for _, j := range r.Judged[1:] {
		if j.Effect != nil || j.Verdict != "" || j.Mean == nil {
			t.Errorf("arm %s: effect %v, verdict %q, mean %v; the contrasts speak", j.Name, j.Effect, j.Verdict, j.Mean)
		}
	}
	if r.Winner != "b + d" && r.Predicted == nil {
		t.Errorf("winner %s, predicted %v", r.Winner, r.Predicted)
	}
	if r.Noise == nil || r.Noise.DF != r.ResidualDF {
		t.Errorf("the noise of a fraction is not split: %+v", r.Noise)
	}
	if b := r.Contrasts[1]; math.Abs(b.SeedSE*b.SeedSE/(r.NoiseSD*r.NoiseSD)-4.0/24) > 1e-12 {
		t.Errorf("the effect's variance is %g of a training's, want 4/24", b.SeedSE*b.SeedSE/(r.NoiseSD*r.NoiseSD))
	}
}

// counting is a trial in which the first so many of 200 images are right.
func counting(arm string, repeat, right int) Trial {
	t := Trial{Arm: arm, Repeat: repeat, Status: Done, WeightsDigest: fmt.Sprint(arm, repeat), Metrics: map[string]float64{task.Accuracy.Name: float64(right) / 2},
		Images: PerImage{Set: "s", Columns: map[string][]float32{task.Accuracy.Column: make([]float32, 200)}}}
	for i := range 200 {
		t.Images.IDs = append(t.Images.IDs, int32(i))
		if i < right {
			t.Images.Columns[task.Accuracy.Column][i] = 1
		}
	}
	return t
}

// Of eight arms one collapses in a repeat, as a training at too high a rate does: it is named, with what it does to the noise.
func TestAnArmThatMakesTheNoiseOfAFractionIsNamed(t *testing.T) {
	design, variants := Design{Kind: Fractional}, []string{"a", "b", "c", "d"}
	noise := []int{0, 1, -1, 2, 0, -2, 1, 0, -1, 1, 2, -1, 0, 1, -2, 0, 1, -1, 0, 2, 0, 1, -1, 0}
	for _, collapses := range []bool{false, true} {
		r := &Result{Name: "fraction", Design: design, Variants: variants, Repeats: 3, Metrics: []task.Metric{task.Accuracy}, Meaningful: 6}
		r.Arms = laid(design, variants)
		for s := range 3 {
			for v, a := range r.Arms {
				right := 100 + noise[8*s+v]
				if collapses && v == 5 && s == 1 {
					right = 20
				}
				r.Trials = append(r.Trials, counting(a.Name, s+1, right))
			}
		}
		if err := Judge(r); err != nil {
			t.Fatal(err)
		}
		said := strings.Join(r.Caveats, "\n")
		if got := strings.Contains(said, r.Arms[5].Name+" varies by ") && strings.Contains(said, "the other arms by "); got != collapses {
			t.Errorf("collapses %v: %s", collapses, said)
		}
	}
}
