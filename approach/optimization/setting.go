// Package optimization holds the approaches that can be added to any network without changing its architecture: a file each.
// They write the settings of package experiment, or lay norms and dropout over the network; the compiler keeps them from more.
// The words in their tags are checked when an approach is read (approach.Build), numbers here. It imports experiment, nn and
// internal/spec. Start at [LR] for a setting, at [BatchNorm] for the overlay.
package optimization

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// refuse is the error of a parameter out of its range, placed at its key.
func refuse(key, format string, args ...any) (nn.Changes, error) {
	return nn.Changes{}, &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
}
