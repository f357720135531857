package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

func TestReportsReadAsTheyDid(t *testing.T) {
	in := around(first(t))
	for name, write := range map[string]func(io.Writer) error{
		"first.md":         func(w io.Writer) error { return Markdown(w, in) },
		"results.csv":      func(w io.Writer) error { return ResultsCSV(w, in.Result) },
		"trials.csv":       func(w io.Writer) error { return TrialsCSV(w, in.Result) },
		"terminal-120.txt": func(w io.Writer) error { return Terminal(w, in, 0, false) },
		"terminal-80.txt":  func(w io.Writer) error { return Terminal(w, in, 80, false) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden.Text(t, filepath.Join("testdata", "golden", name), b.String())
	}
}

func TestWriteMakesEveryFileAndTheSameBytesAgain(t *testing.T) {
	in := around(first(t))
	dir := filepath.Join(t.TempDir(), "made", "here")
	var before [][]byte
	for range 2 {
		paths, err := Write(dir, in)
		if err != nil {
			t.Fatal(err)
		}
		var now [][]byte
		var names []string
		for _, p := range paths {
			text, err := os.ReadFile(p)
			if err != nil || len(text) == 0 {
				t.Fatalf("%s: %d bytes, %v", p, len(text), err)
			}
			names, now = append(names, filepath.Base(p)), append(now, text)
		}
		if want := []string{"report.html", "report.md", "report.json", "results.csv", "trials.csv"}; !slices.Equal(names, want) {
			t.Errorf("wrote %v, want %v", names, want)
		}
		for i := range before {
			if !bytes.Equal(before[i], now[i]) {
				t.Errorf("%s differs the second time", names[i])
			}
		}
		before = now
	}
}

func TestJSONHasTheFieldsThatScriptsRelyOn(t *testing.T) {
	r := first(t)
	r.Trials[0].Curve[0].TrainLoss = math.NaN() // as a diverged run has it
	var b bytes.Buffer
	if err := JSON(&b, around(r), "assay-store/first-study/report.html"); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"question": firstQuestion, "store": "assay-store", "report": "assay-store/first-study/report.html", "winner": "assay-store/first-study/winner.yaml"} {
		if got[key] != want {
			t.Errorf("%s: got %v, want %v", key, got[key], want)
		}
	}
	for _, a := range got["arms"].([]any) {
		arm := a.(map[string]any)
		for _, key := range []string{"name", "baseline", "trials", "diverged", "mean", "effect", "low", "high", "verdict", "params", "macs", "train_seconds", "outcomes"} {
			if _, ok := arm[key]; !ok {
				t.Errorf("%v has no %q", arm["name"], key)
			}
		}
		switch arm["name"] {
		case "baseline":
			if arm["effect"] != nil || arm["verdict"] != nil {
				t.Errorf("the baseline has effect %v, verdict %v", arm["effect"], arm["verdict"])
			}
		case "lr 0.5":
			if y := arm["outcomes"].([]any); len(y) != 3 || y[1] != nil || y[0] == nil {
				t.Errorf("outcomes by repeat %v: the second diverged", y)
			}
		}
	}
}

func TestEveryTableHasEveryArmOnce(t *testing.T) {
	r := kinds(t)["many"].Result
	var b bytes.Buffer
	if err := ResultsCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 41 || rows[1][0] != "baseline" {
		t.Errorf("results.csv: %d rows, %v", len(rows), err)
	}
	if err := TrialsCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	if rows, err = csv.NewReader(&b).ReadAll(); err != nil || len(rows) != 121 {
		t.Errorf("trials.csv: %d rows, %v", len(rows), err)
	}
}

// page parses a study's page and gives its elements.
func pageOf(t *testing.T, in Input) (text string, elements []*html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, in); err != nil {
		t.Fatal(err)
	}
	text = b.String()
	root, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			elements = append(elements, n)
		}
	}
	return text, elements
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestThePageNeedsNothingFromOutside(t *testing.T) {
	for name, in := range kinds(t) {
		text, elements := pageOf(t, in)
		for _, n := range elements {
			for _, a := range n.Attr {
				if n.Data == "img" && a.Key == "src" && strings.HasPrefix(a.Val, "data:image/") {
					continue
				}
				outside := strings.Contains(a.Val, "//")
				if paper := n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "https://doi.org/"); outside && !paper {
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s> has %s=%q", name, n.Data, a.Key, a.Val)
				}
			}
			if slices.Contains([]string{"link", "script", "img", "iframe", "object"}, n.Data) && (attribute(n, "src") != "" && !strings.HasPrefix(attribute(n, "src"), "data:image/") || n.Data == "link" && attribute(n, "href") != "data:,") {
				t.Errorf("%s: <%s> loads something", name, n.Data)
			}
		}
		for _, word := range []string{"url(", "@import", "NaN", "Inf", "%!", "ZgotmplZ"} {
			if strings.Contains(text, word) {
				t.Errorf("%s: the page has %q", name, word)
			}
		}
	}
}

