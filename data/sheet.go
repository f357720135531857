package data

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/assaylab/assay/data/box"
)

// Sheet writes a contact sheet as PNG: one batch just as the network sees it (resized, cut, mirrored), turned back from
// numbers into colours, columns pictures a row, the class below each. Small pictures are shown enlarged.
func (l *Loader) Sheet(w io.Writer, epoch, step, columns int) error {
	b := l.NewBatch()
	if err := l.Fill(epoch, step, b); err != nil {
		return err
	}
	size := len(b.X.Data) / l.cfg.Batch
	return l.sheet(w, b.Valid, columns, nil, func(i int) ([]float32, []string, error) { return b.X.Data[i*size : (i+1)*size], l.class(b.IDs[i]), nil })
}

// Captioned writes a contact sheet as PNG of items as evaluation sees them, columns a row, under each the lines that say gives, as many for
// each.
func (l *Loader) Captioned(w io.Writer, items []int, columns int, say func(i int) []string) error {
	return l.Marked(w, items, columns, say, nil)
}

// Mark is a rectangle that is drawn over a picture of a contact sheet, in shares of what is seen.
type Mark struct {
	box.Box
	Color color.Color
}

// Marked is Captioned with what marks gives drawn over each picture, the first undermost.
func (l *Loader) Marked(w io.Writer, items []int, columns int, say func(i int) []string, marks func(i int) []Mark) error {
	p := l.cfg.Preprocess
	var s sight
	one := make([]float32, p.H*p.W*p.C)
	return l.sheet(w, len(items), columns, marks, func(i int) ([]float32, []string, error) {
		return one, say(i), l.show(one, &s, visit{items[i], 0}, 0, 0, false)
	})
}

// class is an item's caption.
func (l *Loader) class(item int) []string { return []string{l.set.Classes[l.label(item)]} }

// Draws writes a contact sheet as PNG with a row for each of the items: as evaluation sees it, the class below, then as training does in
// so many epochs.
func (l *Loader) Draws(w io.Writer, items []int, epochs int) error {
	p := l.cfg.Preprocess
	if l.mixes() && l.Steps() == 1 {
		return l.mixed(w, items, epochs)
	}
	var s sight
	one := make([]float32, p.H*p.W*p.C)
	return l.sheet(w, len(items)*(1+epochs), 1+epochs, nil, func(i int) ([]float32, []string, error) {
		item, column := items[i/(1+epochs)], i%(1+epochs)
		caption := l.class(item)
		if column > 0 {
			caption = []string{fmt.Sprint("epoch ", column)}
		}
		return one, caption, l.show(one, &s, visit{item, 0}, max(0, column-1), 0, column > 0)
	})
}

// mixed is Draws where rows of a batch are mixed: all items are one.
func (l *Loader) mixed(w io.Writer, items []int, epochs int) error {
	p := l.cfg.Preprocess
	var s sight
	one, size := make([]float32, p.H*p.W*p.C), p.H*p.W*p.C
	batches := make([]*Batch, epochs)
	for epoch := range batches {
		batches[epoch] = l.NewBatch()
		if err := l.Fill(epoch, 0, batches[epoch]); err != nil {
			return err
		}
	}
	return l.sheet(w, len(items)*(1+epochs), 1+epochs, nil, func(i int) ([]float32, []string, error) {
		item, column := items[i/(1+epochs)], i%(1+epochs)
		if column == 0 {
			return one, l.class(item), l.show(one, &s, visit{item, 0}, 0, 0, false)
		}
		b := batches[column-1]
		row := max(0, slices.Index(b.IDs, item))
		return b.X.Data[row*size : (row+1)*size], []string{fmt.Sprint("epoch ", column)}, nil
	})
}

// sheet draws n pictures, columns a row, with marks, where they are not nil, over them; at gives what the network sees of one, and the lines
// of its caption.
func (l *Loader) sheet(w io.Writer, n, columns int, marks func(i int) []Mark, at func(i int) ([]float32, []string, error)) error {
	const gap, line, least = 6, 13, 84 // pixels; least is the width of twelve letters
	p := l.cfg.Preprocess
	_, caption, err := at(0)
	if err != nil {
		return err
	}
	zoom := max(1, (least+p.W-1)/p.W)
	cellW, cellH := zoom*p.W+gap, zoom*p.H+line*len(caption)+gap
	columns = max(1, min(columns, n))
	sheet := image.NewRGBA(image.Rect(0, 0, columns*cellW+gap, (n+columns-1)/columns*cellH+gap))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	one := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for cell := range n {
		seen, caption, err := at(cell)
		if err != nil {
			return err
		}
		for i := range p.H * p.W {
			px := seen[i*p.C:]
			for c := range 3 {
				k := min(c, p.C-1)
				v := float32((float32(px[k]*p.Std[k]) + p.Mean[k]) * 255)
				one.Pix[4*i+c] = byte(min(255, max(0, v+0.5)))
			}
			one.Pix[4*i+3] = 255
		}
		x, y := gap+cell%columns*cellW, gap+cell/columns*cellH
		draw.NearestNeighbor.Scale(sheet, image.Rect(x, y, x+zoom*p.W, y+zoom*p.H), one, one.Bounds(), draw.Src, nil)
		if marks != nil {
			for _, m := range marks(cell) {
				m.draw(sheet, image.Rect(x, y, x+zoom*p.W, y+zoom*p.H))
			}
		}
		for n, text := range caption {
			letters := []rune(text)
			letters = letters[:min(len(letters), zoom*p.W/basicfont.Face7x13.Advance)]
			(&font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x, y+zoom*p.H+(n+1)*line-2)}).DrawString(string(letters))
		}
	}
	return png.Encode(w, sheet)
}

// draw draws the outline inside of a picture that lies there, one pixel wide for each 200 of it.
func (m Mark) draw(sheet *image.RGBA, picture image.Rectangle) {
	at := func(share float64, from, extent int) int {
		return from + int(min(1, max(0, share))*float64(extent)+0.5)
	}
	r := image.Rect(at(m.X0, picture.Min.X, picture.Dx()), at(m.Y0, picture.Min.Y, picture.Dy()), at(m.X1, picture.Min.X, picture.Dx()), at(m.Y1, picture.Min.Y, picture.Dy()))
	width := 1 + picture.Dx()/200
	for _, edge := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+width)}, {image.Pt(r.Min.X, r.Max.Y-width), r.Max}, {r.Min, image.Pt(r.Min.X+width, r.Max.Y)}, {image.Pt(r.Max.X-width, r.Min.Y), r.Max},
	} {
		draw.Draw(sheet, edge.Intersect(r), image.NewUniform(m.Color), image.Point{}, draw.Over)
	}
}
