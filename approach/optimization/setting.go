// Package optimization holds the approaches that can be added to any network without changing its architecture: a file each.
// They write the settings of package experiment, or lay norms and dropout over the network; the compiler keeps them from more.
package optimization

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// refuse is the error of a parameter out of its range, placed at its key.
func refuse(key, format string, args ...any) (nn.Changes, error) {
	return nn.Changes{}, &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
}

// oneOf refuses a word that is not among those that a parameter takes.
func oneOf(key, word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	msg := fmt.Sprintf("no %s %q; choose one of %s", key, word, strings.Join(known, ", "))
	if near, ok := spec.Nearest(word, known); ok {
		msg = fmt.Sprintf("no %s %q; did you mean %q?", key, word, near)
	}
	return &spec.Fault{Path: "$." + key, Msg: msg}
}
