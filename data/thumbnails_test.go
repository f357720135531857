package data

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/format"
)

var (
	thumbnails = flag.String("thumbnails", "", "a folder that TestThumbnails fills with shapes of which 8x8 pixels are left, in YOLO's form")
	thumbed    = flag.Int("thumbnailed", 1000, "how many of them to train on")
)

// TestThumbnails asks what a detector of shapes can tell from the place of blobs and from their colours alone: 8x8 pixels of each picture, every one
// drawn as a square of 12. docs/results/shapes has the training.
func TestThumbnails(t *testing.T) {
	const size, left = 96, 8
	if *thumbnails == "" {
		t.Skip("writes a folder: -thumbnails FOLDER")
	}
	spec := Builtin("shapes")
	spec.Images, spec.Size = *thumbed, size
	s := open(t, spec, Options{})
	for i, it := range s.Items {
		part := "train"
		if it.Split == format.Test {
			part = "test"
		}
		l, err := s.pixelsOf(t.Context(), s.Geometry(0, 0).size(), []int{i})
		if err != nil {
			t.Fatal(err)
		}
		full, err := l.At(i)
		if err != nil {
			t.Fatal(err)
		}
		const side = size / left
		m := image.NewRGBA(image.Rect(0, 0, size, size))
		for by := range left {
			for bx := range left {
				var sum [3]int
				for y := range side {
					for x := range side {
						for c := range 3 {
							sum[c] += int(full.Pix[((by*side+y)*size+bx*side+x)*3+c])
						}
					}
				}
				mean := color.RGBA{uint8(sum[0] / (side * side)), uint8(sum[1] / (side * side)), uint8(sum[2] / (side * side)), 255}
				for y := range side {
					for x := range side {
						m.Set(bx*side+x, by*side+y, mean)
					}
				}
			}
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, m); err != nil {
			t.Fatal(err)
		}
		var label strings.Builder
		for _, o := range s.Objects(i) {
			fmt.Fprintf(&label, "%d %.6f %.6f %.6f %.6f\n", o.Class, (o.X0+o.X1)/2/size, (o.Y0+o.Y1)/2/size, o.W()/size, o.H()/size)
		}
		name := strings.ReplaceAll(it.Name, "/", "-")
		writeBeside(t, filepath.Join(*thumbnails, part, "images", name+".png"), picture.String())
		writeBeside(t, filepath.Join(*thumbnails, part, "labels", name+".txt"), label.String())
	}
	writeBeside(t, filepath.Join(*thumbnails, "data.yaml"), fmt.Sprintf("train: train/images\ntest: test/images\nnc: %d\nnames: [%s]\n", len(s.Classes), strings.Join(s.Classes, ", ")))
}
