package report

import (
	"os"
	"path/filepath"
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
	return map[string]Input{
		"first":  around(first(t)),
		"single": around(single),
		"many":   around(makeUp(t, "Which width pays, and does it still pay with everything else that one would usually do to a network of this kind?", 3, 12, 300, many()...)),
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
