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
	lists := map[string]List{}
	named := map[string]Op{}
	for _, e := range Catalog() {
		if _, ok := e.Default.(Mixer); ok || e.Name == "mosaic" {
			continue // of batches
		}
		lists[e.Name], named[e.Name] = List{e.Default}, e.Default
	}
	// All that there were when the line was recorded.
	lists["all"] = List{Chance{0.5, Flip{}}, named["crop"], named["rotate"], named["scale"], named["color"], named["erase"]}
	lists["the others together"] = List{Flip{Vertical: true, Alternate: true}, Crop{Area: [2]float64{0.3, 0.9}}, named["translate"], named["shear"],
		Color{Hue: 0.2, PCA: 0.5}, named["grey"], named["blur"], named["randaugment"], Trivial{Fill: FillNoise}, Auto{Policy: PolicyCIFAR10}, named["augmix"],
		Cutout{Fill: InkNoise}, Erase{Area: [2]float64{0.1, 0.2}, Aspect: [2]float64{1, 1}, Fill: InkLevel(7)}}
	lists["augmix of depth 2, alpha 0.2"] = List{AugMix{Severity: 9, Width: 2, Depth: 2, Alpha: 0.2}}
	lists["randaugment of 3, deviating"] = List{RandAugment{N: 3, M: 27, Std: 1.5, Each: 0.5}}
	for _, f := range []Fill{FillEdge, FillReflect, FillNoise, FillLevel(9)} {
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
				type region struct{ Y, X, H, W int }
				var regions []region
				for _, r := range s.Regions() {
					regions = append(regions, region{r.Y, r.X, r.H, r.W})
				}
				fmt.Fprintln(sum, m.H, m.W, win, spans, regions)
				sum.Write(m.Pix)
				for _, r := range s.Regions() {
					for y := range r.H {
						sum.Write(s.Painted(r, y, c))
					}
				}
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
