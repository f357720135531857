package annotation

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxYOLO bounds a file of labels, and maxLine a line of it: a polygon of some thousand corners.
const (
	maxYOLO = 16 << 20
	maxLine = 1 << 20
)

// YOLO reads a file of labels: a line an object, the number of its class, then the centre, width and height of its box in shares of
// the picture; or, with six numbers or more, the corners of a polygon, x and y in turn, which becomes the box around it. An empty file
// is a picture without objects. A line of five numbers and a sixth, such as detectors write with their confidence, is no label. The object's
// number is that of its line.
func YOLO(r io.Reader) (Image, error) {
	m := Image{Shares: true}
	bounded := &io.LimitedReader{R: r, N: maxYOLO + 1}
	lines := bufio.NewScanner(bounded)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	var wrong []Amiss // in another unit
	most := 0.0
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimPrefix(lines.Text(), "\ufeff")
		words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' })
		if len(words) == 0 {
			continue
		}
		if len(m.Amiss)+len(wrong) > maxAmiss {
			return Image{}, fmt.Errorf("more than %d lines that are no labels", maxAmiss)
		}
		tell := func(rule Rule, format string, args ...any) {
			m.Amiss = append(m.Amiss, Amiss{rule, n, fmt.Sprintf(format, args...)})
		}
		class, err := strconv.ParseFloat(words[0], 64) // some write 3.0
		if err != nil || class != math.Trunc(class) || !(class >= 0 && class < 1<<24) {
			tell(Unknown, "%q is no number of a class", short(words[0]))
			continue
		}
		v := make([]float64, 0, 8)
		for _, word := range words[1:] {
			x, err := strconv.ParseFloat(word, 64)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				tell(Unreadable, "%q is no number", short(word))
				break
			}
			v = append(v, x)
		}
		if len(v) < len(words)-1 {
			continue
		}
		o := Object{N: n, Class: strconv.Itoa(int(class))}
		switch {
		case len(v) == 4:
			o.Box = at(v[0]-v[2]/2, v[1]-v[3]/2, v[0]+v[2]/2, v[1]+v[3]/2)
		case len(v) >= 6 && len(v)%2 == 0:
			o.Box = at(v[0], v[1], v[0], v[1])
			for i := 2; i < len(v); i += 2 {
				o.X0, o.X1 = min(o.X0, v[i]), max(o.X1, v[i])
				o.Y0, o.Y1 = min(o.Y0, v[i+1]), max(o.Y1, v[i+1])
			}
		case len(v) == 5:
			tell(Unreadable, "five numbers behind the class: labels have four, or the corners of a polygon")
			continue
		default:
			tell(Unreadable, "%d numbers behind the class: labels have four, or the corners of a polygon", len(v))
			continue
		}
		if largest := max(o.X1, o.Y1); len(v) == 4 && max(v[0], v[1], v[2], v[3]) > 1.05 || largest > 1.5 { // no share of the picture
			most = max(most, largest)
			wrong = append(wrong, Amiss{Unit, n, "numbers above 1"})
			continue
		}
		m.Objects = append(m.Objects, o)
	}
	if err := lines.Err(); err != nil {
		if err == bufio.ErrTooLong {
			return Image{}, fmt.Errorf("a line of more than %d KiB, so it is no file of labels", maxLine>>10)
		}
		return Image{}, err
	}
	if bounded.N <= 0 {
		return Image{}, fmt.Errorf("more than %d MiB", maxYOLO>>20)
	}
	unit := "in pixels"
	if most <= 150 { // a box in percent may reach a little beyond 100
		unit = "in percent"
	}
	for _, a := range wrong {
		a.What += ": " + unit + ", it seems, and YOLO's labels are in shares from 0 to 1"
		m.Amiss = append(m.Amiss, a)
	}
	return m, nil
}
