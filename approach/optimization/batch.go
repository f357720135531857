package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Batch sets how many images a step sees, and in how many parts.
type Batch experiment.Batch

// Tune sets the size.
func (b Batch) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if b.Size < 1 || b.Size > 1<<16 {
		return refuse("size", "size %d; give the images of a step, 1 to 65536", b.Size)
	}
	if b.Accumulate < 1 || b.Size%b.Accumulate != 0 {
		return refuse("accumulate", "accumulate %d; give the number of equal parts of the %d images, 1 for all at once", b.Accumulate, b.Size)
	}
	o.Batch = experiment.Batch(b)
	text := fmt.Sprintf("batches of %d", b.Size)
	if part := o.Batch.Part(); b.Accumulate > 1 {
		text += fmt.Sprintf(" in %d parts: batch norms see %d images at a time, as with ghost: %d", b.Accumulate, part, part)
	}
	return nn.Changes{Setting: text}, nil
}
