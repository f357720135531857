package draw

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/assaylab/assay/nn"
)

// box is what a person sees as one thing: a layer with the norm, activation and dropout round it.
type box struct {
	name  string  // of its layer: a path whose last part is not of the scope
	in    []*box  // distinct, in the order in which the layer reads them
	size  nn.Size // of what comes out
	class string  // of colour
	above string  // what is applied in front of the layer: "batchnorm · relu"
	title string  // "conv 3×3, 64"
	below string  // what is applied behind it
	tip   string  // all there is to say, a line each
	dash  bool    // training alone computes it
	fresh bool    // a change brought it
}

// scope is the path that the box stands in.
func (b *box) scope() string {
	if i := strings.LastIndexByte(b.name, '/'); i >= 0 {
		return b.name[:i]
	}
	return ""
}

// text is what the box shows, for comparing boxes: names and sizes are left out, widths are told.
func (b *box) text() string { return b.class + "|" + b.above + "|" + b.title + "|" + b.below }

// boxes fuses the layers of a network, in graph order, and puts a box of class "out" behind each output.
func boxes(g *nn.Graph) ([]*box, error) {
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	readers := map[*nn.Node][]*nn.Node{}
	for _, n := range g.Nodes {
		for _, in := range n.In {
			if !slices.Contains(readers[in], n) {
				readers[in] = append(readers[in], n)
			}
		}
	}
	alone := func(n *nn.Node) bool { return len(readers[n]) == 1 && !g.IsOutput(n) }
	of := map[*nn.Node]*box{}
	waits := map[*nn.Node]nn.Step{} // activations that belong to the layer behind them
	var all []*box
	for _, s := range steps {
		n := s.Node
		if behind(n) && alone(n.In[0]) && of[n.In[0]] != nil && !n.Pre && of[n.In[0]].class != "in" {
			b := of[n.In[0]]
			word := title(s)
			if l, ok := n.Layer.(nn.Scale); ok && b.title == "+" && b.below == "" && math.Abs(float64(l.By)*float64(len(n.In[0].In))-1) < 1e-6 {
				b.title, word = "mean", ""
			}
			b.below = join(b.below, words(s, word))
			b.add(s)
			of[n] = b
			continue
		}
		if _, act := n.Layer.(nn.Activation); act && n.Pre && alone(n) && takesPre(readers[n][0]) {
			waits[n] = s
			continue
		}
		b := &box{name: n.Name, size: s.Size, class: class(n.Layer), title: title(s), above: join(over(s.OverIn...)...), below: join(over(s.OverOut)...)}
		b.add(s)
		for _, in := range n.In {
			if pre, ok := waits[in]; ok {
				b.above = join(words(pre, pre.Node.Layer.String()), b.above)
				b.tip = line(pre) + "\n" + b.tip
				in = in.In[0]
			}
			if !slices.Contains(b.in, of[in]) {
				b.in = append(b.in, of[in])
			}
		}
		of[n] = b
		all = append(all, b)
	}
	for _, o := range g.Outputs {
		b := &box{name: "output " + o.Name, in: []*box{of[o.Node]}, size: of[o.Node].size, class: "out", dash: o.TrainOnly, title: fmt.Sprintf("%d classes", g.Classes)}
		b.tip = "output " + o.Name
		if o.TrainOnly {
			b.below = "in training alone"
		}
		all = append(all, b)
	}
	return all, nil
}

func (b *box) add(s nn.Step) {
	if b.tip != "" {
		b.tip += "\n"
	}
	b.tip += line(s)
	b.size = s.Size
}

// line tells all of a layer.
func line(s nn.Step) string {
	return fmt.Sprintf("%s: %s, %v", s.Node.Name, join(words(s, s.Node.Layer.String())), s.Size)
}

// behind reports layers that are told with the one they follow.
func behind(n *nn.Node) bool {
	switch n.Layer.(type) {
	case nn.Activation, nn.Scale, nn.Flatten:
		return len(n.In) == 1
	}
	return false
}

// takesPre reports layers that a norm and activation in front are told with.
func takesPre(n *nn.Node) bool {
	switch n.Layer.(type) {
	case nn.Conv, nn.Linear, nn.GlobalPool, nn.GeM:
		return true
	}
	return false
}

