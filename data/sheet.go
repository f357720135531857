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

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
)

// Sheet writes a contact sheet as PNG: one batch just as the network sees it (resized, cut, mirrored), turned back from
// numbers into colours, columns pictures a row, the class below each; where pictures have boxes, these are drawn, and how many there are stands
// below. Small pictures are shown enlarged.
func (l *Loader) Sheet(w io.Writer, epoch, step, columns int) error {
	b, marks, err := l.marked(epoch, step)
	if err != nil {
		return err
	}
	size := len(b.X.Data) / l.cfg.Batch
	return l.sheet(w, b.Valid, columns, marks, func(i int) ([]float32, []string, error) { return b.X.Data[i*size : (i+1)*size], l.class(b.IDs[i]), nil })
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
	Text  string // at its upper left corner; may be empty
}

// marked is a batch, and the marks of the boxes that its rows show; nil where the set has none.
func (l *Loader) marked(epoch, step int) (*Batch, func(row int) []Mark, error) {
	rows := &rowMarks{l: l, rows: make([][]Mark, l.cfg.Batch)}
	of := l.Blind()
	of.blind, of.cfg.Targets = false, rows
	b := of.NewBatch()
	err := of.Fill(epoch, step, b)
	if !l.set.Boxed {
		return b, nil, err
	}
	return b, func(row int) []Mark { return rows.rows[row] }, err
}

// rowMarks are the targets of a batch that is to be looked at: the boxes of each row, as marks.
type rowMarks struct {
	l    *Loader
	rows [][]Mark
}

// Room makes nothing.
func (r *rowMarks) Room(int) []Array { return nil }

// Fill keeps the boxes of a row.
func (r *rowMarks) Fill(_ []Array, row int, shown []Shown, _ int) {
	r.rows[row] = nil
	for _, s := range shown {
		r.rows[row] = append(r.rows[row], r.l.marks(s.Objects)...)
	}
}

// marks are boxes with the names of their classes, each class in a colour of its own.
func (l *Loader) marks(objects []box.Object) []Mark {
	marks := make([]Mark, len(objects))
	for i, o := range objects {
		marks[i] = Mark{o.Box, ClassColor(int(o.Class)), l.set.Classes[o.Class]}
	}
	return marks
}

// ClassColor is the colour that the boxes of a class are drawn in: the first eight are far apart (after Okabe and Ito, "Color Universal Design", 2008, made
// brighter), others come again.
func ClassColor(class int) color.Color {
	colors := [...]color.RGBA{{255, 176, 0, 255}, {64, 180, 255, 255}, {0, 210, 130, 255}, {255, 90, 40, 255}, {250, 240, 60, 255}, {255, 110, 200, 255}, {120, 100, 255, 255}, {235, 235, 235, 255}}
	return colors[class%len(colors)]
}

// Marked is Captioned with what marks gives drawn over each picture, the first undermost. The place of an item below 0 stays empty; the first is none.
func (l *Loader) Marked(w io.Writer, items []int, columns int, say func(i int) []string, marks func(i int) []Mark) error {
	p := l.cfg.Preprocess
	var s sight
	one := make([]float32, p.H*p.W*p.C)
	return l.sheet(w, len(items), columns, marks, func(i int) ([]float32, []string, error) {
		if items[i] < 0 {
			return nil, nil, nil
		}
		return one, say(i), l.show(one, &s, visit{items[i], 0}, 0, 0, false)
	})
}

// class is an item's caption.
func (l *Loader) class(item int) []string {
	if l.set.Boxed {
		return []string{boxCount(len(l.set.Objects(item)), "box")}
	}
	return []string{l.set.Classes[l.label(item)]}
}

