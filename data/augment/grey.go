package augment

import "github.com/assaylab/assay/tensor"

// Grey takes the colours away: red, green and blue become the pixel's brightness (torchvision's RandomGrayscale).
type Grey struct{}

// Apply draws nothing.
func (Grey) Apply(s *Sample, _ *tensor.Rand) { s.Dye(saturated(0)) }

// String is "grey".
func (Grey) String() string { return "grey" }