// words is a layer's text with what lies over it, in the order of application.
func words(s nn.Step, layer string) string {
	return join(slices.Concat(over(s.OverIn...), []string{layer}, over(s.OverOut))...)
}

// over names what lies at sites; a bias goes without saying.
func over(sites ...[]nn.Applied) []string {
	var ws []string
	for _, as := range sites {
		for _, a := range as {
			w := a.Layer.String()
			if l, ok := a.Layer.(nn.Dropout); ok { // a rate that follows from a depth has many digits
				l.Rate = float32(math.Round(float64(l.Rate)*1e4) / 1e4)
				w = l.String()
			}
			switch a.Layer.Slot() {
			case nn.SlotBias:
				continue
			case nn.SlotNorm: // its numbers are in the table
				w = a.Layer.Kind()
			}
			if !slices.Contains(ws, w) {
				ws = append(ws, w)
			}
		}
	}
	return ws
}

func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " · ")
}

// title is a layer's text with its width, shorter than in tables: padding goes without saying.
func title(s nn.Step) string {
	switch l := s.Node.Layer.(type) {
	case nn.Input:
		return "input"
	case nn.Conv:
		what := "conv " + window(l.Kernel, l.Stride)
		switch in := s.InSizes[0].C; {
		case l.Groups > 1 && l.Groups == in:
			what = "depthwise " + window(l.Kernel, l.Stride)
		case l.Groups > 1:
			what += fmt.Sprintf(" in %d groups", l.Groups)
		}
		if l.Dilation != nn.Square(1) {
			what += " dilated " + pair(l.Dilation)
		}
		return fmt.Sprintf("%s, %d", what, s.Size.C)
	case nn.Linear:
		return fmt.Sprintf("linear, %d", s.Size.C)
	case nn.Pool:
		return string(l.Type) + " pool " + window(l.Kernel, l.Stride)
	case nn.Concat:
		return fmt.Sprintf("concat, %d", s.Size.C)
	case nn.Add:
		return "+"
	case nn.Gate:
		return "× gate"
	case nn.Scale:
		return fmt.Sprintf("× %.3g", l.By)
	}
	text := crosses.ReplaceAllString(s.Node.Layer.String(), "$1×$2")
	if _, weighted := s.Node.Layer.(nn.Weighted); weighted && len(s.InSizes) > 0 && s.Size.C != s.InSizes[0].C {
		text += fmt.Sprintf(", %d", s.Size.C)
	}
	return text
}

var crosses = regexp.MustCompile(`(\d)x(\d)`)

func window(kernel, stride nn.HW) string {
	w := fmt.Sprintf("%d×%d", kernel[0], kernel[1])
	if stride != nn.Square(1) {
		w += "/" + pair(stride)
	}
	return w
}

func pair(p nn.HW) string {
	if p[0] == p[1] {
		return fmt.Sprint(p[0])
	}
	return fmt.Sprintf("%d×%d", p[0], p[1])
}

// class is the colour of a layer.
func class(l nn.Layer) string {
	switch l := l.(type) {
	case nn.Input:
		return "in"
	case nn.Conv:
		switch {
		case l.Groups > 1:
			return "grouped"
		case l.Kernel == nn.Square(1):
			return "pointwise"
		}
		return "conv"
	case nn.Linear:
		return "linear"
	case nn.Pool, nn.GlobalPool, nn.BinPool, nn.GeM, nn.ChannelPool, nn.AttentionPool:
		return "pool"
	case nn.Add, nn.Concat, nn.Gate, nn.Stack:
		return "join"
	case nn.Activation:
		return "act"
	case nn.Shortcut, nn.Scale, nn.Flatten:
		return "plain"
	case nn.Weighted:
		return "other"
	}
	return "plain"
}

// classes lists the colours in the order of the legend, with what they stand for.
var classes = []struct{ class, word string }{
	{"conv", "convolution"}, {"pointwise", "1×1 convolution"}, {"grouped", "depthwise or in groups"}, {"linear", "linear"}, {"pool", "pooling"},
	{"act", "activation"}, {"other", "other with weights"}, {"join", "join"}, {"plain", "other"},
}
