package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/assaylab/assay/study"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	styleText string
	//go:embed page.js
	scriptText string

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

// shown is how many sentences and learning curves stand open; more are folded away.
const shown = 12

// page is what the template reads: everything worded and drawn already.
type page struct {
	Title, Setting, Answer, Tested string
	Unfinished                     string
	Best, Train                    string
	Style                          template.CSS
	Script                         template.JS
	Statements, More               []statement
	Careful                        []string
	Rough                          bool
	Metric, MetricTitle, Unit      string
	Confidence                     string
	Delta                          string
	Rows                           []row
	Forest, Scatter                []template.HTML
	ScatterNote                    string
	Panels, Folded                 []Panel
	Others                         []other
	Repeats                        []int
	Judged                         []string
	Commands, File                 string
	Facts                          [][2]string
}

// row is an arm in every table of the page.
type row struct {
	Class, Name, Verdict, Mean, Effect, Grey string
	Time, MACs, Params                       string // against the baseline's
	Seconds, Ratio, MACsText, ParamsText     string
	ParamsExact, MACsExact                   string
	Shared                                   string
	Differs, Notes                           []string
	Cells                                    []cellText
}

// other is the table of a metric beside the primary one.
type other struct {
	Place, ID, Title, Says, Unit, Direction string
	Rows                                    []row
}

// cellText is a trial's outcome and what it tells on asking.
type cellText struct{ Text, More, Class string }

// HTML writes the report as one page that needs nothing beside it: style, script and figures are inside. It reads without
// its script, in light and dark, on paper and on a telephone.
func HTML(w io.Writer, in Input) error {
	if in.Result == nil || len(in.Result.Judged) == 0 {
		return ErrNotJudged
	}
	k := rank(in.Result)
	p := page{
		Title: k.title(), Unfinished: k.unfinished(), Setting: k.setting(), Answer: k.answer(), Best: k.best(), Train: train(in), Tested: k.tested(),
		Style: template.CSS(styleText), Script: template.JS(scriptText),
		Careful: k.careful(), Rough: k.rough(), Metric: k.Metric, Confidence: k.confidence(), MetricTitle: capital(k.Metric), Unit: k.primary().Unit, Delta: fmt.Sprintf("%.2g", k.Delta),
		Judged: k.judged(), Commands: k.commands(in), File: in.File, Facts: k.facts(in),
	}
	if k.Stopped == "" {
		p.Statements = k.statements()
		if len(p.Statements) > shown+2 {
			p.Statements, p.More = p.Statements[:shown], p.Statements[shown:]
		}
	}
	for s := range k.repeats() {
		p.Repeats = append(p.Repeats, s+1)
	}
	for _, j := range k.all() {
		p.Rows = append(p.Rows, k.row(j))
	}
	for i, m := range k.others() {
		o := other{Place: place(i), ID: strings.ReplaceAll(m.Name, "_", ""), Title: m.Title, Says: capital(m.Says), Unit: m.Unit, Direction: m.Direction()}
		for _, j := range k.all() {
			f := j.Others[m.Name]
			if f == nil || f.Mean == nil {
				continue
			}
			r := row{Class: verdictClass(study.Judgement{Arm: j.Arm, Finding: *f}), Name: j.Name, Mean: fixed(f.Mean, 3), Effect: nothing, Verdict: verdictWords(study.Judgement{Arm: j.Arm, Finding: *f, Trials: j.Trials})}
			if low, high, ok := bounds(*f); ok {
				r.Effect = signed(*f.Effect, 3) + " " + interval(low, high, 3)
			} else if f.Effect != nil {
				r.Effect = signed(*f.Effect, 3)
			}
			o.Rows = append(o.Rows, r)
		}
		if len(o.Rows) > 0 {
			p.Others = append(p.Others, o)
		}
	}
	if len(k.variants) > 0 && k.Stopped == "" {
		p.Forest = []template.HTML{k.forest(wide), k.forest(narrow)}
	}
	if arms := k.costed(); len(arms) > 1 {
		p.Scatter = []template.HTML{k.scatter(wide), k.scatter(narrow)}
		p.ScatterNote = "Up is better, left is cheaper; a circle's area is the number of parameters, the dashed one is the baseline."
	}
	p.Panels = k.panels()
	if len(p.Panels) > shown {
		p.Panels, p.Folded = p.Panels[:shown], p.Panels[shown:]
	}
	var b bytes.Buffer // the template's errors come before the first byte
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("report: page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// place is what an outcome beside the first is called: Second, Third, Further.
func place(i int) string { return [...]string{"Second", "Third", "Further"}[min(i, 2)] }

func (k ranking) row(j study.Judgement) row {
	r := row{
		Class: verdictClass(j), Name: j.Name, Verdict: verdictWords(j), Mean: fixed(j.Mean, k.decimals), Effect: k.effectCell(j), Grey: k.grey(j),
		Time: k.timed(change(j.TrainSeconds, k.base.TrainSeconds)), MACs: change(float64(j.MACs), float64(k.base.MACs)), Params: change(float64(j.Params), float64(k.base.Params)),
		Seconds: k.timed(lasting(j.TrainSeconds)), Ratio: k.timed(ratio(j.TrainSeconds, k.base.TrainSeconds)), MACsText: si(float64(j.MACs)), ParamsText: si(float64(j.Params)),
		ParamsExact: grouped(j.Params), MACsExact: grouped(j.MACs), Differs: j.Differs, Notes: j.Notes,
		Shared: fmt.Sprintf("%.0f\u00a0%%", 100*j.SharedStart),
	}
	if j.Baseline {
		r.Effect, r.Time, r.MACs, r.Params = nothing, nothing, nothing, nothing
	}
	for s := range k.repeats() {
		text, more := k.trialCell(j, s)
		class := ""
		if text == "diverged" || text == "failed" {
			class = text
		}
		r.Cells = append(r.Cells, cellText{text, more, class})
	}
	return r
}
