package experiment

import (
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/spec"
)

// Under each policy exactly those parameters move a rate that are said to decide something. plateau's are asked by the training.
func TestTheRateHangsOnTheParametersThatAreSaid(t *testing.T) {
	moved := map[string]func(*LR){
		"gamma": func(l *LR) { l.Gamma = 0.3 }, "every": func(l *LR) { l.Every = 1.5 }, "at": func(l *LR) { l.Drops = []float64{1} }, "power": func(l *LR) { l.Power = 2 },
		"period": func(l *LR) { l.Period = 1.5 }, "mult": func(l *LR) { l.Mult = 2 }, "start": func(l *LR) { l.Start = 0.5 }, "final": func(l *LR) { l.Final = 0.25 },
	}
	f, _ := reflect.TypeFor[LR]().FieldByName("Policy")
	for _, policy := range strings.Split(f.Tag.Get("values"), ", ") {
		for _, warmup := range []float64{0, 1} {
			o := DefaultOptimization()
			o.LR.Policy, o.LR.Warmup = policy, warmup
			l := DefaultLearning()
			l.Epochs.Count = 6
			s, err := NewSchedule(o, l, 1280)
			if err != nil {
				t.Fatal(err)
			}
			for key, move := range moved {
				x := o.LR
				move(&x)
				differ := false
				for step := range s.Steps() {
					differ = differ || x.At(step, s) != o.LR.At(step, s)
				}
				if said := spec.Decides(o.LR, key); differ != said && policy != "plateau" {
					t.Errorf("%s, warm-up %g: %s moves the rate: %v; said: %v", policy, warmup, key, differ, said)
				}
			}
		}
	}
}
