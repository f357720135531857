package data

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/format"
)

// Every file of format/testdata shows the same 24x16 picture: red, green above blue, white.
func TestEveryPictureFormatShowsTheSamePictureUpright(t *testing.T) {
	colour := [4][3]int{{220, 30, 30}, {30, 180, 30}, {30, 30, 220}, {250, 250, 250}}
	grey := [4][3]int{{87, 87, 87}, {118, 118, 118}, {51, 51, 51}, {250, 250, 250}}
	white := [4][3]int{{255, 255, 255}, {255, 255, 255}, {255, 255, 255}, {255, 255, 255}}
	for _, c := range []struct {
		files     string
		want      [4][3]int
		channels  int
		tolerance int
	}{
		{"plain.png plain.bmp plain.gif plain.webp plain.tiff palette.png animated.gif exif6.png exif6.webp exif6.tiff", colour, 3, 0},
		{"exif1.jpg exif2.jpg exif3.jpg exif4.jpg exif5.jpg exif6.jpg exif7.jpg exif8.jpg progressive.jpg subsampled.jpg lossy.webp cmyk.jpg", colour, 3, 12},
		{"grey.jpg grey.png grey16.png", grey, 1, 3},
		{"transparent.png", white, 1, 0},
	} {
		for _, name := range strings.Fields(c.files) {
			b, err := os.ReadFile(filepath.Join("format", "testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			m, err := format.Read(b, 0, 0)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if m.H != 16 || m.W != 24 || m.C != c.channels {
				t.Errorf("%s: %dx%dx%d, want 16x24x%d", name, m.H, m.W, m.C, c.channels)
				continue
			}
			for q, want := range c.want {
				y, x := 4+q/2*8, 6+q%2*12 // the middle of a quarter
				for k := range m.C {
					if got := int(m.Pix[(y*m.W+x)*m.C+k]); got < want[k]-c.tolerance || got > want[k]+c.tolerance {
						t.Errorf("%s: quarter %d channel %d is %d, want %d", name, q, k, got, want[k])
					}
				}
			}
		}
	}
}

func TestFitCoversTheAskedSizeAndKeepsTheAspect(t *testing.T) {
	for _, c := range []struct{ h, w, askH, askW, wantH, wantW int }{
		{240, 320, 144, 144, 144, 192},
		{320, 240, 144, 144, 192, 144},
		{20, 30, 36, 36, 36, 54}, // enlarged
		{480, 640, 540, 720, 540, 720},
		{10, 1000, 144, 144, 144, 576}, // a strip is cut to four times its height
		{7, 7, 7, 7, 7, 7},
	} {
		m := augment.Fit(augment.Image{H: c.h, W: c.w, C: 1, Pix: make([]byte, c.h*c.w)}, c.askH, c.askW)
		if m.H != c.wantH || m.W != c.wantW {
			t.Errorf("%dx%d to cover %dx%d: %dx%d, want %dx%d", c.h, c.w, c.askH, c.askW, m.H, m.W, c.wantH, c.wantW)
		}
		if len(m.Pix) != m.H*m.W*m.C {
			t.Errorf("%dx%d: %d bytes", m.H, m.W, len(m.Pix))
		}
	}
}
