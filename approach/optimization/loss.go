package optimization

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Loss chooses what training makes less: softmax cross entropy, binary cross entropy of each class by itself (arXiv:2110.00476,
// §3.1), or the focal loss (arXiv:1708.02002); and what the parts of a detector's weigh, as darknet's region layer has them (Redmon, Farhadi,
// "YOLO9000", CVPR 2017, arXiv:1612.08242; object_scale, noobject_scale, coord_scale, class_scale, thresh).
type Loss experiment.Loss

// Tune sets the loss.
func (l Loss) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(l.Gamma >= 0 && l.Gamma <= 10) {
		return refuse("gamma", "gamma %g; give 0 to 10", l.Gamma)
	}
	for _, part := range []struct {
		key  string
		v    float32
		most float32
		says string
	}{{"object", l.Object, 1000, "a weight above 0"}, {"noobject", l.NoObject, 1000, "a weight above 0"}, {"coord", l.Coord, 1000, "a weight above 0"}, {"class", l.Class, 1000, "a weight above 0"}, {"threshold", l.Threshold, 1, "an IoU above 0 and at most 1"}} {
		if !(part.v > 0 && part.v <= part.most) {
			return refuse(part.key, "%s %g; give %s", part.key, part.v, part.says)
		}
	}
	if l.Warm < 0 || l.Warm > math.MaxInt32 {
		return refuse("warm", "warm %d; give images, or 0 for none", l.Warm)
	}
	text := l.Kind + " loss"
	if l.Kind == "yolo" {
		text += fmt.Sprintf(": object %g, noobject %g, coord %g, class %g, threshold %g, warm %d", l.Object, l.NoObject, l.Coord, l.Class, l.Threshold, l.Warm)
	}
	if l.Kind == "focal" {
		text += fmt.Sprintf(", gamma %g", l.Gamma)
	}
	o.Loss = experiment.Loss(l)
	return nn.Changes{Setting: text}, nil
}
