package optimization_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

type tuner interface {
	Tune(*experiment.Optimization, *nn.Overlay) (nn.Changes, error)
}

func of(t *testing.T, write func(b *nn.Builder, x *nn.Node) *nn.Node) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small", nn.Size{}, 10)
	b.Logits(write(b, b.Image(8, 8, 3)))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// plain is two convolutions and a hidden linear layer with dropout.
func plain(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvReLU(b, x, 8, 3, 1)
	x = b.MaxPool(module.ConvReLU(b, x, 16, 3, 1), 2, 2)
	return b.Linear(module.Hidden(b, x, 12, 0.5), nn.Classes)
}

// preact is a pre-activation block and a pooled head.
func preact(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.PreBasic(b.Scope("block"), b.Conv(x, 8, 3, 1), 8, 1, module.OptionB)
	return module.PoolHead(b, b.PreAct(x, nn.NewBatchNorm(), nn.Activation{Func: nn.ReLU}), nn.Avg)
}

// classmaps pools a map a class and drops behind its pooling, as Network in Network.
func classmaps(b *nn.Builder, x *nn.Node) *nn.Node {
	x = b.Dropout(b.MaxPool(module.ConvReLU(b, x, 4, 3, 1), 2, 2), 0.5)
	return b.GlobalAvgPool(b.ReLU(b.Conv(x, nn.Classes, 1, 1)))
}

