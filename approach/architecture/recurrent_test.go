package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// A direction of U units that reads C channels has G·U·(C + U + 2) parameters: input weight, recurrent weight, two biases.
func TestRecurrentReadsMapsAsSequences(t *testing.T) {
	lstm := architecture.Recurrent{Cell: nn.LSTM, Place: "head", Bidirectional: true}
	with := func(change func(p *architecture.Recurrent)) architecture.Recurrent {
		p := lstm
		change(&p)
		return p
	}
	check(t, []rewriting{
		{"head: the last map, all positions, in place of what classified it", plain, lstm, "exchanged 1 of 1 heads", `
			linear2/sweep: lstm over positions both ways last state 1x1x32 4352 # 2·4·16·(16 + 16 + 2)
			linear2/logits: linear + bias 1x1x10 330                    # 32·10 + 10`, "linear1 linear1/act linear2"},
		{"head of fewer units, one way", normed, with(func(p *architecture.Recurrent) { p.Cell, p.Units, p.Bidirectional = nn.GRU, 5, false }), "exchanged 1 of 1 heads", `
			linear1/sweep: gru over positions last state 1x1x5 345              # 3·5·(16 + 5 + 2)
			linear1/logits: linear + bias 1x1x10 60`, "global-pool linear1"},
		{"rows of the last map, the head stays", plain, with(func(p *architecture.Recurrent) { p.Place, p.Units = "rows", 3 }), "swept 1 of 1 last maps", `
			pool1/sweep: lstm over rows both ways 4x4x6 504               # 2·4·3·(16 + 3 + 2)
			linear1: linear + bias 1x1x12 1164                          # 4·4·6·12 + 12`, "linear1"},
		{"columns in front of the pooling of a pooled head", normed, with(func(p *architecture.Recurrent) { p.Cell, p.Place = nn.GRU, "columns" }), "swept 1 of 1 last maps", `
			conv3/act/sweep: gru over columns both ways 4x4x32 3264       # 2·3·16·(16 + 16 + 2)
			global-pool: global avg pool 1x1x32
			linear1: linear + bias 1x1x10 330`, "global-pool linear1"},
		{"renet: four sweeps in place of a convolution and its pooling", plain, with(func(p *architecture.Recurrent) { p.Cell, p.Place, p.Units = nn.GRU, "renet", 4 }), "replaced 1 of 1 convolutions with a pooling", `
			pool1/columns: gru over columns 2x2 both ways 4x4x8 912       # 2·3·4·(2·2·8 + 4 + 2)
			pool1/rows: gru over rows both ways 4x4x8 336                 # 2·3·4·(8 + 4 + 2)
			linear1: linear + bias 1x1x12 1548`, "conv3 conv3/act pool1 linear1"},
		{"renet of as many units as the convolution had, what lay over the pooling stays", overlapping, with(func(p *architecture.Recurrent) { p.Place, p.Bidirectional = "renet", false }), "replaced 2 of 2 convolutions with a pooling", `
			pool1/columns: lstm over columns 2x2 4x4x8 704                # 4·8·(2·2·3 + 8 + 2)
			pool1/rows: lstm over rows + dropout 0.5 4x4x8 576            # 4·8·(8 + 8 + 2)
			pool2/columns: lstm over columns 2x2 2x2x8 1344               # 4·8·(2·2·8 + 8 + 2)
			pool2/rows: lstm over rows 2x2x8 576`, "conv1 conv1/act pool1 conv2 conv2/act pool2"},
		{"renet of the convolution that is named", overlapping, with(func(p *architecture.Recurrent) {
			p.Cell, p.Place, p.Bidirectional, p.Where = nn.GRU, "renet", false, "conv2"
		}), "replaced 1 of 1 convolutions with a pooling", `
			pool2/columns: gru over columns 2x2 2x2x8 1008                # 3·8·(2·2·8 + 8 + 2)
			pool2/rows: gru over rows 2x2x8 432                           # 3·8·(8 + 8 + 2)`, "conv2 conv2/act pool2"},
		{"or of the pooling", overlapping, with(func(p *architecture.Recurrent) {
			p.Cell, p.Place, p.Bidirectional, p.Where = nn.GRU, "renet", false, "pool1"
		}), "replaced 1 of 1 convolutions with a pooling", `
			pool1/columns: gru over columns 2x2 4x4x8 528                 # 3·8·(2·2·3 + 8 + 2)
			pool1/rows: gru over rows + dropout 0.5 4x4x8 432`, "conv1 conv1/act pool1"},
		{"a stride of the convolution makes patches larger", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(module.ConvReLU(b, x, 4, 3, 2), 2, 2), nn.Classes)
		}), with(func(p *architecture.Recurrent) { p.Cell, p.Place, p.Units, p.Bidirectional = nn.GRU, "renet", 2, false }), "replaced 1 of 1 convolutions with a pooling", `
			pool1/columns: gru over columns 4x4 2x2x2 312                 # 3·2·(4·4·3 + 2 + 2)
			pool1/rows: gru over rows 2x2x2 36                            # 3·2·(2 + 2 + 2)
			linear1: linear + bias 1x1x10 90`, "conv1 conv1/act pool1 linear1"},
		{"what renet leaves alone", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.MaxPool(b.MaxPool(b.ReLU(b.Conv(x, 4, 3, 1)), 3, 1), 2, 2)
			x = module.ConvReLU(b, x, 4, 3, 1)
			return b.Linear(b.Concat(b.MaxPool(x, 2, 2), b.AvgPool(x, 2, 2)), nn.Classes)
		}), with(func(p *architecture.Recurrent) { p.Place = "renet" }),
			"replaced 0 of 4 convolutions with a pooling; has stride 1: pool1; no convolution right in front of it: pool2; what it pools has other readers: pool3, pool4", "", ""},
		{"a sum further on needs the channels", residual, with(func(p *architecture.Recurrent) { p.Place = "renet" }),
			"replaced 0 of 1 convolutions with a pooling; what reads it needs its map of 4x4x4: pool1", "", ""},
		{"half of them a direction", residual, with(func(p *architecture.Recurrent) { p.Cell, p.Place, p.Units = nn.GRU, "renet", 2 }), "replaced 1 of 1 convolutions with a pooling", `
			pool1/columns: gru over columns 2x2 both ways 4x4x4 192       # 2·3·2·(2·2·3 + 2 + 2)
			pool1/rows: gru over rows both ways 4x4x4 96                  # 2·3·2·(4 + 2 + 2)`, "conv1 conv1/act pool1"},
		{"a map of one position is no sequence", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.GlobalAvgPool(b.MaxPool(module.ConvReLU(b, x, 4, 3, 1), 8, 8)), nn.Classes)
		}), lstm, "exchanged 0 of 1 heads; the last map has one position, which is no sequence: pool1", "", ""},
		{"nor are rows of one", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			pool := nn.Pool{Type: nn.Max, Kernel: nn.HW{1, 8}}
			return b.Linear(b.Layer(pool, module.ConvReLU(b, x, 4, 3, 1)), nn.Classes)
		}), with(func(p *architecture.Recurrent) { p.Place = "rows" }), "swept 0 of 1 last maps; its rows have one position, which is no sequence: pool1", "", ""},
	})
}

// residual adds to what it pools.
var residual = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = b.MaxPool(module.ConvReLU(b, x, 4, 3, 1), 2, 2)
	return module.PoolHead(b, b.Add(x, b.Conv(x, 4, 3, 1)), nn.Avg)
})

func TestScansKeepHeightAndWidth(t *testing.T) {
	for _, net := range zoo.Small() {
		for _, place := range []string{"rows", "columns"} {
			for _, both := range []bool{false, true} {
				g, err := zoo.New(net.Name)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := (architecture.Recurrent{Cell: nn.LSTM, Place: place, Bidirectional: both}).Rewrite(g); err != nil {
					t.Fatal(err)
				}
				sizes, err := g.Sizes()
				if err != nil {
					t.Fatal(err)
				}
				swept := 0
				for n, l := range nn.Each[nn.Recurrent](g) {
					swept++
					want := sizes[n.In[0]]
					want.C *= len(l.Directions())
					if sizes[n] != want {
						t.Errorf("%s: %s gives %v, want %v", net.Name, n.Name, sizes[n], want)
					}
				}
				if swept != 1 {
					t.Errorf("%s: %d sweeps along %s, want 1", net.Name, swept, place)
				}
			}
		}
	}
}
