package learning

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Multiscale draws the size of the images anew every few steps: Redmon, Farhadi, "YOLO9000", CVPR 2017, arXiv:1612.08242, §2
// (every 10 batches, 320 to 608 pixels by 32).
type Multiscale experiment.Multiscale

// Teach sets the sizes.
func (m Multiscale) Teach(l *experiment.Learning) (nn.Changes, error) {
	if len(m.Sizes) < 2 {
		return refuse("sizes", "sizes %v; give [low, high], or three or more", m.Sizes)
	}
	for i, side := range m.Sizes {
		if side < 1 || side > 4096 {
			return refuse(fmt.Sprintf("sizes[%d]", i), "size %d; give pixels of a side, 1 to 4096", side)
		}
		if slices.Contains(m.Sizes[:i], side) {
			return refuse(fmt.Sprintf("sizes[%d]", i), "size %d twice; write it once", side)
		}
	}
	switch {
	case len(m.Sizes) == 2 && m.Sizes[0] > m.Sizes[1]:
		return refuse("sizes", "sizes %v; give the lower one first", m.Sizes)
	case m.Every < 1 || m.Every > 1_000_000:
		return refuse("every", "every %d; give steps, 1 to 1000000", m.Every)
	case m.Step < 0 || m.Step > 4096:
		return refuse("step", "step %d; give pixels, 1 to 4096, or leave it out for the network's stride", m.Step)
	}
	if m.Step > 0 && len(m.Sizes) > 2 {
		return refuse("step", "step belongs to [low, high]; take it out or give two sizes")
	}
	l.Multiscale = experiment.Multiscale(m)
	text := fmt.Sprintf("images of %v pixels", m.Sizes)
	if len(m.Sizes) == 2 {
		text = fmt.Sprintf("images of %d to %d pixels", m.Sizes[0], m.Sizes[1])
	}
	return nn.Changes{Setting: fmt.Sprintf("%s, drawn every %d steps", text, m.Every)}, nil
}
