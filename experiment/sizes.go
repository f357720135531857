package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/internal/spec"
)

// Sizes is a training in stages of their own size of images.
type Sizes struct {
	Stages Stages `yaml:"stages" spec:"bare" help:"a list of {size, epochs or share, lr, batch}: pixels of a side, default the window; passes, or the share of the training; factor on the rate, default 1; images in a step, default batch's. Or yolo9000"`
	Restat bool   `yaml:"restat" help:"re-estimate running statistics where a stage's size differs from that before"`
}

// Stages are stages, in a file a list of them or the word of a preset.
type Stages []Stage

// yolo9000 is the training of a high resolution classifier by Redmon, Farhadi, "YOLO9000", CVPR 2017, arXiv:1612.08242, §2: 160
// epochs at 224 pixels, 10 at 448 at a hundredth of the rate, which falls by the fourth power in each.
var yolo9000 = Stages{{Part: 0.5, Share: 160.0 / 170, Power: 4}, {Share: 10.0 / 170, LR: 0.01, Power: 4}}

// UnmarshalSpec reads a list, or the word of the preset.
func (s *Stages) UnmarshalSpec(n *spec.Node) error {
	if n.Kind != spec.Scalar {
		var list []Stage
		err := spec.Decode(n, &list)
		*s = list
		return err
	}
	if n.Text() != "yolo9000" {
		return n.Errorf("stages: unknown value %q; write yolo9000, or a list as in [{size: 24, epochs: 20}, {size: 32, epochs: 10}]", n.Text())
	}
	*s = yolo9000
	return nil
}

// MarshalSpec writes the word, or the list.
func (s Stages) MarshalSpec() (*spec.Node, error) {
	if slices.Equal(s, yolo9000) {
		return spec.NewText("yolo9000"), nil
	}
	return spec.Encode([]Stage(s))
}

// Stage is a part of a training, at one size of images, one batch and one factor on the learning rate.
type Stage struct {
	Size   int     `yaml:"size,omitempty" spec:"nonzero" json:"size,omitempty"`   // pixels of a side of what the network sees; 0: what it was built for
	Epochs int     `yaml:"epochs,omitempty" json:"epochs,omitempty"`              // passes over the training images; 0: Share or Steps says
	Share  float64 `yaml:"share,omitempty" json:"share,omitempty"`                // of the passes or steps that the settings' epochs are, (0,1]
	LR     float32 `yaml:"lr,omitempty" spec:"nonzero" json:"lr,omitempty"`       // factor on the learning rate, above 0; 0: 1
	Batch  int     `yaml:"batch,omitempty" spec:"nonzero" json:"batch,omitempty"` // images in a step; 0: the settings'

	// What no file says but by a preset.
	Steps int     `yaml:"-" json:"steps,omitempty"` // in place of passes
	Part  float64 `yaml:"-" json:"part,omitempty"`  // of the side that the network was built for, in place of Size; 0: Size says
	Power float32 `yaml:"-" json:"power,omitempty"` // the rate falls over the stage as its remaining share to this power, whatever the policy; 0: by the policy over the whole training
}

// Side is the side of what the network sees, where own is that which it was built for.
func (s Stage) Side(own int) int {
	switch {
	case s.Size > 0:
		return s.Size
	case s.Part > 0:
		return int(math.Round(float64(s.Part * float64(own))))
	}
	return own
}

// String is "32 pixels for 20 epochs, rate times 0.1".
func (s Stage) String() string {
	text := "the window"
	switch {
	case s.Size > 0:
		text = fmt.Sprintf("%d pixels", s.Size)
	case s.Part > 0:
		text = fmt.Sprintf("%g of the window's side", s.Part)
	}
	switch {
	case s.Share > 0:
		text += fmt.Sprintf(" for %.3g of the training", s.Share)
	case s.Steps > 0:
		text += fmt.Sprintf(" for %d steps", s.Steps)
	default:
		text += " for " + Counted(float64(s.Epochs))
	}
	if s.LR != 0 && s.LR != 1 {
		text += fmt.Sprintf(", rate times %g", s.LR)
	}
	if s.Batch > 0 {
		text += fmt.Sprintf(", batches of %d", s.Batch)
	}
	return text
}

// Epochs is the passes of stages that say them, 0 where they say shares.
func (s Stages) Epochs() int {
	n := 0
	for _, stage := range s {
		n += stage.Epochs
	}
	return n
}

// Stages are the stages of a training, each with its passes or steps; one without sizes. Shares become whole passes, or steps where
// epochs says steps, by rounding where they end.
func (l Learning) Stages() ([]Stage, error) {
	if len(l.Sizes.Stages) == 0 {
		if l.Epochs.Steps > 0 {
			return []Stage{{Steps: l.Epochs.Steps}}, nil
		}
		return []Stage{{Epochs: l.Epochs.Count}}, nil
	}
	if n := l.Sizes.Stages.Epochs(); n > 0 && (l.Epochs.Steps > 0 || n != l.Epochs.Count) {
		return nil, &spec.Fault{Path: "$.stages", Msg: fmt.Sprintf("stages of %s together, where the training is %s long; write shares in place of epochs, or leave epochs out", Counted(float64(n)), l.Epochs)}
	}
	stages := slices.Clone(l.Sizes.Stages)
	share, ended := 0.0, 0
	for i := range stages {
		s := &stages[i]
		if s.Share == 0 {
			continue
		}
		share += s.Share
		whole, length, of := l.Epochs.Steps, &s.Steps, "steps"
		if whole == 0 {
			whole, length, of = l.Epochs.Count, &s.Epochs, "epochs"
		}
		end := int(math.Round(float64(share * float64(whole))))
		if *length = end - ended; *length == 0 {
			return nil, &spec.Fault{Path: fmt.Sprintf("$.stages[%d].share", i), Msg: fmt.Sprintf("stage %d: a share of %.3g of %d %s is none; give more %s, at least %d, or a larger share", i+1, s.Share, whole, of, of, int(math.Ceil(0.5/s.Share)))}
		}
		s.Share, ended = 0, end
	}
	return stages, nil
}
