package docs

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/draw"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/diff"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// examples are how a person would write an approach for the sample network, where the name alone is not the best example.
var examples = map[string]string{
	"kernel":             "kernel: {from: 5, to: [3, 3]}",
	"bottleneck":         "bottleneck: {where: conv2}",
	"mlpconv":            "mlpconv: {where: conv2}",
	"fire":               "fire: {where: conv2}",
	"inception":          "inception: {where: conv2}",
	"flattened":          "flattened: {where: conv2}",
	"inception-residual": "inception-residual: {where: conv3}",
	"separable":          "separable: {where: conv2}",
	"activation":         "activation: elu",
	"pool":               "pool: max+avg",
	"stride":             "stride: 2",
	"width":              "width: 2",
	"norm":               "norm: lrn",
	"l2":                 "l2: 5e-4",
	"dropout":            "dropout: {rate: 0.1, place: convs}",
	"l1":                 "l1: 1e-5",
	"decay":              "decay: 0.05",
	"clip":               "clip: 1",
	"loss":               "loss: focal",
	"label-smoothing":    "label-smoothing: 0.1",
	"solver":             "solver: {momentum: 0.9, nesterov: true}",
	"lr":                 "lr: {base: 0.05, policy: linear, warmup: 1}",
	"batch":              "batch: 128",
	"init":               "init: lsuv",
	"epochs":             "epochs: 20",
	"augment":            "augment: [flip, {crop: {pad: 4}}]",
	"subset":             "subset: 0.5",
	"labels":             "labels: {clean: drop}",
	"balance":            "balance: loss",
	"mixed":              "mixed: {data: {folder: photos}, ratio: 4}",
	"tree":               "tree: classes.csv",
	"pretrain":           "pretrain: efficientnet-lite0.pth",
	"sizes":              "sizes: [{size: 96, epochs: 20}, {size: 128, epochs: 10, lr: 0.1}]",
	"multiscale":         "multiscale: [96, 160]",
	"colors":             "colors: hsv",
	"views":              "views: flip",
}

// sample is the small network that approaches are shown on.
func sample() (*nn.Graph, error) {
	b := nn.NewBuilder("sample", nn.Size{}, 10)
	x := b.ReLU(b.Conv(b.Image(32, 32, 3), 16, 5, 1))
	x = b.MaxPool(x, 2, 2)
	x = b.ReLU(b.Conv(x, 32, 3, 1))
	x = b.ReLU(b.Conv(x, 32, 3, 1))
	x = b.MaxPool(x, 2, 2)
	x = b.Dropout(b.ReLU(b.Linear(x, 64)), 0.5)
	b.Logits(b.Linear(x, nn.Classes))
	return b.Build()
}

// found is the head of what the systematic evaluation says.
const found = "**Found** (accuracy of CaffeNet at 128 pixels in the [systematic evaluation](https://arxiv.org/abs/1606.02228), .471 for its base, unless said otherwise)"

// contents lists the cards by kind.
func contents() string {
	s := made + "# Approaches\n\nNamed choices that turn one experiment into another. `assay approach show NAME` prints the same cards.\n"
	for _, kind := range approach.Kinds() {
		rows := [][]string{{"approach", "what it does"}}
		for _, e := range approach.Catalog() {
			if e.Kind == kind {
				rows = append(rows, []string{fmt.Sprintf("[%s](%s.md)", e.Name, e.Name), plain(e.Card.Summary)})
			}
		}
		s += fmt.Sprintf("\n## %s%s\n\n%s", strings.ToUpper(string(kind[:1])), kind[1:], table(rows))
	}
	return s
}

// card is the page of an approach, and the drawing of what it does to the sample network, "" where it does nothing to a network.
func card(e approach.Entry) (page, drawing string, err error) {
	text := examples[e.Name]
	if text == "" {
		text = e.Name
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s# %s\n\nAn approach of %s: %s.\n\n```yaml\n%s:\n  - %s\n```\n", made, e.Name, e.Kind, plain(e.Card.Summary), e.Kind, text)
	if e.Kind != approach.Learning {
		lines, picture, err := shown(text)
		if err != nil {
			return "", "", fmt.Errorf("%q on the sample network: %w; give a better one in internal/docs/cards.go", text, err)
		}
		if drawing = picture; drawing != "" {
			fmt.Fprintf(&s, "\n![a small network before and after](%s.svg)\n\nOn this small network:\n\n", e.Name)
			for _, l := range lines {
				s.WriteString("- " + plain(l) + "\n")
			}
		}
	}
	s.WriteString(keys(e.Name, e.Parameters()))
	if ops := e.Operations(); len(ops) > 0 {
		s.WriteString("\n## Operations\n")
		for _, o := range ops {
			fmt.Fprintf(&s, "\n### %s\n\n%s%s.\n%s\n**Paper**: %s.\n\n**Careful**: %s.\n", o.Name, strings.ToUpper(o.Summary[:1]), plain(o.Summary[1:]), keys(o.Name, o.Parameters), plain(o.Paper), plain(o.Caveats))
		}
		s.WriteString("\n## All of them\n")
	}
	for _, part := range []struct{ head, text string }{
		{"**Costs**", e.Card.Cost}, {"**With it**", strings.Join(e.Card.Couplings, "; ")}, {"**Paper**", e.Card.Paper}, {found, e.Card.Evidence}, {"**Careful**", e.Card.Caveats},
	} {
		if part.text != "" {
			fmt.Fprintf(&s, "\n%s: %s.\n", part.head, strings.TrimSuffix(plain(part.text), "."))
		}
	}
	return s.String(), drawing, nil
}

// keys is the table of parameters of what has the name.
func keys(of string, ps []approach.Parameter) string {
	if len(ps) == 0 {
		return ""
	}
	rows := [][]string{{"parameter", "default", "values", "what it is"}}
	bare := ""
	for _, p := range ps {
		rows = append(rows, []string{"`" + p.Name + "`", plain(p.Default), plain(p.Values), plain(p.Help)})
		if p.Bare {
			bare = fmt.Sprintf("\nA bare value sets `%s`: `%s: ...` is `%s: {%s: ...}`.\n", p.Name, of, of, p.Name)
		}
	}
	return "\n" + table(rows) + bare
}

// shown applies an approach to the sample network and tells and draws the difference; nothing of a setting.
func shown(text string) (lines []string, drawing string, err error) {
	before, err := sample()
	if err != nil {
		return nil, "", err
	}
	n, err := spec.Parse("example", []byte(text+"\n"))
	if err != nil {
		return nil, "", err
	}
	var c experiment.Choice
	if err := c.UnmarshalSpec(n); err != nil {
		return nil, "", err
	}
	after := before.Clone()
	if _, err := approach.Rewrite(after, []experiment.Choice{c}); err != nil {
		return nil, "", err
	}
	d, err := diff.Networks(before, after)
	if err != nil || len(d.Layers) == 0 {
		return nil, "", err
	}
	drawing, err = draw.Pair(before, after)
	return d.Lines, drawing, err
}
