package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
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
	Name, Setting, Answer, Tested string
	Title                         []titleWord
	Unfinished                    string
	Ended, Planned                int
	Best, Train, Choice           string
	Further                       []next
	Confirm                       string
	Style                         template.CSS
	Script                        template.JS
	Groups                        []group
	Statements                    []statement
	Careful                       []string
	Rough                         bool
	Roughly                       string
	Metric, MetricTitle, Unit     string
	Confidence                    string
	Delta                         string
	Rows                          []row // arms
	Asked, Beyond                 []row // effects over several arms
	Contrasts                     bool
	MixedEffects, MixedBeyond     bool // some of them, some of what is beyond them, cannot be told from others
	Forest                        []template.HTML
	Trades                        []Trade
	Beside                        *besides
	Backbones, Signs              []string // of the design of that name
	Over                          [][]string
	Sizes                         []template.HTML // of data-size, its curve
	Reaches, Fitted               string
	Panels, Folded                []Panel
	LogLoss, Training, Accuracy   bool // panels draw the losses; the metric is a share of images
	Others                        []other
	Repeats                       []int
	Judged                        []string
	Commands, File                string
	Methods                       string
	Sources                       []Source
	BibTeX, LaTeX, Markdown       string
	Drawing                       template.URL // of the baseline's network
	Undrawn                       int
	Sight                         *Sight
	Boxes                         *boxes
	Found                         []string
	Wrongs                        []wrongs
	Galleries                     []gallery
	Held                          string // "24 pictures", of those in the page
	Facts                         [][2]string
	Tuned                         []tunedRow
	Tune, Tuning, Own             string // the setting, what is said of it, and how sure its intervals are
}

// titleWord is a word of the title; Whole is not broken at its hyphens.
type titleWord struct {
	Text  string
	Whole bool
}

// row is an arm in every table of the page.
type row struct {
	Class                                    stand
	At                                       int // its place in the ranking
	Name, Verdict, Mean, Effect, Grey, Less  string
	Parts                                    []string // of the name, between which it may be broken
	Plot                                     template.HTML
	Time, MACs, Params                       string // against the baseline's
	Seconds, Ratio, MACsText, ParamsText     string
	ParamsExact, MACsExact                   string
	Shared                                   string
	Differs, Notes, Mixed                    []string
	Cells                                    []cellText
	Drawing                                  template.URL
	ByVerdict                                int // keys to sort by; "" where not known
	ByEffect, ByMean, ByTime, ByMACs, ByPara string
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
		Name: k.title(), Title: titleWords(k.title()), Unfinished: k.unfinished(), Setting: k.setting(), Answer: k.answer(), Best: k.best(), Train: train(in), Choice: k.choice(), Tested: k.tested(),
		Further: k.advice(in), Confirm: k.confirm(in), Style: template.CSS(styleText), Script: template.JS(scriptText),
		Careful: k.careful(), Rough: k.rough(), Roughly: k.roughly(), Metric: k.outcome(), Confidence: k.confidence(), MetricTitle: capital(k.outcome()), Unit: k.primary().Unit,
		Judged: k.judged(), Commands: k.commands(in), File: in.File, Facts: k.facts(in),
	}
	p.Ended, p.Planned = k.progress()
	p.Boxes = k.boxes()
	p.Methods, p.Sources = k.methods(in.Version)
	p.BibTeX, p.LaTeX, p.Markdown = bibtex(p.Sources), k.latex(), k.plainTable()
	p.Drawing, p.Undrawn = picture(in.Drawings[k.base.Name]), in.Undrawn
	if k.Delta > 0 {
		p.Delta = say.Figure(k.Delta)
	}
	if k.Stopped == "" {
		p.Groups, p.Statements = k.groups(), k.statements()
	}
	for s := range k.repeats() {
		p.Repeats = append(p.Repeats, s+1)
	}
	for i, j := range k.all() {
		r := k.row(i, j)
		if !j.Baseline {
			r.Drawing = picture(in.Drawings[j.Name])
		}
		p.Rows = append(p.Rows, r)
	}
	p.Contrasts = k.contrasts()
	if p.Contrasts {
		p.Asked = k.effects(append([]study.Judgement{k.base}, k.asked...))
	}
	p.Beyond = k.effects(k.beyond)
	mixed := func(r row) bool { return len(r.Mixed) > 0 }
	p.MixedEffects, p.MixedBeyond = slices.ContainsFunc(p.Asked, mixed), slices.ContainsFunc(p.Beyond, mixed)
	for i, m := range k.others() {
		o := other{Place: place(i), ID: strings.ReplaceAll(m.Name, "_", ""), Title: m.Title, Says: capital(m.Says), Unit: m.Unit, Direction: m.Direction()}
		d := k.precision(m)
		for at, j := range k.all() {
			f := j.Others[m.Name]
			if f == nil || f.Mean == nil {
				continue
			}
			verdict := string(f.Verdict)
			if j.Baseline {
				verdict = string(baseline)
			}
			o.Rows = append(o.Rows, row{Class: standOf(study.Judgement{Arm: j.Arm, Finding: *f, Trials: j.Trials}), At: at, Name: j.Name, Mean: fixed(f.Mean, d), Effect: k.effectOf(*f, d), Verdict: verdict})
		}
		if len(o.Rows) > 0 {
			p.Others = append(p.Others, o)
		}
	}
	if len(k.asked) > 0 && k.Stopped == "" {
		p.Forest = []template.HTML{k.forest(wide), k.forest(narrow)}
	}
	if s := in.Sight; s != nil {
		p.Sight, p.Found, p.Galleries = s, s.Found(), s.galleries(in.Thumbs, k.base.Name)
		if n := len(in.Thumbs); n > 0 {
			p.Held = counted(n, "picture")
		}
		for _, c := range s.Confusions {
			p.Wrongs = append(p.Wrongs, c.table(s.Classes))
		}
	}
	p.Backbones, p.Over, p.Signs = k.over()
	p.Beside = k.beside()
	if p.Sizes = k.sizes(); p.Sizes != nil {
		p.Reaches, p.Fitted = k.reaches(), sizesFitted
	}
	if p.Tuned = k.tuned(); len(p.Tuned) > 0 {
		p.Tune, p.Tuning, p.Own = k.Result.Tuning.Key, k.tuningSays(), k.ownConfidence()
	}
	p.Accuracy = k.Metric == task.Accuracy.Name
	p.Trades = k.trades()
	p.Panels = k.panels()
	for _, panel := range p.Panels {
		p.LogLoss = p.LogLoss || strings.Contains(string(panel.SVG), `class="loss"`)
		p.Training = p.Training || strings.Contains(string(panel.SVG), `class="training"`)
	}
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

