package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// The figures are SVG in the page itself: coloured by the page's classes, so that light, dark and print need no second
// figure, and made at two widths, of which the page shows the one that keeps letters readable. A mark explains itself by a
// <title>, which the page's script turns into a tooltip that a finger can reach too.

// wide and narrow are the widths in pixels at which figures are drawn.
const (
	wide   = 880.0
	narrow = 350.0
)

// canvas collects the marks of a figure.
type canvas struct {
	strings.Builder
	w, h float64
}

// svg closes the figure. label says to who cannot see it what it shows.
func (c *canvas) svg(class, label string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="0 0 %s %s" role="img" aria-label="%s">%s</svg>`,
		class, px(c.w), px(c.h), html.EscapeString(label), c.String()))
}

// mark writes an element with its class, attributes as name, value ... and what it tells on asking, "" for nothing.
func (c *canvas) mark(element, class, tip string, attributes ...any) {
	fmt.Fprintf(c, `<%s`, element)
	if class != "" {
		fmt.Fprintf(c, ` class="%s"`, class)
	}
	for i := 0; i+1 < len(attributes); i += 2 {
		v := attributes[i+1]
		if x, ok := v.(float64); ok {
			v = px(x)
		}
		fmt.Fprintf(c, ` %s="%s"`, attributes[i], html.EscapeString(fmt.Sprint(v)))
	}
	if tip == "" {
		c.WriteString("/>")
		return
	}
	fmt.Fprintf(c, `><title>%s</title></%s>`, html.EscapeString(tip), element)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.mark("line", class, "", "x1", x1, "y1", y1, "x2", x2, "y2", y2)
}

func (c *canvas) rect(class, tip string, x, y, w, h float64) {
	c.mark("rect", class, tip, "x", x, "y", y, "width", max(0, w), "height", max(0, h))
}

func (c *canvas) dot(class, tip string, x, y, r float64) {
	c.mark("circle", class, tip, "cx", x, "cy", y, "r", r)
}

// text writes s with its anchor at x: start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(c, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, px(x), px(y), html.EscapeString(s))
}

// path draws a line through points that are finite; a point that is not breaks it.
func (c *canvas) path(class string, xs, ys []float64) {
	var d strings.Builder
	pen := "M"
	for i := range xs {
		if !finite(xs[i]) || !finite(ys[i]) {
			pen = "M"
			continue
		}
		d.WriteString(pen + px(xs[i]) + " " + px(ys[i]))
		pen = "L"
	}
	if d.Len() > 0 {
		c.mark("path", class, "", "d", d.String())
	}
}

// px is a coordinate with one decimal at most.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// scale maps values to coordinates, in proportion or by their logarithm.
type scale struct {
	low, high float64 // values
	from, to  float64 // coordinates
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if high == low {
		return (s.from + s.to) / 2
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

func (s scale) holds(v float64) bool { return v >= s.low && v <= s.high }

// ticks are about n round values from low to high: steps of 1, 2 or 5 times a power of ten.
func ticks(low, high float64, n int) []float64 {
	if !(high > low) || !finite(low) || !finite(high) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(max(1, n)))))
	for _, m := range []float64{1, 2, 5, 10} {
		if (high-low)/(m*step) <= float64(max(1, n)) {
			step *= m
			break
		}
	}
	var t []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		t = append(t, i*step)
	}
	return t
}

// logTicks are 1, 2 and 5 times powers of ten, and more where that would be few.
func logTicks(low, high float64) []float64 {
	steps := []float64{1, 2, 5}
	if high < 12*low {
		steps = []float64{1, 1.5, 2, 3, 4, 5, 7}
	}
	var t []float64
	for p := math.Pow(10, math.Floor(math.Log10(low))); p <= high; p *= 10 {
		for _, m := range steps {
			if v := m * p; v >= low && v <= high {
				t = append(t, v)
			}
		}
	}
	return t
}

// tickText is a tick's number with as many decimals as it needs; effects carry a sign.
func tickText(v float64, sign bool) string {
	s := strconv.FormatFloat(math.Abs(math.Round(v*1e6)/1e6), 'f', -1, 64)
	switch {
	case s == "0":
		return s
	case v < 0:
		return minus + s
	case sign:
		return "+" + s
	}
	return s
}

// letters is about how many pixels a text takes at 13 pixels a letter's height.
func letters(s string) float64 {
	n := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljtfr.,:;'|![]() ", r):
			n += 4.2
		case strings.ContainsRune("mwMW%@<>+=", r):
			n += 11
		case r >= 'A' && r <= 'Z', r > 0x2e80:
			n += 9.2
		default:
			n += 7.5
		}
	}
	return n
}

// fitted shortens a text to a width in pixels.
func fitted(s string, width float64) string {
	if letters(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && letters(string(r))+9 > width {
		r = r[:len(r)-1]
	}
	return string(r) + "\u2026"
}
