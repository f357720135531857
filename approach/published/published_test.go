package published

import (
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

func chosen(t *testing.T, of any) experiment.Choice {
	t.Helper()
	c, err := approach.Choose(of)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryRowIsAChoiceAndIsFoundByIt(t *testing.T) {
	if _, err := read(table); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range All() {
		if key := e.Text + e.Beside + e.Network; seen[key] {
			t.Errorf("%s stands twice", e.Text)
		} else {
			seen[key] = true
		}
		if e.Base < 25 || e.Base > 65 || e.Accuracy < 25 || e.Accuracy > 65 || e.Source == "" {
			t.Errorf("%+v", e)
		}
		if of, ok := row(e.Choice, e.Beside); !ok || of.Usual != e.Usual || e.Usual != (e.Base == e.Accuracy && e.Text != "{activation: apl}") {
			t.Errorf("%s is not found by itself: %+v", e.Text, of)
		}
	}
}

// Headline figures of the paper's table 3 and its repository.
func TestAChoiceHasThePublishedEffect(t *testing.T) {
	elu := approach.Default[architecture.Activation]()
	elu.To = nn.ELU
	linear := approach.Default[optimization.LR]()
	linear.Base, linear.Policy = 0.05, "linear"
	for name, c := range map[string]struct {
		choice experiment.Choice
		beside string
		points float64
	}{
		"elu":                        {chosen(t, elu), "", 1.7},
		"elu behind batch norm":      {chosen(t, elu), "batchnorm", -0.1},
		"linear, at another rate":    {chosen(t, linear), "", 2.2},
		"the sum of max and average": {chosen(t, architecture.Pool{Kind: "max+avg"}), "", 1.2},
	} {
		e, ok := Like(c.choice, c.beside)
		if d := e.Points() - c.points; !ok || d > 0.001 || d < -0.001 {
			t.Errorf("%s: %+.2f points, %v; want %+.1f", name, e.Points(), ok, c.points)
		}
	}
	elu.Alpha = 0.3
	if e, ok := Like(chosen(t, elu), ""); ok {
		t.Errorf("elu of alpha 0.3 has the effect of %s", e.Text)
	}
}

// LR-policy of the repository's table: step .471, square root .483, linear .493.
func TestAChoiceIsComparedWithWhatTheBaseHasOfItsApproach(t *testing.T) {
	policy := func(name string) experiment.Choice {
		l := approach.Default[optimization.LR]()
		l.Base, l.Policy = 0.05, name
		if name == "step" {
			l.Every = 3
		}
		return chosen(t, l)
	}
	for _, c := range []struct {
		of, base string
		points   float64
		ok       bool
	}{
		{"linear", "step", 2.2, true},
		{"step", "linear", -2.2, true},
		{"sqrt", "linear", -1, true},
		{"linear", "cosine", 0, false}, // nothing was published of cosine
		{"step", "cosine", 0, false},
		{"cosine", "linear", 0, false},
	} {
		e, ok := Against(policy(c.of), policy(c.base), "")
		if d := e.Points() - c.points; ok != c.ok || ok && (d > 0.001 || d < -0.001) {
			t.Errorf("%s in place of %s: %+.2f points, %v", c.of, c.base, e.Points(), ok)
		}
	}
	if _, ok := Like(policy("step"), ""); ok {
		t.Error("what the published base had is an effect")
	}
}