// effects are rows of effects over several arms, which have no costs.
func (k ranking) effects(of []study.Judgement) []row {
	var rows []row
	for _, j := range of {
		rows = append(rows, row{Class: standOf(j), Name: j.Name, Parts: breakable(j.Name), Verdict: k.called(j), Effect: k.effectCell(j), Plot: k.plot(j), Mixed: k.mixed[j.Name], ByEffect: cell(j.Effect), ByVerdict: slices.Index(stands, standOf(j))})
	}
	return rows
}

// picture is a drawing as the page holds it: apart, so that neither's style reaches the other.
func picture(svg string) template.URL {
	if svg == "" {
		return ""
	}
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg)))
}

// place is what an outcome beside the first is called: Second, Third, Further.
func place(i int) string { return [...]string{"Second", "Third", "Further"}[min(i, 2)] }

// titleWords are the words of a title; what has a hyphen in it and is short is kept whole.
func titleWords(title string) []titleWord {
	var words []titleWord
	for _, w := range strings.Fields(title) {
		words = append(words, titleWord{w, strings.Contains(w, "-") && utf8.RuneCountInString(w) <= 20})
	}
	return words
}

// breakable cuts a name behind what joins its parts.
func breakable(name string) []string {
	var parts []string
	from := 0
	for i, r := range name {
		if strings.ContainsRune("+_/=,:", r) {
			parts, from = append(parts, name[from:i+1]), i+1
		}
	}
	return append(parts, name[from:])
}

func (k ranking) row(at int, j study.Judgement) row {
	r := row{
		Class: standOf(j), At: at, Name: j.Name, Parts: breakable(j.Name), Verdict: k.called(j), Mean: fixed(j.Mean, k.decimals), Effect: k.effectCell(j), Grey: k.grey(j), Less: k.cheaper(j), Plot: k.plot(j),
		Time: k.slower(j), MACs: change(float64(j.MACs), float64(k.against(j).MACs)), Params: change(float64(j.Params), float64(k.against(j).Params)),
		Seconds: k.lasts(j), Ratio: ratio(j.TrainSeconds, k.against(j).TrainSeconds), MACsText: si(float64(j.MACs)), ParamsText: si(float64(j.Params)),
		ParamsExact: grouped(j.Params), MACsExact: grouped(j.MACs), Differs: j.Differs, Notes: j.Notes,
		Shared:   fmt.Sprintf("%.0f\u00a0%%", 100*j.SharedStart),
		ByEffect: cell(j.Effect), ByMean: cell(j.Mean), ByTime: known(j.TrainSeconds), ByMACs: strconv.FormatInt(j.MACs, 10), ByPara: strconv.FormatInt(j.Params, 10),
		ByVerdict: slices.Index(stands, standOf(j)),
	}
	if j.Baseline {
		r.Effect, r.Time, r.MACs, r.Params = nothing, k.lasts(j), r.MACsText, r.ParamsText
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
