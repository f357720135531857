package architecture_test

import (
	"math"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// pooled classifies pooled maps by a linear layer, classmaps pools a map a class, as Network in Network.
var (
	pooled = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		return module.PoolHead(b, module.ConvReLU(b, x, 4, 3, 1), nn.Avg)
	})
	classmaps = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = b.MaxPool(module.ConvReLU(b, x, 4, 3, 1), 2, 2)
		return b.GlobalAvgPool(b.ReLU(b.As("classes").Conv(x, nn.Classes, 1, 1)))
	})
)

func TestHeadExchangesTheClassifier(t *testing.T) {
	const done = "exchanged 1 of 1 heads"
	check(t, []rewriting{
		{"avg", plain, architecture.Head{Kind: "avg"}, done, `
			linear2/pool: global avg pool 1x1x16
			linear2/logits: linear + bias 1x1x10 170            # 16·10 + 10`, "linear1 linear1/act linear2"},
		{"max", plain, architecture.Head{Kind: "max"}, done, `
			linear2/pool: global max pool 1x1x16
			linear2/logits: linear + bias 1x1x10 170`, "linear1 linear1/act linear2"},
		{"max+avg", plain, architecture.Head{Kind: "max+avg"}, done, `
			linear2/pool: global max+avg pool 1x1x16
			linear2/logits: linear + bias 1x1x10 170`, "linear1 linear1/act linear2"},
		{"fc", plain, architecture.Head{Kind: "fc"}, done, `
			linear2/logits: linear + bias 1x1x10 2570           # 4·4·16·10 + 10`, "linear1 linear1/act linear2"},
		{"hidden, with the dropout that was there", plain, architecture.Head{Kind: "avg", Hidden: 20}, done, `
			linear2/pool: global avg pool 1x1x16
			linear2/hidden: linear + bias 1x1x20 340            # 16·20 + 20
			linear2/hidden/act: relu + dropout 0.5 1x1x20
			linear2/logits: linear + bias 1x1x10 210            # 20·10 + 10`, "linear1 linear1/act linear2"},
		{"hidden, where there was none", valid, architecture.Head{Kind: "fc", Hidden: 20}, done, `
			linear1/hidden: linear + bias 1x1x20 660            # 2·2·8·20 + 20
			linear1/hidden/act: tanh 1x1x20
			linear1/logits: linear + bias 1x1x10 210`, "linear1"},
		{"conv-avg drops the pooling", plain, architecture.Head{Kind: "conv-avg"}, done, `
			linear1: conv 4x4 + bias 5x5x12 3084                # 4·4·16·12 + 12 on the 8x8 map
			linear1/act: relu + dropout 0.5 5x5x12
			linear2: conv 1x1 + bias 5x5x10 130                 # 12·10 + 10
			linear2/pool: global avg pool 1x1x10`, "pool1 linear1 linear1/act linear2"},
		{"conv-avg keeps the pooling", plain, architecture.Head{Kind: "conv-avg", Pool: "keep"}, done, `
			linear1: conv 4x4 + bias 1x1x12 3084
			linear2: conv 1x1 + bias 1x1x10 130
			linear2/pool: global avg pool 1x1x10`, "linear1 linear2"},
		{"avg-conv averages in front of the last", plain, architecture.Head{Kind: "avg-conv"}, done, `
			linear1: conv 4x4 + bias 5x5x12 3084
			linear1/act: relu + dropout 0.5 5x5x12
			linear2/pool: global avg pool 1x1x12`, "pool1 linear1 linear1/act"},
		{"avg-conv of a single layer", overlapping, architecture.Head{Kind: "avg-conv", Pool: "keep"}, done, `
			linear1/pool: global avg pool 1x1x8
			linear1: linear + bias 1x1x10 90                    # 8·10 + 10`, "linear1"},
		{"gem learns its exponent", plain, architecture.Head{Kind: "gem"}, done, `
			linear2/pool: gem pool 1x1x16 1                     # the exponent
			linear2/logits: linear + bias 1x1x10 170`, "linear1 linear1/act linear2"},
		{"or has it fixed", plain, architecture.Head{Kind: "gem", P: 2, Hidden: 20}, done, `
			linear2/pool: gem pool 2 fixed 1x1x16
			linear2/hidden: linear + bias 1x1x20 340
			linear2/hidden/act: relu + dropout 0.5 1x1x20
			linear2/logits: linear + bias 1x1x10 210`, "linear1 linear1/act linear2"},
		{"a pyramid in the pooling's place, in front of what is there", plain, architecture.Head{Kind: "spp"}, done, `
			linear1/level1: max pool to 3x3 3x3x16              # of the 8x8 map: windows of 4, 2 apart
			linear1/level1/flat: flatten 1x1x144
			linear1/level2: max pool to 2x2 2x2x16
			linear1/level2/flat: flatten 1x1x64
			linear1/level3: max pool to 1x1 1x1x16
			linear1/pyramid: concat 1x1x224                     # (9 + 4 + 1)·16
			linear1: linear + bias 1x1x12 2700                  # 224·12 + 12`, "pool1 linear1"},
		{"or behind it, of two levels", plain, architecture.Head{Kind: "spp", Levels: []int{4, 1}, Pool: "keep"}, done, `
			linear1/level1: max pool to 4x4 4x4x16
			linear1/level1/flat: flatten 1x1x256
			linear1/level2: max pool to 1x1 1x1x16
			linear1/pyramid: concat 1x1x272
			linear1: linear + bias 1x1x12 3276                  # 272·12 + 12`, "linear1"},
		{"a pyramid with a hidden layer of its own", plain, architecture.Head{Kind: "spp", Levels: []int{2}, Hidden: 20}, done, `
			linear2/level1: max pool to 2x2 2x2x16
			linear2/level1/flat: flatten 1x1x64
			linear2/hidden: linear + bias 1x1x20 1300           # 64·20 + 20
			linear2/hidden/act: relu + dropout 0.5 1x1x20
			linear2/logits: linear + bias 1x1x10 210`, "pool1 linear1 linear1/act linear2"},
		{"a pyramid for a global pooling", pooled, architecture.Head{Kind: "spp", Levels: []int{2, 1}}, done, `
			linear1/level1: max pool to 2x2 2x2x4
			linear1/level1/flat: flatten 1x1x16
			linear1/level2: max pool to 1x1 1x1x4
			linear1/pyramid: concat 1x1x20
			linear1: linear + bias 1x1x10 210`, "global-pool linear1"},
		{"a pyramid for class maps", classmaps, architecture.Head{Kind: "spp", Levels: []int{2}}, done, `
			global-pool/level1: max pool to 2x2 2x2x4
			global-pool/level1/flat: flatten 1x1x16
			global-pool/logits: linear + bias 1x1x10 170`, "classes classes/act global-pool"},
		{"pooled maps, classified at each position", pooled, architecture.Head{Kind: "conv-avg"}, done, `
			linear1: conv 1x1 + bias 8x8x10 50
			linear1/pool: global avg pool 1x1x10`, "global-pool linear1"},
		{"pooled already", pooled, architecture.Head{Kind: "avg"}, "exchanged 0 of 1 heads", "linear1/pool: global avg pool 1x1x4\nlinear1/logits: linear + bias 1x1x10 50", "global-pool linear1"},
		{"class maps become a linear layer with its bias", classmaps, architecture.Head{Kind: "avg"}, done, `
			global-pool/pool: global avg pool 1x1x4
			global-pool/logits: linear + bias 1x1x10 50`, "classes classes/act global-pool"},
		{"class maps, averaged first", classmaps, architecture.Head{Kind: "avg-conv"}, done, `
			classes/pool: global avg pool 1x1x4
			classes: linear + bias 1x1x10 50
			classes/act: relu 1x1x10`, "classes classes/act global-pool"},
	})
}

