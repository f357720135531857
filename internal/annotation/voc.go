package annotation

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxVOC bounds an XML file: some forty thousand objects.
const maxVOC = 16 << 20

// VOC reads an annotation of Pascal VOC: Everingham, Van Gool, Williams, Winn, Zisserman, "The Pascal Visual Object Classes
// Challenge", IJCV 2010, and its devkit's XML. Corners are pixels counted from 1, the last one included: xmin 3, xmax 4 is two pixels wide, and
// becomes 2 to 4; corners that coincide are taken for no box. Parts of an object, polygons and poses are passed over. Numbers may have a fraction.
//
// The file may have 16 MiB and elements 64 deep; entities that it declares itself are not known. UTF-8 and Latin-1 are read.
func VOC(r io.Reader) (Image, error) {
	var m Image
	bounded := &io.LimitedReader{R: r, N: maxVOC + 1}
	d := xml.NewDecoder(bounded)
	d.CharsetReader = latin1
	fault := func(err error) (Image, error) {
		if bounded.N <= 0 {
			err = fmt.Errorf("more than %d MiB", maxVOC>>20)
		}
		return Image{}, err
	}
	var path []string
	var text strings.Builder
	var o vocObject
	root := false
	for n := 0; ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			return fault(reasonXML(err))
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				if t.Name.Local != "annotation" {
					return fault(fmt.Errorf("it begins with <%s>, and Pascal VOC's files with <annotation>", short(t.Name.Local)))
				}
				root = true
			}
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return fault(fmt.Errorf("elements lie in one another more than %d deep", maxDepth))
			}
			text.Reset()
			if len(path) == 2 && t.Name.Local == "object" {
				n++
				o = vocObject{n: n}
			}
		case xml.CharData:
			if len(path) > 0 && text.Len()+len(t) <= maxText {
				text.Write(t)
			}
		case xml.EndElement:
			m.vocField(&o, path, strings.TrimSpace(text.String()))
			text.Reset()
			path = path[:len(path)-1]
		}
	}
	if bounded.N <= 0 {
		return fault(nil)
	}
	if !root {
		return fault(errors.New("no <annotation> in it"))
	}
	return m, nil
}

// vocObject is an object as far as it is read.
type vocObject struct {
	n         int
	name      string
	difficult bool
	corner    [4]string // xmin, ymin, xmax, ymax
	box, turn bool
}

// vocField takes the text of the element that a path ends at.
func (m *Image) vocField(o *vocObject, path []string, text string) {
	switch strings.Join(path, "/") {
	case "annotation/filename":
		m.File = text
	case "annotation/size/width":
		m.W = pixels(text)
	case "annotation/size/height":
		m.H = pixels(text)
	case "annotation/object/name":
		o.name = text
	case "annotation/object/difficult":
		o.difficult = text != "" && text != "0" && !strings.EqualFold(text, "false")
	case "annotation/object/bndbox/xmin":
		o.corner[0], o.box = text, true
	case "annotation/object/bndbox/ymin":
		o.corner[1], o.box = text, true
	case "annotation/object/bndbox/xmax":
		o.corner[2], o.box = text, true
	case "annotation/object/bndbox/ymax":
		o.corner[3], o.box = text, true
	case "annotation/object/robndbox":
		o.turn = true
	case "annotation/object":
		m.vocObject(o)
	case "annotation":
		if m.H <= 0 || m.W <= 0 {
			m.H, m.W = 0, 0
		}
	}
}

// vocObject takes a whole object.
func (m *Image) vocObject(o *vocObject) {
	tell := func(rule Rule, format string, args ...any) {
		m.Amiss = append(m.Amiss, Amiss{rule, o.n, fmt.Sprintf(format, args...)})
	}
	switch {
	case o.turn && !o.box:
		tell(Unreadable, "a box that is turned, which is not read")
		return
	case !o.box:
		tell(Unreadable, "it has no bndbox")
		return
	case o.name == "":
		tell(Unknown, "it has no name")
		return
	}
	var v [4]float64
	percent := false
	for i, name := range [...]string{"xmin", "ymin", "xmax", "ymax"} {
		text := o.corner[i]
		percent = percent || strings.HasSuffix(text, "%")
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			if percent {
				tell(Unit, "%s is %q: in percent, and Pascal VOC has pixels", name, short(text))
			} else {
				tell(Unreadable, "%s is %q, which is no number", name, short(text))
			}
			return
		}
		v[i] = x
	}
	if v[0] >= 0 && v[1] >= 0 && v[2] <= 1 && v[3] <= 1 && v[0] < v[2] && v[1] < v[3] {
		tell(Unit, "%s: in shares, and Pascal VOC has pixels", corners(at(v[0], v[1], v[2], v[3])))
		return
	}
	if v[0] >= v[2] || v[1] >= v[3] { // corners that coincide are a click, not a box of one pixel
		tell(Flat, "xmin %g, ymin %g, xmax %g, ymax %g cover nothing", v[0], v[1], v[2], v[3])
		return
	}
	m.Objects = append(m.Objects, Object{Box: at(v[0]-1, v[1]-1, v[2], v[3]), N: o.n, Class: o.name, Difficult: o.difficult})
}

// pixels is a side of a picture, 0 where it is none.
func pixels(text string) int {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 1 && v <= 1<<24) {
		return 0
	}
	return int(v)
}

// short is as much of a text as a message has room for.
func short(text string) string {
	if len(text) > 40 {
		return strings.ToValidUTF8(text[:40], "") + "..."
	}
	return text
}

// reasonXML is the decoder's error on one line.
func reasonXML(err error) error {
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("broken XML in line %d: %s", e.Line, short(strings.Join(strings.Fields(e.Msg), " ")))
	}
	return fmt.Errorf("broken XML: %s", strings.Join(strings.Fields(err.Error()), " "))
}

// latin1 reads what says that it is Latin-1, or a subset of it.
func latin1(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf8":
		return r, nil
	case "iso-8859-1", "latin1", "latin-1", "windows-1252", "us-ascii", "ascii":
		return &widened{r: r}, nil
	}
	return nil, fmt.Errorf("encoding %q is not read; save it in UTF-8", short(charset))
}

// widened gives each byte as the code point of its number.
type widened struct {
	r    io.Reader
	room [512]byte
	left []byte
}

func (w *widened) Read(b []byte) (int, error) {
	if len(w.left) == 0 {
		n, err := w.r.Read(w.room[:])
		if n == 0 {
			return 0, err
		}
		var out []byte
		for _, c := range w.room[:n] {
			out = append(out, string(rune(c))...)
		}
		w.left = out
	}
	n := copy(b, w.left)
	w.left = w.left[n:]
	return n, nil
}
