package nn

import (
	"fmt"
	"strings"
)

// kept tells what became of a layer that both have, but for what lies over it.
func (e event) kept(s, t Step, m moves) (es []event) {
	e.rank = altering
	if e.lone, e.what, e.width, e.ratio = turned(s, t); e.what != "" {
		es = append(es, e)
	}
	if what := m.told(s.Node.Name); what != "" {
		es = append(es, event{name: e.name, one: e.one, many: e.many, what: what, rank: rewiring})
	}
	return es
}

// noun is what a person calls the layer, one and many of it: width, stride and padding go without saying.
func (s Step) noun() (one, many string) {
	plural := func(of string) (string, string) { return fmt.Sprintf(of, ""), fmt.Sprintf(of, "s") }
	switch l := s.Node.Layer.(type) {
	case Conv:
		return plural(manner(l, s.InSizes[0].C) + "convolution%s " + l.Kernel.String())
	case Linear:
		return plural("linear layer%s")
	case Pool:
		return plural(string(l.Type) + " pooling%s " + l.Kernel.String())
	case GlobalPool:
		return plural("global " + string(l.Type) + " pooling%s")
	case Gate:
		return plural("gate%s")
	case Shortcut:
		return plural("shortcut%s")
	case Add:
		return plural("sum%s")
	case Concat:
		return plural("concatenation%s")
	}
	return s.Node.Layer.String(), s.Node.Layer.String()
}

// wide is noun without the window.
func (s Step) wide() (one, many string) {
	switch s.Node.Layer.(type) {
	case Conv:
		return "convolution", "convolutions"
	case Activation:
		return "activation", "activations"
	case Pool:
		return "pooling", "poolings"
	}
	return s.noun()
}

// turned says what became of a layer that kept its name, of one and of several layers, "" for nothing, and which part of that tells
// how many times as wide it became.
func turned(s, t Step) (lone, what, width string, ratio float64) {
	if s.Node.Layer.Kind() != t.Node.Layer.Kind() {
		one, many := t.noun()
		return "became " + article(one) + " " + one, "became " + many, "", 0
	}
	switch x := s.Node.Layer.(type) {
	case Conv:
		if x.Out != t.Node.Layer.(Conv).Out {
			width = wider(s.Size.C, t.Size.C)
		}
	case Linear:
		if x.Out != t.Node.Layer.(Linear).Out {
			width = wider(s.Size.C, t.Size.C)
		}
	case Shortcut:
		if x.Out != t.Node.Layer.(Shortcut).Out {
			width = wider(s.Size.C, t.Size.C)
		}
	}
	what = altered(s, t)
	switch {
	case width == "":
		return what, what, "", 0
	case what == "":
		what = "got " + width
	default:
		what += ", " + width
	}
	return what, what, width, float64(t.Size.C) / float64(s.Size.C)
}

// altered is turned for a layer that kept its kind, without its width.
func altered(s, t Step) string {
	var ws []string
	differs := func(what string, a, b any) {
		if a != b {
			ws = append(ws, fmt.Sprintf("%s %v in place of %v", what, b, a))
		}
	}
	switch x := s.Node.Layer.(type) {
	case Conv:
		y := t.Node.Layer.(Conv)
		differs("kernel", x.Kernel, y.Kernel)
		differs("stride", short(x.Stride), short(y.Stride))
		differs("dilation", short(x.Dilation), short(y.Dilation))
		if x.Groups != y.Groups && !(x.Groups == s.InSizes[0].C && y.Groups == t.InSizes[0].C) {
			differs("groups", x.Groups, y.Groups)
		}
		if x.Kernel == y.Kernel && x.Dilation == y.Dilation {
			differs("padding", x.Padding, y.Padding)
		}
		differs("weight", named(x.Weight, "of its own"), named(y.Weight, "of its own"))
	case Linear:
		y := t.Node.Layer.(Linear)
		differs("weight", named(x.Weight, "of its own"), named(y.Weight, "of its own"))
	case Shortcut:
		differs("stride", x.Stride, t.Node.Layer.(Shortcut).Stride)
	case Activation:
		if x != t.Node.Layer {
			return "became " + t.Node.Layer.String()
		}
	case Pool:
		y := t.Node.Layer.(Pool)
		differs("kernel", x.Kernel, y.Kernel)
		differs("stride", short(x.Stride), short(y.Stride))
		differs("padding", x.Padding, y.Padding)
		if x.Ceil != y.Ceil {
			ws = append(ws, "sizes rounded "+map[bool]string{true: "up", false: "down"}[y.Ceil])
		}
		if x.Type != y.Type {
			return strings.Join(append([]string{fmt.Sprintf("became %s pooling", y.Type)}, ws...), ", ")
		}
		if x.CountPad != y.CountPad {
			ws = append(ws, "padding "+map[bool]string{true: "counted", false: "left out"}[y.CountPad])
		}
		differs("share of the maximum", x.Mix, y.Mix)
		differs("power", x.Power, y.Power)
	default:
		if x != t.Node.Layer {
			if is := t.Node.Layer.String(); is != x.String() {
				return "became " + is
			}
			return "changed"
		}
	}
	if ws == nil {
		return ""
	}
	return "got " + strings.Join(ws, ", ")
}

// wider is how many times as wide a map became.
func wider(a, b int) string {
	switch {
	case b == 2*a:
		return "twice the width"
	case a == 2*b:
		return "half the width"
	}
	return fmt.Sprintf("%.3g times the width", float64(b)/float64(a))
}

// over tells what was laid over a layer, and what was taken away.
func (s Step) over(t Step) (es []event) {
	one, many := s.wide()
	add := func(what string) {
		es = append(es, event{name: s.Node.Name, one: one, many: many, what: what, wide: true, rank: laidOver})
	}
	side := func(x, y []Applied, where string) {
		at := func(as []Applied, slot Slot) string {
			for _, a := range as {
				if a.Layer.Slot() == slot {
					return a.Layer.String()
				}
			}
			return ""
		}
		lostBias, gotBias := at(x, SlotBias) != "" && at(y, SlotBias) == "", at(x, SlotBias) == "" && at(y, SlotBias) != ""
		for slot := range slots {
			switch was, is := at(x, slot), at(y, slot); {
			case was == is:
			case slot == SlotNorm && was == "" && lostBias:
				es[len(es)-1].what = "got " + is + where + " in place of a bias"
			case slot == SlotNorm && is == "" && gotBias:
				es[len(es)-1].what = "got a bias in place of " + was + where
			case was == "":
				add("got " + is + where)
			case is == "":
				add("lost " + was + where)
			default:
				add(fmt.Sprintf("got %s in place of %s%s", is, was, where))
			}
		}
	}
	for i := range min(len(s.OverIn), len(t.OverIn)) {
		side(s.OverIn[i], t.OverIn[i], " in front")
	}
	side(s.OverOut, t.OverOut, "")
	return es
}
