package experiment

import (
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
)

// Learning is what the network sees, and when: the settings that learning approaches write.
type Learning struct {
	Epochs  Epochs  `yaml:"epochs"`
	Augment Augment `yaml:"augment"`
	Sizes   Sizes   `yaml:"sizes"`
	Subset  Subset  `yaml:"subset"`
	Colors  Colors  `yaml:"colors"`
	Views   Views   `yaml:"views"`

	Multiscale Multiscale `yaml:"multiscale"`

	Pretrain Pretrain `yaml:"pretrain"`
	Labels   Labels   `yaml:"labels"`
	Balance  Balance  `yaml:"balance"`

	Tree  Tree  `yaml:"tree"`
	Mixed Mixed `yaml:"mixed"`
}

// Epochs is how long training lasts: passes over the training images, or steps.
type Epochs struct {
	Count int `yaml:"count" spec:"bare" help:"passes over the training images, at least 1"`
	Steps int `yaml:"steps" help:"steps in place of passes; 0: count says"`
}

// String is "20 epochs" or "100 steps".
func (e Epochs) String() string {
	if e.Steps > 0 {
		return fmt.Sprintf("%d steps", e.Steps)
	}
	return Counted(float64(e.Count))
}

// Augment is what is done to training images at random, in order.
type Augment struct {
	Ops []Operation `yaml:"ops" spec:"bare" help:"a list of operations"`
}

// Painting is the first operation that covers what is seen by another colour than the mean, nil for none.
func (a Augment) Painting() *Operation {
	for i, op := range a.Ops {
		switch o := op.Op.(type) {
		case augment.Erase:
			if o.Fill != (augment.Ink{}) {
				return &a.Ops[i]
			}
		case augment.Cutout:
			if o.Fill != (augment.Ink{}) {
				return &a.Ops[i]
			}
		}
	}
	return nil
}

// List is what a loader does.
func (a Augment) List() augment.List {
	var list augment.List
	for _, op := range a.Ops {
		if op.P < 1 {
			list = append(list, augment.Chance{P: op.P, Op: op.Op})
		} else {
			list = append(list, op.Op)
		}
	}
	return list
}

// Subset trains on a part of the training images, balanced by class; a smaller part lies within a larger one.
type Subset struct {
	Fraction float64 `yaml:"fraction" spec:"bare" help:"share of the training images, in (0,1]"`
	Images   int     `yaml:"images" help:"number of training images; 0: fraction says"`
}

// Of is the number of images that are trained on, of n.
func (s Subset) Of(n int) int {
	if s.Images > 0 {
		return min(s.Images, n)
	}
	return int(float64(s.Fraction*float64(n)) + 0.5)
}

// Colors is how the colours of pictures are told to the network.
type Colors struct {
	Space string `yaml:"space" spec:"bare" values:"rgb, grey, ycrcb, hsv, lab, log, equalize, clahe" help:"grey: brightness alone, in one channel; log: the logarithm of each channel; equalize: brightness by its rank in the picture; clahe: the same in 8x8 parts, with its contrast limited"`
}

// In is the space.
func (c Colors) In() augment.Space { return augment.Space(c.Space) }

// Views is how evaluation and prediction look at a picture.
type Views struct {
	Kind string `yaml:"kind" spec:"bare" values:"centre, flip, five, ten, dense" help:"flip: the centre and its mirror image; five: centre and corners; ten: those and their mirror images; dense: the whole picture as it is kept, for heads that read no positions"`
}

// Of is the views.
func (v Views) Of() data.Views { return data.Views(v.Kind) }

// DefaultLearning is what an experiment has that says nothing.
func DefaultLearning() Learning {
	return Learning{
		Epochs: Epochs{Count: 20}, Sizes: Sizes{Restat: true}, Multiscale: Multiscale{Every: 10}, Subset: Subset{Fraction: 1}, Colors: Colors{Space: string(augment.SpaceRGB)}, Views: Views{Kind: string(data.Centre)},
		Pretrain: Pretrain{Preset: PresetNone, Norm: NormKeep, Normalize: Normalize{Kind: NormalizeNet}, Resize: Resize{Kind: ResizeOwn}, Match: MatchNames}, Labels: Labels{Folds: 5, Rule: data.PruneByNoiseRate}, Balance: Balance{Power: 1},
		Mixed: Mixed{Ratio: 1, Weight: 1},
	}
}

// Window is the side of what the network is built for and measured at, where the last stage of sizes or a crop sets it, else 0.
func (l Learning) Window() int {
	if n := len(l.Sizes.Stages); n > 0 && l.Sizes.Stages[n-1].Size > 0 {
		return l.Sizes.Stages[n-1].Size
	}
	return l.crop().Size
}

// Crop is the side of what a crop cuts out, where it says so, else 0.
func (l Learning) Crop() int { return l.crop().Size }

// Pad is what a crop adds to pictures on every side before it cuts.
func (l Learning) Pad() int { return l.crop().Pad }

// Mixes is the name of the first operation that mixes the pictures of a batch; "" where none does.
func (l Learning) Mixes() string {
	for _, op := range l.Augment.Ops {
		if _, ok := op.Op.(augment.Mixer); ok {
			return op.Name()
		}
	}
	return ""
}

// crop is the operation that has a say in how pictures are kept and what the network is built for.
func (l Learning) crop() augment.Crop {
	for _, op := range l.Augment.Ops {
		if c, ok := op.Op.(augment.Crop); ok {
			return c
		}
	}
	return augment.Crop{}
}
