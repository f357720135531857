// Package annotation reads the files that say which boxes pictures have: Pascal VOC's XML, COCO's JSON of instances and YOLO's text. A
// reader says what one file says; [Settle] then holds it against the picture. It imports data/box and internal/memory. Nothing that a file holds makes
// a reader panic or fill the memory, and nothing of it is passed over in silence: what is left out or changed is an [Amiss]. Start at
// [VOC], [COCO] and [YOLO].
package annotation

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/data/box"
)

// Image is what is said of one picture.
type Image struct {
	File    string // as the annotation names it; "" where it names none
	H, W    int    // the size that it says the picture has; 0, 0 where it says nothing
	Shares  bool   // boxes are in shares of the picture, else in its pixels
	Objects []Object
	Amiss   []Amiss // found as it was read
}

// Object is a box as a file has it.
type Object struct {
	box.Box           // half-open
	N         int     // its number in the file, from 1
	Class     string  // its name; YOLO's number as it is written
	Difficult bool    // Pascal VOC's mark
	Crowd     bool    // COCO's mark
	Mask      float64 // COCO's area, in pixels; 0: none
}

// Amiss is something wrong with an object, or with all of a file, and what was made of it.
type Amiss struct {
	Rule   Rule
	Object int    // its number in the file, from 1; 0: the whole file
	What   string // in words that follow "object 3": "xmin is \"a\", which is no number"
}

// Rule says what is wrong and what is made of it.
type Rule int

// The rules.
const (
	Unreadable Rule = iota // numbers that are none, or not finite: the box is left out
	Quoted                 // a number written as text: it is read
	Flat                   // no width or no height: left out
	Outside                // wholly outside of the picture: left out
	Beyond                 // it reaches outside by more than a pixel: cut off
	Unknown                // of a class that has no name: left out
	Twice                  // the same class and the same box again: once
	Unit                   // in percent or pixels where shares are due, or the other way around: left out
	Turned                 // drawn on the picture as it lies in the file, which is turned upright: turned with it
	Scaled                 // drawn on the picture at another size of the same shape: scaled
	Strange                // drawn on a picture of another shape: the picture is left out
	Stray                  // of a picture that is not there, or of one that nobody knows: left out
	Repeated               // no box, but an id that two pictures or categories have: the second is left out
)

// Left tells whether a rule leaves the box, or the picture, out.
func (r Rule) Left() bool {
	return !slices.Contains([]Rule{Quoted, Beyond, Twice, Turned, Scaled}, r)
}

// String is the rule as a sentence goes on behind a number of boxes, and what is made of them.
func (r Rule) String() string {
	return [...]string{
		Unreadable: "without readable numbers, left out",
		Quoted:     "whose numbers are written as text, read as numbers",
		Flat:       "without width or height, left out",
		Outside:    "outside of the picture, left out",
		Beyond:     "reaching beyond the picture, cut off at its edge",
		Unknown:    "of a class without a name, left out",
		Twice:      "of the class and at the place of another, taken once",
		Unit:       "in another unit than the format has, left out",
		Turned:     "drawn on the picture as it lies in its file, turned upright with it",
		Scaled:     "drawn on the picture at another size, scaled to its own",
		Strange:    "drawn on a picture of another shape, left out with the picture",
		Stray:      "of pictures that are not there, left out",
		Repeated:   "given to two pictures or categories, the second of which is left out",
	}[r]
}

// at is a box by its corners, which may be anything.
func at(x0, y0, x1, y1 float64) box.Box { return box.Box{X0: x0, Y0: y0, X1: x1, Y1: y1} }

