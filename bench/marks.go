package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
)

// against is a figure of Assay's with the best of its peers.
type against struct {
	own, peer figure
	ratio     float64 // of images a second, 0 where one is missing
	share     float64 // of peak, in training
	memory    float64 // ratio of what was held, to the layout that holds less
}

// training sets a network against PyTorch's better layout.
func (fs figures) training(s subject) against {
	a := against{own: fs.best(figure{Part: "train", By: own, Net: s.net}), peer: fs.best(figure{Part: "train", By: "pytorch", Net: s.net})}
	a.ratio = over(a.own, a.peer)
	if a.own.ImagesPerS > 0 {
		a.share = fs.shareOf(a.own)
	}
	for _, f := range fs.of(figure{Part: "train", By: "pytorch", Net: s.net}) { // of both layouts
		a.peer.PeakRSS = min(a.peer.PeakRSS, f.PeakRSS)
	}
	if a.peer.PeakRSS > 0 {
		a.memory = float64(a.own.PeakRSS) / float64(a.peer.PeakRSS)
	}
	return a
}

// inference sets it against the better of PyTorch and onnxruntime.
func (fs figures) inference(s subject, batch int) against {
	a := against{own: fs.best(figure{Part: "infer", By: own, Net: s.net, Batch: batch})}
	for _, by := range []string{"pytorch", "onnxruntime"} {
		if f := fs.best(figure{Part: "infer", By: by, Net: s.net, Batch: batch}); f.ImagesPerS > a.peer.ImagesPerS {
			a.peer = f
		}
	}
	a.ratio = over(a.own, a.peer)
	return a
}

// scaling is training on one thread and on all.
func (fs figures) scaling(s subject) (one, all figure, ratio float64) {
	one, all = fs.best(figure{Part: "threads", Net: s.net, Threads: 1}), fs.best(figure{Part: "threads", Net: s.net, Threads: fs.threads()})
	return one, all, over(all, one)
}

// loading is what a folder at a size gave.
func (fs figures) loading(side int) (l struct{ decoded, cached, memory, loader figure }) {
	for variant, f := range map[string]*figure{"decoded": &l.decoded, "cached": &l.cached, "from memory": &l.memory, "from the loader": &l.loader} {
		*f = fs.best(figure{Part: "load", Side: side, Variant: variant})
	}
	return l
}

func over(a, b figure) float64 {
	if b.ImagesPerS == 0 {
		return 0
	}
	return a.ImagesPerS / b.ImagesPerS
}

// mark is a row of what is to be reached.
type mark struct {
	what, least, aim, measured string
	reached, aimed             bool
}

func (m mark) verdict() string {
	switch {
	case m.aimed:
		return "the aim"
	case m.least == "":
		return "not the aim"
	case m.reached:
		return "yes"
	}
	return "no"
}

