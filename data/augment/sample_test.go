package augment

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/tensor"
)

func TestOperationsMakeWhatPillowMakes(t *testing.T) {
	text, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name    string
			H, W, C int
			Seed    uint32
			Value   float64
			Fill    string
			Pixels  string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	var s Sample
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s %g of %dx%dx%d %s", c.Name, c.Value, c.H, c.W, c.C, c.Fill), func(t *testing.T) {
			want, err := hex.DecodeString(c.Pixels)
			if err != nil {
				t.Fatal(err)
			}
			var fill Fill
			if c.Fill != "" {
				if err := fill.UnmarshalText([]byte(c.Fill)); err != nil {
					t.Fatal(err)
				}
			}
			m := drawn(c.H, c.W, c.C, c.Seed)
			before := slices.Clone(m.Pix)
			s.Reset(c.H, c.W, c.H, c.W)
			s.fillBy(fill, nil)
			switch c.Name {
			case "rotate":
				s.rotate(c.Value)
			case "scale":
				s.scale(c.Value)
			case "rotate 25, window 7 3 20 20, scale 1.3, flip":
				s.rotate(25)
				s.Window = Window{Y: 7, X: 3, H: 20, W: 20}
				s.scale(1.3)
				Flip{}.Apply(&s, nil)
			case "flip, rotate 25":
				Flip{}.Apply(&s, nil)
				s.rotate(25)
			case "brightness":
				s.Dye(brighten(c.Value))
			case "contrast":
				s.Dye(contrasted(c.Value))
			case "saturation":
				s.Dye(saturated(c.Value))
			case "shear":
				s.shear(math.Tan(c.Value*math.Pi/180), 0)
			case "rotate 25, translate 3 -5, flip":
				s.rotate(25)
				s.Shift(3, -5)
				Flip{}.Apply(&s, nil)
			case "upside down":
				Flip{Vertical: true}.Apply(&s, nil)
			case "hue":
				s.stages = append(s.stages, stage{kind: hue, amount: c.Value})
			case "grey":
				Grey{}.Apply(&s, nil)
			case "blur":
				Blur{Sigma: [2]float64{c.Value, c.Value}}.Apply(&s, tensor.NewStream(1, "blur").At(0, 0))
			case "sharpness":
				s.do(actSharpness, c.Value-1)
			case "posterize":
				s.do(actPosterize, c.Value)
			case "solarize":
				s.do(actSolarize, c.Value)
			case "invert":
				s.do(actInvert, 0)
			case "equalize":
				s.do(actEqualize, 0)
			case "autocontrast":
				for i, v := range m.Pix {
					m.Pix[i] = 40 + v/2
				}
				before = slices.Clone(m.Pix)
				s.do(actAutoContrast, 0)
			default:
				var y, x, h, w int
				switch word, numbers, _ := strings.Cut(c.Name, " "); word {
				case "translate":
					fmt.Sscan(numbers, &y, &x)
					s.fill = FillLevel(0) // Pillow's
					s.Shift(y, x)
				case "pca":
					var alpha [3]float64
					fmt.Sscan(numbers, &alpha[0], &alpha[1], &alpha[2])
					s.Dye(lit(alpha))
				case "part":
					fmt.Sscan(numbers, &y, &x, &h, &w)
					s.Reset(c.H, c.W, 20, 28)
					s.zoom(y, x, h, w)
				default:
					t.Fatal("a case of no operation")
				}
			}
			got, _, _ := s.Render(m)
			if !slices.Equal(m.Pix, before) {
				t.Fatal("the stored picture has changed")
			}
			if len(got.Pix) != len(want) {
				t.Fatalf("%d values, want %d", len(got.Pix), len(want))
			}
			edges := 0 // pixels whose centre lies on the picture's border but for rounding are in for one and out for the other
			for i, v := range got.Pix {
				switch d := int(v) - int(want[i]); {
				case d >= -1 && d <= 1:
				case v == 0 || want[i] == 0:
					edges++
				default:
					t.Fatalf("value %d: %d, Pillow has %d", i, v, want[i])
				}
			}
			if edges > 0 && (c.Name != "rotate" || int(c.Value)%45 != 0) || edges > len(want)/8 {
				t.Errorf("%d values are in the picture for one and beyond it for the other", edges)
			}
		})
	}
}

