package draw_test

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/nn"
)

// A residual block, drawn.
func Example() {
	b := nn.NewBuilder("block", nn.Size{}, 10)
	x := b.ReLU(b.Conv(b.Image(32, 32, 3), 16, 3, 1))
	c := b.Scope("block1")
	x = c.ReLU(c.Add(x, c.Conv(c.ReLU(c.Conv(x, 16, 3, 1)), 16, 3, 1)))
	b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	g, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	svg, err := draw.SVG(g)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Count(svg, `<rect class="conv`), "convolutions,", strings.Count(svg, `<rect class="frame`), "frame")
	// Output: 4 convolutions, 1 frame
}
