package approach_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// walked is what the walk applies: every approach, each value of its words, on every network.
var walked = map[string][]string{
	"kernel":             {"kernel: 3", "kernel: {from: 5, to: [3, 3]}", "kernel: {from: 3, to: [1x3, 3x1]}", "kernel: {from: 3, dilation: 2}", "kernel: {from: 1, to: 3}", "kernel: {from: 11, to: 7}"},
	"bottleneck":         {"bottleneck", "bottleneck: {reduce: 2, stride_in: 1x1}"},
	"mlpconv":            {"mlpconv", "mlpconv: 1"},
	"fire":               {"fire", "fire: {squeeze: 0.5, expand3: 0.25}"},
	"head":               {"head", "head: max", "head: max+avg", "head: fc", "head: {kind: avg, hidden: 64}", "head: conv-avg", "head: {kind: conv-avg, pool: keep}", "head: avg-conv", "head: {kind: avg-conv, pool: keep}", "head: spp", "head: {kind: spp, levels: [2, 1], pool: keep}", "head: {kind: spp, hidden: 64}", "head: gem", "head: {kind: gem, p: 2, hidden: 64}", "head: {kind: yolo, channels: 64}"},
	"inception":          {"inception", "inception: {pool: avg, five: 3x3+3x3, reduce: 1}", "inception: [0.5, [0.1, 0.5], 0, 0]", "inception: [8, [8, 16], [4, 4], 4]"},
	"flattened":          {"flattened", "flattened: 1", "flattened: {order: VHL, bias: false}"},
	"residual":           {"residual", "residual: {shortcut: A}", "residual: {shortcut: C, scale: 0.3}", "residual: {preact: true}", "residual: 1", "residual: 3"},
	"dense":              {"dense", "dense: {growth: 8, bottleneck: false, compression: 1}"},
	"inception-residual": {"inception-residual", "inception-residual: {scale: 1, five: 3x3+3x3, branches: [8, [8, 8], [8, 16], 0]}"},
	"inception-dense":    {"inception-dense", "inception-dense: {growth: 16, branches: [0, [32, 8], [32, 8], 0]}"},
	"xception":           {"xception", "xception: {relu: between, repeats: 3}", "xception: after"},
	"separable":          {"separable", "separable: {relu: none}", "separable: {relu: after, multiplier: 2}", "separable: pointwise-first", "separable: {order: inverted, expand: 2}"},
	"recurrent":          {"recurrent", "recurrent: {cell: gru, units: 16, bidirectional: false}", "recurrent: {place: rows, units: 16}", "recurrent: {cell: gru, place: columns}", "recurrent: {cell: gru, place: renet, units: 16}", "recurrent: {place: renet, bidirectional: false}"},
	"attention":          {"attention", "attention: eca", "attention: cbam", "attention: {kind: se, reduce: 4}", "attention: nonlocal", "attention: self", "attention: {kind: self, heads: 2}", "attention: pool"},
	"activation":         {"activation: leaky", "activation: {to: prelu, from: relu}", "activation: {to: elu, alpha: 0.5}", "activation: selu", "activation: sigmoid", "activation: tanh", "activation: swish", "activation: gelu", "activation: rrelu", "activation: maxout", "activation: {to: maxout, pieces: 3}", "activation: crelu", "activation: apl", "activation: frelu", "activation: identity", "activation: {from: tanh, to: relu}"},
	"pool":               {"pool: max", "pool: avg", "pool: max+avg", "pool: mixed", "pool: {kind: mixed, mix: 0.5}", "pool: gated", "pool: stochastic", "pool: lp", "pool: {kind: lp, power: 3}", "pool: blur", "pool: none", "pool: {kernel: 2, stride: 2}", "pool: {kernel: 3, stride: 2}"},
	"strided-conv":       {"strided-conv", "strided-conv: conv", "strided-conv: patch"},
	"colorspace":         {"colorspace", "colorspace: {widths: [3], act: tanh}"},
	"stride":             {"stride: 2", "stride: {layer: [pool1, conv2], to: 1}"},
	"width":              {"width: 0.5", "width: 1.5", "width: {params: 1e5}", "width: {macs: lenet5}"},
	"batchnorm":          {"batchnorm", "batchnorm: after", "batchnorm: input", "batchnorm: {affine: false}", "batchnorm: {ghost: 2}"},
	"norm":               {"norm: layer", "norm: lrn", "norm: {kind: lrn, place: before}", "norm: none", "norm: instance", "norm: {kind: group, groups: 8}", "norm: weight", "norm: weight-standard"},
	"penalty":            {"penalty: orthogonal", "penalty: {kind: max-norm, limit: 2}", "penalty: confidence", "penalty: {kind: gamma-l1, strength: 1e-5}"},
	"l1":                 {"l1: 1e-5", "l1: {strength: 1e-4, except: []}"},
	"decay":              {"decay: 0.05", "decay: {strength: 0, except: [depthwise]}"},
	"loss":               {"loss: bce", "loss: {kind: focal, gamma: 1}"},
	"label-smoothing":    {"label-smoothing", "label-smoothing: 0.2"},
	"average":            {"average", "average: {kind: swa, lr: 0.01}", "average: lookahead"},
	"clip":               {"clip: 1", "clip: {value: 0.5}", "clip: {adaptive: 0.01}"},
	"l2":                 {"l2: 5e-4", "l2: {strength: 1e-4, except: []}"},
	"dropout": {"dropout: 0.2", "dropout: {rate: 0.1, place: convs}", "dropout: {rate: 0.1, place: input}", "dropout: 0",
		"dropout: {kind: channel, rate: 0.1, place: convs}", "dropout: {kind: block, rate: 0.1, size: 3}", "dropout: {kind: depth, rate: 0.2}", "dropout: {kind: gaussian, rate: 0.2}", "dropout: {kind: drop-connect, rate: 0.3}"},
	"solver":     {"solver: sgd", "solver: {nesterov: true}", "solver: adamw", "solver: {kind: rmsprop, eps_inside: true}", "solver: {kind: lars, trust: 0.02}", "solver: {kind: lion, beta1: 0.95, beta2: 0.98}", "solver: {kind: muon, rest: adam, scale: match-rms}", "solver: {kind: sam, base: nadam, adaptive: true}"},
	"lr":         {"lr: 0.01", "lr: {policy: step, gamma: 0.5, every: 2}", "lr: {policy: cosine, warmup: 1}", "lr: {layers: {\"**\": 0.5}}", "lr: {policy: multistep, at: [2, 5], scale: batch}", "lr: {policy: onecycle, depth: 0.8}"},
	"batch":      {"batch: 64"},
	"init":       {"init: {kind: xavier, gain: 2}", "init: lsuv", "init: msra-fan-out", "init: orthogonal", "init: zero-gamma", "init: {kind: gaussian, std: 0.05}", "init: dirac", "init: whiten"},
	"epochs":     {"epochs: 5", "epochs: {steps: 100}"},
	"subset":     {"subset: 0.5", "subset: {images: 1000}"},
	"mixed":      {"mixed: cifar10", "mixed: {data: {folder: photos, val: 0.2}, ratio: 4, weight: 0.5, background: true}", "mixed: {data: cifar10, tree: [[disc, round], [ring, round]]}"},
	"tree":       {"tree: [[disc, round], [ring, round], [square, \"\"]]"},
	"pretrain":   {"pretrain: a.pth", "pretrain: {from: a.pth, freeze: [conv1], normalize: half}"},
	"labels":     {"labels: {noise: 0.1}", "labels: {confusion: {a: {b: 0.2}}, clean: drop}", "labels: {clean: relabel, folds: 3, rule: both}", "labels: {parent: 0.5, tree: [[disc, round]]}"},
	"balance":    {"balance", "balance: {by: sampling, power: 0.5}", "balance: {weights: {a: 2}}"},
	"augment":    {"augment: [flip, {crop: {pad: 4}}]", "augment: []", "augment: [mixup, cutmix]"},
	"sizes":      {"sizes: [{size: 32, share: 0.5}, {share: 0.5, lr: 0.1}]", "sizes: [{size: 64, epochs: 2, batch: 32}, {epochs: 1}]", "sizes: yolo9000"},
	"multiscale": {"multiscale: [32, 64]", "multiscale: {sizes: [64, 32, 96], every: 1}", "multiscale: {sizes: [24, 32], step: 4}"},
	"colors":     {"colors: grey", "colors: hsv", "colors: {space: clahe}"},
	"views":      {"views: flip", "views: five", "views: ten", "views: dense"},
}

