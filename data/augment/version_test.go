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
	var room tensor.Rand
	for _, l := range []List{{Flip{P: 0.5}}, {Crop{}}, {Crop{Pad: 4}}, {Flip{P: 0.5}, Crop{Pad: 2}, Flip{P: 0.25}}} {
		for sample := range 3 {
			win := Centre(40, 36, 32, 32)
			l.Apply(&win, 40, 36, tensor.NewStream(1, "augment"), 5, sample, &room)
			fmt.Fprintf(&b, "%v sample %d: %+v\n", l, sample, win)
		}
	}
	golden.Version(t, filepath.Join("testdata", "version.txt"), Version, b.String())
}

func TestAnOperationDrawsTheSameWhateverStandsBeforeIt(t *testing.T) {
	draws := tensor.NewStream(1, "augment")
	var room tensor.Rand
	for sample := range 50 {
		a, b := Centre(40, 40, 32, 32), Centre(40, 40, 32, 32)
		List{Flip{P: 0}, Crop{}}.Apply(&a, 40, 40, draws, 3, sample, &room)
		List{Crop{Pad: 9}, Crop{}}.Apply(&b, 40, 40, draws, 3, sample, &room)
		if a != b {
			t.Fatalf("sample %d: %+v behind a flip, %+v behind a crop", sample, a, b)
		}
	}
}
