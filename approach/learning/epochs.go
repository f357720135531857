// Package learning holds the approaches that change what the network sees, and when: a file each. They write the settings of
// package experiment. It imports experiment, nn and internal/spec. Start at [Epochs].
package learning

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Epochs sets how long training lasts: passes, or steps.
type Epochs experiment.Epochs

// UnmarshalSpec reads one of count and steps, which takes the other's place.
func (e *Epochs) UnmarshalSpec(n *spec.Node) error {
	type plain Epochs
	if err := spec.Decode(n, (*plain)(e)); err != nil {
		return err
	}
	written, err := either(n, "count", "steps")
	if written == "count" {
		e.Steps = 0
	}
	return err
}

// Teach sets passes or steps.
func (e Epochs) Teach(l *experiment.Learning) (nn.Changes, error) {
	switch {
	case e.Steps < 0:
		return refuse("steps", "steps %d; give 1 or more", e.Steps)
	case e.Steps == 0 && (e.Count < 1 || e.Count > 100_000):
		return refuse("count", "count %d; give passes over the training images, 1 to 100000", e.Count)
	}
	l.Epochs = experiment.Epochs(e)
	if e.Steps > 0 {
		return nn.Changes{Setting: fmt.Sprintf("%d steps", e.Steps)}, nil
	}
	return nn.Changes{Setting: experiment.Counted(float64(e.Count))}, nil
}

// either is the one of two keys that a node writes, a bare value being the first; "" if it writes none. Both are a fault.
func either(n *spec.Node, first, second string) (string, error) {
	a, b := n.Get(first), n.Get(second)
	switch {
	case a != nil && b != nil:
		return "", b.Errorf("%s: %s says it already; keep one", second, first)
	case b != nil:
		return second, nil
	case a != nil || n.Kind == spec.Scalar:
		return first, nil
	}
	return "", nil
}

// refuse is the error of a parameter out of its range, placed at its key.
func refuse(key, format string, args ...any) (nn.Changes, error) {
	return nn.Changes{}, &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
}
