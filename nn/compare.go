package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
)

// Comparison is what turns one network into another, told for a person: layers that changed alike are one line.
type Comparison struct {
	Lines  []string  // "stage2: 6 of 6 convolutions 3x3 became separable (depthwise 3x3, 1x1)"
	Layers []Changed // layer by layer
	Before Cost
	After  Cost
}

// Same reports that nothing differs.
func (c Comparison) Same() bool { return len(c.Lines)+len(c.Layers) == 0 }

// Became tells of a count what it was and is: "parameters 1,724 -> 550 (-68.1 %)", "parameters 550, the same".
func Became(what string, was, is int64) string {
	switch {
	case was == is:
		return fmt.Sprintf("%s %s, the same", what, say.Thousands(is))
	case was > 0 && is < 10*was:
		return fmt.Sprintf("%s %s -> %s (%+.1f %%)", what, say.Thousands(was), say.Thousands(is), 100*(float64(is)/float64(was)-1))
	case was > 0:
		return fmt.Sprintf("%s %s -> %s (%s times)", what, say.Thousands(was), say.Thousands(is), say.Thousands((is+was/2)/was))
	}
	return fmt.Sprintf("%s %s -> %s", what, say.Thousands(was), say.Thousands(is))
}

// Changed is a layer that one of two networks lacks, or that differs. Layers are matched by name, new ones by the layer that they came to
// replace.
type Changed struct {
	Name string `json:"name"`
	Was  string `json:"was"` // "" for a new one
	Is   string `json:"is"`  // "" for one that went
}

// Compare tells how b differs from a, what weighs most first. Of networks that have less than half the layers of either in common,
// or where the much larger one has stages of which most are its own, what both hold is compared.
func Compare(a, b *Graph) (Comparison, error) {
	var c Comparison
	b = sameHead(a, b)
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
	fewA, fewB := 2*related < len(sa)-1, 2*related < len(sb)-1
	if fewA && fewB || fewB && 2*places(sa, sb) <= places(sb, sb) || fewA && 2*places(sb, sa) <= places(sa, sa) {
		c.Lines = append(c.Lines, holdings(sa, sb)...)
	} else {
		c.Lines = append(c.Lines, told(events, sa, sb)...)
	}
	if len(c.Lines) == 0 && len(c.Layers) > 0 { // too small a thing for a sentence, and still a difference
		c.Lines = []string{fmt.Sprintf("%s: %s in place of %s", c.Layers[0].Name, c.Layers[0].Is, c.Layers[0].Was)}
	}
	return c, nil
}

// sameHead is b, the layer that its predictions are read from named as a's, where the names alone differ.
func sameHead(a, b *Graph) *Graph {
	name, n := a.Main().Node.Name, b.Main().Node
	if n.Name == name || n.Layer.Kind() != a.Main().Node.Layer.Kind() || n.Origin != "" || b.Node(name) != nil || a.Node(n.Name) != nil {
		return b
	}
	b = b.Clone()
	b.Main().Node.Name = name
	return b
}

// places counts the stages, and the layers in none, of b that a has.
func places(sa, sb []Step) int {
	known, both := map[string]bool{}, map[string]bool{}
	first := func(s Step) string { name, _, _ := strings.Cut(s.Node.Name, "/"); return name }
	for _, s := range sa[1:] {
		known[first(s)] = true
	}
	for _, s := range sb[1:] {
		both[first(s)] = known[first(s)]
	}
	n := 0
	for _, has := range both {
		if has {
			n++
		}
	}
	return n
}

// event is one thing that happened to a layer, or to several together.
type event struct {
	name      string
	one, many string // what the layer is: "convolution 3x3"
	what      string // "became bottlenecks": of several
	lone      string // "became a bottleneck": of one, empty where that is what
	rank      rank
	came      bool // it is of the second network alone
	wide      bool // one and many name its kind, whatever its window

	of     []string // blocks that it could have happened to
	with   []Step   // layers that went into the same place, in the order of the network, itself among them
	under  bool     // name is of a path with several layers, all of which came or went,
	layers int      // that many
	summed bool     // one line tells it of all layers, wherever they stand
	width  string   // the part of what that tells of its width: "twice the width"
	ratio  float64
}

// rank is how much a kind of event weighs.
type rank uint8

const (
	replaced rank = iota
	cameOrWent
	altering
	rewiring
	laidOver
)

