package approach_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
)

func TestEveryApproachThatIsReadIsChosenBackAsTheSame(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, text := range walked[e.Name] {
			v, err := approach.Read(chosen(text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			c, err := approach.Choose(v)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			back, err := approach.Read(c)
			again, _ := approach.Choose(back)
			if err != nil || c.Name != e.Name || !reflect.DeepEqual(v, back) && text != "augment: []" || approach.Text(again) != approach.Text(c) {
				t.Errorf("%s came back as %s: %+v in place of %+v (%v)", text, approach.Text(c), back, v, err)
			}
		}
	}
}

func TestWhatIsNoApproachOrNoParameterIsNotChosen(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{3, "int is no approach"},
		{nil, "<nil> is no approach"},
		{experiment.LR{}, "experiment.LR is no approach"},
		{optimization.LR{Base: 0.1}, `lr: policy: unknown value ""`},
	} {
		if _, err := approach.Choose(c.value); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.value, err, c.want)
		}
	}
}
