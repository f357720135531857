package approach_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// The laws of the three kinds, walked over the catalogue and the zoo: a new approach or network is held to them by itself.

func TestOnlyArchitectureChangesTheSignature(t *testing.T) {
	steps, err := walk()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.err == nil && s.signature != (s.Kind == approach.Architecture) && !(s.auxiliary && s.Kind == approach.Architecture) {
			t.Errorf("%s, of %s, applies to %s; signature changed: %v", s.text, s.Kind, s.net, s.signature)
		}
	}
}

func TestEveryRewrittenNetworkReadsBackFromItsTextAndCompiles(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, text := range walked[e.Name] {
			for _, name := range []string{"mini", "resnet20"} {
				g := network(t, name)
				before := g.YAML()
				_, err := approach.Rewrite(g, []experiment.Choice{chosen(text)})
				if err != nil || bytes.Equal(before, g.YAML()) || testing.Short() && name == "resnet20" {
					continue
				}
				if d := difference(t, g, reread(t, g)); d != "" {
					t.Errorf("%s on %s comes back with %s", text, name, d)
				}
				f, err := compile.New(g, task.Classify{}, experiment.DefaultOptimization(), 1)
				if err == nil {
					_, err = f.Step(2)
				}
				if err != nil {
					t.Errorf("%s on %s does not compile: %v", text, name, err)
				}
			}
		}
	}
}

func reread(t *testing.T, g *nn.Graph) *nn.Graph {
	t.Helper()
	h, err := nn.Read("net.yaml", g.YAML())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// difference is the first line in which the canonical texts of two networks differ, "" for none.
func difference(t *testing.T, a, b *nn.Graph) string {
	t.Helper()
	was, is := strings.Split(string(a.Canonical()), "\n"), strings.Split(string(b.Canonical()), "\n")
	for i := range max(len(was), len(is)) {
		if i >= len(was) || i >= len(is) || was[i] != is[i] {
			return fmt.Sprintf("%q in place of %q", strings.Join(is[min(i, len(is)):min(i+1, len(is))], ""), strings.Join(was[min(i, len(was)):min(i+1, len(was))], ""))
		}
	}
	return ""
}

func TestRewritesOfDisjointPlacesCommute(t *testing.T) {
	for _, layer := range []string{"kernel: {from: 3, to: [1x3, 3x1], where: %s}", "kernel: {to: 7, where: %s}", "mlpconv: {where: %s}", "fire: {where: %s}",
		"flattened: {where: %s}", "activation: {to: elu, where: %s}", "activation: {to: prelu, where: %s}", "pool: {kind: avg, where: %s}", "pool: {kind: gated, where: %s}", "activation: {to: maxout, where: %s}", "activation: {to: crelu, where: %s}",
		"separable: {where: %s}", "separable: {order: inverted, where: %s}", "separable: {order: pointwise-first, relu: after, where: %s}", "inception: {where: %s}", "inception-residual: {where: %s}", "bottleneck: {where: %s}", "strided-conv: {mode: conv, where: %s}",
		"attention: {reduce: 4, where: %s}", "attention: {kind: cbam, reduce: 2, where: %s}", "attention: {kind: eca, where: %s}", "attention: {kind: nonlocal, where: %s}", "attention: {kind: self, where: %s}"} {
		for _, net := range []struct{ name, one, two, both string }{
			{"mini", "*[13]/**", "*[245]/**", "*[12345]/**"}, {"mini", "*[13]", "*[245]", "*[12345]"},
			{"caffenet128", "*[15]", "*[24]", "*[1245]"}, {"resnet20", "stage1/**", "stage3/**", "stage[13]/**"},
		} {
			apply := func(wheres ...string) (*nn.Graph, error) {
				g := network(t, net.name)
				var cs []experiment.Choice
				for _, w := range wheres {
					cs = append(cs, chosen(fmt.Sprintf(layer, `"`+w+`"`)))
				}
				_, err := approach.Rewrite(g, cs)
				return g, err
			}
			both, err := apply(net.both)
			if err != nil {
				continue // the pattern names no layer of the kind
			}
			for _, order := range [][]string{{net.one, net.two}, {net.two, net.one}} {
				g, err := apply(order...)
				if err != nil {
					t.Errorf("%s on %s, %v: %v", layer, net.name, order, err)
				} else if d := difference(t, both, g); d != "" {
					t.Errorf("%s on %s: %v is not both at once: %s", layer, net.name, order, d)
				}
			}
		}
	}
}

// What is there before a rewrite and after it gives maps of the same size, but for what is meant to change shapes: windows and
// strides, poolings that go, and the layers in front of maxout and crelu.
func TestRewritesKeepTheShapeOfEveryLayerThatStays(t *testing.T) {
	checked := map[string]bool{}
	names := []string{"kernel", "bottleneck", "mlpconv", "fire", "inception", "flattened", "residual", "dense", "inception-residual", "inception-dense", "xception", "separable", "attention", "activation", "pool"}
	for _, name := range names {
		for _, text := range walked[name] {
			if name == "pool" && (strings.Contains(text, "kernel:") || text == "pool: none") || strings.Contains(text, "maxout") || strings.Contains(text, "crelu") {
				continue
			}
			for _, net := range []string{"mini", "caffenet128", "resnet20"} {
				g := network(t, net)
				before := shapes(t, g)
				if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err != nil {
					continue // the walk reads the reasons
				}
				for layer, size := range shapes(t, g) {
					if was, ok := before[layer]; ok && was != size {
						t.Errorf("%s on %s: %s gives %v, before %v", text, net, layer, size, was)
					}
				}
				checked[name] = true
			}
		}
		if !checked[name] {
			t.Errorf("%s fits none of the networks of this test", name)
		}
	}
}

// shapes is the size of the map of every layer by its name.
func shapes(t *testing.T, g *nn.Graph) map[string]nn.Size {
	t.Helper()
	sizes, err := g.Sizes()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]nn.Size{}
	for n, s := range sizes {
		named[n.Name] = s
	}
	return named
}

