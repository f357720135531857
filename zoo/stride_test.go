package zoo_test

import (
	"testing"

	"github.com/assaylab/assay/zoo"
)

func TestTheStrideOfANetworkIsTheProductOfItsStrides(t *testing.T) {
	for name, want := range map[string]int{"mini": 8, "resnet20": 4, "resnet50": 32, "darknet19": 32, "vgg16": 32, "densenet40-12": 4, "mobilenet": 32} {
		g, err := zoo.New(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := g.Stride(); err != nil || got != want {
			t.Errorf("%s: %d (%v), want %d", name, got, err, want)
		}
	}
}
