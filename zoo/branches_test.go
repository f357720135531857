package zoo_test

import (
	"testing"

	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func TestResidualBranchesAreThoseOfThePapers(t *testing.T) {
	for net, want := range map[string]int{
		"resnet20": 9, "resnet50": 16, "mobilenet_v2": 10, "efficientnet_b0": 9, "convnext_tiny": 18, "inception_resnet_v2": 40,
		"googlenet": 0, "densenet40-12": 0, "vgg16": 0, "caffenet128": 0,
	} {
		g, err := zoo.New(net)
		if err != nil {
			t.Fatal(err)
		}
		sites := g.Overlay().Branches()
		if len(sites) != want {
			t.Errorf("%s has %d branches, want %d", net, len(sites), want)
		}
		for _, s := range sites {
			if _, conv := s.Reads().Layer.(nn.Shortcut); conv {
				t.Errorf("%s: %s is a bypass", net, s.Name())
			}
		}
	}
}
