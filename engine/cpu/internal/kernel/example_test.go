package kernel_test

import (
	"fmt"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// A 1x1 convolution of two pixels, three channels to two, with bias, at the fastest level.
func Example() {
	levels := kernel.Levels()
	s := levels[len(levels)-1]
	tile := s.Conv[len(s.Conv)-1] // the narrowest
	w := []float32{
		1, 10,
		2, 20,
		3, 30,
	}
	panels := make([]float32, kernel.PanelLen(3, 2, tile.NR))
	s.Pack(panels, w, 3, 2, 2, tile.NR)
	y := make([]float32, 4)
	tile.Run(&kernel.ConvArgs{
		X: []float32{1, 0, 0, 1, 1, 1}, W: panels, Bias: []float32{0.5, 0.5}, Y: y,
		XOff: []int32{0, 3}, YOff: []int32{0, 2}, Taps: []int32{0}, Run: 3, Cols: 2,
	})
	fmt.Println(y)
	// Output: [1.5 10.5 6.5 60.5]
}
