package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// document is what `--json` prints: the result, and where things lie.
type document struct {
	*study.Result
	Store  string `json:"store"`
	Report string `json:"report"` // path of the page
	Winner string `json:"winner"` // path of the best arm's experiment file
	Ran    int    `json:"ran"`    // trials that this command trained
}

// JSON writes the study as one document: study.Result with the paths store, report (of the page) and winner.
func JSON(w io.Writer, in Input, page string) error {
	if in.Result == nil {
		return ErrNotJudged
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(document{Result: finiteCopy(in.Result), Store: in.Store, Report: page, Winner: in.Winner, Ran: in.Ran}); err != nil {
		return err
	}
	_, err := w.Write(say.JSON(b.Bytes()))
	return err
}

// finiteCopy is r without the figures that JSON has no way to write: the points of a curve from where a loss was no longer
// finite. Of a folder of images it has the name alone.
func finiteCopy(r *study.Result) *study.Result {
	c := *r
	c.Data = folder(r.Data)
	c.Trials = make([]study.Trial, len(r.Trials))
	for i, t := range r.Trials {
		t.Seconds = orZero(t.Seconds)
		curve := []study.Point{}
		for _, p := range t.Curve {
			ok := finite(p.Epoch) && finite(p.TrainLoss) && finite(p.LR)
			for _, v := range p.Metrics {
				ok = ok && finite(v)
			}
			if ok {
				curve = append(curve, p)
			}
		}
		t.Curve = curve
		c.Trials[i] = t
	}
	return &c
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func orZero(x float64) float64 {
	if finite(x) {
		return x
	}
	return 0
}

// ResultsCSV writes an arm a row, the baseline first and then by effect, and behind them a row for each effect over several arms, whose kind is not
// arm. Empty cells are figures that are not known.
func ResultsCSV(w io.Writer, r *study.Result) error {
	k := rank(r)
	head := []string{"arm", "baseline", "trials", "diverged", "failed", "mean", "effect", "low", "high", "p", "verdict", "method", "grey", "notes"}
	for _, m := range k.others() {
		head = append(head, m.Name, m.Name+"_effect", m.Name+"_low", m.Name+"_high", m.Name+"_verdict")
	}
	rows := [][]string{append(head, "params", "macs", "train_seconds", "shared_start", "differs", "kind")}
	write := func(j study.Judgement, kind string) {
		row := []string{say.Cell(j.Name), strconv.FormatBool(j.Baseline), strconv.Itoa(j.Trials), strconv.Itoa(j.Diverged), strconv.Itoa(j.Failures),
			cell(j.Mean), cell(j.Effect), cell(j.Low), cell(j.High), chance(j.P), string(j.Verdict), j.Method, say.Cell(j.Grey), say.Cell(strings.Join(j.Notes, "; "))}
		for _, m := range k.others() {
			f := study.Finding{}
			if found := j.Others[m.Name]; found != nil {
				f = *found
			}
			row = append(row, cell(f.Mean), cell(f.Effect), cell(f.Low), cell(f.High), string(f.Verdict))
		}
		costs := []string{"", "", "", "", ""}
		if kind == "arm" {
			costs = []string{strconv.FormatInt(j.Params, 10), strconv.FormatInt(j.MACs, 10), known(j.TrainSeconds), number(j.SharedStart), say.Cell(strings.Join(j.Differs, "; "))}
		}
		rows = append(rows, append(append(row, costs...), kind))
	}
	for _, j := range k.all() {
		write(j, "arm")
	}
	for _, c := range k.Contrasts {
		write(effectOver(c, k.Blocks), string(c.Kind))
	}
	return writeCSV(w, rows)
}

// TrialsCSV writes a trial a row, in the order of the plan.
func TrialsCSV(w io.Writer, r *study.Result) error {
	k := ranking{Result: r}
	head := []string{"arm", "repeat", "status", "step", "outcome"}
	for _, m := range k.others() {
		head = append(head, m.Name)
	}
	rows := [][]string{append(head, "seconds", "weights_digest", "engine", "reason")}
	for _, t := range r.Trials {
		row := []string{say.Cell(t.Arm), strconv.Itoa(t.Repeat), string(t.Status), strconv.FormatInt(t.Step, 10)}
		for _, m := range k.metrics() {
			value := ""
			if t.Status == study.Done {
				value = number(t.Metrics[m.Name])
			}
			row = append(row, value)
		}
		rows = append(rows, append(row, known(t.Seconds), t.WeightsDigest, t.Engine, say.Cell(t.Reason)))
	}
	return writeCSV(w, rows)
}

func writeCSV(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	if err := c.WriteAll(rows); err != nil {
		return err
	}
	return c.Error()
}

// number is a figure for a program: six significant digits, empty where not finite. What is left of a difference of equal figures,
// such as 2.9e-14, is 0.
func number(x float64) string {
	switch {
	case !finite(x):
		return ""
	case math.Abs(x) < 1e-9:
		return "0"
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// chance is a probability, which may be as small as it likes.
func chance(p *float64) string {
	if p == nil || !finite(*p) {
		return ""
	}
	return strconv.FormatFloat(*p, 'g', 6, 64)
}

func cell(x *float64) string {
	if x == nil {
		return ""
	}
	return number(*x)
}

// known is number, and empty for 0.
func known(x float64) string {
	if x == 0 {
		return ""
	}
	return number(x)
}
