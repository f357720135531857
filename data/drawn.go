package data

import (
	"image"
	"image/png"
	"io"

	"golang.org/x/image/draw"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/format"
)

// DrawOver writes a picture file, upright, as a PNG with marks drawn over it, the first undermost: at its own size, or, where it is less than 240 pixels
// wide, so many times as large that it is not, since names of classes would cover it.
func DrawOver(w io.Writer, file []byte, marks []Mark) error {
	m, err := format.ReadAs(file, augment.Size{})
	if err != nil {
		return err
	}
	zoom := enlarged(m.W, boxedLeast)
	out := image.NewRGBA(image.Rect(0, 0, zoom*m.W, zoom*m.H))
	draw.NearestNeighbor.Scale(out, out.Bounds(), m.Picture(), image.Rect(0, 0, m.W, m.H), draw.Src, nil)
	drawMarks(out, out.Bounds(), marks)
	return png.Encode(w, out)
}
