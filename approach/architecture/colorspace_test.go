package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
)

func TestColorspaceStandsInFrontOfTheFirstLayer(t *testing.T) {
	colors := architecture.Colorspace{Kind: "learned", Widths: []int{10, 3}, Act: nn.VeryLeaky}
	check(t, []rewriting{
		{"as published", plain, colors, "put a transformation in front of 1 of 1 images", `
			input/color1: conv 1x1 + bias 8x8x10 40                               # 3·10 + 10
			input/color1/act: very-leaky 8x8x10
			input/color2: conv 1x1 + bias 8x8x3 33                                # 10·3 + 3: 73 in all
			input/color2/act: very-leaky 8x8x3`, ""},
		{"a learned grey", plain, architecture.Colorspace{Kind: "learned", Widths: []int{1}, Act: nn.Tanh}, "put a transformation in front of 1 of 1 images", `
			input/color1: conv 1x1 + bias 8x8x1 4
			input/color1/act: tanh 8x8x1
			conv1: conv 3x3 pad 1 + bias 8x8x8 80`, "conv1"},
	})
	g := plain(t)
	for _, want := range []string{"put a transformation in front of 1 of 1 images", "put a transformation in front of 0 of 1 images"} {
		if c, err := colors.Rewrite(g); err != nil || c.String() != want {
			t.Errorf("%v (%v), want %s", c, err, want)
		}
	}
}
