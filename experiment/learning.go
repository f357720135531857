package experiment

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
)

// Learning is what the network sees, and when: the settings that learning approaches write.
type Learning struct {
	Epochs  Epochs  `yaml:"epochs"`
	Augment Augment `yaml:"augment"`
	Subset  Subset  `yaml:"subset"`
}

// Epochs is how long training lasts: passes over the training images, or steps.
type Epochs struct {
	Count int `yaml:"count" spec:"bare" help:"passes over the training images, at least 1"`
	Steps int `yaml:"steps" help:"steps in place of passes; 0: count says"`
}

// Augment is what is done to training images at random, in order.
type Augment struct {
	Ops []AugmentOp `yaml:"ops" spec:"bare" help:"a list of flip and crop"`
}

// AugmentOp is one of the operations: exactly one field is set.
type AugmentOp struct {
	Flip *Flip `yaml:"flip"`
	Crop *Crop `yaml:"crop"`
}

// Name is the operation's word in a file.
func (op AugmentOp) Name() string {
	if op.Flip != nil {
		return "flip"
	}
	return "crop"
}

// String is the operation as a person reads it: "crop 32 padded by 4". Operations that differ read differently.
func (op AugmentOp) String() string {
	switch {
	case op.Flip != nil && op.Flip.P != 0.5:
		return fmt.Sprintf("flip with probability %g", op.Flip.P)
	case op.Flip != nil:
		return "flip"
	}
	text := "crop"
	if op.Crop.Size > 0 {
		text += fmt.Sprintf(" %d", op.Crop.Size)
	}
	if op.Crop.Pad > 0 {
		text += fmt.Sprintf(" padded by %d", op.Crop.Pad)
	}
	return text
}

// Check reports a parameter out of its range, at its path in the operation.
func (op AugmentOp) Check() error {
	fault := func(path, format string, args ...any) error {
		return &spec.Fault{Path: path, Msg: fmt.Sprintf(op.Name()+": "+format, args...)}
	}
	switch {
	case (op.Flip == nil) == (op.Crop == nil):
		return fault("$", "an operation is one of flip and crop; give exactly one")
	case op.Flip != nil && !(op.Flip.P >= 0 && op.Flip.P <= 1):
		return fault("$.p", "p %g; give a probability, 0 to 1", op.Flip.P)
	case op.Flip != nil:
	case op.Crop.Size < 0 || op.Crop.Size > 4096:
		return fault("$.size", "size %d; give pixels of a side, 1 to 4096, or 0 for the images' own", op.Crop.Size)
	case op.Crop.Pad < 0 || op.Crop.Pad > 1024:
		return fault("$.pad", "pad %d; give pixels, 0 to 1024", op.Crop.Pad)
	}
	return nil
}

// UnmarshalSpec reads flip, or {crop: {size: 128}}.
func (op *AugmentOp) UnmarshalSpec(n *spec.Node) error {
	var item spec.Item
	if err := item.UnmarshalSpec(n); err != nil {
		return err
	}
	*op = AugmentOp{}
	var err error
	switch item.Name {
	case "flip":
		op.Flip = &Flip{P: 0.5}
		err = spec.Decode(item.Value, &op.Flip)
	case "crop":
		op.Crop = &Crop{}
		err = spec.Decode(item.Value, &op.Crop)
	default:
		if near, ok := spec.Nearest(item.Name, []string{"flip", "crop"}); ok {
			return item.At.Errorf("no augmentation %q; did you mean %q?", item.Name, near)
		}
		return item.At.Errorf("no augmentation %q; choose flip or crop", item.Name)
	}
	if err == nil {
		err = item.Value.Place(op.Check())
	}
	return item.At.At(err)
}

// Flip mirrors left and right.
type Flip struct {
	P float64 `yaml:"p" spec:"bare" help:"probability, in [0,1]"`
}

// Crop cuts a square window at a random place: of pictures enlarged or reduced so that the small side is 1.125 times the
// window (the systematic evaluation's 144 for 128), or, with Pad, of pictures with that many pixels of the mean colour on
// every side (He et al. 2015, §4.2). Evaluation takes the centre.
type Crop struct {
	Size int `yaml:"size" spec:"bare" help:"pixels of a side of what the network sees; 0: the images' own"`
	Pad  int `yaml:"pad" help:"pixels added on every side before the cut"`
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

// DefaultLearning is what an experiment has that says nothing.
func DefaultLearning() Learning {
	return Learning{Epochs: Epochs{Count: 20}, Subset: Subset{Fraction: 1}}
}

// Window is the side of what the network sees where a crop sets it, else 0.
func (l Learning) Window() int {
	for _, op := range l.Augment.Ops {
		if op.Crop != nil && op.Crop.Size > 0 {
			return op.Crop.Size
		}
	}
	return 0
}
