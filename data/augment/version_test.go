package augment

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
)

func TestWhatVersionNamesChangesWithItAlone(t *testing.T) {
	var b strings.Builder
	var s Sample
	half := Chance{0.5, Flip{}}
	for _, c := range []struct {
		name string
		ops  List
	}{{"[{0.5}]", List{half}}, {"[{0}]", List{Crop{}}}, {"[{4}]", List{Crop{Pad: 4}}}, {"[{0.5} {2} {0.25}]", List{half, Crop{Pad: 2}, Chance{0.25, Flip{}}}}} {
		for sample := range 3 {
			s.Reset(40, 36, 32, 32)
			c.ops.Apply(&s, tensor.NewStream(1, "augment"), 5, sample)
			fmt.Fprintf(&b, "%s sample %d: %+v\n", c.name, sample, s.Window)
		}
	}
	golden.Version(t, filepath.Join("testdata", "version.txt"), Version, b.String())
}

func TestAnOperationDrawsTheSameWhateverStandsBeforeIt(t *testing.T) {
	draws := tensor.NewStream(1, "augment")
	var a, b Sample
	for sample := range 50 {
		a.Reset(40, 40, 32, 32)
		b.Reset(40, 40, 32, 32)
		List{Chance{0, Flip{}}, Crop{}}.Apply(&a, draws, 3, sample)
		List{Crop{Pad: 9}, Crop{}}.Apply(&b, draws, 3, sample)
		if a.Window != b.Window {
			t.Fatalf("sample %d: %+v behind a flip, %+v behind a crop", sample, a.Window, b.Window)
		}
	}
}
