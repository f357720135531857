package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// Pretrain is the weights that a training begins from in place of drawn ones.
type Pretrain struct {
	From      Weights   `yaml:"from" spec:"bare" help:"a file of weights: .safetensors, PyTorch's .pth and .pt, or darknet's .weights; imagenet: torchvision's for this network (assay net get); {study: NAME, arm: NAME}: an arm of this store whose study has it under keep, in each repeat the weights of that repeat"`
	Key       string    `yaml:"key" help:"where in a checkpoint the weights are, as ema.state_dict; default: at the top, or under a usual key"`
	Preset    string    `yaml:"preset" values:"none, frozen, fine-tune" help:"frozen: all but the classifier (freeze); fine-tune: so for an epoch, then all of it trained at rates by depth (thaw: 1, lr: {depth: 0.8})"`
	Freeze    []nn.Glob `yaml:"freeze" help:"layers that keep these weights, by path: [conv1, \"stage1/**\"]"`
	Thaw      float64   `yaml:"thaw" help:"epoch after which what is frozen is trained too; 0: never"`
	Norm      string    `yaml:"norm" only:"freeze; preset: frozen, fine-tune" values:"keep, train" help:"keep: what is frozen is in training what it is in evaluation; train: its norms are trained and normalise by each batch, its dropout stays"`
	Normalize Normalize `yaml:"normalize" default:"net" help:"how pictures must look: net, imagenet, half, none, or {mean: [...], std: [...]}; net: as the network's zoo entry or the model says, else imagenet"`
	Resize    Resize    `yaml:"resize" default:"net" help:"how pictures are resized and cut: net, own, or {share: 0.875, filter: bilinear}; net: as the network's zoo entry or the model says; own: as without weights; share: of a picture's side that the window is; filter: bilinear or bicubic"`
	Match     string    `yaml:"match" values:"names, order" help:"how tensors find their layers: by names, or by the order of the layers alone"`
	Cache     int       `yaml:"cache" help:"draws of augmentation that each image has while something is frozen, one an epoch in turn; 0: a new one each epoch"`
}

// FromImageNet is the word for the weights that torchvision publishes of a network, in place of a file.
const FromImageNet = "imagenet"

// Weights says where weights lie: in a file, or with the trials of an arm of a study of the store. The zero Weights are none.
type Weights struct {
	File       string // or FromImageNet
	Study, Arm string
}

// OfArm reports whether they are an arm's.
func (w Weights) OfArm() bool { return w.Study != "" }

// UnmarshalSpec reads a path as it stands, or study and arm.
func (w *Weights) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		*w = Weights{File: n.Text()}
		return nil
	}
	var given struct {
		Study string `yaml:"study" spec:"required"`
		Arm   string `yaml:"arm" spec:"required"`
	}
	if err := spec.Decode(n, &given); err != nil {
		return err
	}
	if given.Study == "" || given.Arm == "" {
		return n.Errorf("from: an arm without a name; write {study: NAME, arm: NAME}, baseline for the base itself")
	}
	*w = Weights{Study: given.Study, Arm: given.Arm}
	return nil
}

// MarshalSpec writes the path, or study and arm.
func (w Weights) MarshalSpec() (*spec.Node, error) {
	if !w.OfArm() {
		return spec.NewText(w.File), nil
	}
	m := spec.NewMap()
	m.Set("study", spec.NewText(w.Study))
	m.Set("arm", spec.NewText(w.Arm))
	return m, nil
}

// String is the file, or "baseline of study photos"; "" where there are none.
func (w Weights) String() string {
	if w.OfArm() {
		return w.Arm + " of study " + w.Study
	}
	return w.File
}

// Ways of Preset.
const (
	PresetNone     = "none"
	PresetFrozen   = "frozen" // features of others under a classifier of one's own, as in arXiv:1805.08974
	PresetFineTune = "fine-tune"
)

