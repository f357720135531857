// Package learning holds the approaches that change what the network sees, and when: a file each. They write the settings of
// package experiment.
package learning

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Epochs sets how long training lasts.
type Epochs experiment.Epochs

// Teach sets passes or steps.
func (e Epochs) Teach(l *experiment.Learning) (nn.Changes, error) {
	switch {
	case e.Steps < 0:
		return refuse("steps", "steps %d; give the number of steps, at least 1", e.Steps)
	case e.Steps == 0 && (e.Count < 1 || e.Count > 100_000):
		return refuse("count", "%d epochs; give 1 or more", e.Count)
	}
	l.Epochs = experiment.Epochs(e)
	if e.Steps > 0 {
		return nn.Changes{Setting: fmt.Sprintf("%d steps", e.Steps)}, nil
	}
	return nn.Changes{Setting: fmt.Sprintf("%d epochs", e.Count)}, nil
}

// refuse is the error of a parameter out of its range, placed at its key.
func refuse(key, format string, args ...any) (nn.Changes, error) {
	return nn.Changes{}, &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
}
