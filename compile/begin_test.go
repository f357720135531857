package compile_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/experiment"
	goldens "github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/nn"
)

// TestFirstValuesChangeOnlyWithTheirVersion holds the digest of every parameter of a network that has one of every role, by rule. The
// file is the same on every processor and in every build.
func TestFirstValuesChangeOnlyWithTheirVersion(t *testing.T) {
	g := built(nn.Size{H: 12, W: 12, C: 5}, 7, func(b *nn.Builder, x *nn.Node) {
		x = b.As("norm").Norm(b.As("conv").Conv(x, 9, 3, 1))
		x = b.As("prelu").Act(x, nn.PReLU)
		x = b.As("apl").Act(x, nn.APL)
		x = b.As("gated").Layer(nn.Pool{Type: nn.Gated, Kernel: nn.Square(2), Stride: nn.Square(2)}, x)
		x = b.As("mixed").Layer(nn.Pool{Type: nn.Mixed, Kernel: nn.Square(2), Stride: nn.Square(1)}, x)
		x = b.As("lstm").Layer(nn.Recurrent{Cell: nn.LSTM, Units: 6, Bidirectional: true}, x)
		x = b.As("gru").Layer(nn.Recurrent{Cell: nn.GRU, Units: 4}, x)
		x = b.As("wide").Conv(x, 70, 1, 1) // more columns than rows
		x = b.As("layer-scale").Layer(nn.LayerScale{Init: 0.1}, x)
		b.Logits(b.As("linear").Linear(b.As("gem").Layer(nn.GeM{P: 3}, x), nn.Classes))
	})(t)
	text := fmt.Sprintf("version %d\n", compile.InitVersion)
	for _, rule := range []string{"he", "xavier", "lsuv"} {
		f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: rule, Gain: 1.5}, 3)
		for _, name := range f.State.Names() {
			values, err := f.State.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			bits := make([]byte, 0, 4*len(values))
			for _, v := range values {
				bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
			}
			text += fmt.Sprintf("%s %s %.8x\n", rule, name, sha256.Sum256(bits))
		}
	}
	path := filepath.Join("testdata", "golden", "first-values.txt")
	version, _, _ := strings.Cut(text, "\n")
	if held, err := os.ReadFile(path); err == nil && string(held) != text && strings.HasPrefix(string(held), version+"\n") {
		t.Fatalf("first values changed and InitVersion did not; raise it, then run with -update; got\n%s", text)
	}
	goldens.Text(t, path, text)
}
