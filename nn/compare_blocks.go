package nn

import (
	"fmt"
	"slices"
	"strings"
)

// blocks are the paths whose layers a person takes as one thing: the outermost that holds a join of maps, such as "stage1/block2",
// and where none does the innermost that is no layer.
type blocks struct {
	layers, joins, gates map[string]bool // names of layers, paths that hold a sum or a concatenation, paths that hold a gate
	a, b                 map[string][]Step
	inside               map[*Node]bool  // all of those
	changed              map[string]bool // blocks that both networks have, with other layers in them
}

// newBlocks finds those that differ by more than one layer in the place of another: some of what is in one network alone, gone or
// fresh, lies in a block, and in a path of it, that the other has as well.
func newBlocks(sa, sb, gone, fresh []Step) blocks {
	b := blocks{layers: map[string]bool{}, joins: map[string]bool{}, gates: map[string]bool{}, changed: map[string]bool{}}
	for _, s := range slices.Concat(sa, sb) {
		b.layers[s.Node.Name] = true
	}
	for _, s := range slices.Concat(sa, sb) {
		switch s.Node.Layer.(type) {
		case Add, Concat:
			b.joins[above(s.Node.Name)] = true
		case Gate:
			b.gates[above(s.Node.Name)] = true
		}
	}
	b.inside = map[*Node]bool{}
	b.a, b.b = b.group(sa), b.group(sb)
	changed := func(only, other []Step) {
		homes := map[string]bool{}
		for _, s := range other {
			homes[b.home(s.Node.Name)] = true
		}
		for _, s := range only {
			at := b.of(s.Node.Name)
			word, _ := s.word()
			if at != "" && word != "" && homes[b.home(s.Node.Name)] && b.inside[s.Node] {
				is, was := outline(b.b[at]), outline(b.a[at])
				b.changed[at] = is != "" && was != "" && is != was
			}
		}
	}
	changed(gone, sb)
	changed(fresh, sa)
	return b
}

// above is the path that a layer is in, "" for none.
func above(name string) string { return name[:max(0, strings.LastIndex(name, "/"))] }

// home is the innermost path of a layer that is no layer itself.
func (b blocks) home(name string) string {
	p := above(name)
	for b.layers[p] {
		p = above(p)
	}
	return p
}

// of is the block that a layer is in, "" for none.
func (b blocks) of(name string) string {
	for i, r := range name {
		if p := name[:i]; r == '/' && b.joins[p] && !b.layers[p] {
			return p
		}
	}
	home := b.home(name)
	if outer := above(home); b.gates[home] && outer != "" {
		return b.home(home)
	}
	return home
}

// group gathers the layers of each block. A projection that bypasses others of its block is not among them: it is told on its own.
func (b blocks) group(steps []Step) map[string][]Step {
	all := map[string][]Step{}
	summed, readers := map[*Node]bool{}, map[*Node]int{}
	for _, s := range steps {
		_, sum := s.Node.Layer.(Add)
		for _, in := range s.Node.In {
			summed[in] = summed[in] || sum
			readers[in]++
		}
	}
	for _, s := range steps {
		_, conv := s.Node.Layer.(Conv)
		bypass := conv && summed[s.Node] && readers[s.Node.In[0]] > 1
		if at := b.of(s.Node.Name); at != "" && !bypass {
			all[at], b.inside[s.Node] = append(all[at], s), true
		}
	}
	return all
}

// told reports a layer of which the change of its block says all.
func (b blocks) told(s Step) bool { return b.inside[s.Node] && b.changed[b.of(s.Node.Name)] }

// events tells what became of the blocks that changed: "blocks (3x3, 3x3) became (1x1, 3x3, 1x1)".
func (b blocks) events(sa []Step) (es []event) {
	alike := map[string][]string{}
	var order []string
	for _, s := range sa {
		if at := b.of(s.Node.Name); at != "" && !slices.Contains(order, at) {
			order = append(order, at)
			called := noun(at, b.a[at]) + outline(b.a[at])
			alike[called] = append(alike[called], at)
		}
	}
	for _, at := range order {
		if b.changed[at] {
			one, was := noun(at, b.a[at]), outline(b.a[at])
			es = append(es, event{name: at, one: fmt.Sprintf("%s (%s)", one, was), many: fmt.Sprintf("%ss (%s)", one, was),
				what: fmt.Sprintf("became (%s)", outline(b.b[at])), layers: len(b.a[at]), of: alike[one+was]})
		}
	}
	return es
}

// noun is what a person calls the layers of a path: "gate", "inception module", or else the last name without its number.
func noun(path string, steps []Step) string {
	p := newStead(steps)
	switch {
	case gate(steps):
		return "gate"
	case len(p.joins) == 1 && !p.dense(p.joins[0]):
		if before, branches, _ := p.branches(p.joins[0]); before == "" && len(branches) > 1 {
			return "inception module"
		}
	}
	return strings.TrimRight(path[strings.LastIndex(path, "/")+1:], "0123456789")
}