func TestAPointOfThePictureIsSeenWhereSeenSays(t *testing.T) {
	const side = 41
	r := tensor.NewStream(1, "moves").At(0, 0)
	flips := List{Chance{0.5, Flip{}}, Chance{0.5, Flip{Vertical: true}}}
	plain := List{Chance{0.5, Flip{}}, Translate{Pixels: 3}, Crop{}, Translate{Pixels: 2}} // no resampling
	turns := List{Rotate{Degrees: 180}, Crop{}, Scale{By: [2]float64{0.7, 1.5}}, Chance{0.5, Flip{}}, Rotate{Degrees: 40}}
	moves := slices.Concat(flips, List{Translate{Share: 0.2}, Shear{Degrees: 30}, Crop{Area: [2]float64{0.3, 1}}, Translate{Share: 0.1}, Rotate{Degrees: 20}})
	var s Sample
	found := 0
	for n := range 600 {
		ops := []List{plain, turns, moves}[n%3]
		m := Image{H: side, W: side, C: 1, Pix: make([]byte, side*side)}
		y, x := r.IntN(side-1), r.IntN(side-1)
		for _, at := range []int{y*side + x, y*side + x + 1, (y+1)*side + x, (y+1)*side + x + 1} { // a square about (y+1, x+1)
			m.Pix[at] = 255
		}
		s.Reset(side, side, 31, 31)
		ops.Apply(&s, tensor.NewStream(2, "augment"), 0, n)
		wantY, wantX := s.Seen(float64(y+1), float64(x+1))
		if wantY < 3 || wantX < 3 || wantY > 28 || wantX > 28 {
			continue
		}
		found++
		got, win, _ := s.Render(m)
		var sum, atY, atX float64
		for i, v := range got.Pix {
			y, x := i/got.W-win.Y, i%got.W-win.X
			if win.Flip {
				x = win.W - 1 - x
			}
			if y >= 0 && y < win.H && x >= 0 && x < win.W {
				sum += float64(v)
				atY += float64(v) * (float64(y) + 0.5)
				atX += float64(v) * (float64(x) + 0.5)
			}
		}
		if math.Abs(atY/sum-wantY) > 0.3 || math.Abs(atX/sum-wantX) > 0.3 { // the pixels' grid moves the middle of a small square
			t.Fatalf("sample %d: seen at %.2f %.2f, want %.2f %.2f", n, atY/sum, atX/sum, wantY, wantX)
		}
	}
	if found < 200 {
		t.Errorf("%d squares were seen", found)
	}
}

func TestAPartIsOfTheAreaAndAspectThatAreAskedFor(t *testing.T) {
	r := tensor.NewStream(1, "crop").At(0, 0)
	c := Crop{Area: [2]float64{0.2, 0.6}, Aspect: [2]float64{0.5, 2}}
	var share, aspect float64
	const n = 4000
	for range n {
		y, x, h, w := c.part(200, 240, r)
		if y < 0 || x < 0 || h < 1 || w < 1 || y+h > 200 || x+w > 240 {
			t.Fatalf("%d %d %d %d", y, x, h, w)
		}
		a, ratio := float64(h*w)/(200*240), float64(w)/float64(h)
		if a < 0.195 || a > 0.605 || ratio < 0.49 || ratio > 2.05 { // sides are whole
			t.Fatalf("area %.3f, aspect %.3f", a, ratio)
		}
		share, aspect = share+a, aspect+math.Log(ratio)
	}
	// Of parts that do not fit fewer are large and high, since the picture is wide.
	if math.Abs(share/n-0.39) > 0.02 || aspect/n < 0 || aspect/n > 0.1 {
		t.Errorf("area %.4f on average, logarithm of the aspect %.4f", share/n, aspect/n)
	}
	for _, of := range [][4]int{{10, 400, 10, 13}, {400, 10, 13, 10}, {30, 30, 30, 30}} { // none fits: the centre's largest
		y, x, h, w := Crop{Area: [2]float64{1, 1}}.part(of[0], of[1], tensor.NewStream(1, "none").At(0, 0))
		if h != of[2] || w != of[3] || y != (of[0]-h)/2 || x != (of[1]-w)/2 {
			t.Errorf("of %dx%d: %d %d %d %d", of[0], of[1], y, x, h, w)
		}
	}
}

func TestCutoutIsASquareAboutAPixelAsFarAsItIsSeen(t *testing.T) {
	seen := map[Region]bool{}
	var s Sample
	for sample := range 4000 {
		s.Reset(10, 12, 10, 12)
		List{Cutout{Size: 4}}.Apply(&s, tensor.NewStream(1, "augment"), 0, sample)
		seen[s.Regions()[0]] = true
	}
	want := map[Region]bool{}
	for y := range 10 {
		for x := range 12 {
			y0, x0 := max(0, y-2), max(0, x-2) // numpy's clip of y - length//2 and y + length//2, as the paper's code has it
			want[Region{Y: y0, X: x0, H: min(10, y+2) - y0, W: min(12, x+2) - x0}] = true
		}
	}
	if !maps.Equal(seen, want) {
		t.Errorf("%d squares, want %d", len(seen), len(want))
	}
}

