package report

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// besides is a study's effects next to those that others published of the same choices: a row a variant, and how far both agree. Their bases,
// images and lengths are others, so that no verdict follows from it.
type besides struct {
	Rows  [][]string // variant, here, there, where
	Said  []string
	Paper string
}

// beside is nil where nothing was published, or not of accuracy.
func (k ranking) beside() *besides {
	if len(k.Published) == 0 || k.Stopped != "" || k.primary().Unit != "points" {
		return nil
	}
	b := &besides{Paper: k.Published[0].Paper}
	var here, there []float64
	signs, agree := 0, 0
	for _, p := range k.Published {
		f := k.effectOfVariant(p.Variant)
		if f == nil || f.Effect == nil {
			continue
		}
		here, there = append(here, *f.Effect), append(there, p.Points)
		if *f.Effect*p.Points != 0 {
			signs++
			if *f.Effect*p.Points > 0 {
				agree++
			}
		}
		cell := signed(*f.Effect, k.decimals)
		if f.Verdict != "" {
			cell += " " + string(f.Verdict)
		}
		b.Rows = append(b.Rows, []string{p.Variant, cell, signed(p.Points, 1), p.Network + ", " + p.Data})
	}
	if len(b.Rows) == 0 {
		return nil
	}
	line := fmt.Sprintf("%d of %d signs agree", agree, signs)
	if tau, alike, unlike := kendall(here, there); len(here) > 2 && finite(tau) {
		line += fmt.Sprintf("; order: Kendall's tau %s (%s alike, %d not)", signed(tau, 2), say.Counted(alike, "pair"), unlike)
	}
	b.Said = []string{line + "."}
	return b
}

// effectOfVariant is what was found of a variant: against the baseline, or of the contrast that is about it alone.
func (k ranking) effectOfVariant(name string) *study.Finding {
	for i, j := range k.Judged {
		if j.Backbone == "" && slices.Equal(j.Of, []string{name}) && j.Effect != nil {
			return &k.Judged[i].Finding
		}
	}
	for i, c := range k.Contrasts {
		if c.Kind == study.Main && slices.Equal(c.Of, []string{name}) {
			return &k.Contrasts[i].Finding
		}
	}
	return nil
}
