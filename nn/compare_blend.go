package nn

import (
	"fmt"
	"slices"
	"strings"
)

// blend names what stands in the place of a layer, of one and of several layers: "became a bottleneck (1x1, 3x3, 1x1)".
func blend(parts []Step) (lone, what string) {
	name := func(one, many, list string) (string, string) {
		return fmt.Sprintf("became %s (%s)", one, list), fmt.Sprintf("became %s (%s)", many, list)
	}
	p := newStead(parts)
	with := ""
	if p.sums > 0 {
		with = " with a bypass"
	}
	if len(p.joins) > 0 {
		before, branches, _ := p.branches(p.joins[0])
		list := p.list(p.joins[0])
		layers := "of 1 layer"
		if len(p.joins) > 1 {
			layers = fmt.Sprintf("of %d layers", len(p.joins))
		}
		switch {
		case p.dense(p.joins[0]) && len(branches) > 1:
			return name("a dense block "+layers+" of inception modules", "dense blocks "+layers+" of inception modules", list)
		case p.dense(p.joins[0]):
			return name("a dense block "+layers, "dense blocks "+layers, list)
		case len(branches) == 2 && before == "1x1":
			return name("a fire module"+with, "fire modules"+with, list)
		}
		return name("an inception module"+with, "inception modules"+with, list)
	}
	var words, kinds []string
	for _, s := range parts {
		word, kind := s.word()
		if word != "" {
			words, kinds = append(words, word), append(kinds, kind)
		}
	}
	list := listed(words)
	switch strings.Join(kinds, " ") + with {
	case "depthwise 1x1", "1x1 depthwise":
		return name("separable", "separable", list)
	case "1x1 depthwise 1x1":
		return name("an inverted bottleneck", "inverted bottlenecks", list)
	case "1x1 window 1x1":
		return name("a bottleneck", "bottlenecks", list)
	case "1x1 line line", "1x1 line line 1x1 line line":
		return name("flattened", "flattened", list)
	case "window 1x1", "window 1x1 1x1":
		return name("a small perceptron", "small perceptrons", list)
	}
	if len(words) > 1 {
		return name("a stack"+with, "stacks"+with, list)
	}
	for _, s := range parts {
		if word, _ := s.word(); word != "" {
			one, many := s.noun()
			return "became " + article(one) + " " + one + with, "became " + many + with
		}
	}
	return "became " + detailed(parts), "became " + detailed(parts)
}

// added names what came behind a layer: "got a gate (global avg pool, 1x1, 1x1)".
func added(parts []Step) string {
	list := worded(parts)
	what := ""
	for _, s := range parts {
		switch s.Node.Layer.(type) {
		case Gate:
			what = "a gate"
		case Add:
			if what == "" {
				what = "a bypass"
			}
		}
	}
	switch {
	case what != "" && list != "":
		return fmt.Sprintf("got %s (%s)", what, list)
	case what != "":
		return "got " + what
	case list == "":
		return "got " + detailed(parts) + " behind it"
	}
	return "got " + list + " behind it"
}

// word is what a blend calls a layer, "" for what goes without saying, and of what kind it is.
func (s Step) word() (word, kind string) {
	switch l := s.Node.Layer.(type) {
	case Activation, Scale, Add, Concat, Shortcut, Gate, Stack:
		return "", ""
	case Conv:
		m := manner(l, s.InSizes[0].C)
		switch word = m + l.Kernel.String(); {
		case m == "depthwise " && l.Kernel[0] != l.Kernel[1]:
			return word, "line"
		case m == "depthwise ":
			return word, "depthwise"
		case l.Kernel == Square(1):
			return word, "1x1"
		}
		return word, "window"
	case Pool:
		return fmt.Sprintf("%s pool %v", l.Type, l.Kernel), "pool"
	}
	return s.Node.Layer.String(), "other"
}

