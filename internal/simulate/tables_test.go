package simulate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/statistics.md has the figures of docs/results/simulations.json.
func TestThePageHasTheFiguresOfTheFile(t *testing.T) {
	docs := filepath.Join("..", "..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "results", "simulations.json"))
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []Outcome
	if err := json.Unmarshal(text, &outcomes); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(docs, "statistics.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Fill(string(page), outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if want != string(page) {
		t.Error("docs/statistics.md and docs/results/simulations.json differ; run go run ./internal/simulate/run -studies 1 -out docs/results/simulations.json -page docs/statistics.md")
	}
	had := map[string]Outcome{}
	for _, o := range outcomes {
		had[o.Row] = o
	}
	for _, r := range Rows {
		o, ok := had[r.Name()]
		if !ok {
			t.Errorf("no outcome of %q", r.Name())
		}
		if r.Promise > 0 && o.Wrong-3*o.WrongSE > r.Promise {
			t.Errorf("%s: any false claim in %.4f ± %.4f, promised %.2f", r.Name(), o.Wrong, o.WrongSE, r.Promise)
		}
	}
}

func TestFillSaysWhatIsWrongWithAPage(t *testing.T) {
	for page, want := range map[string]string{
		"<!-- simulated: null -->\n":                                      "no end",
		"<!-- simulated: null":                                            "no end",
		"a\n<!-- simulated: weather -->\n<!-- /simulated -->\n":           "no table \"weather\"",
		"<!-- simulated: power -->\n| old |\n<!-- /simulated -->\nrest\n": "",
	} {
		got, err := Fill(page, []Outcome{{Row: "no such row"}})
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: error %v, want %q", page, err, want)
		case want == "" && (err != nil || strings.Contains(got, "old") || !strings.HasSuffix(got, "<!-- /simulated -->\nrest\n")):
			t.Errorf("%q becomes %q, %v", page, got, err)
		}
	}
}
