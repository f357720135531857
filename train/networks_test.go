//go:build !walk

package train_test

import (
	"slices"
	"testing"
)

// networks is what the law of allocations goes over at a level: networks of all kinds of layers, or with -tags walk the whole zoo. The
// generic level, twenty times as slow, sees the small ones: what it calls, each op's own test counts as well.
func networks(level string) []string {
	small := []string{"mini", "densenet40-12", "shufflenet_v2_x1_0", "mobilenet_v3_small"}
	if testing.Short() || level == "generic" {
		return small
	}
	return slices.Concat(small, []string{"googlenet", "cbam_resnet50", "renet", "convnext_tiny"})
}
