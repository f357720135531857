package report

import (
	"fmt"

	"github.com/assaylab/assay/study"
)

// over is what variants do over backbones: the heads of the columns, each with its noise, a row a variant with effect and verdict on each, and
// sentences of those whose sign flips. nil for other designs, and where nothing may be said.
func (k ranking) over() (heads []string, rows [][]string, signs []string) {
	if k.Stopped != "" || len(k.Backbones) == 0 {
		return nil, nil, nil
	}
	for _, b := range k.Backbones {
		head := b.Name
		if b.NoiseSD > 0 {
			head += fmt.Sprintf(" (noise %.2g)", b.NoiseSD)
		}
		heads = append(heads, head)
	}
	for _, s := range k.Signs {
		row := []string{s.Variant}
		var help, hurt []string
		for i, b := range k.Backbones {
			cell := nothing
			if s.Effects[i] != nil {
				cell = signed(*s.Effects[i], k.decimals)
			}
			if v := s.Verdicts[i]; v != "" {
				cell += " " + string(v)
			}
			row = append(row, cell)
			switch s.Verdicts[i] {
			case study.Helps:
				help = append(help, b.Name)
			case study.Hurts:
				hurt = append(hurt, b.Name)
			}
		}
		rows = append(rows, row)
		switch {
		case s.Flips:
			signs = append(signs, fmt.Sprintf("the sign of %s flips: it helps on %s and hurts on %s", s.Variant, listed(help), listed(hurt)))
		case s.Agrees && len(help) > 0:
			signs = append(signs, fmt.Sprintf("%s helps on %s alike", s.Variant, listed(help)))
		case s.Agrees:
			signs = append(signs, fmt.Sprintf("%s hurts on %s alike", s.Variant, listed(hurt)))
		}
	}
	return heads, rows, signs
}
