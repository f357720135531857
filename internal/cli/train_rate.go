package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/train"
)

// rangeOutcome is the JSON of `assay train --find-lr`. Rates are null where the loss falls nowhere; short is the steps of each of the trainings.
type rangeOutcome struct {
	Suggestion *float64              `json:"suggestion"`
	Steepest   *float64              `json:"steepest"`
	Valley     *float64              `json:"valley"`
	Least      *float64              `json:"least"`
	Short      int                   `json:"short"`
	Trainings  []train.ShortTraining `json:"trainings"`
	Points     []train.Tried         `json:"points"`
}

// findRate tries rates on a job and prints what they do to the loss.
func (e *Env) findRate(ctx context.Context, job train.Job) error {
	b := e.bar()
	found, err := train.FindRate(ctx, job, train.NewRangeTest(), func(done, total int) { b.set(float64(done)/float64(total), "trying rates") })
	b.end()
	if err != nil {
		return err
	}
	if e.JSON {
		known := func(rate float64) *float64 {
			if rate == 0 {
				return nil
			}
			return &rate
		}
		return e.document(rangeOutcome{
			known(found.Rate), known(found.Steepest), known(found.Valley), known(found.Least), found.Short,
			append([]train.ShortTraining{}, found.Trainings...), append([]train.Tried{}, found.Points...),
		})
	}
	for _, line := range ratePlot(found, min(e.Width, 80), 14) {
		e.print("%s\n", line)
	}
	if found.Least > 0 {
		e.print("s  steepest %.2g   v  valley, as fastai has it, %.2g   least %.2g\n", found.Steepest, found.Valley, found.Least)
		e.print("short trainings, of %d steps\n", found.Short)
	}
	for _, t := range found.Trainings {
		loss := "diverged"
		if t.Loss != nil {
			loss = fmt.Sprintf("loss %.3f", *t.Loss)
		}
		e.print("  lr %-8.2g %s\n", t.Rate, loss)
	}
	if found.Rate == 0 {
		say := "The loss falls nowhere"
		if len(found.Trainings) > 0 {
			say = fmt.Sprintf("No training of %d steps takes a tenth off the loss", found.Short)
		}
		e.note(say + ", so no rate is suggested: give a larger batch, or weights to begin from, or see by assay train whether the network learns at all")
		return nil
	}
	e.print("%s  lr: %.2g\n", e.bold("try"), found.Rate)
	e.note("It is the %s. Nothing was written; other batches, solvers and networks want another rate", chosenBy(found))
	return nil
}

// chosenBy says why the suggestion of a range test is the one of its short trainings.
func chosenBy(found *train.FoundRate) string {
	suggested := math.Inf(1)
	for _, t := range found.Trainings {
		switch {
		case t.Loss == nil:
		case t.Rate == found.Rate:
			suggested = *t.Loss
		case *t.Loss < suggested && t.Rate > found.Rate:
			return "lowest rate within a twentieth of the least loss: a long training has more steps to go wrong in"
		}
	}
	return "best of the short trainings"
}

// ratePlot draws the smoothed loss over the rate, on a logarithmic axis: a line of text a row. The column of the suggestion is marked, and on
// the axis the steepest point and the valley.
func ratePlot(found *train.FoundRate, width, height int) []string {
	tried, mark := found.Points, found.Rate
	if len(tried) < 2 {
		return nil
	}
	const margin = 8 // figures of the loss
	columns := max(width-margin-1, 10)
	first, last := math.Log10(tried[0].Rate), math.Log10(tried[len(tried)-1].Rate)
	column := func(rate float64) int {
		return max(0, min(int(math.Round((math.Log10(rate)-first)/(last-first)*float64(columns-1))), columns-1))
	}
	least, most := tried[0].Smooth, tried[0].Smooth
	for _, t := range tried {
		least, most = min(least, t.Smooth), max(most, t.Smooth)
	}
	if start := tried[0].Smooth; most > least && most-start > 2*(start-least)+1e-9 {
		most = start + 2*max(start-least, (most-least)/10) // what blows up at the end would flatten the valley
	}
	rows := make([][]rune, height)
	for i := range rows {
		rows[i] = []rune(strings.Repeat(" ", columns))
		if mark > 0 {
			rows[i][column(mark)] = '|'
		}
	}
	for _, t := range tried {
		share := 0.0
		if most > least {
			share = min(1, (t.Smooth-least)/(most-least))
		}
		rows[height-1-int(math.Round(share*float64(height-1)))][column(t.Rate)] = '*'
	}
	var lines []string
	for i, row := range rows {
		loss := ""
		if i == 0 || i == height-1 || i == height/2 {
			loss = fmt.Sprintf("%.3f", most-(most-least)*float64(i)/float64(height-1))
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%7s |%s", loss, string(row)), " "))
	}
	axis, names := []rune(strings.Repeat("-", columns)), []rune(strings.Repeat(" ", columns+6))
	for power := int(math.Ceil(first - 1e-9)); float64(power) <= last+1e-9; power++ {
		at := column(math.Pow(10, float64(power)))
		axis[at] = '+'
		if name := []rune(fmt.Sprintf("1e%d", power)); !slices.ContainsFunc(names[max(at-1, 0):at+len(name)+1], func(r rune) bool { return r != ' ' }) {
			copy(names[at:], name)
		}
	}
	for _, m := range []struct {
		rate float64
		mark rune
	}{{found.Valley, 'v'}, {found.Steepest, 's'}} {
		if m.rate > 0 {
			axis[column(m.rate)] = m.mark
		}
	}
	return append(lines, strings.Repeat(" ", margin)+"+"+string(axis), strings.TrimRight(strings.Repeat(" ", margin+1)+string(names), " ")+"  rate")
}
