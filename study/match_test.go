package study

import (
	"errors"
	"math"
	"strings"
	"testing"
)

const matchText = baseText + `variants:
  - {name: batch, with: [{batch: 30}]}
  - {name: wide, with: [{width: 1.5}]}
  - {name: elu, with: [{activation: elu}]}
match: `

func TestArmsAreMadeEqualInWhatTheStudyMatches(t *testing.T) {
	for match, of := range map[Match]func(PlannedArm) float64{
		Steps:        func(a PlannedArm) float64 { return float64(a.Steps) },
		TrainingMACs: func(a PlannedArm) float64 { return float64(a.TrainMACs) },
		Seconds:      func(a PlannedArm) float64 { return float64(a.Steps) * float64(a.MACs) },
		MACs:         func(a PlannedArm) float64 { return float64(a.MACs) },
		Params:       func(a PlannedArm) float64 { return float64(a.Params) },
	} {
		text := strings.ReplaceAll(matchText, "epochs: 2", "epochs: 20") + string(match)
		if match == MACs || match == Params { // at the base's width the arm would be the base
			text = strings.ReplaceAll(text, "with: [{width: 1.5}]", "with: [{separable: {relu: none}}]")
		}
		s, err := read(text)
		if err != nil {
			t.Fatal(err)
		}
		s.StepSeconds = func(a PlannedArm) (float64, error) { return 1e-9 * float64(a.MACs), nil }
		p, err := s.Plan(fashion)
		if err != nil {
			t.Fatalf("%s: %v", match, err)
		}
		solved := 0
		for _, a := range p.Arms[1:] {
			if r := of(a) / of(p.Arms[0]); math.Abs(r-1) > near {
				t.Errorf("%s of %s is %.4f of the baseline's", match, a.Name, r)
			}
			if !strings.Contains(a.Matched, string(match)) {
				t.Errorf("%s of %s: %q does not tell how near it came", match, a.Name, a.Matched)
			}
			if a.Solved == "" {
				continue
			}
			solved++
			e, err := s.Experiment(a.Name)
			if err == nil {
				err = Resolve(&e, a.Solved)
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, err := plan(a.Name, e, fashion); err != nil || again.Steps != a.Steps || again.Params != a.Params {
				t.Errorf("%s: %q gives %s another arm, %v", match, a.Solved, a.Name, err)
			}
		}
		if solved == 0 {
			t.Errorf("%s: no arm was solved", match)
		}
	}
}

func TestWhatCannotBeMatchedIsRefused(t *testing.T) {
	for match, want := range map[string]string{
		"step":          `did you mean "steps"?`,
		"weather":       "want one of epochs, steps",
		"training-macs": "is the nearest that there is",
		"params":        "match: params:",
		"seconds":       "too rough",
	} {
		text := matchText + match
		switch match {
		case "params":
			text = strings.ReplaceAll(strings.ReplaceAll(text, "with: [{width: 1.5}]", "net: resnet20"), "net: mini\n", "net: mini\n  architecture: [{width: 0.05}]\n")
		case "training-macs":
			text = strings.ReplaceAll(strings.ReplaceAll(text, "epochs: 2", "epochs: {steps: 3}"), "width: 1.5", "width: 1.3")
		}
		s, err := read(text)
		if err == nil {
			s.StepSeconds = func(PlannedArm) (float64, error) { return 0, errors.New("too rough") }
			_, err = s.Plan(fashion)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", match, err, want)
		}
	}
}

// The steps of an arm whose front is kept do not all take the same: the first pass takes most.
func TestAFrozenArmIsMatchedByWhatItTakes(t *testing.T) {
	const text = baseText + `variants:
  - {name: frozen, with: [{pretrain: {from: a.pth, preset: frozen, cache: 2}}]}
  - {name: tuned, with: [{pretrain: {from: a.pth, preset: fine-tune}}]}
match: training-macs`
	s, err := read(strings.ReplaceAll(text, "epochs: 2", "epochs: 20"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(fashion)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range p.Arms[1:] {
		if r := float64(a.TrainMACs) / float64(p.Arms[0].TrainMACs); math.Abs(r-1) > near {
			t.Errorf("%s takes %.4f of the baseline's multiply-adds in %d steps, the baseline has %d", a.Name, r, a.Steps, p.Arms[0].Steps)
		}
		if a.Steps <= p.Arms[0].Steps {
			t.Errorf("%s has %d steps, the baseline %d", a.Name, a.Steps, p.Arms[0].Steps)
		}
		if (a.Saved > 0) != (i == 0) {
			t.Errorf("%s saves %d multiply-adds", a.Name, a.Saved)
		}
	}
}