func TestThePageTellsTheVerdictsFirst(t *testing.T) {
	_, elements := pageOf(t, around(first(t)))
	var order []string
	for _, n := range elements {
		if n.Data == "section" {
			order = append(order, attribute(n, "id"))
		}
	}
	if want := []string{"verdicts", "ranking", "tradeoff", "curves", "logloss", "differences", "trials", "judged", "repeat"}; !slices.Equal(order, want) {
		t.Errorf("sections %v\nwant     %v", order, want)
	}
	var heading string
	for _, n := range elements {
		if n.Data == "h1" {
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					heading += d.Data
				}
			}
		}
	}
	if strings.Join(strings.Fields(heading), " ") != firstQuestion {
		t.Errorf("the heading is %q", heading)
	}
}

func TestEveryLinkInThePageLeadsSomewhere(t *testing.T) {
	_, elements := pageOf(t, around(first(t)))
	ids := map[string]int{}
	for _, n := range elements {
		if id := attribute(n, "id"); id != "" {
			ids[id]++
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements have the id %s", n, id)
		}
	}
	for _, n := range elements {
		if to, ok := strings.CutPrefix(attribute(n, "href"), "#"); ok && ids[to] == 0 {
			t.Errorf("nothing has the id %s", to)
		}
	}
}

func TestNamesCannotBreakThePage(t *testing.T) {
	in := kinds(t)["attack"]
	_, elements := pageOf(t, in)
	scripts := 0
	for _, n := range elements {
		if n.Data == "script" {
			scripts++
		}
		if n.Data == "img" {
			t.Error("a difference became an image")
		}
	}
	if scripts != 1 {
		t.Errorf("%d scripts, want the page's own", scripts)
	}
	var md, terminal bytes.Buffer
	if err := errors.Join(Markdown(&md, in), Terminal(&terminal, in, 0, false)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Split(md.String(), "````yaml")[0], "<script>") {
		t.Error("Markdown has a live <script>")
	}
	for line := range strings.Lines(md.String()) {
		if strings.HasPrefix(line, "| a") && strings.Count(line, "|")-strings.Count(line, `\|`) > 8 {
			t.Errorf("a name made a column of its own: %s", line)
		}
	}
	if strings.ContainsRune(terminal.String(), 0x1b) {
		t.Error("a name steers the terminal")
	}
}

func TestTheTerminalKeepsToItsWidth(t *testing.T) {
	for name, in := range kinds(t) {
		for _, width := range []int{30, 44, 60, 72, 80, 100, 120, 200} {
			var b bytes.Buffer
			if err := Terminal(&b, in, width, false); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width && len(strings.Fields(line)) > 1 { // a word is never broken
					t.Errorf("%s at %d: %d columns: %s", name, width, n, line)
				}
			}
			inline := strings.Count(b.String(), "m-a  params") // the price of every arm stands beside it or below it
			if below := strings.Count(b.String(), "time "); inline == 0 && in.Result.Stopped == "" && !rank(in.Result).contrasts() && below < len(in.Result.Judged)-1 {
				t.Errorf("%s at %d: %d arms have a price\n%s", name, width, below, b.String())
			}
		}
	}
}

func TestAnUnfinishedStudySaysSoFirst(t *testing.T) {
	r := makeUp(t, "", 1, 2, 100, firstArms[:3]...)
	r.Repeats = 3
	var md, terminal, page bytes.Buffer
	if err := errors.Join(Markdown(&md, Input{Result: r}), Terminal(&terminal, Input{Result: r}, 0, false), HTML(&page, Input{Result: r})); err != nil {
		t.Fatal(err)
	}
	const want = "4 of 12 trials, unfinished"
	if !strings.HasPrefix(terminal.String(), "[######--------------] "+want+"\n") || !strings.Contains(md.String(), "**"+want+"**") || !strings.Contains(page.String(), `<div class="unfinished"><p>`+want+`</p><progress max="12" value="4">`) {
		t.Errorf("want %q first; got\n%s\n%s", want, terminal.String(), md.String())
	}
	if s := md.String(); !strings.Contains(s, "Nothing can be told yet; the same command goes on with it.") || strings.Contains(s, "run two repeats or more") {
		t.Errorf("got\n%s", s)
	}
}

