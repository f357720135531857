// Package pretrain makes the start of a training of a file of weights: it finds the tensors in the file, finds the place of each in the
// network, and turns them into Assay's names and layouts. Files are safetensors and PyTorch's (.pth, .pt), with the names of torchvision,
// timm and lukemelas, darknet's .weights, and Assay's own models. It imports train, model, zoo and the readers of interop. Start at [Start]; [Open] and
// [Weights.Fit] tell the same without reading the values.
package pretrain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/interop/torch"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

// Weights are the tensors of a file. Close gives the file back.
type Weights struct {
	File   string
	Digest string // of its content, 32 hex digits; of a model of Assay's, that of its values
	Taken  string // the key under which they were found: "state_dict"; "": at the top

	arrays  []array
	ordered bool         // the file keeps the order of the layers
	model   *model.Model // Assay's own, in place of arrays
	darknet *darknet.Weights
	part    string // of the network, where a file of darknet's has its first layers alone
	close   func() error
}

// array is a tensor of a file, by its name without the prefixes of wrappers.
type array struct {
	name  string
	shape tensor.Shape
	read  func() (*tensor.Tensor, error)
}

// Bad is an error of what a file of weights holds, or that it is not there: not of the text that names it.
type Bad struct{ error }

// Wrong makes an error of where weights lie a [Bad] one.
func Wrong(err error) error { return Bad{err} }

// Unwrap gives the error.
func (b Bad) Unwrap() error { return b.error }

// Open finds the weights in a file, under a key such as "ema.state_dict" where one is given. Its errors begin with the path and are
// [Bad].
func Open(path, key string) (*Weights, error) {
	w, err := open(path, key)
	if err == nil {
		return w, nil
	}
	if !strings.HasPrefix(err.Error(), path) && !errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return nil, Bad{err}
}

func open(path, key string) (*Weights, error) {
	head, digest, err := look(path)
	if err != nil {
		return nil, err
	}
	w := &Weights{File: path, Digest: digest, close: func() error { return nil }}
	if torch.Is(head) {
		f, err := torch.Open(path)
		if err != nil {
			return nil, err
		}
		w.close, w.ordered = f.Close, true
		if err := w.search(f, key); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return w, nil
	}
	if darknet.Is(head) || strings.HasSuffix(path, ".weights") {
		if key != "" {
			return nil, fmt.Errorf("key %q: values of a file of darknet's have no key; leave it out", key)
		}
		if w.darknet, err = darknet.OpenWeights(path); err == nil {
			w.close = w.darknet.Close
		}
		return w, err
	}
	f, err := safetensors.ReadFile(path)
	switch {
	case err != nil && !strings.HasSuffix(path, ".safetensors"):
		return nil, errors.New("is neither a file of torch.save, nor one of safetensors or darknet; give a .pth, .pt, .safetensors or .weights file")
	case err != nil:
		return nil, err
	case key != "":
		return nil, fmt.Errorf("key %q: tensors of a safetensors file have no key; leave it out", key)
	case strings.HasPrefix(f.Metadata["format"], "assay-"):
		if w.model, err = model.Load(path); err == nil {
			w.Digest = w.model.Digest
		}
		return w, err
	}
	for _, n := range f.Tensors {
		if n.Tensor != nil {
			w.arrays = append(w.arrays, array{n.Name, n.Tensor.Shape, func() (*tensor.Tensor, error) { return finite(n.Tensor) }})
		}
	}
	return w, w.clean()
}

// Start is the start of a training of this network that the settings ask for; nil if they name no file.
func Start(g *nn.Graph, p experiment.Pretrain) (*train.Start, error) {
	if p.From == (experiment.Weights{}) {
		return nil, nil
	}
	w, err := Of(g, p)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	f, err := w.Fit(g, p)
	if err != nil {
		return nil, err
	}
	return f.Start()
}

// Of opens the weights that the settings name for a network. Which file those of an arm are is the caller's to know.
func Of(g *nn.Graph, p experiment.Pretrain) (*Weights, error) {
	if p.From.OfArm() {
		return nil, Bad{fmt.Errorf("nobody has looked up the weights of %s; hand them over by their file", p.From)}
	}
	path, err := located(g.Name, p.From.File)
	if err != nil {
		return nil, err
	}
	return Open(path, p.Key)
}

// NetworkOf names the network of the zoo that a file of weights is of: the one of which it fills the most at its own classes, and leaves
// the least over.
func NetworkOf(path string) (string, error) {
	w, err := Open(path, "")
	if err != nil {
		return "", err
	}
	defer w.Close()
	best, missing := "", math.MaxInt
	for _, n := range zoo.List() {
		g, err := zoo.New(n.Name)
		if err != nil {
			return "", err
		}
		f, err := w.fit(g, experiment.DefaultLearning().Pretrain)
		if err != nil {
			continue
		}
		if m := len(f.Started.Drawn) + len(f.Started.Left); m < missing && len(f.Started.Copied) > len(f.Started.Drawn) {
			best, missing = n.Name, m
		}
	}
	if best == "" {
		return "", Bad{fmt.Errorf("%s: of no network of the zoo (assay net list); write the study by hand, with pretrain in a variant", path)}
	}
	return best, nil
}

