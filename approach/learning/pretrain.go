package learning

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Pretrain begins from the weights of a file in place of drawn ones: Yosinski, Clune, Bengio, Lipson, "How transferable are features in
// deep neural networks?", NIPS 2014, arXiv:1411.1792.
type Pretrain experiment.Pretrain

// UnmarshalSpec takes a relative path from the file's folder; imagenet is a word.
func (p *Pretrain) UnmarshalSpec(n *spec.Node) error {
	type plain Pretrain
	if err := spec.Decode(n, (*plain)(p)); err != nil {
		return err
	}
	if p.From.File != experiment.FromImageNet && (n.Get("from") != nil || n.Kind == spec.Scalar) {
		p.From.File = experiment.Beside(n, p.From.File)
	}
	return nil
}

// maxDraws bounds the draws that an image may have while what sees it is frozen.
const maxDraws = 1000

// Teach sets the file and how it is read.
func (p Pretrain) Teach(l *experiment.Learning) (nn.Changes, error) {
	if p.From == (experiment.Weights{}) {
		return refuse("from", "no file; write pretrain: FILE, of safetensors, PyTorch (.pth, .pt) or darknet (.weights), pretrain: imagenet, or pretrain: {from: {study: NAME, arm: NAME}}")
	}
	switch frozen := len(p.Freeze) > 0 || p.Preset != experiment.PresetNone; {
	case p.Preset != experiment.PresetNone && (len(p.Freeze) > 0 || p.Thaw != 0):
		return refuse("preset", "preset: %s says what is frozen and when it is thawed; leave freeze and thaw out, or preset", p.Preset)
	case !(p.Thaw >= 0) || math.IsInf(p.Thaw, 0):
		return refuse("thaw", "thaw: %g; give an epoch above 0, or 0 for never", p.Thaw)
	case p.Thaw > 0 && !frozen:
		return refuse("thaw", "thaw: nothing is frozen; write freeze: [...] too")
	case p.Cache < 0 || p.Cache > maxDraws:
		return refuse("cache", "cache: %d draws an image; give 1 to %d, or 0 for new ones each epoch", p.Cache, maxDraws)
	case p.Key != "" && p.From.OfArm():
		return refuse("key", "key: the weights of an arm have none; leave it out")
	case p.Cache > 0 && !frozen:
		return refuse("cache", "cache: nothing is frozen; write freeze: [...] too")
	}
	l.Pretrain = experiment.Pretrain(p)
	text := "weights of " + p.From.String()
	if p.Preset != experiment.PresetNone {
		text += ", " + p.Preset
	}
	if len(p.Freeze) > 0 {
		var globs []string
		for _, g := range p.Freeze {
			globs = append(globs, string(g))
		}
		text += fmt.Sprintf(", frozen: %s", say.Listed(globs))
	}
	if p.Norm == experiment.NormTrain {
		text += ", its norms trained"
	}
	if p.Thaw > 0 {
		text += fmt.Sprintf(", thawed after %s", experiment.Counted(p.Thaw))
	}
	if p.Cache > 0 {
		text += fmt.Sprintf(", %s an image while it is frozen", say.Counted(p.Cache, "draw"))
	}
	return nn.Changes{Setting: text}, nil
}
