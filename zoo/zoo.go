// Package zoo holds the named networks: a family a file, each reading like its paper's table. It imports module, nn and
// internal/spec. Start at [New]; [List] is the list of all.
package zoo

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Build writes a network.
type Build func(b *nn.Builder)

// Net is an entry of the zoo.
type Net struct {
	Name      string
	Family    string
	Paper     string // first author, year, where
	Classes   int    // of the data set it was published for
	Build     Build
	Published Published
}

// Published is what the paper or the named source says of a network at its own input and class count.
type Published struct {
	Params int64   // trainable, exact
	GMACs  float64 // 10^9 multiply-adds of convolutions and linear layers, one image
}

// Normalize is the word for how pictures look to the weights that are published of the network: half for those whose values go from -1
// to 1, imagenet for the rest.
func (n Net) Normalize() string {
	switch n.Name {
	case "efficientnet_lite0", "inception_v3", "googlenet_bn": // the last two as torchvision's, which turn ImageNet's values into these
		return "half"
	}
	return "imagenet"
}

// Resize is how pictures reach the weights that are published of the network, as torchvision's transforms and timm's have it: they are
// resized until their shorter side is kept pixels, by a filter, and the middle window pixels are seen.
func (n Net) Resize() (kept, window int, filter string) {
	switch n.Name {
	case "inception_v3":
		return 342, 299, "bilinear"
	case "convnext_tiny":
		return 236, 224, "bilinear"
	case "efficientnet_b0", "efficientnet_lite0": // the second as timm's
		return 256, 224, "bicubic"
	}
	return 256, 224, "bilinear"
}

// List is every network, family by family.
func List() []Net {
	return slices.Concat(
		minis,
		lenets,
		ciresans,
		alexnets,
		vggs,
		nins,
		allcnns,
		googlenets,
		bnInceptions,
		inceptionV3s,
		inceptionV4s,
		inceptionResnets,
		xceptions,
		resnets,
		senets,
		preresnets,
		resnet9s,
		airbenchs,
		densenets,
		pelees,
		enets,
		flatteneds,
		fractalnets,
		renets,
		squeezenets,
		shufflenets,
		mobilenets,
		mobilenetV3s,
		efficientnets,
		convnexts,
		darknets,
		yolos,
	)
}

// Small is a few networks of different kinds that cost little: tests that go over pairs of networks and something else take
// these, and the whole of [List] behind the build tag walk.
func Small() []Net {
	small := []string{"mini", "lenet5", "caffenet128", "nin-cifar", "googlenet", "resnet20"}
	return slices.DeleteFunc(List(), func(n Net) bool { return !slices.Contains(small, n.Name) })
}

// Option changes what New builds.
type Option func(*options)

type options struct {
	input   nn.Size
	classes int
}

// Input takes images of this size in place of the network's own; an extent of 0 keeps the network's. Fully connected layers
// are made for it.
func Input(h, w, c int) Option { return func(o *options) { o.input = nn.Size{H: h, W: w, C: c} } }

// Classes sets the class count in place of the network's own; 0 keeps it.
func Classes(n int) Option { return func(o *options) { o.classes = n } }

// New builds a network of the zoo. An unknown name is an error that offers the nearest; an input too small for the network is
// one that names the layer.
func New(name string, opts ...Option) (*nn.Graph, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	n, err := Find(name)
	if err != nil {
		return nil, err
	}
	switch {
	case o.classes < 0 || o.classes > nn.MaxClasses:
		return nil, fmt.Errorf("%s: %d classes; give 1 to %d", name, o.classes, nn.MaxClasses)
	case o.classes == 0:
		o.classes = n.Classes
	}
	b := nn.NewBuilder(name, o.input, o.classes)
	n.Build(b)
	g, err := b.Build()
	if err == nil {
		return g, nil
	}
	if o.input.H > 0 && o.input.W > 0 {
		if own, at := New(name, Classes(o.classes)); at == nil {
			s := own.InputSize()
			return nil, fmt.Errorf("%s: %w, or give it images of %dx%d, for which it was made", name, err, s.H, s.W)
		}
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

// Find returns the entry of that name.
func Find(name string) (Net, error) {
	var names []string
	for _, n := range List() {
		if n.Name == name {
			return n, nil
		}
		names = append(names, n.Name)
	}
	if near, ok := spec.Nearest(name, names); ok {
		return Net{}, fmt.Errorf("no network %q; did you mean %s? (assay net list)", name, near)
	}
	return Net{}, fmt.Errorf("no network %q; choose one that assay net list names", name)
}