// What one head has built, another finds.
func TestHeadsFollowOneAnother(t *testing.T) {
	kinds := []architecture.Head{{Kind: "avg"}, {Kind: "fc", Hidden: 6}, {Kind: "spp"}, {Kind: "gem"}, {Kind: "max+avg"}, {Kind: "conv-avg"}, {Kind: "avg-conv"}}
	for _, first := range kinds {
		for _, second := range kinds {
			g, h := plain(t), plain(t)
			if _, err := first.Rewrite(g); err != nil {
				t.Fatalf("%s: %v", first.Kind, err)
			}
			if _, err := second.Rewrite(g); err != nil {
				t.Errorf("%s after %s: %v", second.Kind, first.Kind, err)
				continue
			}
			cost(t, g)
			if strings.Contains(first.Kind+second.Kind, "conv") || second.Kind == "spp" || second.Kind == "fc" {
				continue // convolutions stay behind, or hidden layers, or a pooling does not
			}
			if _, err := second.Rewrite(h); err != nil {
				t.Fatal(err)
			}
			if cost(t, g).Params != cost(t, h).Params {
				t.Errorf("%s after %s has %d parameters, alone %d", second.Kind, first.Kind, cost(t, g).Params, cost(t, h).Params)
			}
		}
	}
}

// Fully connected layers run as convolutions give the same logits where the pooling is kept and the image has the network's own
// size: weights [H·W·C, N] and [H, W, C, N] are the same numbers in the same order.
func TestConvAvgKeepingThePoolGivesTheSameLogits(t *testing.T) {
	nets := map[string]func(t *testing.T) *nn.Graph{"small": plain, "overlapping": overlapping}
	for _, name := range []string{"lenet5", "mini"} {
		nets[name] = func(t *testing.T) *nn.Graph {
			g, err := zoo.New(name)
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
	}
	for name, net := range nets {
		t.Run(name, func(t *testing.T) {
			g := net(t)
			h := g.Clone()
			if _, err := (architecture.Head{Kind: "conv-avg", Pool: "keep"}).Rewrite(h); err != nil {
				t.Fatal(err)
			}
			f := family(t, g)
			images := make([]float32, 2*g.InputSize().Elems())
			for i, r := 0, tensor.NewStream(3, "images").At(0, 0); i < len(images); i++ {
				images[i] = float32(r.Normal())
			}
			want := evaluate(t, f, images)
			k := family(t, h)
			for _, p := range k.Kept() {
				from := f.State.Get(p)
				if from == nil || len(from.Data) != len(k.State.Get(p).Data) {
					t.Fatalf("%s is not there before, or has another size", p)
				}
				copy(k.State.Get(p).Data, from.Data)
			}
			for i, v := range evaluate(t, k, images) {
				if math.Abs(float64(v-want[i])) > 1e-5 {
					t.Fatalf("value %d: %g, was %g", i, v, want[i])
				}
			}
		})
	}
}

func family(t *testing.T, g *nn.Graph) *compile.Family {
	t.Helper()
	f, err := compile.New(g, task.Classify{}, experiment.DefaultOptimization(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Initialize(experiment.Init{Kind: "he", Gain: 1}, 7); err != nil {
		t.Fatal(err)
	}
	return f
}

// evaluate is the log probabilities of two images in float64.
func evaluate(t *testing.T, f *compile.Family, images []float32) []float32 {
	t.Helper()
	p, err := f.Evaluation(2)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ref.New().Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(engine.Feed{Real: map[string][]float32{compile.Images: images}}); err != nil {
		t.Fatal(err)
	}
	return e.Output(task.LogProbs)
}