// chosen reads one approach as a person writes it; the texts of tests are well formed.
func chosen(text string) experiment.Choice {
	var c experiment.Choice
	n, err := spec.Parse("choice.yaml", []byte(text+"\n"))
	if err == nil {
		err = c.UnmarshalSpec(n)
	}
	if err != nil {
		panic(err)
	}
	return c
}

func network(t *testing.T, name string) *nn.Graph {
	t.Helper()
	g, err := zoo.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// step is one approach applied to one network alone.
type step struct {
	approach.Entry
	text, net     string
	what          string
	err           error
	signature     bool // changed
	auxiliary     bool // the network has heads that the signature leaves out, where the only change may be
	before, after nn.Cost
}

// walk applies everything to every network, once for all tests.
var walk = sync.OnceValues(func() (steps []step, err error) {
	for _, e := range approach.Catalog() {
		for _, text := range walked[e.Name] {
			for _, net := range networks() {
				g, err := zoo.New(net.Name)
				if err != nil {
					return nil, err
				}
				s := step{Entry: e, text: text, net: net.Name, auxiliary: len(g.Outputs) > 1}
				signature := g.Signature()
				if s.before, err = g.Cost(); err != nil {
					return nil, err
				}
				applied, err := approach.Rewrite(g, []experiment.Choice{chosen(text)})
				if s.err = err; err == nil {
					s.what, s.signature = applied[0].What, g.Signature() != signature
					if s.after, err = g.Cost(); err != nil {
						return nil, err
					}
				}
				steps = append(steps, s)
			}
		}
	}
	return steps, nil
})

func TestEveryApproachOnEveryNetworkWorksOrSaysWhyNot(t *testing.T) {
	steps, err := walk()
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	counted := func(what string, before, after int64) {
		if before != after {
			fmt.Fprintf(&s, ", %s %s -> %s", what, say.Thousands(before), say.Thousands(after))
		}
	}
	last, small := "", zoo.Small()
	for _, st := range steps {
		if st.text != last {
			fmt.Fprintf(&s, "%s\n", st.text)
			last = st.text
		}
		if st.err != nil && (strings.Contains(st.err.Error(), "\n") || !strings.Contains(st.err.Error(), "; ")) {
			t.Errorf("%s on %s: want one line that ends in a mend, got %q", st.text, st.net, st.err)
		}
		if !slices.ContainsFunc(small, func(n zoo.Net) bool { return n.Name == st.net }) {
			continue // the golden is of the small ones
		}
		fmt.Fprintf(&s, "  %-12s ", st.net)
		if st.err != nil {
			s.WriteString(strings.TrimPrefix(st.err.Error(), "choice.yaml:1:1: "))
		} else {
			s.WriteString(st.what)
			counted("parameters", st.before.Params, st.after.Params)
			counted("multiply-adds", st.before.MACs, st.after.MACs)
		}
		s.WriteByte('\n')
	}
	golden(t, "testdata/walk.txt", s.String())
}

func TestTheWalkLeavesNoApproachOut(t *testing.T) {
	for _, e := range approach.Catalog() {
		if len(walked[e.Name]) == 0 {
			t.Errorf("%s is not walked; add it to the list", e.Name)
		}
	}
}

// golden compares text with a file, or rewrites the file where -update is given.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(text, "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("%s:%d: got\n%s\nwant\n%s\n(-update rewrites it; read what changed)", file, i+1, strings.Join(got[min(i, len(got)):min(i+3, len(got))], "\n"), line)
		}
	}
	if len(got) != strings.Count(string(want), "\n")+1 {
		t.Errorf("%s: lines too many", file)
	}
}