// What PresetFineTune stands for: a head that is trained alone until it fits what it reads, as in Kumar et al., "Fine-Tuning can Distort
// Pretrained Features and Underperform Out-of-Distribution", ICLR 2022, arXiv:2202.10054, and rates that fall with the distance from it,
// as in Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018, arXiv:1801.06146, §3.2.
const (
	FineTuneThaw  = 1   // epochs
	FineTuneDepth = 0.8 // of LR.Depth
)

// Ways of Norm.
const (
	NormKeep  = "keep"
	NormTrain = "train"
)

// Ways of Match.
const (
	MatchNames = "names"
	MatchOrder = "order"
)

// Normalize says how pictures must look to weights: by a word, or by mean and deviation a channel on a scale from 0 to 1.
type Normalize struct {
	Kind      string // "" where Mean and Std say
	Mean, Std []float32
}

// Words of Normalize.
const (
	NormalizeNet      = "net" // what the network's entry in the zoo says, or the model of Assay's that the weights are of
	NormalizeImageNet = "imagenet"
	NormalizeHalf     = "half" // values from -1 to 1
	NormalizeNone     = "none" // values from 0 to 1
)

// Normalization is the mean and deviation that a word stands for, net excepted.
func Normalization(kind string) (mean, std []float32, ok bool) {
	switch kind {
	case NormalizeImageNet: // torchvision's, of ImageNet's training images
		return []float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}, true
	case NormalizeHalf:
		return []float32{0.5, 0.5, 0.5}, []float32{0.5, 0.5, 0.5}, true
	case NormalizeNone:
		return []float32{0, 0, 0}, []float32{1, 1, 1}, true
	}
	return nil, nil, false
}

// UnmarshalSpec reads a word, or mean and std of one or three channels.
func (z *Normalize) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		words := []string{NormalizeNet, NormalizeImageNet, NormalizeHalf, NormalizeNone}
		if !slices.Contains(words, n.Text()) {
			return n.Errorf("normalize: unknown value %q; choose one of net, imagenet, half, none, or give {mean: [...], std: [...]}", n.Text())
		}
		*z = Normalize{Kind: n.Text()}
		return nil
	}
	var given struct {
		Mean []float32 `yaml:"mean"`
		Std  []float32 `yaml:"std"`
	}
	if err := spec.Decode(n, &given); err != nil {
		return err
	}
	if len(given.Mean) != len(given.Std) || len(given.Mean) != 1 && len(given.Mean) != 3 {
		return n.Errorf("normalize: %d means and %d deviations; give one or three of each", len(given.Mean), len(given.Std))
	}
	for i, std := range given.Std {
		if mean := float64(given.Mean[i]); !(std > 0) || math.IsInf(float64(std), 0) || !(mean >= 0 && mean <= 1) {
			return n.Errorf("normalize: a mean of %g and a deviation of %g; give a mean from 0 to 1 and a deviation above 0, on the scale from black to 1", mean, std)
		}
	}
	*z = Normalize{Mean: given.Mean, Std: given.Std}
	return nil
}

// MarshalSpec writes the word, or mean and std.
func (z Normalize) MarshalSpec() (*spec.Node, error) {
	if len(z.Mean) == 0 {
		return spec.NewText(z.Kind), nil
	}
	m := spec.NewMap()
	for _, part := range []struct {
		key string
		of  []float32
	}{{"mean", z.Mean}, {"std", z.Std}} {
		n, err := spec.Encode(part.of)
		if err != nil {
			return nil, err
		}
		m.Set(part.key, n)
	}
	return m, nil
}

// String is the word, or mean and deviation.
func (z Normalize) String() string {
	if len(z.Mean) == 0 {
		return z.Kind
	}
	return fmt.Sprintf("mean %g, std %g", z.Mean, z.Std)
}

// Resize says how pictures are resized and cut for weights: by a word, or by how much of a picture the window is and by a filter.
type Resize struct {
	Kind string // "" where Framing says
	data.Framing
}

// Words of Resize.
const (
	ResizeNet = "net" // what the network's entry in the zoo says, or the model of Assay's that the weights are of
	ResizeOwn = "own" // as without weights
)