// Name is the file, and the key under which the weights were found.
func (w *Weights) Name() string {
	if from := w.Taken + w.part; from != "" {
		return fmt.Sprintf("%s (%s)", w.File, from)
	}
	return w.File
}

// Seen is the images that made the weights what they are, of a model of Assay's; of others nothing is known.
func (w *Weights) Seen() model.Seen {
	if w.model == nil {
		return model.Seen{}
	}
	return w.model.Seen
}

// Close gives the file back.
func (w *Weights) Close() error { return w.close() }

// look reads the first bytes of a file, and the digest of all.
func look(path string) (head []byte, digest string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	head = make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	h := sha256.New()
	h.Write(head[:n])
	if _, err := io.Copy(h, f); err != nil {
		return nil, "", err
	}
	return head[:n], hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// Fit is where the tensors of a file go in a network. Nothing of them is read yet.
type Fit struct {
	Started train.Started // what becomes of them, by names: Assay's, and the file's of what is left over
	Mean    []float32     // by channel: how pictures must look; nil: as the training's own images
	Std     []float32
	Framing data.Framing // how they are resized and cut

	weights *Weights
	places  []place
}

// place is a tensor on its way into the network.
type place struct {
	name  string // Assay's
	from  array
	shape tensor.Shape // as the network has it, made of from's by turn
	turn  func(*tensor.Tensor) *tensor.Tensor
}

// Fit finds the places of the weights in a network, as the settings say: by names, or by the order of the layers. It is an error if
// there is no single way, a [Bad] one.
func (w *Weights) Fit(g *nn.Graph, p experiment.Pretrain) (*Fit, error) {
	f, err := w.fit(g, p)
	if err != nil {
		return nil, Bad{err}
	}
	return f, nil
}

func (w *Weights) fit(g *nn.Graph, p experiment.Pretrain) (*Fit, error) {
	f := &Fit{weights: w}
	var left []string
	if w.model == nil {
		base := g
		if _, err := zoo.Find(g.Name); err == nil { // names are those of the network before approaches changed it
			s := g.InputSize()
			if base, err = zoo.New(g.Name, zoo.Input(s.H, s.W, s.C), zoo.Classes(g.Classes)); err != nil {
				return nil, err
			}
		}
		var err error
		if w.darknet != nil {
			f.places, err = w.inOrder(base)
		} else {
			f.places, left, err = w.match(base, p.Match == experiment.MatchOrder)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.File, err)
		}
	} else {
		var err error
		if f.places, err = w.own(g); err != nil {
			return nil, err
		}
	}
	if err := f.tell(g, left); err != nil {
		return nil, err
	}
	if f.Framing = p.Resize.Framed(g.Name); p.Resize.Kind == experiment.ResizeNet && w.model != nil {
		f.Framing = w.model.About.Preprocess.Framing()
	}
	return f, f.normalize(g, p.Normalize)
}

// tell fills Started: what fits a parameter or running statistic of the network by name and shape is copied.
func (f *Fit) tell(g *nn.Graph, left []string) error {
	params, err := g.Params()
	if err != nil {
		return err
	}
	buffers, err := g.Buffers()
	if err != nil {
		return err
	}
	shapes := map[string]tensor.Shape{}
	var theirs, ours []string
	for _, p := range f.places {
		shapes[p.name] = p.shape
		theirs = append(theirs, fmt.Sprintf("%s %v", p.name, p.shape))
	}
	copied := map[string]bool{}
	for _, p := range append(params, buffers...) {
		if have, ok := shapes[p.Name]; ok && have.Equal(p.Shape) {
			f.Started.Copied = append(f.Started.Copied, p.Name)
			copied[p.Name] = true
		} else {
			f.Started.Drawn = append(f.Started.Drawn, p.Name)
			ours = append(ours, fmt.Sprintf("%s %v", p.Name, p.Shape))
		}
	}
	var fitting []place
	for _, p := range f.places {
		if copied[p.name] {
			fitting = append(fitting, p)
		} else {
			left = append(left, p.from.name)
		}
	}
	if len(fitting) == 0 {
		return fmt.Errorf("%s: none of its tensors fits %s by name and shape: it has %s, the network %s; give the weights of a network of this kind", f.weights.File, g.Name, some(theirs), some(ours))
	}
	f.places, f.Started.Left = fitting, left
	return nil
}

