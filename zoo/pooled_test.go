package zoo_test

import (
	"slices"
	"testing"

	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// The norms of airbench94 behind poolings are its convolutions' own: one that is laid there moves or changes them, however often.
func TestANormBehindAPoolingIsTheConvolutionsOwn(t *testing.T) {
	g, err := zoo.New("airbench94")
	if err != nil {
		t.Fatal(err)
	}
	norms := func() (at []string) {
		for s, held := range g.Overlay().All() {
			if slices.ContainsFunc(held, func(e nn.Elided) bool { return e.Slot() == nn.SlotNorm }) {
				at = append(at, s.Name())
			}
		}
		return at
	}
	lay := func(p nn.Place) {
		for u := range g.Overlay().ConvUnits() {
			if norm, _ := u.Norm(); norm != nil {
				g.Overlay().SetNorm(u.Site(p), nn.NewBatchNorm())
			}
		}
	}
	first := norms()
	if len(first) != 6 {
		t.Fatalf("norms at %v", first)
	}
	lay(nn.Before)
	if got := norms(); !slices.Equal(got, first) {
		t.Errorf("before the activation: norms at %v, were at %v", got, first)
	}
	lay(nn.After)
	after := norms()
	if len(after) != 6 || slices.ContainsFunc(after, func(s string) bool { return slices.Contains(first, s) }) {
		t.Errorf("behind the activation: norms at %v, were at %v", after, first)
	}
	lay(nn.Before)
	if got := norms(); !slices.Equal(got, first) {
		t.Errorf("before it again: norms at %v, were at %v", got, first)
	}
}
