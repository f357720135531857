package augment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/assaylab/assay/tensor"
)

// actNames are torchvision's, by act.
var actNames = []string{"Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize",
	"AutoContrast", "Equalize", "Invert"}

type policyGolden struct {
	H, W   int
	Tables []struct {
		Policy, Act string
		H, W        int
		Signed      bool
		Values      []float64
	}
	Pairs   map[string][25][2][3]any // act, probability, bin or nothing
	Mixture []byte
	Cases   []struct {
		Policy, Act string
		Bin, Sign   int
		Pixels      []byte
	}
}

func readPolicies(t *testing.T) (g policyGolden) {
	text, err := os.ReadFile("testdata/policies.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

var policySpaces = map[string]space{"rand": randSpace, "wide": wideSpace, "auto": autoSpace, "mix": mixSpace}

func TestTablesOfPoliciesAreTorchvisionsEntryForEntry(t *testing.T) {
	g := readPolicies(t)
	acts := map[string][]string{}
	for _, table := range g.Tables {
		p, a := policySpaces[table.Policy], act(slices.Index(actNames, table.Act))
		if !slices.Contains(acts[table.Policy], table.Act) {
			acts[table.Policy] = append(acts[table.Policy], table.Act)
		}
		if len(table.Values) != 1 && len(table.Values) != p.bins || table.Signed != a.signed() {
			t.Errorf("%s %s: %d values of %d bins, signed %v", table.Policy, table.Act, len(table.Values), p.bins, table.Signed)
		}
		side := table.W
		if a == actTranslateY {
			side = table.H
		}
		for bin, want := range table.Values {
			got := p.magnitude(a, float64(bin), side)
			if moved := a == actTranslateX || a == actTranslateY; math.Abs(got-want) > 1e-6*math.Abs(want) || moved && int(got) != int(want) {
				t.Errorf("%s %s bin %d of %dx%d: %.9g, torchvision has %.9g", table.Policy, table.Act, bin, table.H, table.W, got, want)
			}
		}
	}
	var mix []string
	for _, a := range mixActs {
		mix = append(mix, actNames[a])
	}
	for policy, want := range map[string][]string{"rand": actNames[:actInvert], "wide": actNames[:actInvert], "auto": actNames[actShearX:], "mix": mix} {
		if !slices.Equal(acts[policy], want) {
			t.Errorf("%s has %v, torchvision %v", policy, want, acts[policy])
		}
	}
	for i, policy := range []Policy{PolicyImageNet, PolicyCIFAR10} {
		for n, pair := range policies[policy] {
			for k, c := range pair {
				want := g.Pairs[policy.String()][n][k]
				if bin, ok := want[2].(float64); actNames[c.act] != want[0] || c.p != want[1] || ok && c.bin != bin || !ok && (c.bin != 0 || c.act < actAutoContrast) {
					t.Errorf("policy %d, pair %d: %v, torchvision has %v", i, n, c, want)
				}
			}
		}
	}
}

func TestActsAtEachMagnitudeMakeWhatTorchvisionMakes(t *testing.T) {
	g := readPolicies(t)
	var s Sample
	for i, c := range g.Cases {
		a := act(slices.Index(actNames, c.Act))
		side := g.W
		if a == actTranslateY {
			side = g.H
		}
		s.Reset(g.H, g.W, g.H, g.W)
		s.fill = FillLevel(0)
		s.do(a, float64(c.Sign)*policySpaces[c.Policy].magnitude(a, float64(c.Bin), side))
		got, _, _ := s.Render(drawn(g.H, g.W, 3, uint32(i+1)))
		if len(got.Pix) != len(c.Pixels) {
			t.Fatalf("case %d: %d values, want %d", i, len(got.Pix), len(c.Pixels))
		}
		edges := 0 // as in TestOperationsMakeWhatPillowMakes
		for k, v := range got.Pix {
			switch d := int(v) - int(c.Pixels[k]); {
			case d >= -1 && d <= 1:
			case a == actRotate && c.Bin%10 == 0 && (v == 0 || c.Pixels[k] == 0):
				edges++
			default:
				t.Fatalf("%s of %s, bin %d, sign %d, value %d: %d, torchvision has %d", c.Act, c.Policy, c.Bin, c.Sign, k, v, c.Pixels[k])
			}
		}
		if edges > len(got.Pix)/8 {
			t.Errorf("%s of %s, bin %d: %d values are in the picture for one and beyond it for the other", c.Act, c.Policy, c.Bin, edges)
		}
	}
}

func TestAMixtureOfChainsIsTorchvisions(t *testing.T) {
	g := readPolicies(t)
	chains, next := [][][2]int{{{2, 5}}, {{6, 4}, {5, 3}}, {{3, 8}, {2, 2}}}, 0 // as in policies.py
	m := drawn(g.H, g.W, 3, 1)
	var s Sample
	s.mix(m, []float64{0.35, 0.2, 0.15}, func(c *Sample) {
		for _, drawn := range chains[next] {
			a, side := mixActs[drawn[0]], g.W
			if a == actTranslateY {
				side = g.H
			}
			c.do(a, mixSpace.magnitude(a, float64(drawn[1]), side))
		}
		next++
	})
	for i, v := range m.Pix {
		if d := int(v) - int(g.Mixture[i]); d < -1 || d > 1 {
			t.Errorf("value %d: %d, torchvision has %d", i, v, g.Mixture[i])
		}
	}
}

func TestPoliciesDrawEachOfTheirActsAsOften(t *testing.T) {
	for name, op := range map[string]Op{"randaugment": RandAugment{N: 1, M: 20, Each: 1}, "trivial": Trivial{}} {
		const n = 7000
		var none, moved, changed int
		for sample := range n {
			var s Sample
			s.Reset(64, 64, 64, 64)
			List{op}.Apply(&s, tensor.NewStream(1, name), 0, sample)
			switch {
			case len(s.stages) > 0:
				changed++
			case s.warp != Warp{A: 1, E: 1}:
				moved++
			default:
				none++
			}
		}
		// Of fourteen eight change colours, five move and one does nothing; of trivial's 31 magnitudes one or two move by nothing.
		if math.Abs(float64(changed)-n*8./14) > 150 || math.Abs(float64(moved)-n*5./14) > 250 {
			t.Errorf("%s: %d changed, %d moved, %d as they were", name, changed, moved, none)
		}
	}
}

func TestTextsOfTimmAreUnderstood(t *testing.T) {
	start := RandAugment{N: 2, M: 9, Each: 1, Fill: FillEdge}
	for text, want := range map[string]RandAugment{
		"rand-m9-mstd0.5-inc1":     {N: 2, M: 27, Std: 1.5, Each: 0.5, Fill: FillEdge},
		"rand-m7-n3-inc1-p0.7":     {N: 3, M: 21, Each: 0.7, Fill: FillEdge},
		"rand-inc1":                {N: 2, M: 30, Each: 0.5, Fill: FillEdge},
		"rand-n1-m10-inc1-mstd0.3": {N: 1, M: 30, Std: 0.9, Each: 0.5, Fill: FillEdge},
	} {
		if got, err := start.Text(text); err != nil || got != want {
			t.Errorf("%s: %+v (%v), want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"rand-m9-mstd0.5":  `randaugment: "rand-m9-mstd0.5" has posterize and solarize that grow weaker with m, which is not to be had; write "rand-m9-mstd0.5-inc1"`,
		"rand-inc0-m9":     `randaugment: "rand-inc0-m9" has posterize and solarize that grow weaker with m, which is not to be had; write "rand-m9-inc1"`,
		"rand-m11-inc1":    `randaugment: "m11" of "rand-m11-inc1" is not to be had; write m0 to m10, n1 to n14, mstd0 to mstd10, p0 to p1, inc1`,
		"rand-m9-mstd101":  `randaugment: "mstd101" of "rand-m9-mstd101" is not to be had; write m0 to m10, n1 to n14, mstd0 to mstd10, p0 to p1, inc1`,
		"rand-m9-tweights": `randaugment: "tweights" of "rand-m9-tweights" is not understood; write m9, n2, mstd0.5, p0.5, inc1`,
		"rand--m9":         `randaugment: "" of "rand--m9" is not understood; write m9, n2, mstd0.5, p0.5, inc1`,
		"augmix-m3":        `randaugment: want a magnitude, 0 to 30, or a text of timm's such as rand-m9-mstd0.5-inc1, got "augmix-m3"`,
	} {
		if _, err := start.Text(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestEveryOtherEpochMirrorsWhatTheOneBeforeDidNot(t *testing.T) {
	draws, mirrored := tensor.NewStream(1, "augment"), 0
	for _, op := range []Op{Chance{0.5, Flip{Alternate: true}}, Chance{0.5, Flip{Alternate: true, Vertical: true}}} {
		for sample := range 200 {
			var down [5]bool
			for epoch := range down {
				var s Sample
				s.Reset(4, 4, 4, 4)
				List{Crop{}, op}.Apply(&s, draws, epoch, sample)
				down[epoch] = s.Flip || s.warp.E < 0
			}
			if down != [5]bool{down[0], !down[0], down[0], !down[0], down[0]} {
				t.Fatalf("%v, sample %d: %v", op, sample, down)
			}
			if down[0] {
				mirrored++
			}
		}
	}
	if mirrored < 160 || mirrored > 240 { // four standard errors
		t.Errorf("%d of 400 are mirrored in epoch 0", mirrored)
	}
}

func TestSharesOfDirichletHaveItsMeanAndSpread(t *testing.T) {
	for _, alpha := range []float64{0.2, 1, 5} {
		r := tensor.NewStream(1, fmt.Sprint(alpha)).At(0, 0)
		const n, k = 4000, 3
		var sum, square float64
		for range n {
			var shares [k]float64
			dirichlet(shares[:], alpha, r)
			if total := shares[0] + shares[1] + shares[2]; math.Abs(total-1) > 1e-12 || shares[0] < 0 {
				t.Fatalf("%v", shares)
			}
			sum, square = sum+shares[0], square+shares[0]*shares[0]
		}
		mean, variance := sum/n, square/n-sum/n*sum/n
		if want := (k - 1) / (k * k * (k*alpha + 1)); math.Abs(mean-1./3) > 5*math.Sqrt(want/n) || math.Abs(variance/want-1) > 0.15 {
			t.Errorf("alpha %g: mean %.4f, variance %.5f, want %.4f and %.5f", alpha, mean, variance, 1./3, want)
		}
	}
}

// A mixture of a picture that every act leaves as it is, one level of grey, is the picture.
func TestAMixtureOfOneColourIsThatColour(t *testing.T) {
	m := Image{H: 12, W: 10, C: 3, Pix: bytes.Repeat([]byte{64, 64, 64}, 120)}
	var s Sample
	for sample := range 50 {
		s.Reset(12, 10, 12, 10)
		List{AugMix{Severity: 1, Width: 4, Alpha: 1}}.Apply(&s, tensor.NewStream(1, "augment"), 0, sample)
		got, _, _ := s.Render(m)
		for i, v := range got.Pix {
			if v != 64 { // severity 1 moves nothing, keeps four bits and inverts from 255 on
				t.Fatalf("sample %d, value %d: %d", sample, i, v)
			}
		}
	}
}

func TestChangesOfWhatIsSeenLookAtNothingBesideIt(t *testing.T) {
	m := Image{H: 20, W: 20, C: 1, Pix: bytes.Repeat([]byte{90}, 400)}
	m.Pix[0], m.Pix[399] = 30, 200
	for _, k := range []stageKind{blurred, sharpen, equalize, autocontrast, mixture} {
		var s Sample
		s.Reset(20, 20, 20, 20)
		s.rotate(30)
		s.stages = append(s.stages, stage{kind: k, amount: 2, mix: AugMix{Severity: 1, Width: 2, Alpha: 1}, rand: *tensor.NewStream(1, "mix").At(0, 0)})
		got, _, spans := s.Render(m)
		for y, span := range spans {
			for x := span.X0; x < span.X1; x++ {
				if v := got.Pix[y*20+x]; v != 90 && k != mixture || k == mixture && v < 80 {
					t.Fatalf("stage %d: row %d column %d is %d", k, y, x, v)
				}
			}
		}
	}
}