// events finds what happened, and how many layers of a are in b or have a heir there. It fills c.Layers.
func (c *Comparison) events(sa, sb []Step) (es []event, related int) {
	da, db := byName(sa), byName(sb)
	parts, heirs := heirs(sa, sb)
	into := map[*Node][]Step{} // what went with a layer that was replaced
	comes := map[string]bool{} // paths that new layers came to
	var gone, fresh []Step
	for _, s := range sa[1:] {
		n := s.Node
		if h := heirs[n]; h != nil {
			into[h] = append(into[h], s)
		}
		comes[n.Path()] = comes[n.Path()] || parts[n] != nil
		if _, kept := db[n.Name]; !kept && heirs[n] == nil && !followed(n, parts) {
			gone = append(gone, s)
		}
	}
	for _, s := range sb[1:] {
		if _, old := da[s.Node.Name]; !old && !comes[s.Node.Origin] {
			fresh = append(fresh, s)
		}
	}
	blocks, moves := newBlocks(sa, sb, gone, fresh), newMoves(sa, sb)
	es = blocks.events(sa)
	for _, s := range sa[1:] {
		n := s.Node
		one, many := s.noun()
		at := event{name: n.Name, one: one, many: many}
		t, kept := db[n.Name]
		if kept && n.Layer.Kind() == t.Node.Layer.Kind() || heirs[n] != nil {
			related++
		}
		if !kept {
			c.changed(n.Name, s.detail(), detailed(parts[n]))
			if heirs[n] == n && !blocks.told(s) {
				at.lone, at.what = blend(parts[n])
				if into := weighty(into[n]); len(into) > 1 {
					at.with = into
				}
				es = append(es, at)
			}
			continue
		}
		c.kept(s, t, moves)
		if !blocks.told(s) {
			es = append(es, at.kept(s, t, moves)...)
		}
		es = append(es, s.over(t)...)
		if parts[n] != nil && !blocks.told(s) {
			at.lone, at.what = "", added(parts[n])
			es = append(es, at)
		}
	}
	for _, s := range sb[1:] {
		if _, old := da[s.Node.Name]; !old {
			c.changed(s.Node.Name, "", s.detail())
		}
	}
	es = append(es, moved(slices.DeleteFunc(gone, blocks.told), sb, "went", false)...)
	return append(es, moved(slices.DeleteFunc(fresh, blocks.told), sa, "came", true)...), related
}

// heirs gives the new layers that came to each layer of a, and for each that b lacks the one, itself or one behind it that b lacks
// too, whose place they took with it.
func heirs(sa, sb []Step) (parts map[*Node][]Step, heirs map[*Node]*Node) {
	da, db := byName(sa), byName(sb)
	came := map[string][]Step{} // by the path that they came to
	for _, s := range sb {
		if _, old := da[s.Node.Name]; !old && s.Node.Origin != "" {
			came[s.Node.Origin] = append(came[s.Node.Origin], s)
		}
	}
	parts, heirs = map[*Node][]Step{}, map[*Node]*Node{}
	for _, s := range sa {
		if path := s.Node.Path(); came[path] != nil {
			parts[s.Node] = came[path]
			delete(came, path) // of several layers of one path the first
		}
	}
	for _, s := range slices.Backward(sa) {
		n := s.Node
		if _, kept := db[n.Name]; kept {
			continue
		}
		if parts[n] != nil {
			heirs[n] = n
		}
		if heirs[n] != nil {
			for _, in := range n.In { // the last reader has its word first
				if _, kept := db[in.Name]; !kept && parts[in] == nil && heirs[in] == nil && !followed(in, parts) {
					heirs[in] = heirs[n]
				}
			}
		}
	}
	return parts, heirs
}

// followed reports an activation that went into what replaced the layer in front of it.
func followed(n *Node, parts map[*Node][]Step) bool {
	act, ok := n.Layer.(Activation)
	return ok && slices.ContainsFunc(parts[n.In[0]], func(p Step) bool { return p.Node.Layer == act })
}

// moved tells of layers that only one network has: a path that the other lacks as a whole is one event, and an activation behind a
// layer that is told goes without saying.
func moved(steps []Step, other []Step, what string, came bool) (es []event) {
	known := map[string]bool{} // paths of the other network
	for _, s := range other {
		for i, r := range s.Node.Name {
			if r == '/' {
				known[s.Node.Name[:i]] = true
			}
		}
		known[s.Node.Name] = true
	}
	only := byName(steps)
	under := map[string][]Step{}
	path := func(s Step) string {
		for i, r := range s.Node.Name {
			if p := s.Node.Name[:i]; r == '/' && !known[p] && only[p].Node == nil {
				return p
			}
		}
		return ""
	}
	for _, s := range steps {
		under[path(s)] = append(under[path(s)], s)
	}
	for _, s := range steps {
		p := path(s)
		one, many := s.noun()
		if _, sum := s.Node.Layer.(Add); sum && came {
			one, many = "bypass", "bypasses"
		}
		switch {
		case p == "" || len(under[p]) == 1:
			e := event{name: s.Node.Name, one: one, many: many, what: what, rank: cameOrWent, came: came}
			if _, act := s.Node.Layer.(Activation); act {
				if only[s.Node.In[0].Name].Node != nil {
					continue
				}
				e.rank = laidOver
			}
			es = append(es, e)
		case under[p][0].Node == s.Node:
			list, e := outline(under[p]), event{name: p, what: what, rank: cameOrWent, came: came, under: true, layers: len(under[p])}
			if strings.Contains(p, "/") {
				e.one = noun(p, under[p])
				e.many = e.one + "s"
			}
			if e.one == "gate" {
				list = worded(under[p])
			}
			if list != "" {
				e.what += " (" + list + ")"
			}
			es = append(es, e)
		}
	}
	return es
}

// gate reports layers that gate a map by what they pool from it.
func gate(steps []Step) bool {
	_, last := steps[len(steps)-1].Node.Layer.(Gate)
	_, global := steps[0].Node.Layer.(GlobalPool)
	return last && global
}

// kept notes how a layer that both have differs.
func (c *Comparison) kept(s, t Step, m moves) {
	was, is := s.detail(), t.detail()
	if was == is && s.Size.C != t.Size.C {
		was, is = fmt.Sprintf("%s to %d", was, s.Size.C), fmt.Sprintf("%s to %d", is, t.Size.C)
	}
	c.changed(s.Node.Name, was, is)
	if m[s.Node.Name] != nil {
		c.changed(s.Node.Name, "reads "+strings.Join(inputs(s), ", "), "reads "+strings.Join(inputs(t), ", "))
	}
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