// UnmarshalSpec reads a word, or share and filter.
func (r *Resize) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		if n.Text() != ResizeNet && n.Text() != ResizeOwn {
			return n.Errorf("resize: unknown value %q; choose one of net, own, or give {share: 0.875, filter: bilinear}", n.Text())
		}
		*r = Resize{Kind: n.Text()}
		return nil
	}
	var given struct {
		Share  float64        `yaml:"share" spec:"required"`
		Filter augment.Filter `yaml:"filter" spec:"required"`
	}
	if err := spec.Decode(n, &given); err != nil {
		return err
	}
	switch {
	case !(given.Share >= 0.25 && given.Share <= 1):
		return n.Get("share").Errorf("share: %g; give the share of a picture's side that the window is, from 0.25 to 1, as 0.875", given.Share)
	case !slices.Contains(augment.Filters(), given.Filter):
		return n.Get("filter").Errorf("filter: unknown value %q; choose one of bilinear, bicubic", given.Filter)
	}
	*r = Resize{Framing: data.Framing(given)}
	return nil
}

// MarshalSpec writes the word, or share and filter.
func (r Resize) MarshalSpec() (*spec.Node, error) {
	if r.Kind != "" {
		return spec.NewText(r.Kind), nil
	}
	m := spec.NewMap()
	m.Set("share", spec.NewFloat(r.Share))
	m.Set("filter", spec.NewText(string(r.Filter)))
	return m, nil
}

// String is the word, or share and filter.
func (r Resize) String() string {
	if r.Kind != "" {
		return r.Kind
	}
	return fmt.Sprintf("share %g, %s", r.Share, r.Filter)
}

// Framed is the framing that weights of a network want, named as in the zoo; of a network that is not there that of most.
func (r Resize) Framed(net string) data.Framing {
	switch r.Kind {
	case ResizeOwn:
		return data.Framing{}
	case ResizeNet:
		z, _ := zoo.Find(net)
		kept, window, filter := z.Resize()
		return data.Framing{Share: float64(window) / float64(kept), Filter: augment.Filter(filter)}
	}
	return r.Framing
}

// Framing is how the weights that a network begins from, by its name, want pictures resized and cut, as far as the settings alone tell.
func (l Learning) Framing(net string) data.Framing {
	if l.Pretrain.From == (Weights{}) {
		return data.Framing{}
	}
	return l.Pretrain.Resize.Framed(net)
}

// Frozen are the rows that keep the weights of the frozen layers.
func (p Pretrain) Frozen() []ParameterSetting {
	var rows []ParameterSetting
	for _, layers := range p.Freeze {
		frozen := true
		rows = append(rows, ParameterSetting{Layers: layers, Frozen: &frozen, Norms: p.Norm == NormTrain, Still: p.Norm == NormKeep})
	}
	return rows
}

// Thaws is the number of the step from which on what was frozen is trained too; -1 where there is none.
func (p Pretrain) Thaws(s Schedule) int {
	if !(p.Thaw > 0) {
		return -1
	}
	return s.After(p.Thaw)
}

// Kept reports whether what a frozen front makes of images may be kept, in so many draws of each: no epoch shows others, or other sizes. A
// set whose rare classes are sampled more often shows an image several times in an epoch, each time anew.
func (l Learning) Kept() (turns int, ok bool) {
	varies := len(l.Augment.Ops) > 0 && (l.Pretrain.Cache == 0 || l.Balance.By == BalanceSampling)
	return max(1, l.Pretrain.Cache), !varies && l.Mixes() == "" && len(l.Multiscale.Sides()) == 0 && l.Mixed.None()
}

// Fits reports a thaw that a training never comes to.
func (p Pretrain) Fits(s Schedule) error {
	if total := s.Steps(); p.Thaws(s) >= total {
		return &spec.Fault{Path: "$.thaw", Msg: fmt.Sprintf("thaw: after %s, but the training has %s; give less, or leave thaw out", Counted(p.Thaw), Counted(s.Epochs(total)))}
	}
	return nil
}
