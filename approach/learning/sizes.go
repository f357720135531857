package learning

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/nn"
)

// Sizes trains in stages of their own size of images, such as small ones first: Redmon, Farhadi, "YOLO9000", CVPR 2017,
// arXiv:1612.08242, §2; Touvron, Vedaldi, Douze, Jégou, "Fixing the train-test resolution discrepancy", NeurIPS 2019,
// arXiv:1906.06423.
type Sizes experiment.Sizes

// Teach sets the stages, and the passes where they say them.
func (s Sizes) Teach(l *experiment.Learning) (nn.Changes, error) {
	if len(s.Stages) == 0 {
		return refuse("stages", "no stages; give a list as in [{size: 24, epochs: 20}, {size: 32, epochs: 10}], or yolo9000")
	}
	var words []string
	var shares float64
	epochs := s.Stages.Epochs()
	for i, stage := range s.Stages {
		at := func(key string) string { return fmt.Sprintf("stages[%d].%s", i, key) }
		switch {
		case stage.Size < 0 || stage.Size > 4096:
			return refuse(at("size"), "stage %d: size %d; give pixels of a side, 1 to 4096", i+1, stage.Size)
		case stage.Epochs < 0 || stage.Epochs > 100_000:
			return refuse(at("epochs"), "stage %d: epochs %d; give passes over the training images, 1 to 100000", i+1, stage.Epochs)
		case !(stage.Share >= 0 && stage.Share <= 1):
			return refuse(at("share"), "stage %d: share %g; give a share of the training, above 0 and at most 1", i+1, stage.Share)
		case stage.Epochs > 0 && stage.Share > 0:
			return refuse(at("share"), "stage %d: epochs says it already; keep one", i+1)
		case stage.Epochs == 0 && stage.Share == 0:
			return refuse(fmt.Sprintf("stages[%d]", i), "stage %d: no length; give epochs or share", i+1)
		case stage.Share > 0 && epochs > 0:
			return refuse(at("share"), "stage %d: a share, where other stages say epochs; write one of the two in all", i+1)
		case !(stage.LR >= 0 && stage.LR < 1e6):
			return refuse(at("lr"), "stage %d: lr %g; give a factor on the rate, above 0", i+1, stage.LR)
		case stage.Batch < 0 || stage.Batch > 1<<16:
			return refuse(at("batch"), "stage %d: batch %d; give the images of a step, 1 to 65536", i+1, stage.Batch)
		}
		shares += stage.Share
		words = append(words, stage.String())
	}
	if epochs == 0 && math.Abs(shares-1) > 1e-6 {
		return refuse("stages", "shares that sum to %g; let them sum to 1", shares)
	}
	l.Sizes = experiment.Sizes(s)
	if epochs > 0 {
		l.Epochs = experiment.Epochs{Count: epochs}
	}
	return nn.Changes{Setting: say.Listed(words)}, nil
}
