package main

import (
	"bytes"
	"fmt"
	"math"
)

// chart draws how many times as fast as its best peer Assay is: a group of bars a network, the length a ratio.
func (fs figures) chart() []byte {
	const left, right, top, bar, gap, width = 150, 60, 64, 16, 18, 880
	series := []struct {
		class, name string
		ratio       func(subject) float64
	}{
		{"train", "training, against PyTorch", func(s subject) float64 { return fs.training(s).ratio }},
		{"one", "inference of one image, against the better of PyTorch and onnxruntime", func(s subject) float64 { return fs.inference(s, 1).ratio }},
		{"many", "inference of 64", func(s subject) float64 { return fs.inference(s, 64).ratio }},
	}
	most := 1.0
	for _, s := range subjects {
		for _, each := range series {
			most = max(most, each.ratio(s))
		}
	}
	most = math.Ceil(2*most) / 2
	x := func(ratio float64) float64 { return left + (width-left-right)*ratio/most }
	group := len(series)*bar + gap
	bottom := top + len(subjects)*group
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img" aria-label="images a second, ratio to the best peer">`, width, bottom+34)
	b.WriteString(`
<style>
  .back { fill: #fff } text { fill: #24292f } .tick { fill: #656d76 } .grid { stroke: #d8dee4 } .even { stroke: #24292f; stroke-width: 1.5 }
  .train { fill: #0a5fb4 } .one { fill: #d9822b } .many { fill: #6aa84f }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } text { fill: #e6edf3 } .tick { fill: #8d96a0 } .grid { stroke: #30363d } .even { stroke: #e6edf3 }
    .train { fill: #58a6ff } .one { fill: #e3a454 } .many { fill: #7ee787 }
  }
</style>
`)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", width, bottom+34)
	fmt.Fprintf(&b, `<text x="8" y="20" font-weight="bold">Images a second, Assay over its best peer, %d threads</text>`+"\n", fs.threads())
	at := 8.0
	for _, each := range series {
		fmt.Fprintf(&b, `<rect class="%s" x="%g" y="34" width="12" height="12"/><text x="%g" y="45">%s</text>`+"\n", each.class, at, at+18, each.name)
		at += 46 + 6.6*float64(len(each.name))
	}
	step := 0.5
	if most > 5 {
		step = 1
	}
	for v := 0.0; v <= most; v += step {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text class="tick" text-anchor="middle" x="%.1f" y="%d">%g</text>`+"\n", x(v), top-6, x(v), bottom, x(v), bottom+18, v)
	}
	for i, s := range subjects {
		y := top + i*group
		fmt.Fprintf(&b, `<text text-anchor="end" x="%d" y="%d">%s</text>`+"\n", left-10, y+len(series)*bar/2+5, titled(s))
		for k, each := range series {
			r := each.ratio(s)
			fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d"/><text x="%.1f" y="%d">%.2f</text>`+"\n", each.class, left, y+k*bar, x(r)-left, bar-2, x(r)+5, y+k*bar+12, r)
		}
	}
	fmt.Fprintf(&b, `<line class="even" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", x(1), top-6, x(1), bottom)
	b.WriteString("</svg>\n")
	return b.Bytes()
}
