package approach_test

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/zoo"
)

// BenchmarkDeepest builds, rewrites and counts the networks of most layers: what a person waits for behind net show.
func BenchmarkDeepest(b *testing.B) {
	for _, net := range []string{"resnet152", "densenet201", "inception_resnet_v2"} {
		for _, text := range []string{"", "activation: elu", "kernel: {from: 3, to: [1x3, 3x1]}", "separable", "fire", "residual: 1", "width: {params: resnet50}"} {
			b.Run(fmt.Sprintf("%s/%s", net, text), func(b *testing.B) {
				for b.Loop() {
					g, err := zoo.New(net)
					if err != nil {
						b.Fatal(err)
					}
					if text != "" {
						if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err != nil {
							b.Skip(err)
						}
					}
					if _, err := g.Cost(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
