package learning

import (
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Augment sets what is done to training images at random: Krizhevsky, Sutskever, Hinton 2012, §4.1 (crops and mirroring).
type Augment experiment.Augment

// Teach sets the list of operations; an empty one takes augmentation away.
func (a Augment) Teach(l *experiment.Learning) (nn.Changes, error) {
	seen := map[string]bool{}
	var names []string
	for _, op := range a.Ops {
		switch {
		case op.Flip != nil && !(op.Flip.P >= 0 && op.Flip.P <= 1):
			return refuse("ops", "flip: probability %g; give one from 0 to 1", op.Flip.P)
		case op.Crop != nil && (op.Crop.Size < 0 || op.Crop.Size > 4096):
			return refuse("ops", "crop: size %d; give pixels of a side, 1 to 4096, or 0 for the images' own", op.Crop.Size)
		case op.Crop != nil && (op.Crop.Pad < 0 || op.Crop.Pad > 1024):
			return refuse("ops", "crop: pad %d; give pixels, from 0", op.Crop.Pad)
		}
		if seen[op.Name()] {
			return refuse("ops", "%s twice; write it once", op.Name())
		}
		seen[op.Name()] = true
		names = append(names, op.String())
	}
	l.Augment = experiment.Augment(a)
	if len(names) == 0 {
		return nn.Changes{Setting: "no augmentation"}, nil
	}
	return nn.Changes{Setting: strings.Join(names, ", ")}, nil
}
