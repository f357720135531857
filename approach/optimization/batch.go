package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Batch sets how many images a step sees.
type Batch experiment.Batch

// Tune sets the size.
func (b Batch) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if b.Size < 1 || b.Size > 1<<16 {
		return refuse("size", "size %d; give the images of a step, 1 to 65536", b.Size)
	}
	o.Batch = experiment.Batch(b)
	return nn.Changes{Setting: fmt.Sprintf("batches of %d", b.Size)}, nil
}