// manner says how a convolution of that many channels groups them.
func manner(l Conv, channels int) string {
	switch {
	case l.Groups > 1 && l.Groups == channels:
		return "depthwise "
	case l.Groups > 1:
		return "grouped "
	}
	return ""
}

// stead is layers in the place of another, with the edges between them.
type stead struct {
	steps   []Step
	at      map[*Node]int  // in steps, from 1
	readers map[*Node]int  // among them
	masks   map[*Node]bool // what a gate among them multiplies with, and what that is made of
	joins   []*Node        // concatenations
	sums    int
}

func newStead(parts []Step) stead {
	p := stead{steps: parts, at: map[*Node]int{}, readers: map[*Node]int{}, masks: map[*Node]bool{}}
	for i, s := range parts {
		p.at[s.Node] = i + 1
		for _, in := range s.Node.In {
			p.readers[in]++
		}
		switch s.Node.Layer.(type) {
		case Concat:
			p.joins = append(p.joins, s.Node)
		case Add:
			p.sums++
		case Gate:
			p.mask(s.Node.In[1], s.Node.In[0])
		}
	}
	p.joins = slices.DeleteFunc(p.joins, func(n *Node) bool { return p.masks[n] })
	return p
}

// mask notes what a gate of a map multiplies it with.
func (p stead) mask(n, of *Node) {
	if n != of && p.at[n] > 0 {
		p.masks[n] = true
		for _, in := range n.In {
			p.mask(in, of)
		}
	}
}

// outline words layers: "1x1, 3x3, 1x1, gate", or branch by branch "1x1 | 1x1, 3x3 | max pool 3x3, 1x1".
func outline(steps []Step) string {
	p := newStead(steps)
	if len(p.joins) == 1 {
		return p.list(p.joins[0])
	}
	return p.worded(steps)
}

// list words all, what leads to a concatenation branch by branch.
func (p stead) list(join *Node) string {
	before, branches, after := p.branches(join)
	list := strings.Join(branches, " | ")
	if before != "" {
		list = before + ", then " + list
	}
	if after != "" {
		list += ", then " + after
	}
	return list
}

// worded is the function of that name, but for gates, which stand for what they multiply with.
func (p stead) worded(steps []Step) string {
	var words []string
	for _, s := range steps {
		word, _ := s.word()
		if _, ok := s.Node.Layer.(Gate); ok {
			word = "gate"
		}
		if word != "" && !p.masks[s.Node] {
			words = append(words, word)
		}
	}
	return listed(words)
}

// passes reports a map that a concatenation reads as the other branches do.
func (p stead) passes(in *Node) bool { return p.readers[in] > 1 || p.at[in] == 0 }

// dense reports a concatenation that such a map is appended to.
func (p stead) dense(join *Node) bool { return slices.ContainsFunc(join.In, p.passes) }

// branches words what leads to a concatenation, what stands before its branches part, and what behind the last one.
func (p stead) branches(join *Node) (before string, branches []string, after string) {
	inside := map[*Node]bool{}
	for _, in := range join.In {
		if p.passes(in) {
			continue
		}
		var path []Step
		for n := in; p.at[n] > 0 && (n == in || p.readers[n] == 1); n = n.In[0] {
			inside[n] = true
			path = append(path, p.steps[p.at[n]-1])
		}
		slices.Reverse(path)
		branches = append(branches, p.worded(path))
	}
	var first, last []Step
	for i, s := range p.steps {
		switch {
		case i+1 < p.at[join] && !inside[s.Node]:
			first = append(first, s)
		case i+1 > p.at[p.joins[len(p.joins)-1]]:
			last = append(last, s)
		}
	}
	return p.worded(first), branches, p.worded(last)
}

func worded(steps []Step) string {
	var words []string
	for _, s := range steps {
		if word, _ := s.word(); word != "" {
			words = append(words, word)
		}
	}
	return listed(words)
}

// listed joins words, of many the first.
func listed(words []string) string {
	if n := len(words) - 6; n > 1 {
		return strings.Join(words[:6], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(words, ", ")
}
