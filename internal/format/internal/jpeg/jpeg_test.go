package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	standard "image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// samples are JPEG files of all kinds: those of internal/format/testdata, Go's own where its source is at hand, and drawn ones.
func samples(t testing.TB) map[string][]byte {
	if drawn != nil {
		return drawn
	}
	files := map[string][]byte{}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Log("without Go's own samples:", err)
	}
	for _, glob := range []string{"../../testdata/*.jpg", filepath.Join(strings.TrimSpace(string(root)), "src/image/testdata/*.jpeg")} {
		names, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(name)] = b
		}
	}
	for _, size := range []image.Point{{1, 1}, {7, 9}, {16, 16}, {33, 8}, {100, 75}, {641, 479}} {
		for _, quality := range []int{5, 75, 100} {
			var b bytes.Buffer
			if err := standard.Encode(&b, drawing(size), &standard.Options{Quality: quality}); err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprintf("%dx%d-%d", size.X, size.Y, quality)] = b.Bytes()
		}
	}
	drawn = files
	return files
}

var drawn map[string][]byte // samples, once they are made

// drawing is a smooth picture with edges and noise.
func drawing(size image.Point) image.Image {
	r := rand.New(rand.NewPCG(1, uint64(size.X)))
	m := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			v := 128 + 90*math.Sin(float64(x)/9)*math.Cos(float64(y)/14)
			if (x/20+y/31)%3 == 0 {
				v = 255 - v
			}
			v += 20 * r.Float64()
			m.Set(x, y, color.RGBA{byte(min(255, v)), byte(min(255, max(0, 300-v))), byte(x), 255})
		}
	}
	return m
}

func TestFullSizeIsWhatTheStandardDecoderMakes(t *testing.T) {
	if !strings.HasPrefix(runtime.Version(), "go1.26") {
		t.Skip("the fork is of Go 1.26; internal/format has the golden of what it makes")
	}
	compared := 0
	for name, file := range samples(t) {
		want, wantErr := standard.Decode(bytes.NewReader(file))
		got, err := new(Decoder).Decode(file, 0)
		if wantErr != nil || err != nil {
			if strings.HasPrefix(name, "restart") && err == nil {
				continue // the standard decoder reads none of them
			}
			if (wantErr == nil) != (err == nil) && !strings.Contains(wantErr.Error(), "APP14") {
				t.Errorf("%s: got %v, the standard decoder %v", name, err, wantErr)
			}
			continue
		}
		if !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: other pixels than the standard decoder's", name)
		}
		compared++
	}
	if compared < 25 {
		t.Errorf("%d pictures compared", compared)
	}
}

func TestADecoderKeepsNothingOfEarlierPictures(t *testing.T) {
	files := samples(t)
	var one Decoder
	for range 2 {
		for name, file := range files {
			want, wantErr := new(Decoder).Decode(file, 0, 2)
			got, err := one.Decode(file, 0, 2)
			if !reflect.DeepEqual(err, wantErr) || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: other pixels behind other pictures than alone (%v, alone %v)", name, err, wantErr)
			}
		}
	}
}

func TestAThirdPictureTakesNoNewRoom(t *testing.T) {
	files := samples(t)
	for _, name := range []string{"641x479-75", "large-progressive.jpg"} {
		var d Decoder
		for range 2 {
			if _, err := d.Decode(files[name], 0, 3); err != nil {
				t.Fatal(err)
			}
		}
		planes, coeffs := d.planes.all, d.coeffs.all
		if _, err := d.Decode(files[name], 0, 3); err != nil {
			t.Fatal(err)
		}
		if d.planes.taken == 0 || d.planes.taken > len(planes) || &planes[0] != &d.planes.all[0] {
			t.Errorf("%s: room for %d bytes of planes, of which a third picture takes %d", name, len(planes), d.planes.taken)
		}
		if d.coeffs.taken > len(coeffs) || (d.coeffs.taken > 0) != (name == "large-progressive.jpg") {
			t.Errorf("%s: room for %d blocks of coefficients, of which a third picture takes %d", name, len(coeffs), d.coeffs.taken)
		}
	}
}

