package augment

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
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

// The pictures that operations make, each by itself, of all fills, and together.
func TestWhatIsMadeOfAPictureChangesWithTheVersionAlone(t *testing.T) {
	together := List{Chance{0.5, Flip{}}}
	lists := map[string]List{}
	for _, e := range Catalog() {
		if _, ok := e.Default.(Mixer); ok {
			continue // of batches
		}
		lists[e.Name] = List{e.Default}
		if e.Name != "flip" {
			together = append(together, e.Default)
		}
	}
	lists["all"] = together
	for _, f := range []Fill{FillEdge, FillReflect, FillLevel(9)} {
		lists["crop"+f.suffix()] = List{Crop{Pad: 6, Fill: f}}
		lists["rotate"+f.suffix()] = List{Rotate{Degrees: 180, Fill: f}}
	}
	var b strings.Builder
	var s Sample
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		sum := sha256.New()
		for sample := range 20 {
			for _, c := range []int{1, 3} {
				s.Reset(40, 36, 32, 32)
				lists[name].Apply(&s, tensor.NewStream(1, "augment"), 5, sample)
				m, win, spans := s.Render(drawn(40, 36, c, uint32(sample)))
				fmt.Fprintln(sum, m.H, m.W, win, spans, s.Regions())
				sum.Write(m.Pix)
			}
		}
		fmt.Fprintf(&b, "%s %x\n", name, sum.Sum(nil)[:12])
	}
	golden.Version(t, filepath.Join("testdata", "pictures.txt"), Version, b.String())
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