// Of what rewrites stages, stages that are named one after the other are both at once.
func TestRewritesOfDifferentStagesCommute(t *testing.T) {
	for _, layer := range []string{"dense: {where: %s}", "inception-dense: {where: %s}", "xception: {where: %s}"} {
		apply := func(wheres ...string) *nn.Graph {
			g := network(t, "resnet20")
			for _, w := range wheres {
				if _, err := approach.Rewrite(g, []experiment.Choice{chosen(fmt.Sprintf(layer, `"`+w+`"`))}); err != nil {
					t.Fatal(err)
				}
			}
			return g
		}
		both := apply("stage[13]/**")
		for _, g := range []*nn.Graph{apply("stage1/**", "stage3/**"), apply("stage3/**", "stage1/**")} {
			if d := difference(t, both, g); d != "" {
				t.Errorf("%s is not both at once: %s", layer, d)
			}
		}
	}
}

// lists builds an experiment of three lists as a person writes them.
func lists(t *testing.T, net, architecture, optimization, learning string) experiment.Experiment {
	t.Helper()
	text := fmt.Sprintf("data: fashion-mini\nnet: %s\narchitecture: [%s]\noptimization: [%s]\nlearning: [%s]\n", net, architecture, optimization, learning)
	n, err := spec.Parse("exp.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	e, err := experiment.Decode(n)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func build(t *testing.T, e experiment.Experiment) *approach.Built {
	t.Helper()
	b, err := approach.Build(e, approach.Images{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestALaterSettingInheritsWhatItDoesNotWrite(t *testing.T) {
	b := build(t, lists(t, "mini", "", "lr: {base: 0.1, policy: cosine, warmup: 2}, l2: {strength: 1e-3, except: [bias]}, lr: {base: 0.2}, l2: 1e-4, batchnorm: {affine: false}, batchnorm: after",
		"epochs: {steps: 50}, subset: {images: 100}, augment: [flip], epochs: 3, subset: 0.25"))
	want := experiment.DefaultOptimization().LR
	want.Base, want.Policy, want.Warmup = 0.2, "cosine", 2
	if got := b.Optimization.LR; !reflect.DeepEqual(got, want) {
		t.Errorf("lr %+v, want %+v", got, want)
	}
	if got := b.Optimization.L2; got.Strength != 1e-4 || !slices.Equal(got.Except, []string{"bias"}) {
		t.Errorf("l2 %+v, want strength 1e-4 but for bias", got)
	}
	if got, want := b.Learning.Epochs, (experiment.Epochs{Count: 3}); got != want {
		t.Errorf("epochs %+v, want %+v: count takes the place of steps", got, want)
	}
	if got, want := b.Learning.Subset, (experiment.Subset{Fraction: 0.25}); got != want {
		t.Errorf("subset %+v, want %+v: fraction takes the place of images", got, want)
	}
	g := b.Graph
	if got, want := g.Overlay().Get(nn.Out(g.Node("conv1/act")), nn.SlotNorm), (nn.BatchNorm{Momentum: 0.9, Eps: 1e-5}); got != want {
		t.Errorf("batchnorm %v, want %v", got, want)
	}
	again := build(t, lists(t, "mini", "", "", "epochs: 3, epochs: {steps: 50}"))
	if s, err := experiment.NewSchedule(again.Optimization, again.Learning, 7*128); err != nil || s.Steps() != 50 {
		t.Errorf("steps do not take the place of count: %d, %v", s.Steps(), err)
	}
}

func TestArchitectureApproachesInheritNothing(t *testing.T) {
	b := build(t, lists(t, "mini", "activation: {to: leaky, alpha: 0.2, where: conv1/**}, activation: {to: leaky, where: conv2/**}", "", ""))
	for name, want := range map[string]string{"conv1/act": "leaky 0.2", "conv2/act": "leaky", "conv3/act": "relu"} {
		if got := b.Graph.Node(name).Layer.String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestTheListsAreAppliedInOrderAndReportedInIt(t *testing.T) {
	b := build(t, lists(t, "mini", "activation: leaky, activation: {from: leaky, to: elu}", "dropout: 0.1, batchnorm", "augment: [{crop: 20}], epochs: 2"))
	var got []string
	for _, a := range b.Applied {
		got = append(got, fmt.Sprintf("%s/%s: %s", a.Kind, a.Choice, a.What))
	}
	want := []string{
		"architecture/activation: leaky: replaced 5 of 5 relu",
		"architecture/activation: {from: leaky, to: elu}: replaced 5 of 5 leaky",
		"optimization/dropout: 0.1: set 1 of 1 places for dropout",
		"optimization/batchnorm: normalised 5 of 5 convolutions and linear layers",
		"learning/augment: [{crop: 20}]: crop 20",
		"learning/epochs: 2: 2 epochs",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if s := b.Graph.InputSize(); s != (nn.Size{H: 20, W: 20, C: 1}) {
		t.Errorf("images of %v; the window that is cut is 20", s)
	}
	if _, err := approach.Build(lists(t, "mini", "activation: {from: leaky, to: elu}, activation: leaky", "", ""), approach.Images{}); err == nil {
		t.Error("the other way round there is no leaky to replace yet, which must be an error")
	}
	l, err := approach.Learn(lists(t, "mini", "", "", "augment: [{crop: 20}], epochs: 2"))
	if err != nil || !reflect.DeepEqual(l, b.Learning) {
		t.Errorf("Learn says %+v (%v), Build %+v", l, err, b.Learning)
	}
}

func TestTheImagesDecideSizeAndClasses(t *testing.T) {
	b, err := approach.Build(lists(t, "resnet20", "", "", ""), approach.Images{Size: nn.Size{H: 40, W: 36, C: 1}, Classes: 5})
	if err != nil {
		t.Fatal(err)
	}
	if b.Graph.InputSize() != (nn.Size{H: 40, W: 36, C: 1}) || b.Graph.Classes != 5 {
		t.Errorf("a network for %v and %d classes", b.Graph.InputSize(), b.Graph.Classes)
	}
	if b.Graph.Signature() != network(t, "resnet20").Signature() {
		t.Error("size and classes change the signature")
	}
}

func TestARewriteKnowsNoNumberOfClasses(t *testing.T) {
	for _, e := range approach.Catalog() {
		if e.Kind != approach.Architecture {
			continue
		}
		for _, text := range walked[e.Name] {
			if strings.Contains(text, "params:") || strings.Contains(text, "macs:") {
				continue // what is matched is a count, and the classes count
			}
			for _, net := range networks() {
				var signatures []string
				for _, classes := range []int{7, 300} {
					g, err := zoo.New(net.Name, zoo.Classes(classes))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err == nil {
						signatures = append(signatures, g.Signature())
					}
				}
				if len(signatures) == 1 || len(signatures) == 2 && signatures[0] != signatures[1] {
					t.Errorf("%s on %s depends on the number of classes", text, net.Name)
				}
			}
		}
	}
}