// Draws writes a contact sheet as PNG with a row for each of the items: as evaluation sees it, the class below, then as training does in
// so many epochs.
func (l *Loader) Draws(w io.Writer, items []int, epochs int) error {
	p := l.cfg.Preprocess
	if (l.mixes() || l.set.Boxed) && l.Steps() == 1 {
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

// mixed is Draws where rows of a batch are mixed, or have boxes: all items are one.
func (l *Loader) mixed(w io.Writer, items []int, epochs int) error {
	p := l.cfg.Preprocess
	var s sight
	one, size := make([]float32, p.H*p.W*p.C), p.H*p.W*p.C
	batches, boxes := make([]*Batch, epochs), make([]func(int) []Mark, epochs)
	for epoch := range batches {
		var err error
		if batches[epoch], boxes[epoch], err = l.marked(epoch, 0); err != nil {
			return err
		}
	}
	row := func(column, item int) int { return max(0, slices.Index(batches[column-1].IDs, item)) }
	marks := func(i int) []Mark {
		item, column := items[i/(1+epochs)], i%(1+epochs)
		if column == 0 {
			return l.marks(l.objects(nil, &s, item, augment.Region{H: p.H, W: p.W})) // as the sample was left
		}
		return boxes[column-1](row(column, item))
	}
	if !l.set.Boxed {
		marks = nil
	}
	return l.sheet(w, len(items)*(1+epochs), 1+epochs, marks, func(i int) ([]float32, []string, error) {
		item, column := items[i/(1+epochs)], i%(1+epochs)
		if column == 0 {
			return one, l.class(item), l.show(one, &s, visit{item, 0}, 0, 0, false)
		}
		at := row(column, item)
		return batches[column-1].X.Data[at*size : (at+1)*size], []string{fmt.Sprint("epoch ", column)}, nil
	})
}

// sheet draws n pictures, columns a row, with marks, where they are not nil, over them; at gives what the network sees of one, nil where the place
// stays empty, and the lines of its caption.
func (l *Loader) sheet(w io.Writer, n, columns int, marks func(i int) []Mark, at func(i int) ([]float32, []string, error)) error {
	const gap, line, least = 6, 13, 84 // pixels; least is the width of twelve letters
	p := l.cfg.Preprocess
	_, caption, err := at(0)
	if err != nil {
		return err
	}
	width := least
	if l.set.Boxed {
		width = boxedLeast
	}
	zoom := enlarged(p.W, width)
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
		if seen == nil {
			continue
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
			drawMarks(sheet, image.Rect(x, y, x+zoom*p.W, y+zoom*p.H), marks(cell))
		}
		for n, text := range caption {
			letters := []rune(text)
			letters = letters[:min(len(letters), zoom*p.W/basicfont.Face7x13.Advance)]
			(&font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x, y+zoom*p.H+(n+1)*line-2)}).DrawString(string(letters))
		}
	}
	return png.Encode(w, sheet)
}

// boxedLeast is the width in pixels below which pictures with boxes are shown enlarged, so that names of classes find room.
const boxedLeast = 240

// enlarged is how many times as large a picture is shown so that it has a width in pixels.
func enlarged(w, least int) int { return max(1, (least+w-1)/w) }

// drawMarks draws marks over a picture that lies there: outlines, one pixel wide for each 200 of it, and then their texts, so that no line crosses one.
func drawMarks(sheet *image.RGBA, picture image.Rectangle, marks []Mark) {
	for _, m := range marks {
		m.outline(sheet, picture)
	}
	for _, m := range marks {
		m.label(sheet, picture)
	}
}

// in is the rectangle in a picture.
func (m Mark) in(picture image.Rectangle) image.Rectangle {
	at := func(share float64, from, extent int) int {
		return from + int(float64(min(1, max(0, share))*float64(extent))+0.5)
	}
	return image.Rect(at(m.X0, picture.Min.X, picture.Dx()), at(m.Y0, picture.Min.Y, picture.Dy()), at(m.X1, picture.Min.X, picture.Dx()), at(m.Y1, picture.Min.Y, picture.Dy()))
}

func (m Mark) outline(sheet *image.RGBA, picture image.Rectangle) {
	r, width := m.in(picture), 1+picture.Dx()/200
	for _, edge := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+width)}, {image.Pt(r.Min.X, r.Max.Y-width), r.Max}, {r.Min, image.Pt(r.Min.X+width, r.Max.Y)}, {image.Pt(r.Max.X-width, r.Min.Y), r.Max},
	} {
		draw.Draw(sheet, edge.Intersect(r), image.NewUniform(m.Color), image.Point{}, draw.Over)
	}
}

// label writes the text above the rectangle, or in it where there is no room above, moved to the left as far as the picture's edge asks for.
func (m Mark) label(sheet *image.RGBA, picture image.Rectangle) {
	const high = 13
	letters := []rune(m.Text)
	letters = letters[:max(0, min(len(letters), (picture.Dx()-2)/basicfont.Face7x13.Advance))]
	if len(letters) == 0 {
		return
	}
	at, wide := m.in(picture).Min, 2+len(letters)*basicfont.Face7x13.Advance
	if at.Y-high >= picture.Min.Y {
		at.Y -= high
	}
	at.X = min(at.X, picture.Max.X-wide)
	tab := image.Rectangle{at, at.Add(image.Pt(wide, high))}
	draw.Draw(sheet, tab, image.NewUniform(m.Color), image.Point{}, draw.Over)
	(&font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(tab.Min.X+1, tab.Max.Y-3)}).DrawString(string(letters))
}