// finite tells whether all corners are numbers.
func finite(b box.Box) bool {
	for _, v := range [...]float64{b.X0, b.Y0, b.X1, b.Y1} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Bounds on what one file may say, so that none can fill the memory.
const (
	maxText  = 1 << 16 // bytes of a name
	maxDepth = 64      // of what lies in one another
	maxAmiss = 10_000  // lines that are no labels, above which a file is none of labels
)

// slack is by how many pixels a box may reach outside without a word: formats that count from 0 and from 1 are mistaken for one another.
const slack = 1

// Settle holds what is said of a picture against the picture: h pixels high and w wide as it stands upright, which it came to by EXIF's
// orientation. Boxes come out in its pixels, sorted by class, place and marks, so that their order in the file decides nothing;
// those that cannot be used are left out, and told. class gives a name its number, false where there is none. Where the picture has to
// be left out the error says why.
func Settle(m Image, h, w, orientation int, class func(name string) (int32, bool)) (objects []box.Object, amiss []Amiss, err error) {
	amiss = slices.Clone(m.Amiss)
	tell := func(rule Rule, n int, format string, args ...any) {
		amiss = append(amiss, Amiss{rule, n, fmt.Sprintf(format, args...)})
	}
	place, larger := func(b box.Box) box.Box { return b }, 1.0 // and how much larger areas are here
	lies := orientation >= 5 && orientation <= 8
	switch {
	case m.Shares:
		place = func(b box.Box) box.Box { // six digits of a share name a pixel: what they lose comes back
			return at(near(b.X0, w), near(b.Y0, h), near(b.X1, w), near(b.Y1, h))
		}
	case m.H == 0 || m.H == h && m.W == w:
	case lies && m.H == w && m.W == h:
		if len(m.Objects) > 0 {
			tell(Turned, 0, "its size is that of the picture as it lies in the file")
		}
		place = func(b box.Box) box.Box { return upright(b, float64(m.H), float64(m.W), orientation) }
	case same(float64(m.W)/float64(m.H), float64(w)/float64(h)):
		if len(m.Objects) > 0 {
			tell(Scaled, 0, "it says %dx%d, the picture has %dx%d", m.W, m.H, w, h)
		}
		x, y := float64(w)/float64(m.W), float64(h)/float64(m.H)
		larger = float64(x * y)
		place = func(b box.Box) box.Box {
			return at(float64(b.X0*x), float64(b.Y0*y), float64(b.X1*x), float64(b.Y1*y))
		}
	default:
		return nil, amiss, fmt.Errorf("its annotation is of a picture of %dx%d, and this one has %dx%d", m.W, m.H, w, h)
	}
	edge := at(0, 0, float64(w), float64(h))
	for _, o := range m.Objects {
		b := place(o.Box)
		label, known := class(o.Class)
		cut := b.Intersect(edge)
		switch {
		case !finite(b):
			tell(Unreadable, o.N, "a corner is no number")
			continue
		case !known:
			tell(Unknown, o.N, "there is no class %q", o.Class)
			continue
		case b.Empty():
			tell(Flat, o.N, "%s covers nothing", corners(b))
			continue
		case cut.Empty():
			tell(Outside, o.N, "%s lies outside of the picture's %dx%d", corners(b), w, h)
			continue
		case max(edge.X0-b.X0, edge.Y0-b.Y0, b.X1-edge.X1, b.Y1-edge.Y1) > slack:
			tell(Beyond, o.N, "%s reaches beyond the picture's %dx%d", corners(b), w, h)
		}
		mask := float64(o.Mask * larger)
		if !(mask > 0 && mask < cut.Area()) { // the box itself, or what no outline within it has
			mask = 0
		}
		objects = append(objects, box.Object{Box: cut, Class: label, Difficult: o.Difficult, Crowd: o.Crowd, Mask: mask})
	}
	order := make([]int, len(objects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return Compare(objects[a], objects[b]) })
	settled := make([]box.Object, 0, len(objects))
	for _, i := range order {
		o := objects[i]
		if n := len(settled); n > 0 && settled[n-1].Class == o.Class && settled[n-1].Box == o.Box {
			tell(Twice, 0, "%s is there twice", corners(o.Box))
			continue
		}
		settled = append(settled, o)
	}
	return settled, amiss, nil
}

// Compare orders objects: by class, then from the top to the bottom and from left to right, those marked last.
func Compare(a, b box.Object) int {
	for _, d := range [...][2]float64{{float64(a.Class), float64(b.Class)}, {a.Y0, b.Y0}, {a.X0, b.X0}, {a.Y1, b.Y1}, {a.X1, b.X1}, {marks(a), marks(b)}} {
		switch {
		case d[0] < d[1]:
			return -1
		case d[0] > d[1]:
			return 1
		}
	}
	return 0
}

func marks(o box.Object) (n float64) {
	if o.Difficult {
		n++
	}
	if o.Crowd {
		n += 2
	}
	return n
}

// near is a share of a side in pixels, to the nearest 1024th.
func near(share float64, side int) float64 {
	return math.Floor(float64(float64(share*float64(side))*1024)+0.5) / 1024
}

func corners(b box.Box) string { return fmt.Sprintf("[%.6g %.6g %.6g %.6g]", b.X0, b.Y0, b.X1, b.Y1) }

// same tells whether two ratios agree within one in a hundred.
func same(a, b float64) bool { return math.Abs(a-b) <= 0.01*b }

// upright turns a box with a picture h pixels high and w wide as it lies in its file, by EXIF's orientation.
func upright(b box.Box, h, w float64, orientation int) box.Box {
	turn := func(x, y float64) (float64, float64) {
		switch orientation {
		case 5: // mirrored about the diagonal
			return y, x
		case 6: // a quarter to the right
			return h - y, x
		case 7:
			return h - y, w - x
		default: // 8: a quarter to the left
			return y, w - x
		}
	}
	ax, ay := turn(b.X0, b.Y0)
	bx, by := turn(b.X1, b.Y1)
	return at(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
}