// own are the values of a model of Assay's, whose names and layouts they have; those that read colours are summed for grey images.
func (w *Weights) own(g *nn.Graph) ([]place, error) {
	first, err := firsts(g)
	if err != nil {
		return nil, err
	}
	var places []place
	for _, name := range w.model.State.Names() {
		shape := w.model.State.Get(name).Shape
		p := place{name: name, from: array{name, shape, func() (*tensor.Tensor, error) {
			values, err := w.model.State.Read(name)
			return &tensor.Tensor{Shape: shape, Data: values}, err
		}}, shape: shape, turn: func(t *tensor.Tensor) *tensor.Tensor { return t }}
		places = append(places, p.summed(first))
	}
	return places, nil
}

// inOrder are the values of a file of darknet's, which has them in the order of the layers: all, or the first layers'. Those that read
// colours are summed for grey images.
func (w *Weights) inOrder(g *nn.Graph) ([]place, error) {
	held, err := w.darknet.Arrays(g)
	if s := g.InputSize(); err != nil && s.C == 1 {
		coloured := g.Clone()
		coloured.SetInput(nn.Size{H: s.H, W: s.W, C: 3})
		if other, e := w.darknet.Arrays(coloured); e == nil {
			held, err = other, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if w.part = ""; held.Layers < held.Of {
		w.part = fmt.Sprintf("the first %d of %d layers", held.Layers, held.Of)
	}
	first, err := firsts(g)
	if err != nil {
		return nil, err
	}
	var places []place
	for _, a := range held.Arrays {
		p := place{a.Name, array{a.Name, a.Shape, a.Read}, a.Shape, func(t *tensor.Tensor) *tensor.Tensor { return t }}
		places = append(places, p.summed(first))
	}
	return places, nil
}

// firsts names the weights that read the one channel of grey images.
func firsts(g *nn.Graph) (map[string]bool, error) {
	all, err := slots(g)
	if err != nil {
		return nil, err
	}
	first := map[string]bool{}
	for _, s := range all {
		if _, ok := s.layer.(nn.Conv); ok && s.in.C == 1 && s.node.In[0] == g.Input() {
			first[s.params["weight"].Name] = true
		}
	}
	return first, nil
}

// summed is p, or the sum over the colours of one that reads three, where the network reads grey.
func (p place) summed(first map[string]bool) place {
	if shape := p.shape; first[p.name] && shape.Rank() == 4 && shape[2] == 3 {
		p.shape = tensor.Of(shape[0], shape[1], 1, shape[3])
		to := p.shape
		p.turn = func(t *tensor.Tensor) *tensor.Tensor { return grey(t, to) }
	}
	return p
}

// Start reads the tensors.
func (f *Fit) Start() (*train.Start, error) {
	w := f.weights
	start := &train.Start{Name: w.Name(), State: program.NewState(), Digest: w.Digest, Left: f.Started.Left, Mean: f.Mean, Std: f.Std, Framing: f.Framing, Seen: w.Seen()}
	for _, p := range f.places {
		t, err := p.from.read()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", w.File, p.from.name, err)
		}
		if _, err := start.State.Add(p.name, p.shape); err != nil {
			return nil, err
		}
		if err := start.State.Write(p.name, func(data []float32) { copy(data, p.turn(t).Data) }); err != nil {
			return nil, err
		}
	}
	return start, nil
}

// normalize sets the mean and deviation that pictures get, by channel of the network's images; of a grey one the colours' mean.
func (f *Fit) normalize(g *nn.Graph, n experiment.Normalize) error {
	mean, std := n.Mean, n.Std
	if n.Kind == experiment.NormalizeNet && f.weights.model != nil {
		mean, std = f.weights.model.About.Preprocess.Mean, f.weights.model.About.Preprocess.Std
	} else if n.Kind != "" {
		kind := n.Kind
		if kind == experiment.NormalizeNet && f.weights.darknet != nil {
			kind = experiment.NormalizeNone
		} else if kind == experiment.NormalizeNet {
			kind = experiment.NormalizeImageNet
			if z, err := zoo.Find(g.Name); err == nil {
				kind = z.Normalize()
			}
		}
		var ok bool
		if mean, std, ok = experiment.Normalization(kind); !ok {
			return fmt.Errorf("no normalisation %q; choose net, imagenet, half, none, or give mean and std", kind)
		}
	}
	if len(mean) == 0 {
		return nil
	}
	channels := g.InputSize().C
	for _, v := range []struct{ to, of *[]float32 }{{&f.Mean, &mean}, {&f.Std, &std}} {
		of := *v.of
		switch {
		case len(of) == channels:
			*v.to = of
		case len(of) == 1:
			for range channels {
				*v.to = append(*v.to, of[0])
			}
		case channels == 1:
			var sum float32
			for _, x := range of {
				sum += x
			}
			*v.to = []float32{sum / float32(len(of))}
		default:
			return fmt.Errorf("normalize: %d values for %d channels; give one a channel", len(of), channels)
		}
	}
	return nil
}
