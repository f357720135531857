package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/train"
)

// rangeOutcome is the JSON of `assay train --find-lr`.
type rangeOutcome struct {
	Suggestion *float64      `json:"suggestion"` // null where the loss falls nowhere
	Points     []train.Tried `json:"points"`
}

// findRate tries rates on a job and prints what they do to the loss.
func (e *Env) findRate(ctx context.Context, job train.Job) error {
	test := train.NewRangeTest()
	b := e.bar()
	tried, err := train.FindRate(ctx, job, test, func(done int) { b.set(float64(done)/float64(test.Steps), "trying rates") })
	b.end()
	if err != nil {
		return err
	}
	rate, found := train.Valley(tried)
	if e.JSON {
		o := rangeOutcome{Points: append([]train.Tried{}, tried...)}
		if found {
			o.Suggestion = &rate
		}
		return e.document(o)
	}
	mark := 0.0
	if found {
		mark = rate
	}
	for _, line := range ratePlot(tried, mark, min(e.Width, 80), 14) {
		e.print("%s\n", line)
	}
	if !found {
		e.note("The loss falls nowhere, so no rate is suggested: give a larger batch, or look whether the network learns at all")
		return nil
	}
	e.print("%s  lr: %.2g\n", e.bold("try"), rate)
	e.note("It is where the loss still falls fast. Nothing was written; other batches, solvers and networks want another rate")
	return nil
}

// ratePlot draws the smoothed loss over the rate, on a logarithmic axis: a line of text a row. The column of a rate above 0 is marked.
func ratePlot(tried []train.Tried, mark float64, width, height int) []string {
	if len(tried) < 2 {
		return nil
	}
	const margin = 8 // figures of the loss
	columns := max(width-margin-1, 10)
	first, last := math.Log10(tried[0].Rate), math.Log10(tried[len(tried)-1].Rate)
	column := func(rate float64) int {
		return int(math.Round((math.Log10(rate) - first) / (last - first) * float64(columns-1)))
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
	return append(lines, strings.Repeat(" ", margin)+"+"+string(axis), strings.TrimRight(strings.Repeat(" ", margin+1)+string(names), " ")+"  rate")
}
