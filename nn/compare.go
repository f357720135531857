package nn

import (
	"fmt"
	"slices"
	"strings"
)

// Comparison is what turns one network into another, told for a person: layers that changed alike are one line.
type Comparison struct {
	Lines  []string  // "stage2: 6 of 6 convolutions 3x3 became separable (depthwise 3x3, 1x1)"
	Layers []Changed // layer by layer
	Before Cost
	After  Cost
}

// Changed is a layer that one of two networks lacks, or that differs. Layers are matched by name, new ones by the layer that they came to
// replace.
type Changed struct {
	Name string `json:"name"`
	Was  string `json:"was"` // "" for a new one
	Is   string `json:"is"`  // "" for one that went
}

// Compare tells how b differs from a. Where less than half the layers of b stem from a, what both hold is compared.
func Compare(a, b *Graph) (Comparison, error) {
	var c Comparison
	sa, err := a.Steps()
	if err != nil {
		return c, err
	}
	sb, err := b.Steps()
	if err != nil {
		return c, err
	}
	if c.Before, err = a.Cost(); err != nil {
		return c, err
	}
	if c.After, err = b.Cost(); err != nil {
		return c, err
	}
	if a.InputSize() != b.InputSize() {
		c.Lines = append(c.Lines, fmt.Sprintf("images of %v in place of %v", b.InputSize(), a.InputSize()))
	}
	if a.Classes != b.Classes {
		c.Lines = append(c.Lines, fmt.Sprintf("%d classes in place of %d", b.Classes, a.Classes))
	}
	events, related := c.events(sa, sb)
	if 2*related < len(sb)-1 {
		c.Lines = append(c.Lines, holdings(sa, sb)...)
	} else {
		c.Lines = append(c.Lines, told(events, sa, sb)...)
	}
	return c, nil
}

// event is one thing that happened to a layer.
type event struct {
	name      string
	one, many string // what the layer is: "convolution 3x3"
	what      string // "became bottlenecks": of several
	lone      string // "became a bottleneck": of one, empty where that is what
	came      bool   // it is of the second network alone
	wide      bool   // one and many name its kind, whatever its window
}

// events finds what happened, and how many layers of b are of a or came to one of it. It fills c.Layers.
func (c *Comparison) events(sa, sb []Step) (es []event, related int) {
	da, db := byName(sa), byName(sb)
	came := map[string][]Step{} // new layers by the path that they came to
	for _, s := range sb {
		if _, old := da[s.Node.Name]; !old {
			came[s.Node.Origin] = append(came[s.Node.Origin], s)
		}
	}
	told := map[string]bool{} // of those
	replaced := map[*Node][]Step{}
	for i, s := range sa {
		path := s.Node.Path()
		parts := came[path]
		if told[path] || path == "" {
			parts = nil
		}
		one, many := s.noun()
		at := event{name: s.Node.Name, one: one, many: many}
		t, kept := db[s.Node.Name]
		if i > 0 && kept && s.Node.Layer.Kind() == t.Node.Layer.Kind() {
			related++
		}
		related += len(parts)
		if !kept {
			es = append(es, at.gone(s, parts, replaced)...)
			c.changed(s.Node.Name, s.detail(), detailed(parts))
			replaced[s.Node] = parts
			told[path] = told[path] || parts != nil
			continue
		}
		if i > 0 {
			es = append(es, at.kept(s, t, da, db)...)
			was, is := s.detail(), t.detail()
			if was == is && s.Size.C != t.Size.C {
				was, is = fmt.Sprintf("%s to %d", was, s.Size.C), fmt.Sprintf("%s to %d", is, t.Size.C)
			}
			c.changed(s.Node.Name, was, is)
			if rewired(s, t, da, db) {
				c.changed(s.Node.Name, "reads "+strings.Join(inputs(s), ", "), "reads "+strings.Join(inputs(t), ", "))
			}
		}
		if parts != nil {
			told[path] = true
			at.lone, at.what = "", added(parts)
			es = append(es, at)
		}
	}
	for _, s := range sb {
		if _, old := da[s.Node.Name]; old {
			continue
		}
		c.changed(s.Node.Name, "", s.detail())
		if told[s.Node.Origin] {
			continue
		}
		one, many := s.noun()
		if _, sum := s.Node.Layer.(Add); sum {
			one, many = "bypass", "bypasses"
		}
		es = append(es, event{name: s.Node.Name, one: one, many: many, what: "came", came: true})
	}
	return es, related
}

// changed notes a layer that differs.
func (c *Comparison) changed(name, was, is string) {
	if was != is {
		c.Layers = append(c.Layers, Changed{name, was, is})
	}
}

func detailed(parts []Step) string {
	var words []string
	for _, p := range parts {
		words = append(words, p.detail())
	}
	return strings.Join(words, ", ")
}

// gone tells of a layer that b lacks. An activation that went into what replaced its layer goes without saying.
func (e event) gone(s Step, parts []Step, replaced map[*Node][]Step) []event {
	if parts != nil {
		e.lone, e.what = blend(parts)
		return []event{e}
	}
	if act, ok := s.Node.Layer.(Activation); ok && slices.ContainsFunc(replaced[s.Node.In[0]], func(p Step) bool { return p.Node.Layer == act }) {
		return nil
	}
	e.what = "went"
	return []event{e}
}

// kept tells what became of a layer that both have.
func (e event) kept(s, t Step, da, db map[string]Step) (es []event) {
	if e.lone, e.what = turned(s, t); e.what != "" {
		es = append(es, e)
	}
	if rewired(s, t, da, db) {
		e.lone, e.what = "", fmt.Sprintf("read %s in place of %s", nothing(without(inputs(t), inputs(s))), nothing(without(inputs(s), inputs(t))))
		es = append(es, e)
	}
	return append(es, s.over(t)...)
}

// rewired reports a layer that reads other layers of those that both have.
func rewired(s, t Step, da, db map[string]Step) bool {
	found, lost := without(inputs(t), inputs(s)), without(inputs(s), inputs(t))
	return allIn(da, found) && allIn(db, lost) && len(found)+len(lost) > 0
}

func nothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
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

// turned says what became of a layer that kept its name, of one and of several layers; "" for nothing.
func turned(s, t Step) (lone, what string) {
	if s.Node.Layer.Kind() != t.Node.Layer.Kind() {
		one, many := t.noun()
		return "became " + article(one) + " " + one, "became " + many
	}
	what = altered(s, t)
	return what, what
}

// altered is turned for a layer that kept its kind.
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
		if x.Out != y.Out {
			ws = append(ws, wider(s.Size.C, t.Size.C))
		}
	case Linear:
		y := t.Node.Layer.(Linear)
		differs("weight", named(x.Weight, "of its own"), named(y.Weight, "of its own"))
		if x.Out != y.Out {
			ws = append(ws, wider(s.Size.C, t.Size.C))
		}
	case Activation:
		if x != t.Node.Layer {
			return "became " + t.Node.Layer.String()
		}
	case Pool:
		y := t.Node.Layer.(Pool)
		if like := x; like.Type != y.Type {
			if like.Type = y.Type; like == y {
				return fmt.Sprintf("became %s pooling", y.Type)
			}
		}
		differs("type", x.Type, y.Type)
		differs("kernel", x.Kernel, y.Kernel)
		differs("stride", short(x.Stride), short(y.Stride))
		differs("padding", x.Padding, y.Padding)
		differs("rounding up", x.Ceil, y.Ceil)
		differs("counting padding", x.CountPad, y.CountPad)
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
		es = append(es, event{name: s.Node.Name, one: one, many: many, what: what, wide: true})
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
