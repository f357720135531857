package learning

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Pretrain begins from the weights of a file in place of drawn ones: Yosinski, Clune, Bengio, Lipson, "How transferable are features in
// deep neural networks?", NIPS 2014, arXiv:1411.1792.
type Pretrain experiment.Pretrain

// UnmarshalSpec takes a relative path from the file's folder.
func (p *Pretrain) UnmarshalSpec(n *spec.Node) error {
	type plain Pretrain
	if err := spec.Decode(n, (*plain)(p)); err != nil {
		return err
	}
	if n.Get("from") != nil || n.Kind == spec.Scalar {
		p.From = experiment.Beside(n, p.From)
	}
	return nil
}

// Teach sets the file and how it is read.
func (p Pretrain) Teach(l *experiment.Learning) (nn.Changes, error) {
	if p.From == "" {
		return refuse("from", "no file; write pretrain: FILE, of safetensors or PyTorch (.pth, .pt)")
	}
	l.Pretrain = experiment.Pretrain(p)
	text := "weights of " + p.From
	if len(p.Freeze) > 0 {
		var globs []string
		for _, g := range p.Freeze {
			globs = append(globs, string(g))
		}
		text += fmt.Sprintf(", frozen: %s", say.Listed(globs))
	}
	return nn.Changes{Setting: text}, nil
}
