package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// The figure of a study of data-size: what was trained, as points with their intervals over a logarithmic axis of images, the fitted
// curve with the band that a further size lies in, and what is expected of twice the images.

// grows is the study's answer: "Twice the images, 45,000, would bring +4.9 points [+2.9, +6.9]: no plateau yet." "" where there is none.
func (k ranking) grows() string {
	d := k.DataSize
	if d == nil || k.Stopped != "" {
		return ""
	}
	line := fmt.Sprintf("Twice the images, %s, would bring %s [%s, %s]", say.Thousands(d.Twice.Images), signed(d.Gain.Effect, k.sizeDecimals())+" "+k.primary().Unit, signed(*d.Gain.Low, k.sizeDecimals()), signed(*d.Gain.High, k.sizeDecimals()))
	switch d.Answer {
	case study.Reached:
		return line + ": a plateau has been reached, they would bring less than " + say.Amount(k.Delta, k.primary().Unit) + "."
	case study.NotReached:
		return line + ": no plateau has been reached."
	}
	return line + ": whether a plateau has been reached cannot be told yet."
}

// reaches says where the curve goes: "75.8 % [73.1, 78.2] on 45,000 images".
func (k ranking) reaches() string {
	t := k.DataSize.Twice
	return fmt.Sprintf("%s [%s, %s] on %s images", fixed(&t.Value, k.sizeDecimals()), fixed(&t.Low, k.sizeDecimals()), fixed(&t.High, k.sizeDecimals()), say.Thousands(t.Images))
}

// sizesFitted is the sentence under the figure: what the curve is, and what it is not.
const sizesFitted = "The curve is a - b n^-c, a power of the images n that levels off at a, with what each size deviates from it. The band holds the mean of as many trainings on a further size with 95 %, on images drawn like these and by this recipe: as many epochs, and so fewer steps on fewer images."

// sizes draws the curve; nil where there is none.
func (k ranking) sizes() []template.HTML {
	if k.DataSize == nil || k.Stopped != "" {
		return nil
	}
	return []template.HTML{k.sizesAt(wide, "wide"), k.sizesAt(narrow, "narrow")}
}

func (k ranking) sizesAt(width float64, class string) template.HTML {
	const left, right, top, bottom = 46.0, 18.0, 26.0, 42.0
	d := k.DataSize
	f := &canvas{w: width, h: min(340, width*0.8)}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range d.Points {
		low, high = min(low, p.Low), max(high, p.High)
	}
	for _, p := range d.Curve {
		low, high = min(low, p.Value), max(high, p.Value)
	}
	low, high = min(low, d.Twice.Low), max(high, d.Twice.High)
	margin := 0.06 * (high - low)
	x := scale{low: float64(d.Curve[0].Images), high: float64(d.Twice.Images), from: left + 8, to: f.w - right, log: true}
	y := scale{low: low - margin, high: high + margin, from: f.h - bottom, to: top}
	for _, t := range ticks(y.low, y.high, 5) {
		f.line("grid", left, y.at(t), f.w-right, y.at(t))
		f.text("tick", "end", left-6, y.at(t)+4, tickText(t, false))
	}
	f.text("tick", "start", 4, 12, k.Metric+", "+k.primary().Unit)
	var xs, ys, band, edge []float64
	for _, p := range d.Curve {
		xs, ys = append(xs, x.at(float64(p.Images))), append(ys, y.at(p.Value))
		band = append(band, y.at(min(max(p.Low, y.low), y.high)))
		edge = append(edge, y.at(min(max(p.High, y.low), y.high)))
	}
	var outline strings.Builder
	for i := range xs {
		fmt.Fprintf(&outline, "%s%s %s", map[bool]string{true: "M", false: "L"}[i == 0], px(xs[i]), px(band[i]))
	}
	for i := len(xs) - 1; i >= 0; i-- {
		fmt.Fprintf(&outline, "L%s %s", px(xs[i]), px(edge[i]))
	}
	f.mark("path", "expected", "", "d", outline.String()+"Z")
	f.path("mean", xs, ys)
	unit := k.primary().Unit
	point := func(class, what string, p study.SizePoint) {
		tip := fmt.Sprintf("%s on %s images, %s %s [%s, %s]", what, say.Thousands(p.Images), fixed(&p.Value, k.sizeDecimals()), unit, fixed(&p.Low, k.sizeDecimals()), fixed(&p.High, k.sizeDecimals()))
		at := x.at(float64(p.Images))
		f.mark("line", "interval"+class, "", "x1", at, "y1", y.at(p.Low), "x2", at, "y2", y.at(p.High))
		f.dot("mark"+class, tip, at, y.at(p.Value), 4.5)
	}
	for i, p := range d.Points {
		point("", "trained", p)
		if width == wide || i%2 == (len(d.Points)-1)%2 { // letters have room for
			f.text("tick", "middle", x.at(float64(p.Images)), f.h-bottom+18, say.Thousands(p.Images))
		}
	}
	point(" conditional", "expected", d.Twice)
	f.text("tick strong", "end", f.w-right+14, f.h-bottom+18, say.Thousands(d.Twice.Images))
	f.text("tick", "middle", (left+f.w)/2, f.h-6, "images trained on")
	return f.svg(class+" baseline", k.grows())
}

// sizeDecimals is how many decimals the curve has: one at least, as its interval is of another question than those of the arms.
func (k ranking) sizeDecimals() int { return max(1, k.decimals) }