func TestAReducedPictureIsNearTheMeansOfTheWhole(t *testing.T) {
	for name, file := range samples(t) {
		images, err := new(Decoder).Decode(file, 0, 1, 2, 3)
		if err != nil {
			continue
		}
		whole := images[0]
		for shift := 1; shift <= MaxShift; shift++ {
			alone, err := new(Decoder).Decode(file, shift)
			if err != nil || !reflect.DeepEqual(alone[0], images[shift]) {
				t.Errorf("%s: 1/%d differs when it is asked for alone (%v)", name, 1<<shift, err)
			}
			b, n := images[shift].Bounds(), 1<<shift
			if w, h := whole.Bounds().Dx(), whole.Bounds().Dy(); b.Dx() != (w+n-1)/n || b.Dy() != (h+n-1)/n {
				t.Errorf("%s: 1/%d of %dx%d is %v", name, n, w, h, b)
				continue
			}
			sum, count := 0.0, 0
			for y := range whole.Bounds().Dy() / n {
				for x := range whole.Bounds().Dx() / n {
					mean := 0
					for i := range n * n {
						mean += int(color.GrayModel.Convert(whole.At(x*n+i%n, y*n+i/n)).(color.Gray).Y)
					}
					got := int(color.GrayModel.Convert(images[shift].At(x, y)).(color.Gray).Y)
					sum += math.Abs(float64(got) - float64(mean)/float64(n*n))
					count++
				}
			}
			limit := 6.0
			if strings.Contains(name, ".rgb.") { // green at half the size of red: its steps are seen
				limit = 16
			}
			if count > 0 && sum/float64(count) > limit {
				t.Errorf("%s: 1/%d is %.1f grey levels from the means of the whole", name, n, sum/float64(count))
			}
		}
	}
}

func TestKindsThatAreNotReadAreNamed(t *testing.T) {
	file, err := os.ReadFile("../../testdata/grey.jpg")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte{0xff, 0xc0})
	for _, c := range []struct {
		change func(sof []byte)
		want   string
	}{
		{func(b []byte) { b[4] = 12 }, "12 bits a sample"},
		{func(b []byte) { b[1] = 0xc9 }, "arithmetic coding"},
		{func(b []byte) { b[1] = 0xc3 }, "lossless"},
		{func(b []byte) { b[1] = 0xf7 }, "JPEG-LS"},
	} {
		other := bytes.Clone(file)
		c.change(other[at:])
		_, err := DecodeConfig(other)
		if kind, ok := errors.AsType[UnsupportedError](err); !ok || string(kind) != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, file := range samples(f) {
		if len(file) < 4000 {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := DecodeConfig(file)
		if err != nil || c.Width*c.Height > 1<<20 {
			return
		}
		got, err := new(Decoder).Decode(file, 0, 2)
		want, wantErr := standard.Decode(bytes.NewReader(file))
		switch {
		case bytes.Contains(file, []byte{0xff, 0xdd}): // restarts are counted otherwise
		case wantErr == nil && err != nil && !strings.Contains(err.Error(), "more codes"):
			t.Errorf("%v where the standard decoder reads it", err)
		case wantErr == nil && err == nil && strings.HasPrefix(runtime.Version(), "go1.26") && !reflect.DeepEqual(got[0], want):
			t.Error("other pixels than the standard decoder's")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var file bytes.Buffer
	if err := standard.Encode(&file, drawing(image.Pt(640, 480)), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("standard", func(b *testing.B) {
		for b.Loop() {
			if _, err := standard.Decode(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
	for shift := range MaxShift + 1 {
		b.Run(fmt.Sprintf("1 of %d", 1<<shift), func(b *testing.B) {
			for b.Loop() {
				if _, err := new(Decoder).Decode(file.Bytes(), shift); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
