package compile_test

import (
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
)

// asIs gives the main output's map.
type asIs struct{}

func (asIs) Loss(b *program.Builder, _ []nn.Output, heads []*program.Value) *program.Value {
	return b.Emit(program.Mean{}, heads[0])
}

func (asIs) Predict(b *program.Builder, _ nn.Output, head *program.Value) { b.Output("map", head) }

// darknet's formula on the memory of [C,H,W], of reorg_cpu in src/blas.c at f6afaab, and space to depth.
func TestReorgMovesWhatItSays(t *testing.T) {
	const images, h, w, c = 2, 6, 9, 18
	for _, l := range []nn.Reorg{{Stride: 3, Type: nn.Darknet}, {Stride: 3, Type: nn.Plain}, {Stride: 1, Type: nn.Darknet}} {
		b := nn.NewBuilder("reorg", nn.Size{}, 1)
		b.Logits(b.Layer(l, b.Image(h, w, c)))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		f, err := compile.New(g, asIs{}, experiment.DefaultOptimization(), 1)
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Evaluation(images)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float64, images*h*w*c)
		for i := range x {
			x[i] = float64(i)
		}
		out, err := ref.Eval(p, map[string][]float64{compile.Images: x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, got := l.Stride, out["map"]
		ho, wo, co := h/s, w/s, c*s*s
		for n := range images {
			in := func(c0, h0, w0 int) float64 { return x[((n*h+h0)*w+w0)*c+c0] }
			want := make([]float64, h*w*c) // [co,ho,wo]
			if l.Type == nn.Plain {
				for k := range co {
					for j := range ho {
						for i := range wo {
							want[(k*ho+j)*wo+i] = in(k%c, j*s+k/c/s, i*s+k/c%s)
						}
					}
				}
			} else {
				outC := c / (s * s)
				for k := range c {
					for j := range h {
						for i := range w {
							c2, offset := k%outC, k/outC
							w2, h2 := i*s+offset%s, j*s+offset/s
							from := w2 + w*s*(h2+h*s*c2)
							want[i+w*(j+h*k)] = in(from/(h*w), from/w%h, from%w)
						}
					}
				}
			}
			for k := range co {
				for j := range ho {
					for i := range wo {
						if got := got[((n*ho+j)*wo+i)*co+k]; got != want[(k*ho+j)*wo+i] {
							t.Fatalf("%v: image %d, channel %d of %d,%d is element %g, want %g", l, n, k, j, i, got, want[(k*ho+j)*wo+i])
						}
					}
				}
			}
		}
	}
}