func TestAnArmThatNeverEndedIsCalledDivergedEverywhere(t *testing.T) {
	r := &study.Result{Repeats: 2, Blocks: 2, Judged: []study.Judgement{
		{Arm: study.Arm{Name: "baseline", Baseline: true}, Finding: study.Finding{}, Trials: 2},
		{Arm: study.Arm{Name: "head-256"}, Finding: study.Finding{Verdict: study.Undecided}, Trials: 2, Diverged: 2},
	}}
	k := rank(r)
	for what, got := range map[string]string{
		"tables": k.called(k.variants[0]), "sentences": k.state(k.variants[0]).String(), "answer": k.answer(), "groups": k.groups()[0].Head,
	} {
		if !strings.Contains(strings.ToLower(got), "diverged") || strings.Contains(got, "undecided") {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

func TestNoNameSteersTheTerminalOrASpreadsheet(t *testing.T) {
	const name, formula = "a\x1b[2J\nassay: ok\u202e", "=HYPERLINK(1)"
	arms := append([]made{}, firstArms[:2]...)
	arms[0].name, arms[1].name = name, formula
	r := makeUp(t, name, 2, 2, 100, arms...)
	r.Data, r.Net = name, name
	var words, results, trials bytes.Buffer
	for _, width := range []int{30, 80, 120} {
		if err := Terminal(&words, Input{Result: r}, width, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(Markdown(&words, Input{Result: r, Version: name}), ResultsCSV(&results, r), TrialsCSV(&trials, r)); err != nil {
		t.Fatal(err)
	}
	if s := words.String(); strings.ContainsAny(s, "\x1b\u202e") || strings.Contains(s, "\nassay: ok") || !strings.Contains(s, `a\x1b[2J\n`) {
		t.Errorf("got\n%q", s)
	}
	for _, s := range []string{results.String(), trials.String()} {
		if strings.Contains(s, "\n=") || !strings.Contains(s, "\n'=HYPERLINK(1)") {
			t.Errorf("got\n%s", s)
		}
	}
}

func TestRoughTimesAreMarkedWhereTheyStand(t *testing.T) {
	r := makeUp(t, "", 2, 2, 100, firstArms[:2]...)
	r.Judged[1].SecondsRough = true
	var terminal, page bytes.Buffer
	if err := errors.Join(Terminal(&terminal, Input{Result: r}, 0, false), HTML(&page, Input{Result: r})); err != nil {
		t.Fatal(err)
	}
	if s := terminal.String(); !strings.Contains(s, " rough time") || !strings.Contains(s, " ~+10 %") {
		t.Errorf("got\n%s", s)
	}
	if s := page.String(); !strings.Contains(s, "≈&#43;10") || !strings.Contains(s, "training time, rough") || strings.Contains(s, "with the machine to themselves") {
		t.Error("the page does not say so")
	}
}

func TestWhatIsLeftOfADifferenceOfEqualFiguresIsZero(t *testing.T) {
	tiny := 2.92037e-14
	for _, c := range [][2]string{{number(tiny), "0"}, {number(-tiny), "0"}, {number(0.0123456789), "0.0123457"}, {chance(&tiny), "2.92037e-14"}, {chance(nil), ""}} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestColourIsOnlyWhereItIsAllowed(t *testing.T) {
	r := first(t)
	var with, without bytes.Buffer
	if err := errors.Join(Terminal(&with, Input{Result: r}, 100, true), Terminal(&without, Input{Result: r}, 100, false)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(with.String(), "\x1b[1;34m") || strings.Contains(without.String(), "\x1b") {
		t.Error("colour is not where it should be")
	}
	bare := strings.NewReplacer("\x1b[1;34m", "", "\x1b[1;33m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(with.String())
	if bare != without.String() {
		t.Error("colour moves the columns")
	}
}

func TestTheAnswerCountsVerdictsInWords(t *testing.T) {
	for want, verdicts := range map[string][]study.Verdict{
		"The variant helps.": {study.Helps},
		"The variant shows no effect (none within 0.5 points either way).":                                    {study.None},
		"Nothing could be told yet: effects under 9.6 points stay hidden (3 variants, 60 images, 3 repeats).": {study.Undecided, study.Undecided, study.Undecided},
		"Nothing could be told yet: effects under 9.6 points stay hidden (1 variant, 60 images, 3 repeats).":  {study.Undecided},
		"All 2 show no effect (none within 0.5 points either way).":                                           {study.None, study.None},
		"Of 4 variants, 2 help, 1 hurts and 1 has no verdict yet.":                                            {study.Helps, study.Hurts, study.Helps, ""},
		"The study has no variants to compare with its baseline.":                                             {},
		"Of 3 variants, 1 hurts, 1 shows no effect (none within 0.5 points either way) and 1 is undecided.":   {study.Hurts, study.None, study.Undecided},
	} {
		r := &study.Result{Metrics: []task.Metric{task.Accuracy}, Blocks: 3, Images: 60, Detectable: 9.6, Delta: 0.5, Judged: []study.Judgement{{Arm: study.Arm{Name: "baseline", Baseline: true}, Trials: 3}}}
		for _, v := range verdicts {
			r.Judged = append(r.Judged, study.Judgement{Trials: 3, Finding: study.Finding{Verdict: v}})
		}
		if got := rank(r).answer(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnUndecidedArmSaysWhatWouldDecideIt(t *testing.T) {
	k := rank(&study.Result{Images: 1000, Delta: 0.5, Metrics: []task.Metric{task.Accuracy}, Judged: []study.Judgement{{Arm: study.Arm{Baseline: true}}}})
	for want, j := range map[string]study.Judgement{
		"; 4 more repeats (about 2\u00a0min) would tell":                                                                {Decides: study.Decides{MoreRepeats: 4, HoursToDecide: 1.0 / 30}},
		"; 4 more repeats would find that there is no effect of 0.5 points":                                             {Decides: study.Decides{MoreRepeats: 4, DecidesNone: true}},
		"; 22 more repeats (about 4\u00a0min) would tell, or 8 in all with val: 0.33 (about 2\u00a0min)":                {Decides: study.Decides{MoreRepeats: 22, HoursToDecide: 4. / 60, Anew: &study.Anew{Val: 0.33, Repeats: 8, Hours: 2. / 60}}},
		"; repeats alone cannot tell, 8 repeats in all with val: 0.33 would find that there is no effect of 0.5 points": {Decides: study.Decides{Anew: &study.Anew{Val: 0.33, Repeats: 8, DecidesNone: true}}},
		"; repeats alone cannot tell, about 5,000 validation images in all would":                                       {Decides: study.Decides{ImagesToDecide: 5000}},
		"; no reasonable number of repeats would tell, the effect is too small beside the noise":                        {Decides: study.Decides{ImagesToDecide: 1000}},
	} {
		if got := k.decides(j); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestANewStudyIsNamedWithWhatToChange(t *testing.T) {
	undecided := study.Finding{Verdict: study.Undecided, Effect: new(0.4), Low: new(-1.0), High: new(1.8)}
	r := &study.Result{Metrics: []task.Metric{task.Accuracy}, Repeats: 3, Blocks: 3, Images: 1000, Delta: 1, Judged: []study.Judgement{
		{Arm: study.Arm{Name: "baseline", Baseline: true}, Finding: study.Finding{Mean: new(87.9)}},
		{Arm: study.Arm{Name: "elu"}, Finding: undecided, Decides: study.Decides{MoreRepeats: 22, Anew: &study.Anew{Val: 0.33, Repeats: 8}}},
		{Arm: study.Arm{Name: "residual"}, Finding: undecided, Decides: study.Decides{Anew: &study.Anew{Val: 0.33, Repeats: 11, DecidesNone: true}}},
	}}
	in := Input{Result: r, Run: "assay study run s.yaml", Anew: "assay study run s.yaml --as s-val33"}
	var b strings.Builder
	if err := Terminal(&b, in, 0, false); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"elu: 22 more repeats would tell, or 8 in all with val: 0.33 residual: repeats alone cannot tell, 11 repeats in all with val: 0.33 would find that there is no effect of 1 point ",
		"To tell of elu: assay study run s.yaml --repeats 25 ",
		"To tell of elu and residual in a new study (another split, so that every trial is new), write val: 0.33 into the file's data and repeats: 11, then: assay study run s.yaml --as s-val33",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nlacks: %s", b.String(), want)
		}
	}
	var md, page bytes.Buffer
	if err := errors.Join(Markdown(&md, in), HTML(&page, in)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"report.md": md.String(), "the page": page.String()} {
		if !strings.Contains(text, "of elu and residual in a new study") {
			t.Errorf("%s does not name the new study", name)
		}
	}
	if got, want := rank(r).commands(in), "assay study run s.yaml --repeats 25  # would tell of 1 variant\nassay study run s.yaml --as s-val33  # a new study, of the file with val: 0.33 in its data and repeats: 11: would tell of 2 variants"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestTheAxisStandsBehindTheHead(t *testing.T) {
	r := &study.Result{Metric: "accuracy", Metrics: []task.Metric{task.Accuracy}, Repeats: 2, Judged: []study.Judgement{{Arm: study.Arm{Name: "baseline", Baseline: true}}, {Arm: study.Arm{Name: "elu"}}}}
	var b bytes.Buffer
	if err := Terminal(&b, Input{Result: r}, 80, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "effect on accuracy, points ") })
	if at < 0 || strings.Index(lines[at], " 0 ") != strings.Index(lines[at+1], "|")-1 {
		t.Errorf("got\n%s", b.String())
	}
}

func TestTheCommandThatWouldTellIsNamed(t *testing.T) {
	arms := func(more ...int) ranking {
		r := &study.Result{Repeats: 3, Blocks: 3, Judged: []study.Judgement{{Arm: study.Arm{Baseline: true}}}}
		for i, n := range more {
			r.Judged = append(r.Judged, study.Judgement{Arm: study.Arm{Name: string(rune('a' + i))}, Decides: study.Decides{MoreRepeats: n}, Finding: study.Finding{Verdict: study.Undecided}})
		}
		return rank(r)
	}
	for _, c := range []struct {
		name string
		more []int
		run  string
		want []next
	}{
		{"one arm", []int{4}, "run s.yaml", []next{{"run s.yaml --repeats 7", "of a", 1}}},
		{"two that want as many", []int{4, 4}, "run s.yaml", []next{{"run s.yaml --repeats 7", "of a and b", 2}}},
		{"one wants more", []int{9, 4, 0}, "run s.yaml", []next{{"run s.yaml --repeats 7", "of b", 1}, {"run s.yaml --repeats 12", "all that repeats can", 0}}},
		{"more than a study may have", []int{998}, "run s.yaml", nil},
		{"no number would", []int{0}, "run s.yaml", nil},
		{"no command known", []int{4}, "", nil},
	} {
		if got := arms(c.more...).further(c.run); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOneRepeatGivesNoVerdicts(t *testing.T) {
	r := makeUp(t, "", 1, 2, 100, firstArms[:3]...)
	var b bytes.Buffer
	if err := errors.Join(Markdown(&b, Input{Result: r}), Terminal(&b, Input{Result: r}, 0, false)); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, " helps") || strings.Contains(s, " hurts") || !strings.Contains(s, "One repeat") {
		t.Errorf("got\n%s", s)
	}
}

func TestAResultThatIsNotJudgedIsRefused(t *testing.T) {
	for _, in := range []Input{{}, {Result: &study.Result{}}} {
		if _, err := Write(t.TempDir(), in); !errors.Is(err, ErrNotJudged) {
			t.Errorf("got %v", err)
		}
	}
}

func TestFiguresAreWrittenAlike(t *testing.T) {
	for _, c := range [][2]string{
		{signed(1.64, 1), "+1.6"}, {signed(-0.9, 1), "−0.9"}, {signed(-0.04, 1), "0.0"}, {interval(-1, 2.25, 1), "[−1.0,\u00a0+2.2]"},
		{change(109, 100), "+9\u00a0%"}, {change(29, 100), "−71\u00a0%"}, {change(100, 100), "0\u00a0%"}, {change(100.4, 100), "+0.4\u00a0%"},
		{change(320, 100), "×3.2"}, {change(1234, 100), "×12"}, {change(0, 100), "–"},
		{si(61706), "61.7\u00a0k"}, {si(272474), "272\u00a0k"}, {si(1.82e9), "1.82\u00a0G"}, {si(999.6e3), "1.00\u00a0M"}, {si(12), "12"}, {grouped(1234567), "1,234,567"}, {grouped(-1234), "-1,234"},
		{lasting(6.43), "6.4\u00a0s"}, {lasting(38), "38\u00a0s"}, {lasting(130), "2\u00a0min"}, {lasting(5000), "83\u00a0min"}, {lasting(7200), "2\u00a0h"}, {lasting(40000), "11\u00a0h"},
		{ordinal(3), "third"}, {ordinal(12), "12th"}, {ordinal(22), "22nd"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestTicksAreRoundAndInside(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		n         int
	}{{-3.7, 4.4, 6}, {0, 1, 5}, {88.01, 88.07, 4}, {-1e-6, 1e6, 7}, {1, 90, 5}} {
		got := ticks(c.low, c.high, c.n)
		if len(got) == 0 || len(got) > c.n+1 || got[0] < c.low-1e-9 || got[len(got)-1] > c.high+1e-9*c.high {
			t.Errorf("ticks(%v) = %v", c, got)
		}
	}
	if got := ticks(math.NaN(), 1, 5); got != nil {
		t.Errorf("of NaN: %v", got)
	}
}

func TestLooksAreTold(t *testing.T) {
	five := makeUp(t, firstQuestion, 5, 3, 1000, firstArms[:4]...)
	three := *five
	three.Trials = slices.DeleteFunc(slices.Clone(five.Trials), func(tr study.Trial) bool { return tr.Repeat > 3 })
	var l study.Ledger
	words := func(r *study.Result) string {
		var b bytes.Buffer
		if err := Markdown(&b, Input{Result: r}); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(b.String(), "\u00a0", " ")
	}
	if err := l.Show(&three); err != nil {
		t.Fatal(err)
	}
	before := words(&three)
	look, err := l.Judge(&three, true)
	if err != nil {
		t.Fatal(err)
	}
	at := words(&three)
	l.Looks = append(l.Looks, look)
	if err := l.Show(five); err != nil {
		t.Fatal(err)
	}
	between := words(five)
	if look, err = l.Judge(five, false); err != nil {
		t.Fatal(err)
	}
	after := words(five)
	for _, c := range []struct{ what, text, has, hasNot string }{
		{"before the first look", before, "No verdicts yet: effects so far", "Best:"},
		{"before the first look", before, "**batchnorm has no verdict**: +", "the one to keep"},
		{"at it", at, "effect, points [96 %]", "by now +"},
		{"at it", at, "Look 1, at the planned end, may make a false claim in 4 % of studies.", "Look 2"},
		{"at it", at, "ever judged against this baseline, 4 by now", "at look 1"},
		{"between looks", between, "; by now +", "[of its look]"},
		{"after the second", after, "effect, points [of its look]", "No verdicts yet"},
		{"after the second", after, "Look 2, an unplanned one, may make a false claim in 0.5 % of studies.", "Look 3"},
		{"after the second", after, "the next has 0.25 %", "95 %"},
		{"after the second", after, ", at look 1", "without a look"},
	} {
		if !strings.Contains(c.text, c.has) || strings.Contains(c.text, c.hasNot) {
			t.Errorf("%s: want %q and not %q in\n%s", c.what, c.has, c.hasNot, c.text)
		}
	}
	if look.N != 2 {
		t.Errorf("look %+v", look)
	}
}

// told is a judged study of the verdicts and intervals given, named a, b, c ...
func told(m task.Metric, images, blocks int, findings ...study.Finding) ranking {
	r := &study.Result{Metric: m.Name, Metrics: []task.Metric{m}, Images: images, Repeats: blocks, Blocks: blocks, Delta: 0.5, Judged: []study.Judgement{{Arm: study.Arm{Name: "baseline", Baseline: true}, Trials: blocks}}}
	for i, f := range findings {
		if f.Low != nil {
			f.Effect = new((*f.Low + *f.High) / 2)
		}
		r.Judged = append(r.Judged, study.Judgement{Arm: study.Arm{Name: string(rune('a' + i))}, Trials: blocks, Finding: f})
	}
	return rank(r)
}

func between(low, high float64, v study.Verdict) study.Finding {
	return study.Finding{Low: &low, High: &high, Verdict: v}
}

func TestFiguresHaveTheDigitsThatTheirNoiseLeaves(t *testing.T) {
	for _, c := range []struct {
		name           string
		metric         task.Metric
		images, blocks int
		low, high      float64
		verdict        study.Verdict
		want           int
	}{
		{"points known to one", task.Accuracy, 2000, 3, -1, 1, study.Undecided, 1},
		{"points known to ten", task.Accuracy, 60, 3, -9, 10, study.Undecided, 0},
		{"a few images, known by luck", task.Accuracy, 60, 1, -0.1, 0.1, study.Undecided, 0},
		{"known to a tenth", task.Accuracy, 10000, 3, -0.1, 0.2, study.Undecided, 2},
		{"an end that would seem 0", task.Accuracy, 10000, 3, 0.02, 3, study.Helps, 2},
		{"the same in whole points", task.Accuracy, 60, 3, 0.3, 20, study.Helps, 1},
		{"nats", task.LogLoss, 60, 3, -0.02, 0.03, study.Undecided, 3},
		{"nats of large losses", task.LogLoss, 60, 3, -2, 3, study.Undecided, 1},
		{"nats that are nearly nothing", task.LogLoss, 60, 3, -1e-9, 1e-9, study.Undecided, 4},
	} {
		if got := told(c.metric, c.images, c.blocks, between(c.low, c.high, c.verdict)).decimals; got != c.want {
			t.Errorf("%s: %d decimals, want %d", c.name, got, c.want)
		}
	}
	if got := told(task.Accuracy, 200, 1, study.Finding{Effect: new(1.0)}).decimals; got != 1 {
		t.Errorf("one repeat of 200 images: %d decimals, want 1", got)
	}
}

func TestGroupsStandInTheOrderOfUse(t *testing.T) {
	wide := []study.Finding{between(-2, -1, study.Hurts), between(-1, 1, study.Undecided), between(1, 2, study.Helps), between(-0.2, 0.2, study.None), between(-3, 3, study.Undecided), between(-9, -8, study.Hurts), between(4, 5, study.Helps)}
	order := func(k ranking) string {
		text := ""
		for _, s := range k.statements() {
			text += s.Name
		}
		return text
	}
	if got := order(told(task.Accuracy, 2000, 3, wide...)); got != "gcebfad" {
		t.Errorf("got %s, want what helps, undecided by the upper end, what hurts from the worst, none", got)
	}
	var less []study.Finding // the same where less is better
	for _, f := range wide {
		less = append(less, between(-*f.High, -*f.Low, f.Verdict))
	}
	if got := order(told(task.LogLoss, 2000, 3, less...)); got != "gcebfad" {
		t.Errorf("less is better: got %s", got)
	}
	many := make([]study.Finding, 9)
	for i := range many {
		many[i] = between(float64(i+1), float64(i+2), study.Helps)
	}
	g := told(task.Accuracy, 2000, 3, many...).groups()
	if len(g) != 1 || len(g[0].Told) != mostTold || g[0].Head != "4 more help" || strings.Count(g[0].Line, ";") != 3 {
		t.Errorf("got %+v", g)
	}
	if g = told(task.Accuracy, 2000, 3, wide[3]).groups(); g[0].Head != "None within 0.5 points either way" {
		t.Errorf("got %+v", g)
	}
}

func TestTheFrontIsWhatNothingBeatsForLess(t *testing.T) {
	k := told(task.Accuracy, 2000, 3, between(1, 2, study.Helps), between(0, 2, study.Undecided), between(-2, -1, study.Hurts))
	mean := func(x float64) *float64 { return &x }
	spots := []spot{
		{j: study.Judgement{Finding: study.Finding{Mean: mean(80)}}, cost: 10}, {j: study.Judgement{Finding: study.Finding{Mean: mean(82)}}, cost: 12},
		{j: study.Judgement{Finding: study.Finding{Mean: mean(81)}}, cost: 12}, {j: study.Judgement{Finding: study.Finding{Mean: mean(80)}}, cost: 11},
		{j: study.Judgement{Diverged: 1, Finding: study.Finding{Mean: mean(99)}}, cost: 1},
	}
	var c canvas
	if line := k.front(&c, spots); len(line) != 2 {
		t.Errorf("a front of %d lines, want the two that join two arms", len(line))
	}
	if !k.beaten(spots[3], spots) || !k.beaten(spots[2], spots) || k.beaten(spots[4], spots) {
		t.Error("who beats whom is wrong")
	}
}

func TestNoArmIsWithoutANameInTheCostFigure(t *testing.T) {
	for name, in := range kinds(t) {
		k := rank(in.Result)
		for _, trade := range k.trades() {
			for i, figure := range trade.Figures {
				text := string(figure)
				for _, j := range k.costed(axes[slices.IndexFunc(axes, func(a axis) bool { return a.ID == trade.ID })]) {
					named := regexp.MustCompile(">" + regexp.QuoteMeta(html.EscapeString(j.Name)) + "( [\u2212.0-9]+)?</text>").MatchString(text)
					if keyed := slices.ContainsFunc(trade.Keys[i], func(n keyed) bool { return n.Name == j.Name }); named == keyed {
						t.Errorf("%s by %s, %d: %q is named %v and keyed %v", name, trade.ID, i, j.Name, named, keyed)
					}
				}
			}
		}
	}
}

func TestACostInWhichNoArmDiffersIsNotDrawn(t *testing.T) {
	k := rank(makeUp(t, "", 1, 2, 200, made{name: "elu", effect: 2, params: 1, macs: 1, seconds: 1.2}, made{name: "wide", effect: 2, params: 1, macs: 1.5, seconds: 1.2}))
	var drawn []string
	for _, trade := range k.trades() {
		drawn = append(drawn, trade.ID)
	}
	if !slices.Equal(drawn, []string{"time", "macs"}) {
		t.Errorf("drawn are %v", drawn)
	}
}

func TestNobodyIsToldToChooseFewerImages(t *testing.T) {
	r := makeUp(t, "", 3, 2, 500, firstArms[:2]...)
	if k := rank(r); k.best() == "" || k.choice() == "" {
		t.Fatal("nothing to choose")
	}
	r.DataSize = &study.DataSize{}
	if k := rank(r); k.best() != "" || k.choice() != "" {
		t.Errorf("%s %s", k.best(), k.choice())
	}
}

func TestAFolderIsNamedAndNotWhereItLies(t *testing.T) {
	r := makeUp(t, "", 2, 2, 100, firstArms[:1]...)
	r.Data = "/home/someone/secret/photos"
	var b bytes.Buffer
	if err := errors.Join(JSON(&b, Input{Result: r}, ""), Markdown(&b, Input{Result: r}), HTML(&b, Input{Result: r})); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "secret") || !strings.Contains(s, `"data": "photos"`) || r.Data != "/home/someone/secret/photos" {
		t.Error("where the folder lies stands in the report")
	}
}

func TestTwoRepeatsWithOneInCommonAreNotOneRepeat(t *testing.T) {
	arm := firstArms[0]
	arm.diverged = []int{2}
	r := makeUp(t, "", 2, 2, 100, arm)
	var b bytes.Buffer
	if err := errors.Join(Markdown(&b, Input{Result: r}), Terminal(&b, Input{Result: r}, 0, false)); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); r.Blocks != 1 || strings.Contains(strings.ToLower(s), "one repeat") || !strings.Contains(s, "diverged in 1 of 2") {
		t.Errorf("got\n%s", s)
	}
}

func TestEffectsOverSeveralArmsStandWhereArmsWould(t *testing.T) {
	fraction, factorial, all := kinds(t)["fraction"], kinds(t)["factorial"], kinds(t)["all"]
	var md, terminal, page bytes.Buffer
	if err := errors.Join(Markdown(&md, fraction), Terminal(&terminal, fraction, 0, false), HTML(&page, fraction)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, text, has string }{
		{"markdown", md.String(), "Of 3 effects, 2 help and 1 hurts."},
		{"markdown", md.String(), "| batchnorm | +"},
		{"markdown", md.String(), "(or elu x separable does)."},
		{"markdown", md.String(), "| elu x separable |"},
		{"markdown", md.String(), "| batchnorm + elu | "},
		{"terminal", terminal.String(), "batchnorm: or elu x separable does"},
		{"page", page.String(), `<td class="mixed">elu x separable</td>`},
		{"page", page.String(), ">effect of<"},
	} {
		if !strings.Contains(c.text, c.has) {
			t.Errorf("%s lacks %q:\n%s", c.what, c.has, c.text)
		}
	}
	if s := terminal.String(); strings.Contains(s, "params") || strings.Contains(s, "time ") {
		t.Errorf("effects over several arms have no price:\n%s", s)
	}
	for _, c := range []struct {
		in  Input
		has string
	}{{factorial, "batchnorm x elu"}, {all, "deficit of all together"}} {
		for name, write := range map[string]func(io.Writer) error{
			"markdown": func(w io.Writer) error { return Markdown(w, c.in) }, "terminal": func(w io.Writer) error { return Terminal(w, c.in, 0, false) }, "page": func(w io.Writer) error { return HTML(w, c.in) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil || !strings.Contains(strings.ToLower(b.String()), "beyond these") || !strings.Contains(strings.ReplaceAll(b.String(), "<wbr>", ""), c.has) {
				t.Errorf("%s lacks %q, %v", name, c.has, err)
			}
		}
	}
	var csv bytes.Buffer
	if err := ResultsCSV(&csv, factorial.Result); err != nil || strings.Count(csv.String(), ",arm\n") != 8 || strings.Count(csv.String(), ",main\n") != 3 || strings.Count(csv.String(), ",interaction\n") != 3 {
		t.Errorf("results.csv: %v\n%s", err, csv.String())
	}
	if k := rank(all.Result); k.contrasts() || len(k.asked) != 4 {
		t.Errorf("all: %d asked", len(k.asked))
	}
}

func TestAStudyIsReadyForAPaper(t *testing.T) {
	in := around(first(t))
	k := rank(in.Result)
	text, cited := k.methods(in.Version)
	for _, want := range []string{"We compared 6 variants of mini on fashion-mini, 3 trainings each, with Assay v0.1.0.", "(Dunnett 1955)", "(Schuirmann 1987)", "2,000 validation images", "within 0.5 points either way"} {
		if !strings.Contains(text, want) {
			t.Errorf("methods lack %q:\n%s", want, text)
		}
	}
	if len(cited) < 3 || strings.Count(bibtex(cited), "@article{") != len(cited) {
		t.Errorf("%d sources:\n%s", len(cited), bibtex(cited))
	}
	for _, s := range []Source{dunnett, schuirmann, brownForsyth, boxHunter, plackett, efronMorris, holm, falseFinds} {
		if strings.Count(s.bibtex, "{") != strings.Count(s.bibtex, "}") || !strings.Contains(s.bibtex, "  year    = {") {
			t.Errorf("BibTeX of %s:\n%s", s.Cite, s.bibtex)
		}
	}
	attack := rank(kinds(t)["attack"].Result)
	for name, table := range map[string]string{"latex": k.latex(), "latex of an attack": attack.latex(), "markdown": k.plainTable(), "markdown of an attack": attack.plainTable()} {
		columns := map[bool]string{true: " & ", false: " | "}[strings.HasPrefix(name, "latex")]
		rows := 0
		for line := range strings.Lines(table) {
			if n := strings.Count(line, columns); n > 0 {
				if rows++; n != 6 && !strings.Contains(line, "---") {
					t.Errorf("%s: %d columns in %s", name, n+1, line)
				}
			}
		}
		if rows < 3 {
			t.Errorf("%s: %d rows", name, rows)
		}
	}
	if got, want := inLatex("a_b & 50 % {x}\\"), `a\_b \& 50 \% \{x\}\textbackslash{}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDrawingsStandInThePageApart(t *testing.T) {
	in := around(first(t))
	in.Drawings = map[string]string{"baseline": "<svg>b</svg>", "elu": "<svg>e</svg>"}
	in.Undrawn = 2
	text, elements := pageOf(t, in)
	n := 0
	for _, e := range elements {
		if e.Data == "img" {
			n++
			if !strings.HasPrefix(attribute(e, "src"), "data:image/svg+xml;base64,") || attribute(e, "alt") == "" {
				t.Errorf("<img src=%q>", attribute(e, "src"))
			}
		}
	}
	if n != 2 || !strings.Contains(text, "2 are not drawn") {
		t.Errorf("%d drawings", n)
	}
}

func TestWhatToTakeNowStandsBesideTheVerdicts(t *testing.T) {
	r := makeUp(t, "", 3, 2, 500, firstArms[:4]...)
	if r.Choice == nil {
		t.Fatal("nothing to choose")
	}
	r.Choice = &study.Choice{Arm: "elu", Probability: 0.6249, Shortfall: 0.312}
	r.Judged[3].AsGoodForLess, r.Judged[3].Verdict = []string{"training time", "parameters"}, study.Undecided
	in := Input{Result: r}
	for name, write := range map[string]func(io.Writer) error{
		"markdown": func(w io.Writer) error { return Markdown(w, in) }, "terminal": func(w io.Writer) error { return Terminal(w, in, 0, false) }, "page": func(w io.Writer) error { return HTML(w, in) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u00a0", " ")), " ")
		for _, want := range []string{"If you must choose now: elu, the best of these with a probability of 62 %; the best is expected to be 0.31 points better.", "as good for less: training time and parameters"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, b.String())
			}
		}
	}
	r.Choice, r.Winner = &study.Choice{Arm: "elu", Probability: 0.9991, Shortfall: 0.001}, "elu"
	if said := rank(r).choice(); said != "" {
		t.Errorf("the winner is the best for certain, and it says %q", said)
	}
	r.Winner = r.Judged[0].Name
	if got, want := rank(r).choice(), "If you must choose now: elu, all but certainly the best of these."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheTestSplitIsToldWithItsEffect(t *testing.T) {
	k := told(task.Accuracy, 2000, 3, between(1, 3, study.Helps))
	k.Test = &study.TestReading{Arm: "a", Metrics: map[string]float64{"accuracy": 71.2}, Images: 1000, Reading: 2}
	if got, want := k.tested(), "On the test split (second reading, 1,000 images) a has accuracy 71.2."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	k.Test.Baseline, k.Test.Effect, k.Test.Low, k.Test.High, k.Test.Repeats = map[string]float64{"accuracy": 69.3}, new(1.9), new(0.5), new(3.2), 3
	if got, want := k.tested(), "On the test split (second reading, 1,000 images) a has accuracy 71.2, the baseline 69.3: +1.9 points [+0.5,\u00a0+3.2] over 3 repeats."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheNoiseIsSaidByItsSources(t *testing.T) {
	r := &study.Result{Metrics: []task.Metric{task.Accuracy}, Blocks: 3, Images: 1000, NoiseSD: 0.733, Noise: &study.NoiseSplit{Images: 0.627, Trainings: 0.38, High: 0.914},
		Judged: []study.Judgement{{Arm: study.Arm{Name: "baseline", Baseline: true}, Finding: study.Finding{Mean: new(87.9)}}}}
	var b strings.Builder
	if err := Terminal(&b, Input{Result: r}, 0, false); err != nil {
		t.Fatal(err)
	}
	want := "noise 0.73 between repeats: 0.63 because only 1,000 images are counted, 0.4 (0 to 0.9) the trainings themselves\n"
	if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "standard deviation") {
		t.Errorf("%s\nlacks: %s", b.String(), want)
	}
	var md strings.Builder
	if err := Markdown(&md, Input{Result: r}); err != nil || !strings.Contains(md.String(), "Noise 0.73 between repeats: 0.63 because only 1,000 images are counted") {
		t.Errorf("report.md: %v\n%s", err, md.String())
	}
	r.Noise = nil
	b.Reset()
	if err := Terminal(&b, Input{Result: r}, 0, false); err != nil || strings.Contains(b.String(), "themselves") {
		t.Errorf("%v: of a noise that is not split: %s", err, b.String())
	}
	for x, want := range map[float64]string{0: "0", 0.004: "0", 0.03: "0.03", 0.38: "0.4", 0.97: "1.0", 1.26: "1.3", 12.3: "12"} {
		if got := coarse(x); got != want {
			t.Errorf("%g is %s, want %s", x, got, want)
		}
	}
}
