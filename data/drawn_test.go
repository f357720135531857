package data

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/assaylab/assay/data/box"
)

// A picture is drawn over at its own size, and a small one so many times as large that names find room.
func TestASmallPictureIsDrawnOverEnlarged(t *testing.T) {
	for _, c := range []struct{ w, h, zoom int }{{40, 30, 6}, {239, 10, 2}, {240, 200, 1}, {500, 2, 1}} {
		grey := image.NewGray(image.Rect(0, 0, c.w, c.h))
		for i := range grey.Pix {
			grey.Pix[i] = byte(40 + i%100)
		}
		var file, out bytes.Buffer
		if err := png.Encode(&file, grey); err != nil {
			t.Fatal(err)
		}
		red := color.RGBA{255, 0, 0, 255}
		if err := DrawOver(&out, file.Bytes(), []Mark{{Box: box.Box{X0: 0.5, Y0: 0.5, X1: 1, Y1: 1}, Color: red}}); err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(&out)
		if err != nil || m.Bounds() != image.Rect(0, 0, c.zoom*c.w, c.zoom*c.h) {
			t.Fatalf("%dx%d: %v, %v", c.w, c.h, m.Bounds(), err)
		}
		if at := color.GrayModel.Convert(m.At(c.zoom*3, 0)); at != grey.At(3, 0) || m.At(c.zoom*c.w-1, c.zoom*c.h-1) != red {
			t.Errorf("%dx%d: %v and %v", c.w, c.h, at, m.At(c.zoom*c.w-1, c.zoom*c.h-1))
		}
	}
	if err := DrawOver(&bytes.Buffer{}, []byte("no picture"), nil); err == nil {
		t.Error("text is drawn over")
	}
}
