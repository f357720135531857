package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/study"
)

// TestPagesToLookAt writes pages of many kinds of study to the folder REPORT_PAGES, to be looked at in a browser.
func TestPagesToLookAt(t *testing.T) {
	dir := os.Getenv("REPORT_PAGES")
	if dir == "" {
		t.Skip("REPORT_PAGES names no folder")
	}
	for name, in := range kinds(t) {
		if _, err := Write(filepath.Join(dir, name), in); err != nil {
			t.Error(err)
		}
		f, err := os.Create(filepath.Join(dir, name, "terminal.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []int{0, 100, 70} {
			if err := Terminal(f, in, w, false); err != nil {
				t.Error(err)
			}
			f.WriteString("\n=======\n")
		}
		f.Close()
	}
}

// kinds are studies that reports must bear: as usual, one repeat, forty arms, a stopped one, names that attack.
func kinds(t *testing.T) map[string]Input {
	t.Helper()
	if kindsMade == nil {
		kindsMade = makeKinds(t)
	}
	return kindsMade
}

var kindsMade map[string]Input // by the first test that asks: tests here do not run at once

func makeKinds(t *testing.T) map[string]Input {
	t.Helper()
	stopped := makeUp(t, "Does ELU pay?", 3, 4, 200, firstArms[1])
	for i := range stopped.Trials {
		if tr := &stopped.Trials[i]; tr.Arm == "baseline" && tr.Repeat == 2 {
			tr.Status = "diverged"
		}
	}
	single := makeUp(t, firstQuestion, 1, 1, 200, firstArms[:4]...)
	attack := makeUp(t, `<script>alert("q")</script> & |pipes|`, 2, 2, 200,
		made{name: `<script>alert(1)</script>`, effect: 9, differs: []string{`"><img src=x onerror=alert(1)>`}, params: 1, macs: 1, seconds: 1},
		made{name: "a|b`c`*d*\x1b[31m", effect: -9, params: 1, macs: 1, seconds: 1})
	unfinished := makeUp(t, firstQuestion, 1, 3, 200, firstArms[:4]...)
	unfinished.Repeats = 3
	grown := makeUp(t, firstQuestion, 5, 3, 1000, firstArms[:4]...)
	early := *grown
	early.Trials = slices.DeleteFunc(slices.Clone(grown.Trials), func(tr study.Trial) bool { return tr.Repeat > 3 })
	var ledger study.Ledger
	look, err := ledger.Judge(&early, true)
	if err != nil {
		t.Fatal(err)
	}
	ledger.Looks = append(ledger.Looks, look)
	if err := ledger.Show(grown); err != nil {
		t.Fatal(err)
	}
	undecided := makeUp(t, "Which choices pay on photos?", 3, 6, 60, firstArms[2], made{name: "no-flip", effect: 0.2, params: 1, macs: 1, seconds: 1}, made{name: "residual", effect: -0.3, params: 1.1, macs: 1.2, seconds: 1.2})
	undecided.Judged[1].SecondsRough = true
	return map[string]Input{
		"undecided":  around(undecided),
		"unfinished": around(unfinished),
		"grown":      around(grown),
		"factorial":  around(designed(t, study.Design{Kind: study.Factorial})),
		"fraction":   around(designed(t, study.Design{Kind: study.Fractional, Resolution: study.ResolutionIII})),
		"all":        around(designed(t, study.Design{Kind: study.All})),
		"first":      around(first(t)),
		"detectors":  around(detectors(t)),
		"single":     around(single),
		"many":       around(makeUp(t, "Which width pays, and does it still pay with everything else that one would usually do to a network of this kind?", 3, 12, 300, many()...)),
		"stopped": func() Input {
			if err := study.Judge(stopped); err != nil {
				t.Fatal(err)
			}
			return Input{Result: stopped}
		}(),
		"attack": func() Input {
			in := around(attack)
			in.File = "</script></pre><script>alert(2)</script>\n```\n"
			return in
		}(),
	}
}

// designed simulates a study of three variants by a design: each adds its effect, and two of them less together.
func designed(t *testing.T, d study.Design) *study.Result {
	t.Helper()
	names, effects := []string{"batchnorm", "elu", "separable"}, []float64{3.2, 2.4, -2.8}
	sets := map[study.DesignKind][][]int{
		study.Factorial:  {{0}, {1}, {0, 1}, {2}, {0, 2}, {1, 2}, {0, 1, 2}},
		study.Fractional: {{0, 2}, {1, 2}, {0, 1}}, // the third is on where one of the others is
		study.All:        {{0}, {1}, {2}, {0, 1, 2}},
	}[d.Kind]
	var arms []made
	for _, of := range sets {
		a := made{params: 1, macs: 1, seconds: 1}
		var with []string
		for _, i := range of {
			with, a.effect, a.seconds = append(with, names[i]), a.effect+effects[i], a.seconds+0.1
		}
		if slices.Contains(of, 0) && slices.Contains(of, 1) {
			a.effect -= 2
		}
		a.name, a.differs = strings.Join(with, " + "), []string{"its variants"}
		arms = append(arms, a)
	}
	r := makeUp(t, "Which choices pay together?", 3, 4, 1000, arms...)
	r.Design, r.Variants = d, names
	for i, of := range sets {
		for _, v := range of {
			r.Arms[i+1].Of = append(r.Arms[i+1].Of, names[v])
		}
	}
	if err := study.Judge(r); err != nil {
		t.Fatal(err)
	}
	return r
}
