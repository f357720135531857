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
		if _, ok := Like(e.Choice, e.Beside); !ok {
			t.Errorf("%s is not found by itself", e.Text)
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