// apply tunes a network and compares the report and its layers: "conv1: conv 3x3 pad 1 + bias 224".
func apply(t *testing.T, g *nn.Graph, a tuner, report string, want ...string) {
	t.Helper()
	var o experiment.Optimization
	c, err := a.Tune(&o, g.Overlay())
	if err != nil {
		t.Fatal(err)
	}
	if c.String() != report {
		t.Errorf("%+v reports %q, want %q", a, c, report)
	}
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range table.Layers {
		if l := fmt.Sprintf("%s: %s", r.Name, r.Detail); r.Params > 0 {
			got = append(got, fmt.Sprintf("%s %d", l, r.Params))
		} else {
			got = append(got, l)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%+v gives\n%s\nwant\n%s", a, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func norm(place nn.Place) optimization.BatchNorm {
	return optimization.BatchNorm{Place: place, Affine: true, Momentum: 0.9, Eps: 1e-5}
}

func TestBatchNormTakesBiasesAndGivesThemBack(t *testing.T) {
	g := of(t, plain)
	apply(t, g, norm(nn.Before), "normalised 3 of 3 convolutions and linear layers",
		"input: input",
		"conv1: conv 3x3 pad 1 + batchnorm 232", // 9·3·8 + 2·8, the bias taken
		"conv1/act: relu",
		"conv2: conv 3x3 pad 1 + batchnorm 1184", // 9·8·16 + 2·16
		"conv2/act: relu",
		"pool1: max pool 2x2/2",
		"linear1: linear + batchnorm 3096", // 256·12 + 2·12
		"linear1/act: relu + dropout 0.5",
		"linear2: linear + bias 130")
	apply(t, g, norm(nn.After), "normalised 3 of 3 convolutions and linear layers", // moved, not doubled
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 224", // 9·3·8 + 8: given back
		"conv1/act: relu + batchnorm 16",
		"conv2: conv 3x3 pad 1 + bias 1168",
		"conv2/act: relu + batchnorm 32",
		"pool1: max pool 2x2/2",
		"linear1: linear + bias 3084",
		"linear1/act: relu + batchnorm + dropout 0.5 24",
		"linear2: linear + bias 130")
	bare := norm(nn.After)
	bare.Affine, bare.Eps = false, 1e-3
	apply(t, g, bare, "normalised 3 of 3 convolutions and linear layers",
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 224",
		"conv1/act: relu + batchnorm without affine eps 0.001",
		"conv2: conv 3x3 pad 1 + bias 1168",
		"conv2/act: relu + batchnorm without affine eps 0.001",
		"pool1: max pool 2x2/2",
		"linear1: linear + bias 3084",
		"linear1/act: relu + batchnorm without affine eps 0.001 + dropout 0.5",
		"linear2: linear + bias 130")
	if c, err := bare.Tune(nil, g.Overlay()); err != nil || !c.None() {
		t.Errorf("the same again: %v (%v), want nothing to change", c, err)
	}
}

func TestBatchNormOfTheInputIsBesideTheOthers(t *testing.T) {
	g := of(t, classmaps)
	apply(t, g, norm(nn.Images), "normalised 1 of 1 input",
		"input: input + batchnorm 6",
		"conv1: conv 3x3 pad 1 + bias 112",
		"conv1/act: relu",
		"pool1: max pool 2x2/2 + dropout 0.5",
		"conv2: conv 1x1 + bias 50",
		"conv2/act: relu",
		"global-pool: global avg pool")
	apply(t, g, norm(nn.Before), "normalised 1 of 1 convolutions and linear layers", // not the maps of the classes
		"input: input + batchnorm 6",
		"conv1: conv 3x3 pad 1 + batchnorm 116",
		"conv1/act: relu",
		"pool1: max pool 2x2/2 + dropout 0.5",
		"conv2: conv 1x1 + bias 50",
		"conv2/act: relu",
		"global-pool: global avg pool")
}

func TestBatchNormInAPreActivationNetworkLiesAtTheInputOfTheConvolution(t *testing.T) {
	g := of(t, preact)
	apply(t, g, norm(nn.After), "normalised 3 of 3 convolutions and linear layers",
		"input: input",
		"conv1: conv 3x3 pad 1 + batchnorm 232", // it has no activation of its own
		"block/act: relu",
		"block/conv1: batchnorm + conv 3x3 pad 1 + bias 600", // 2·8 + 9·8·8 + 8
		"block/conv1/act: relu",
		"block/conv2: batchnorm + conv 3x3 pad 1 592", // behind the sum the next block's norm took its bias: it has none
		"block/add: add",
		"block/add/act: batchnorm + relu 16", // in front of the head: of no convolution
		"global-pool: global avg pool",
		"linear1: linear + bias 90")
}

func TestDropoutIsSetWhereItIsOrLaidThere(t *testing.T) {
	head := func(rate float32) optimization.Dropout { return optimization.Dropout{Rate: rate, Place: "head"} }
	g := of(t, plain)
	apply(t, g, head(0.2), "set 1 of 1 places for dropout",
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 224",
		"conv1/act: relu",
		"conv2: conv 3x3 pad 1 + bias 1168",
		"conv2/act: relu",
		"pool1: max pool 2x2/2",
		"linear1: linear + bias 3084",
		"linear1/act: relu + dropout 0.2",
		"linear2: linear + bias 130")
	apply(t, g, optimization.Dropout{Rate: 0.1, Place: "convs"}, "set 2 of 2 places for dropout",
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 224",
		"conv1/act: relu + dropout 0.1",
		"conv2: conv 3x3 pad 1 + bias 1168",
		"conv2/act: relu + dropout 0.1",
		"pool1: max pool 2x2/2",
		"linear1: linear + bias 3084",
		"linear1/act: relu + dropout 0.2",
		"linear2: linear + bias 130")
	apply(t, g, head(0), "set 1 of 1 places for dropout",
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 224",
		"conv1/act: relu + dropout 0.1",
		"conv2: conv 3x3 pad 1 + bias 1168",
		"conv2/act: relu + dropout 0.1",
		"pool1: max pool 2x2/2",
		"linear1: linear + bias 3084",
		"linear1/act: relu",
		"linear2: linear + bias 130")

	g = of(t, classmaps) // no hidden layer: the one that is there, behind the pooling
	apply(t, g, head(0.2), "set 1 of 1 places for dropout",
		"input: input",
		"conv1: conv 3x3 pad 1 + bias 112",
		"conv1/act: relu",
		"pool1: max pool 2x2/2 + dropout 0.2",
		"conv2: conv 1x1 + bias 50",
		"conv2/act: relu",
		"global-pool: global avg pool")

	g = of(t, preact) // neither: in front of the classifier
	if c, err := head(0.2).Tune(nil, g.Overlay()); err != nil || c.Applied != 1 {
		t.Fatal(c, err)
	}
	if d := g.Overlay().Get(nn.In(g.Node("linear1"), 0), nn.SlotDropout); d != (nn.Dropout{Rate: 0.2}) {
		t.Errorf("in front of the classifier lies %v", d)
	}
	deep, err := zoo.New("efficientnet_b0") // what drops whole blocks stays
	if err != nil {
		t.Fatal(err)
	}
	add := deep.Node("stage2/block2/add")
	if c, err := (optimization.Dropout{Rate: 0.3}).Tune(nil, deep.Overlay()); err != nil || c.Applied != 1 || deep.Overlay().Get(nn.In(add, 1), nn.SlotDropout) != (nn.Dropout{Rate: 0.025, Of: nn.Depth}) {
		t.Errorf("efficientnet_b0: %v, %v, %v at %s", c, err, deep.Overlay().Get(nn.In(add, 1), nn.SlotDropout), add.Name)
	}
	if c, err := (optimization.Dropout{Rate: 0.2, Place: "input"}).Tune(nil, g.Overlay()); err != nil || c.Applied != 1 || g.Overlay().Get(g.Overlay().Images(), nn.SlotDropout) == nil {
		t.Errorf("on the images: %v (%v)", c, err)
	}
}

func TestEveryKindOfDropoutLiesWhereItIsMeant(t *testing.T) {
	for _, c := range []struct {
		net    func(b *nn.Builder, x *nn.Node) *nn.Node
		change func(d *optimization.Dropout)
		want   string
	}{
		{plain, func(d *optimization.Dropout) { d.Kind = "channel" }, "linear1/act: channel dropout 0.25"},
		{plain, func(d *optimization.Dropout) { d.Kind = "gaussian" }, "linear1/act: gaussian dropout 0.25"},
		{plain, func(d *optimization.Dropout) { d.Kind = "block" }, "conv1/act: block 7 dropout 0.25 from 0, conv2/act: block 7 dropout 0.25 from 0, linear1/act: dropout 0.5"},
		{plain, func(d *optimization.Dropout) { d.Kind, d.Ramp, d.Size, d.Place = "block", false, 3, "input" }, "input: block 3 dropout 0.25, linear1/act: dropout 0.5"},
		{plain, func(d *optimization.Dropout) { d.Kind = "drop-connect" }, "linear1/in: weights dropout 0.25, linear1/act: dropout 0.5"},
		{plain, func(d *optimization.Dropout) { d.Kind, d.Place = "drop-connect", "convs" }, "conv1/in: weights dropout 0.25, conv2/in: weights dropout 0.25, linear1/act: dropout 0.5"},
		{preact, func(d *optimization.Dropout) { d.Kind = "drop-connect" }, "linear1/in: weights dropout 0.25"},
		{preact, func(d *optimization.Dropout) { d.Kind = "depth" }, "block/add/in: depth dropout 0.25"},
		{blocks, func(d *optimization.Dropout) { d.Kind = "depth" }, "block1/add/in2: depth dropout 0.125, block2/add/in2: depth dropout 0.25"},
		{blocks, func(d *optimization.Dropout) { d.Kind, d.Ramp = "depth", false }, "block1/add/in2: depth dropout 0.25, block2/add/in2: depth dropout 0.25"},
	} {
		g := of(t, c.net)
		d := optimization.NewDropout()
		d.Rate = 0.25
		c.change(&d)
		if _, err := d.Tune(nil, g.Overlay()); err != nil {
			t.Error(err)
			continue
		}
		if _, err := g.Steps(); err != nil {
			t.Error(err)
		}
		var got []string
		for s, held := range g.Overlay().All() {
			for _, e := range held {
				if e.Slot() == nn.SlotDropout {
					got = append(got, s.Name()+": "+e.String())
				}
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%+v\ngot  %s\nwant %s", d, got, c.want)
		}
		d.Rate = 0
		if _, err := d.Tune(nil, g.Overlay()); err != nil {
			t.Error(err)
		}
		for s, held := range g.Overlay().All() {
			for _, e := range held {
				if l, ok := e.(nn.Dropout); ok && l.Rate == 0.25 {
					t.Errorf("%+v leaves %v at %s", d, e, s.Name())
				}
			}
		}
	}
}

// blocks is two residual blocks, the second with a projection.
func blocks(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvReLU(b, x, 8, 3, 1)
	for i, width := range []int{8, 12} {
		s := b.Scope("block%d", i+1)
		y := s.Conv(s.ReLU(s.Conv(x, width, 3, 1)), width, 3, 1)
		if i > 0 {
			x = s.As("shortcut").Conv(x, width, 1, 1)
		}
		x = s.ReLU(s.Add(x, y))
	}
	return module.PoolHead(b, x, nn.Avg)
}

func TestNoiseAndPenaltiesOutOfRangeAreRefused(t *testing.T) {
	dropout := func(change func(d *optimization.Dropout)) tuner {
		d := optimization.NewDropout()
		change(&d)
		return d
	}
	penalty := func(change func(p *optimization.Penalty)) tuner {
		p := optimization.Penalty{Kind: "orthogonal", Limit: 3}
		change(&p)
		return p
	}
	for want, a := range map[string]tuner{
		"size 6; give an odd number of pixels, such as 7":                 dropout(func(d *optimization.Dropout) { d.Kind, d.Size = "block", 6 }),
		"the images have no weights for drop-connect; give head or convs": dropout(func(d *optimization.Dropout) { d.Kind, d.Place = "drop-connect", "input" }),
		"strength -1; give a number above 0, or 0 for the kind's own":     penalty(func(p *optimization.Penalty) { p.Strength = -1 }),
		"limit 0; give a norm above 0, such as 3":                         penalty(func(p *optimization.Penalty) { p.Limit = 0 }),
		"std 0; give a standard deviation above 0, such as 0.01":          optimization.Init{Kind: "gaussian", Gain: 1},
	} {
		if _, err := a.Tune(&experiment.Optimization{}, of(t, plain).Overlay()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestNormsOfWeightsLieBesideThoseOfMapsAndNoneTakesBoth(t *testing.T) {
	g := of(t, plain)
	for _, kind := range []string{"group", "weight-standard"} {
		n := optimization.NewNorm()
		n.Kind, n.Groups = kind, 4
		if _, err := n.Tune(nil, g.Overlay()); err != nil {
			t.Fatal(err)
		}
	}
	at := nn.Out(g.Node("conv2"))
	if got := fmt.Sprint(g.Overlay().At(at)); got != "[standardised weights bias groupnorm 4]" {
		t.Errorf("over conv2 lies %s", got)
	}
	none := optimization.NewNorm()
	none.Kind = "none"
	if _, err := none.Tune(nil, g.Overlay()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(g.Overlay().At(at)); got != "[bias]" {
		t.Errorf("over conv2 is left %s", got)
	}
}
