package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/assaylab/assay/study"
)

func TestRungsAndEffectsAtOwnValuesAreTold(t *testing.T) {
	r := first(t)
	own := first(t)
	base, variant := r.Judged[0].Name, r.Judged[1].Name
	two := func(a, b float64) []*float64 { return []*float64{&a, &b} }
	r.Tuning = &study.Tuning{Key: "lr", Own: own, Rungs: []study.Rungs{
		{Arm: base, Values: []float64{0.01, 0.02, 0.04}, Slice: [][]*float64{two(60, 61), two(70, 72), {nil, nil}}, Picked: []int{1, 1}},
		{Arm: variant, Values: []float64{0.01, 0.02, 0.04}, Slice: [][]*float64{two(80, 81), two(70, 72), two(50, 40)}, Picked: []int{0, 0}, AtEdge: true},
	}}
	in := Input{Result: r}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"page":     func(b *bytes.Buffer) error { return HTML(b, in) },
		"markdown": func(b *bytes.Buffer) error { return Markdown(b, in) },
		"terminal": func(b *bytes.Buffer) error { return Terminal(b, in, 100, false) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"own lr", "0.02 in 2", "0.01 in 2", "edge of what was tried", "family of claims by themselves"} {
			if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
				t.Errorf("the %s says nothing of %q", name, want)
			}
		}
		if at := regexp.MustCompile(`(?m)^.*best: `).FindAllString(b.String(), -1); name == "terminal" && (len(at) != 2 || len(at[0]) != len(at[1])) {
			t.Errorf("the columns are %q", at)
		}
		if name == "page" && (!strings.Contains(b.String(), "diverged in 2 of 2") || !strings.Contains(b.String(), `class="rungs"`)) {
			t.Errorf("the page does not draw the rungs")
		}
	}
}
