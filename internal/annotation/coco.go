package annotation

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/assaylab/assay/internal/memory"
)

// maxCOCO bounds a JSON file: four times the largest that is published (LVIS).
const maxCOCO = 4 << 30

// Instances is what a COCO file says: its pictures in their order, each with its objects, whose classes are names.
type Instances struct {
	Images     []Image
	Categories []string // by rising id, each name once
	Amiss      []Amiss  // of objects of no picture, and of pictures and categories that are there twice
}

// COCO reads a JSON file of instances: Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, arXiv:1405.0312, and the format of its
// data. A box is left, top, width, height in pixels from 0; polygons and masks are passed over, their area is read: what is small, medium or
// large goes by it. Ids of categories may have holes; those of pictures and categories may be texts. Keys may come in any order, and others are passed over. A file without images, annotations and categories is an error.
//
// It is read as it comes, so that a file may be as large as 4 GiB; texts may have 64 KiB and values lie 64 deep.
func COCO(r io.Reader) (Instances, error) {
	bounded := &io.LimitedReader{R: r, N: maxCOCO + 1}
	c := &coco{scan: newScan(bounded), place: map[string]int{}, left: memory.Free() / 2}
	if c.left <= 0 { // nobody knows
		c.left = 2 << 30
	}
	err := c.read()
	switch {
	case bounded.N <= 0:
		err = fmt.Errorf("more than %d GiB", maxCOCO>>30)
	case err != nil:
		err = fmt.Errorf("broken JSON: %w", err)
	case !c.has[0] || !c.has[1] || !c.has[2]:
		for i, key := range [...]string{"images", "annotations", "categories"} {
			if !c.has[i] {
				err = fmt.Errorf("it has no %q, which COCO's files of instances have", key)
				break
			}
		}
	}
	if err != nil {
		return Instances{}, err
	}
	return c.join(), nil
}

// coco is a file as it is read: what refers to what is found out at its end.
type coco struct {
	*scan
	out     Instances
	has     [3]bool
	place   map[string]int // of an id, in out.Images
	names   []category
	objects []cocoObject
	left    int64 // bytes that all this may still take
}

type category struct {
	id, name string
	n        float64
}

// cocoObject is an annotation whose picture may not be known yet.
type cocoObject struct {
	Object
	image string
	amiss []Amiss
	bad   bool
}

func (c *coco) read() error {
	if b, err := c.r.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		c.r.Discard(3)
	}
	err := c.object(func(key string) error {
		switch key {
		case "images":
			c.has[0] = true
			return c.array(c.readImage)
		case "annotations":
			c.has[1] = true
			n := 0
			return c.array(func() error { n++; return c.readObject(n) })
		case "categories":
			c.has[2] = true
			return c.array(c.readCategory)
		}
		return c.skip()
	})
	if err == nil {
		err = c.end()
	}
	return err
}

// keep asks for the room of something with texts.
func (c *coco) keep(texts ...string) error {
	c.left -= 320
	for _, t := range texts {
		c.left -= int64(len(t))
	}
	if c.left < 0 {
		return errors.New("more pictures and objects than the memory that is free holds")
	}
	return nil
}

// tell notes what is wrong with the file.
func (c *coco) tell(rule Rule, n int, format string, args ...any) {
	c.out.Amiss = append(c.out.Amiss, Amiss{rule, n, fmt.Sprintf(format, args...)})
}

// id reads an id, a number or a text.
func (c *coco) id() (string, error) {
	text, _, _, err := c.scalar()
	if v, bad := strconv.ParseFloat(text, 64); bad == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		text = strconv.FormatInt(int64(v), 10) // 3 and 3.0
	}
	return text, err
}

