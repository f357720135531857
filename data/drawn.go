package data

import (
	"image"
	"image/png"
	"io"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/internal/format"
)

// DrawOver writes a picture file, upright and at its own size, as a PNG with marks drawn over it, the first undermost.
func DrawOver(w io.Writer, file []byte, marks []Mark) error {
	m, err := format.ReadAs(file, augment.Size{})
	if err != nil {
		return err
	}
	out := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.H * m.W {
		for c := range 3 {
			out.Pix[4*i+c] = m.Pix[i*m.C+min(c, m.C-1)]
		}
		out.Pix[4*i+3] = 255
	}
	for _, mark := range marks {
		mark.draw(out, out.Bounds())
	}
	return png.Encode(w, out)
}
