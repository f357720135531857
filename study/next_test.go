package study

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/task"
)

func TestWhatHelpsIsConfirmedByASeedOfItsOwn(t *testing.T) {
	file := "base: {data: fashion-mini, net: mini}\nvariants: [{name: a, with: [batchnorm]}, {name: b, with: [{activation: elu}]}, {name: c, with: [{activation: prelu}]}, {name: d, without: [l2]}]\nrepeats: 4\nseed: 7\n"
	root, err := spec.Parse("s.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Decode(root)
	if err != nil {
		t.Fatal(err)
	}
	made := func(verdicts string) *Result {
		r := &Result{Name: "s", Complete: true, Looks: []LookLine{{N: 1}}, Judged: []Judgement{{Arm: Arm{Name: "baseline", Baseline: true}}}}
		for i, v := range strings.Fields(verdicts) {
			j := Judgement{Arm: Arm{Name: s.Variants[i].Name, Of: []string{s.Variants[i].Name}}, Finding: Finding{Verdict: Verdict(v)}}
			if j.Verdict == Undecided {
				j.RepeatsToDecide = 10 + i
			}
			r.Judged = append(r.Judged, j)
		}
		return r
	}
	n, err := After(s, made("helps helps none undecided"))
	if err != nil || !slices.Equal(n.Helps, []string{"a", "b"}) || n.Confirm.Seed != 8 || n.Confirm.Design.Kind != LOO || !slices.Equal(n.Open, []string{"d"}) || n.Repeats != 13 {
		t.Errorf("%+v (%v)", n, err)
	}
	text, err := n.Confirm.TextIn(".", "a comment")
	if err != nil || !strings.HasPrefix(string(text), "# a comment") || !strings.Contains(string(text), "design: loo") || !strings.Contains(string(text), "seed: 8") {
		t.Errorf("%s (%v)", text, err)
	}
	if n, err = After(s, made("none helps helps none")); err != nil || n.Confirm.Design.Kind != OFAT || n.Note == "" {
		t.Errorf("two activations: %+v (%v)", n, err)
	}
	if n, err = After(s, made("none undecided none none")); err != nil || n.Confirm != nil || n.Repeats != 11 {
		t.Errorf("nothing helps: %+v (%v)", n, err)
	}
	for want, r := range map[string]*Result{
		"study s: nothing to follow": made("none none hurts none"), "study s: it has not come to its end": {Name: "s"}, "study s: the baseline diverged": {Name: "s", Stopped: "the baseline diverged"},
	} {
		if _, err := After(s, r); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Eight variants of small true effects are judged, and what helps is tried anew. Chosen by luck as much as by worth, it looks better than it is
// where it was chosen; where it is confirmed, on other draws of the same images, it does not.
func TestAConfirmationIsNotFlattered(t *testing.T) {
	const variants, repeats, pool, m = 8, 4, 1200, 400
	rng := rand.New(rand.NewPCG(21, 22))
	studies := 60
	if testing.Short() {
		studies = 25
	}
	var first, second, count, square float64
	for range studies {
		hard, suits := make([]float64, pool), make([][]float64, variants+1)
		for i := range hard {
			hard[i] = 0.25 + 0.7*rng.Float64()
		}
		truth := make([]float64, variants+1) // over the pool, points
		for v := range suits {
			suits[v] = make([]float64, pool)
			level := 0.0
			if v > 0 {
				level = 0.02 * rng.NormFloat64()
			}
			for i := range suits[v] {
				if v > 0 {
					suits[v][i] = level + 0.1*rng.NormFloat64()
				}
				truth[v] += 100 * (chance(hard[i]+suits[v][i]) - chance(hard[i])) / pool
			}
		}
		trained := func(arms []int) *Result {
			r := &Result{Name: "s", Repeats: repeats, Metrics: []task.Metric{task.Accuracy}}
			for _, v := range arms {
				r.Arms = append(r.Arms, Arm{Name: string(rune('a' + v)), Baseline: v == 0})
			}
			for s := range repeats {
				ids := rng.Perm(pool)[:m]
				slices.Sort(ids)
				for _, v := range arms {
					tr := Trial{Arm: string(rune('a' + v)), Repeat: s + 1, Status: Done, WeightsDigest: string(rune('a'+v)) + string(rune('0'+s)), Images: PerImage{Set: "s", Columns: map[string][]float32{task.Accuracy.Column: {}}}}
					right := 0.0
					for _, i := range ids {
						x := float32(0)
						if rng.Float64() < chance(hard[i]+suits[v][i]) {
							x = 1
							right++
						}
						tr.Images.IDs = append(tr.Images.IDs, int32(i))
						tr.Images.Columns[task.Accuracy.Column] = append(tr.Images.Columns[task.Accuracy.Column], x)
					}
					tr.Metrics = map[string]float64{task.Accuracy.Name: 100 * right / m}
					r.Trials = append(r.Trials, tr)
				}
			}
			return r
		}
		r := trained([]int{0, 1, 2, 3, 4, 5, 6, 7, 8})
		if err := Judge(r); err != nil {
			t.Fatal(err)
		}
		best := 0 // what helps may be nothing: the best stands for it, which is chosen by luck alone the more
		for v := 1; v <= variants; v++ {
			if best == 0 || *r.Judged[v].Effect > *r.Judged[best].Effect {
				best = v
			}
		}
		again := trained([]int{0, best})
		if err := Judge(again); err != nil {
			t.Fatal(err)
		}
		first += *r.Judged[best].Effect - truth[best]
		d := *again.Judged[1].Effect - truth[best]
		second, square, count = second+d, square+d*d, count+1
	}
	first, second = first/count, second/count
	se := math.Sqrt((square/count - second*second) / count)
	t.Logf("the best of %d looks %+.2f points better than it is where it was chosen, %+.2f (standard error %.2f) where it is confirmed", variants, first, second, se)
	if math.Abs(second) > 3*se || first < 3*se {
		t.Errorf("flattered by %.2f where chosen and by %.2f, standard error %.2f, where confirmed", first, second, se)
	}
}

func chance(p float64) float64 { return min(1, max(0, p)) }