func TestAMoveByNothingChangesNoBit(t *testing.T) {
	m := drawn(20, 24, 3, 7)
	for _, win := range []Window{{Y: 2, X: 3, H: 16, W: 16}, {Y: 2, X: 3, H: 16, W: 16, Flip: true}, {Y: -3, X: -2, H: 30, W: 30, Flip: true}} {
		var plain, moved Sample
		for _, s := range []*Sample{&plain, &moved} {
			s.Reset(20, 24, 16, 16)
			s.Window = win
		}
		moved.scale(1)
		got, _, spans := moved.Render(m)
		plain.Render(m)
		for y := range win.H {
			for x := range win.W {
				from := win.X + x
				if win.Flip {
					from = win.X + win.W - 1 - x
				}
				inside := win.Y+y >= 0 && win.Y+y < 20 && from >= 0 && from < 24
				if seen := x >= spans[y].X0 && x < spans[y].X1; seen != inside {
					t.Fatalf("%+v: row %d column %d in the picture: %v, want %v", win, y, x, seen, inside)
				}
				if inside && got.Pix[(y*win.W+x)*3] != m.Pix[((win.Y+y)*24+from)*3] {
					t.Fatalf("%+v: row %d column %d differs", win, y, x)
				}
			}
		}
	}
}

func TestColoursOfACutPictureAreThoseOfWhatIsSeen(t *testing.T) {
	m := drawn(20, 24, 3, 9)
	part := Image{H: 10, W: 12, C: 3}
	for y := range 10 {
		part.Pix = append(part.Pix, m.Pix[((y+4)*24+6)*3:][:36]...)
	}
	var whole, cut Sample
	whole.Reset(10, 12, 10, 12)
	cut.Reset(20, 24, 10, 12)
	cut.Window = Window{Y: 4, X: 6, H: 10, W: 12, Flip: true}
	for _, s := range []*Sample{&whole, &cut} {
		s.Dye(contrasted(0.5))
		s.Dye(saturated(1.7))
	}
	want, _, _ := whole.Render(part)
	got, win, _ := cut.Render(m)
	if !slices.Equal(got.Pix, want.Pix) || win != (Window{H: 10, W: 12, Flip: true}) {
		t.Errorf("window %+v", win)
	}
}

func TestErasedRegionsLieInWhatIsSeenAndHaveTheirShare(t *testing.T) {
	var s Sample
	share, n := 0.0, 0
	op := Erase{Area: [2]float64{0.02, 0.33}, Aspect: [2]float64{0.3, 3.3}}
	for sample := range 4000 {
		s.Reset(32, 32, 32, 32)
		List{op}.Apply(&s, tensor.NewStream(1, "augment"), 0, sample)
		for _, r := range s.Regions() {
			if r.Y < 0 || r.X < 0 || r.H < 1 || r.W < 1 || r.Y+r.H > 32 || r.X+r.W > 32 {
				t.Fatalf("sample %d: %+v", sample, r)
			}
			share += float64(r.H*r.W) / (32 * 32)
			n++
		}
	}
	if n != 4000 || math.Abs(share/4000-0.175) > 0.01 { // the middle of the two; long ones that do not fit are drawn anew
		t.Errorf("%d regions of %.4f on average", n, share/4000)
	}
}

func TestOperationsAllocateNothing(t *testing.T) {
	m := drawn(40, 40, 3, 3)
	ops := List{Crop{Area: [2]float64{0.3, 1}, Fill: FillNoise}, Erase{Area: [2]float64{0.1, 0.2}, Aspect: [2]float64{1, 1}, Fill: InkNoise}}
	for _, e := range Catalog() {
		ops = append(ops, Chance{1, e.Default})
	}
	var s Sample
	sample := 0
	show := func() {
		sample++
		s.Reset(40, 40, 32, 32)
		ops.Apply(&s, tensor.NewStream(1, "augment"), 0, sample)
		s.Render(m)
		for _, r := range s.Regions() {
			s.Painted(r, 0, 3)
		}
	}
	for range 100 { // until its room is as large as any of them asks for
		show()
	}
	if n := testing.AllocsPerRun(100, show); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// What an operation costs for a picture of 224 pixels a side.
func BenchmarkOperations224(b *testing.B) {
	m := drawn(256, 340, 3, 1)
	jitter := Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4}
	hued := jitter
	hued.Hue = 0.1
	lists := []List{{Crop{}}, {Crop{Area: [2]float64{0.08, 1}}}, {jitter}, {hued}, {Grey{}}, {Blur{Sigma: [2]float64{0.1, 2}}}, {Rotate{Degrees: 15}}, {Cutout{Fill: InkNoise}},
		{RandAugment{N: 2, M: 9, Each: 1}}, {Trivial{}}, {Auto{}}, {AugMix{Severity: 3, Width: 3, Alpha: 1}}, {Crop{Area: [2]float64{0.08, 1}}, Chance{0.5, Flip{}}, jitter}}
	for _, l := range lists {
		b.Run(fmt.Sprint(l), func(b *testing.B) {
			var s Sample
			draws, sample := tensor.NewStream(1, "augment"), 0
			b.ReportAllocs()
			for b.Loop() {
				sample++
				s.Reset(m.H, m.W, 224, 224)
				l.Apply(&s, draws, 0, sample)
				s.Render(m)
			}
		})
	}
}