// marks judges the figures; every one of them must be there.
func (fs figures) marks() []mark {
	var ratios, shares, memory, convolutions []float64
	each, aimed, allocs := 0, 0, 0.0
	share := map[string]float64{}
	for _, s := range subjects {
		a := fs.training(s)
		ratios, shares, memory, convolutions = append(ratios, a.ratio), append(shares, a.share), append(memory, a.memory), append(convolutions, fs.share("avx2", s.net))
		share[s.net] = a.share
		allocs = max(allocs, a.own.Allocs)
		if a.ratio >= 1.3 || a.share >= 0.75 {
			each++
		}
		if a.share >= 0.85 {
			aimed++
		}
	}
	n := len(subjects)
	ms := []mark{
		{"training against PyTorch's best fp32", "1.3x on each, or 75 % of peak", "85 % of peak",
			fmt.Sprintf("%s; %s of peak; %d of %d reach the mark", span(ratios, times, "x"), span(shares, say.Percent, ""), each, n), each == n, aimed == n},
		{"the same, geometric mean", "1.7x, or 65 % of peak", "", fmt.Sprintf("%.2fx, %s of peak", geomean(ratios), say.Percent(geomean(shares))), geomean(ratios) >= 1.7 || geomean(shares) >= 0.65, false},
		shareMark("caffenet128, vgg11", 0.7, share["caffenet128"], share["vgg11"]),
		shareMark("resnet20", 0.6, share["resnet20"]),
		shareMark("googlenet", 0.6, share["googlenet"]),
	}
	deep := fs.share("depthwise", "mobilenet")
	ms = append(ms, mark{"depthwise layers in training, share of the memory's bandwidth", "", "85 %", say.Percent(deep), false, deep >= 0.85})
	for _, b := range inferBatches {
		var rs []float64
		for _, s := range subjects {
			rs = append(rs, fs.inference(s, b).ratio)
		}
		least := slices.Min(rs)
		ms = append(ms, mark{fmt.Sprintf("inference at batch %d against onnxruntime and PyTorch, the better", b), "1.0x on each", "1.5x",
			fmt.Sprintf("%s; geometric mean %.2fx", span(rs, times, "x"), geomean(rs)), least >= 1, least >= 1.5})
	}
	most := slices.Max(memory)
	ms = append(ms, mark{"peak resident memory in training against PyTorch", "0.7x", "0.5x", span(memory, times, "x"), most <= 0.7, most <= 0.5},
		mark{"allocations in a steady training step", "0", "0", fmt.Sprintf("%.0f", allocs), allocs < 0.5, allocs < 0.5})
	var scale []float64
	for _, s := range subjects {
		if _, _, ratio := fs.scaling(s); ratio > 0 {
			scale = append(scale, ratio)
		}
	}
	threads := mark{fmt.Sprintf("resnet20 and caffenet128, %d threads against one", fs.threads()), "1.85x", "1.95x", span(scale, times, "x"), slices.Min(scale) >= 1.85, slices.Min(scale) >= 1.95}
	if fs.where().Siblings {
		threads.least, threads.aim, threads.aimed = "", "", false
	}
	ms = append(ms, threads)
	slow := slices.Min(convolutions)
	ms = append(ms, mark{"AVX2 alone, share of the AVX2 peak on convolutions", "65 %", "85 %", fmt.Sprintf("%s; geometric mean %s", span(convolutions, say.Percent, ""), say.Percent(geomean(convolutions))), slow >= 0.65, slow >= 0.85})
	g := over(fs.best(figure{Part: "generic", By: own}), fs.best(figure{Part: "generic", By: "gomlx"}))
	ms = append(ms, mark{"generic Go, resnet20, against GoMLX's Go backend", "6x", "12x", times(g) + "x", g >= 6, g >= 12})
	return append(ms, fs.loadMarks()...)
}

func (fs figures) loadMarks() []mark {
	small := fs.loading(folders[0].side).cached
	ok := true
	var measured []string
	for _, c := range folders[1:] {
		l := fs.loading(c.side)
		ok = ok && min(l.decoded.ImagesPerS, l.cached.ImagesPerS) > l.memory.ImagesPerS
		measured = append(measured, fmt.Sprintf("%d px: %s decoded, %s cached, %s trained", c.side, rate(l.decoded), rate(l.cached), rate(l.memory)))
	}
	return []mark{
		{"JPEG folders, cached epochs at 32 px", "20,000 images/s", "", rate(small) + " images/s", small.ImagesPerS >= 20000, false},
		{"JPEG folders from 64 px up", "never the bottleneck", "", strings.Join(measured, "; "), ok, false},
	}
}

func shareMark(nets string, least float64, shares ...float64) mark {
	var texts []string
	for _, s := range shares {
		texts = append(texts, say.Percent(s))
	}
	low := slices.Min(shares)
	return mark{"share of peak in training: " + nets, say.Percent(least), "85 %", strings.Join(texts, ", "), low >= least, low >= 0.85}
}

// span is the least and the most.
func span(xs []float64, text func(float64) string, unit string) string {
	if len(xs) == 0 {
		return ""
	}
	return text(slices.Min(xs)) + unit + " to " + text(slices.Max(xs)) + unit
}
