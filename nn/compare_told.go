package nn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// told groups events into lines. An event of all layers of a kind is one line; one of some is a line for each stage or, of layers
// that stand in none, a line that names them. Stages that tell the same share a line.
func told(es []event, sa, sb []Step) []string {
	layers := map[string]bool{}
	for _, s := range slices.Concat(sa, sb) {
		layers[s.Node.Name] = true
	}
	var groups [][]event
	for _, e := range es {
		i := slices.IndexFunc(groups, func(g []event) bool {
			return g[0].many == e.many && g[0].what == e.what && g[0].came == e.came
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	// A stage is the first name of a path, unless a layer has it.
	stage := func(name string) string {
		if first, _, nested := strings.Cut(name, "/"); nested && !layers[first] {
			return first
		}
		return ""
	}
	var lines, gone []string
	went := map[string][]string{} // by stage
	for _, g := range groups {
		all := alike(g[0], sa)
		if len(g) > 1 && !g[0].came && len(g) == len(all) {
			lines = append(lines, fmt.Sprintf("%d of %[1]d %s %s", len(g), g[0].many, g[0].what))
			continue
		}
		if g[0].what != "went" {
			lines = append(lines, byStage(g, all, stage)...)
			continue
		}
		var alone []event
		for _, e := range g {
			if at := stage(e.name); at == "" {
				alone = append(alone, e)
			} else if !slices.Contains(gone, at) {
				gone = append(gone, at)
			}
		}
		lines = append(lines, byStage(alone, all, stage)...)
		for _, at := range gone {
			if n, of := within(g, all, at, stage); n > 0 {
				went[at] = append(went[at], counted(n, of, g[0]))
			}
		}
	}
	shared := shared{}
	for _, at := range gone {
		shared.add(at, strings.Join(went[at], ", ")+" went")
	}
	return append(lines, shared.lines()...)
}

// alike lists the layers of the first network that an event could have happened to.
func alike(e event, sa []Step) []string {
	var names []string
	for _, s := range sa[1:] {
		_, many := s.noun()
		if e.wide {
			_, many = s.wide()
		}
		if many == e.many {
			names = append(names, s.Node.Name)
		}
	}
	return names
}

// byStage tells one thing that happened to some layers of a kind.
func byStage(g []event, all []string, stage func(string) string) (lines []string) {
	var names []string
	var shared shared
	for _, e := range g {
		at := stage(e.name)
		if at == "" {
			names = append(names, e.name)
			continue
		}
		n, of := within(g, all, at, stage)
		what := e.what
		if n == 1 {
			what = cmp.Or(e.lone, what)
		}
		shared.add(at, counted(n, of, e)+" "+what)
	}
	switch n, of := within(g, all, "", stage); {
	case n == 1:
		e := g[slices.IndexFunc(g, func(e event) bool { return e.name == names[0] })]
		lines = append(lines, fmt.Sprintf("%s: %s %s %s", e.name, article(e.one), e.one, cmp.Or(e.lone, e.what)))
	case n > 1:
		if len(names) > 4 {
			names = append(names[:3], fmt.Sprintf("%d more", n-3))
		}
		lines = append(lines, strings.Join(names, ", ")+": "+counted(n, of, g[0])+" "+g[0].what)
	}
	return append(lines, shared.lines()...)
}

// within counts events, and the layers that they could have happened to, in a stage.
func within(g []event, all []string, at string, stage func(string) string) (n, of int) {
	for _, e := range g {
		if stage(e.name) == at {
			n++
		}
	}
	for _, name := range all {
		if stage(name) == at {
			of++
		}
	}
	return n, of
}

// shared is what stages tell, those that tell the same together.
type shared struct {
	texts  []string
	stages map[string][]string
}

func (s *shared) add(stage, text string) {
	if s.stages == nil {
		s.stages = map[string][]string{}
	}
	if s.stages[text] == nil {
		s.texts = append(s.texts, text)
	}
	if !slices.Contains(s.stages[text], stage) {
		s.stages[text] = append(s.stages[text], stage)
	}
}

func (s *shared) lines() (lines []string) {
	for _, text := range s.texts {
		each := ""
		if len(s.stages[text]) > 1 {
			each = ", each"
		}
		lines = append(lines, strings.Join(s.stages[text], ", ")+each+": "+text)
	}
	return lines
}

func article(noun string) string {
	if strings.IndexAny(noun, "aeiou") == 0 {
		return "an"
	}
	return "a"
}

// counted is "6 of 6 convolutions 3x3", or of layers that came "2 bypasses".
func counted(n, of int, e event) string {
	what := e.many
	if e.came && n == 1 || !e.came && of == 1 {
		what = e.one
	}
	if e.came {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d of %d %s", n, of, what)
}

// holdings compares what two networks hold, kind by kind.
func holdings(sa, sb []Step) []string {
	var order []string
	counts := map[string][2]int{}
	for i, steps := range [][]Step{sa, sb} {
		for _, s := range steps[1:] {
			_, many := s.noun()
			c, seen := counts[many]
			if !seen {
				order = append(order, many)
			}
			c[i]++
			counts[many] = c
		}
	}
	lines := []string{"another network, compared by what it holds"}
	for _, many := range order {
		if c := counts[many]; c[0] != c[1] {
			lines = append(lines, fmt.Sprintf("%s: %d in place of %d", many, c[1], c[0]))
		}
	}
	return lines
}
