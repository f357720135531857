//go:build !walk

package train_test

import (
	"slices"
	"testing"

	"github.com/assaylab/assay/engine/cpu"
)

// networks is what the law of allocations goes over at a level: networks of all kinds of layers, or with -tags walk the whole zoo. The
// best level alone sees the large ones, and never the generic one, twenty times as slow: what others call, each op's own test counts as well.
func networks(level string) []string {
	small := []string{"mini", "densenet40-12", "shufflenet_v2_x1_0", "mobilenet_v3_small"}
	if levels := cpu.Levels(); testing.Short() || level == "generic" || level != levels[len(levels)-1] {
		return small
	}
	return slices.Concat(small, []string{"googlenet", "cbam_resnet50", "renet", "convnext_tiny"})
}
