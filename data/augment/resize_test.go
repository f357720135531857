package augment

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// drawn is the rule of testdata/make.py.
func drawn(h, w, c int, seed uint32) Image {
	m := Image{H: h, W: w, C: c}
	for y := range h {
		for x := range w {
			for k := range c {
				seed = seed*1664525 + 1013904223
				v := (x*255/w + y*127/h*(k+1)) & 0xff
				if (x/5+y/7)%3 == k%3 {
					v = 255 - v
				}
				m.Pix = append(m.Pix, byte((v*3+int(seed>>24))/4))
			}
		}
	}
	return m
}

func TestResizingIsPillowsCubicToTheBit(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			H, W, C    int
			Seed       uint32
			Box        [4]float64
			OutH, OutW int
			Pixels     string
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%dx%dx%d to %dx%d", c.H, c.W, c.C, c.OutH, c.OutW), func(t *testing.T) {
			want, err := hex.DecodeString(c.Pixels)
			if err != nil {
				t.Fatal(err)
			}
			got := Resize(drawn(c.H, c.W, c.C, c.Seed), Box{c.Box[0], c.Box[1], c.Box[2], c.Box[3]}, c.OutH, c.OutW)
			if got.H != c.OutH || got.W != c.OutW || got.C != c.C || len(got.Pix) != len(want) {
				t.Fatalf("%dx%dx%d, %d bytes, want %d", got.H, got.W, got.C, len(got.Pix), len(want))
			}
			unequal, most := 0, 0
			for i := range want {
				if d := int(got.Pix[i]) - int(want[i]); d != 0 {
					unequal++
					most = max(most, d, -d)
				}
			}
			if unequal > 0 {
				t.Errorf("%d of %d samples differ, by %d at most", unequal, len(want), most)
			}
		})
	}
}

// covering resizes a picture to just cover a size.
func covering(src Image, height, width int) Image {
	part, h, w := Cover(src.H, src.W, height, width)
	return Resize(src, part, h, w)
}

func TestGreyIsResizedAsColourWithEqualChannelsIs(t *testing.T) {
	grey := drawn(33, 47, 1, 9)
	colour := Image{H: 33, W: 47, C: 3}
	for _, v := range grey.Pix {
		colour.Pix = append(colour.Pix, v, v, v)
	}
	for _, size := range [][2]int{{10, 14}, {70, 99}, {33, 20}} {
		g, c := covering(grey, size[0], size[1]), covering(colour, size[0], size[1])
		for i, v := range g.Pix {
			if c.Pix[3*i] != v || c.Pix[3*i+1] != v || c.Pix[3*i+2] != v {
				t.Fatalf("%v: pixel %d is %d in grey and %v in colour", size, i, v, c.Pix[3*i:3*i+3])
			}
		}
	}
}

func TestAMirroredPictureIsResizedToTheMirroredOne(t *testing.T) {
	m := drawn(40, 52, 3, 4)
	mirror := func(m Image) Image {
		o := Image{H: m.H, W: m.W, C: m.C, Pix: make([]byte, len(m.Pix))}
		for y := range m.H {
			for x := range m.W {
				copy(o.Pix[(y*m.W+x)*m.C:], m.Pix[(y*m.W+m.W-1-x)*m.C:][:m.C])
			}
		}
		return o
	}
	a, b := mirror(covering(m, 15, 15)), covering(mirror(m), 15, 15)
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d < -1 || d > 1 {
			t.Fatalf("sample %d: %d and %d", i, a.Pix[i], b.Pix[i])
		}
	}
}

func TestResizingLeavesItsSourceAndEarlierResultsAlone(t *testing.T) {
	src := drawn(30, 40, 3, 2)
	kept := bytes.Clone(src.Pix)
	first := covering(src, 12, 12)
	was := bytes.Clone(first.Pix)
	covering(drawn(90, 40, 3, 3), 33, 12)
	if !bytes.Equal(src.Pix, kept) || !bytes.Equal(first.Pix, was) {
		t.Error("another resizing wrote into it")
	}
}

func BenchmarkResize(b *testing.B) {
	for _, size := range [][2]int{{640, 480}, {320, 240}, {160, 120}} {
		src := drawn(size[1], size[0], 3, 1)
		b.Run(fmt.Sprintf("%dx%d to 96x72", size[0], size[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				covering(src, 72, 72)
			}
		})
	}
}
