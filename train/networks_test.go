//go:build !walk

package train_test

import "testing"

// networks is what the law of allocations goes over: networks of all kinds of layers, or with -tags walk the whole zoo.
func networks() []string {
	if testing.Short() {
		return []string{"mini", "densenet40-12", "shufflenet_v2_x1_0", "mobilenet_v3_small"}
	}
	return []string{"mini", "googlenet", "cbam_resnet50", "densenet40-12", "renet", "shufflenet_v2_x1_0", "mobilenet_v3_small", "convnext_tiny"}
}