func (c *coco) readImage() error {
	var m Image
	id := ""
	err := c.object(func(key string) (err error) {
		var text string
		switch key {
		case "id":
			id, err = c.id()
		case "file_name":
			m.File, _, _, err = c.scalar()
		case "width":
			text, _, _, err = c.scalar()
			m.W = pixels(text)
		case "height":
			text, _, _, err = c.scalar()
			m.H = pixels(text)
		default:
			err = c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if m.W == 0 || m.H == 0 {
		m.W, m.H = 0, 0
	}
	if err := c.keep(id, m.File); err != nil {
		return err
	}
	if first, twice := c.place[id]; twice {
		c.tell(Repeated, 0, "two pictures have the id %s, %s and %s", short(id), short(c.out.Images[first].File), short(m.File))
		return nil
	}
	c.place[id] = len(c.out.Images)
	c.out.Images = append(c.out.Images, m)
	return nil
}

func (c *coco) readCategory() error {
	var k category
	err := c.object(func(key string) (err error) {
		switch key {
		case "id":
			k.id, err = c.id()
		case "name":
			k.name, _, _, err = c.scalar()
		default:
			err = c.skip()
		}
		return err
	})
	if err == nil {
		err = c.keep(k.id, k.name)
	}
	k.n, _ = strconv.ParseFloat(k.id, 64)
	c.names = append(c.names, k)
	return err
}

func (c *coco) readObject(n int) error {
	o := cocoObject{Object: Object{N: n}, bad: true}
	tell := func(rule Rule, format string, args ...any) {
		o.amiss = append(o.amiss, Amiss{rule, n, fmt.Sprintf(format, args...)})
	}
	boxed := false
	err := c.object(func(key string) (err error) {
		switch key {
		case "image_id":
			o.image, err = c.id()
		case "category_id":
			o.Class, err = c.id()
		case "iscrowd":
			var text string
			text, _, _, err = c.scalar()
			o.Crowd = text == "1" || text == "true"
		case "area": // one that is no number is none
			var text string
			text, _, _, err = c.scalar()
			o.Mask, _ = strconv.ParseFloat(text, 64)
		case "bbox":
			boxed = true
			if next, err := c.peek(); err != nil {
				return err
			} else if next != '[' {
				tell(Unreadable, "its bbox is no list of four numbers")
				return c.skip()
			}
			return c.corners(&o, tell)
		default:
			err = c.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if !boxed {
		tell(Unreadable, "it has no bbox")
	}
	c.objects = append(c.objects, o)
	return c.keep(o.image, o.Class)
}

// corners reads left, top, width and height.
func (c *coco) corners(o *cocoObject, tell func(Rule, string, ...any)) error {
	var v [4]float64
	n, wrong, written := 0, "", ""
	err := c.array(func() error {
		text, quoted, _, err := c.scalar()
		if err != nil {
			return err
		}
		x, bad := strconv.ParseFloat(text, 64)
		switch {
		case bad != nil || math.IsNaN(x) || math.IsInf(x, 0):
			wrong = text
			if text == "" {
				wrong = "no number"
			}
		case quoted:
			written = text
		}
		if n < 4 {
			v[n] = x
		}
		n++
		return nil
	})
	switch {
	case err != nil:
		return err
	case wrong != "":
		tell(Unreadable, "its bbox has %q, which is no number", short(wrong))
		return nil
	case n != 4:
		tell(Unreadable, "its bbox has %d numbers, and four are due", n)
		return nil
	case v[2] > 0 && v[3] > 0 && v[0] >= 0 && v[1] >= 0 && max(v[0], v[1], v[2], v[3]) <= 1 && min(v[2], v[3]) < 1:
		tell(Unit, "its bbox [%g %g %g %g] is in shares, and COCO has pixels", v[0], v[1], v[2], v[3])
		return nil
	case written != "":
		tell(Quoted, "its bbox has %q in quotes", short(written))
	}
	o.Box, o.bad = at(v[0], v[1], v[0]+v[2], v[1]+v[3]), false
	return nil
}

// join gives each object to its picture and its class its name.
func (c *coco) join() Instances {
	slices.SortStableFunc(c.names, func(a, b category) int {
		switch {
		case a.n < b.n:
			return -1
		case a.n > b.n:
			return 1
		}
		return 0
	})
	name, listed := map[string]string{}, map[string]bool{}
	for _, k := range c.names {
		if _, twice := name[k.id]; twice {
			c.tell(Repeated, 0, "two categories have the id %s, %s and %s", short(k.id), short(name[k.id]), short(k.name))
			continue
		}
		if k.name == "" {
			c.tell(Unknown, 0, "the category %s has no name: its objects are left out", short(k.id))
			continue
		}
		name[k.id] = k.name
		if !listed[k.name] {
			c.out.Categories = append(c.out.Categories, k.name)
		}
		listed[k.name] = true
	}
	for _, o := range c.objects {
		at, there := c.place[o.image]
		if !there {
			c.tell(Stray, o.N, "it is of picture %s, which is not among the images", short(o.image))
			continue
		}
		m := &c.out.Images[at]
		m.Amiss = append(m.Amiss, o.amiss...)
		if o.bad {
			continue
		}
		if o.Class = name[o.Class]; o.Class == "" {
			m.Amiss = append(m.Amiss, Amiss{Unknown, o.N, "of a category that the file does not have"})
			continue
		}
		m.Objects = append(m.Objects, o.Object)
	}
	return c.out
}
