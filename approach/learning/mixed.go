package learning

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Mixed trains a detector on pictures of one class beside those with boxes: Redmon, Farhadi, "YOLO9000: Better, Faster, Stronger", CVPR 2017,
// arXiv:1612.08242, §4, joint training.
type Mixed experiment.Mixed

// Teach sets the pictures and how they count.
func (m Mixed) Teach(l *experiment.Learning) (nn.Changes, error) {
	of := experiment.Mixed(m)
	switch {
	case of.None():
		return refuse("data", "no classification images to mix in; write mixed: {data: {folder: DIR}}, or the name of a built-in set (assay data list)")
	case !(m.Ratio > 0 && m.Ratio <= 100):
		return refuse("ratio", "ratio %g; give how many pictures of one class there are for each with boxes, above 0 to 100", m.Ratio)
	case !(m.Weight > 0) || math.IsInf(float64(float32(m.Weight)), 0):
		return refuse("weight", "weight %g; give a number above 0", m.Weight)
	}
	if !m.Tree.None() {
		if !l.Tree.Of.None() && l.Tree.Of.String() != m.Tree.String() {
			return refuse("tree", "tree: the approach tree says another, %s; keep one", l.Tree.Of)
		}
		l.Tree.Of, of.Tree = m.Tree, experiment.Hierarchy{}
	}
	l.Mixed = of
	text := fmt.Sprintf("%g of %s beside each picture with boxes", m.Ratio, m.Data)
	if m.Weight != 1 {
		text += fmt.Sprintf(", at a weight of %g", m.Weight)
	}
	if m.Background {
		text += ", their background too"
	}
	return nn.Changes{Setting: text}, nil
}
