package assay_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/assaylab/assay"
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/approach/optimization"
)

// A detector on a folder as Pascal VOC has them: JPEGImages, and Annotations with a file for each picture. COCO's and YOLO's open likewise.
func ExampleTrain_detector() {
	folder := cells()
	defer os.RemoveAll(folder)
	ctx := context.Background()
	set, err := assay.Open(ctx, folder)
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	result, err := assay.Train(ctx, set, assay.Training{Task: "detect", Net: "mini", Approaches: []any{
		assay.With(func(h *architecture.Head) {
			h.Kind, h.Anchors, h.Convs, h.Channels, h.Passthrough = "yolo", "2", 1, 32, "none"
		}),
		assay.With(func(s *optimization.Solver) { s.Kind = "adam" }),
		assay.With(func(l *optimization.LR) { l.Base = 0.003 }),
		assay.With(func(b *optimization.Batch) { b.Size = 8 }),
		assay.With(func(e *learning.Epochs) { e.Count = 40 }),
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range result.Score.Classes {
		fmt.Printf("%s: %d objects in %d images, found: %v\n", c.Name, c.Boxes, c.Images, c.Figure.Value() > 50) // AP50, points
	}
	// Output:
	// red: 3 objects in 3 images, found: true
	// white: 3 objects in 3 images, found: true
}

// cells is a folder of 40 pictures, of a red and of a white cell each.
func cells() string {
	dir, err := os.MkdirTemp("", "cells")
	if err != nil {
		log.Fatal(err)
	}
	for _, sub := range []string{"JPEGImages", "Annotations"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o777); err != nil {
			log.Fatal(err)
		}
	}
	for i := range 40 {
		picture, text := image.NewRGBA(image.Rect(0, 0, 64, 64)), ""
		for at := range 64 * 64 {
			picture.Set(at%64, at/64, color.RGBA{uint8(40 + at*i%23), 60, 90, 255})
		}
		for k, name := range []string{"red", "white"} {
			x, y, h := 32*k+i*5%12, i*11%44, 12+i%3*4 // from the left, from the top, height
			for at := range 20 * h {
				picture.Set(x+at%20, y+at/20, []color.Color{color.RGBA{200, 30, 40, 255}, color.White}[k])
			}
			text += fmt.Sprintf("<object><name>%s</name><bndbox><xmin>%d</xmin><ymin>%d</ymin><xmax>%d</xmax><ymax>%d</ymax></bndbox></object>", name, x+1, y+1, x+20, y+h) // VOC counts from 1, both ends within
		}
		f, err := os.Create(filepath.Join(dir, "JPEGImages", fmt.Sprintf("%d.png", i)))
		if err != nil {
			log.Fatal(err)
		}
		if err := png.Encode(f, picture); err != nil {
			log.Fatal(err)
		}
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
		text = fmt.Sprintf("<annotation><filename>%d.png</filename><size><width>64</width><height>64</height><depth>3</depth></size>%s</annotation>", i, text)
		if err := os.WriteFile(filepath.Join(dir, "Annotations", fmt.Sprintf("%d.xml", i)), []byte(text), 0o666); err != nil {
			log.Fatal(err)
		}
	}
	return dir
}
