package train

import (
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
)

// Enlarged tells of images that are smaller than the largest size at which sizes or multiscale show them, and so are enlarged, which brings
// nothing that is not in them; "" where there are none. own is the side that the network is built for.
func Enlarged(s *data.Set, items []int, l experiment.Learning, own int) string {
	by, largest := "multiscale", 0
	for _, side := range l.Multiscale.Sides() {
		largest = max(largest, side)
	}
	for _, stage := range l.Sizes.Stages {
		by, largest = "sizes", max(largest, stage.Side(own))
	}
	small := 0
	for _, i := range items {
		if it := s.Items[i]; min(it.H, it.W) < largest {
			small++
		}
	}
	if small == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %d of %s are smaller than %d pixels and are enlarged, which shows nothing that is not in them", by, small, say.Counted(len(items), "training image"), largest)
}
