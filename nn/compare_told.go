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
	var lines []string
	for _, g := range groups {
		all := alike(g[0], sa)
		if len(g) > 1 && !g[0].came && len(g) == len(all) {
			lines = append(lines, fmt.Sprintf("%d of %[1]d %s %s", len(g), g[0].many, g[0].what))
			continue
		}
		lines = append(lines, byStage(g, all, layers)...)
	}
	return lines
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

// byStage tells one thing that happened to some layers of a kind. A stage is the first name of a path, unless a layer has it.
func byStage(g []event, all []string, layers map[string]bool) []string {
	stage := func(name string) string {
		if first, _, nested := strings.Cut(name, "/"); nested && !layers[first] {
			return first
		}
		return ""
	}
	var order []string
	in := map[string][]event{}
	for _, e := range g {
		s := stage(e.name)
		if in[s] == nil {
			order = append(order, s)
		}
		in[s] = append(in[s], e)
	}
	var lines []string
	shared := map[string][]string{} // stages by what they tell
	for _, at := range order {
		es, of := in[at], 0
		for _, name := range all {
			if stage(name) == at {
				of++
			}
		}
		switch text := number(es, of); {
		case at == "" && len(es) == 1:
			lines = append(lines, fmt.Sprintf("%s: %s %s %s", es[0].name, article(es[0].one), es[0].one, cmp.Or(es[0].lone, es[0].what)))
		case at == "":
			var names []string
			for _, e := range es {
				names = append(names, e.name)
			}
			if len(names) > 4 {
				names = append(names[:3], fmt.Sprintf("%d more", len(es)-3))
			}
			lines = append(lines, strings.Join(names, ", ")+": "+text)
		case shared[text] == nil:
			lines = append(lines, text)
			fallthrough
		default:
			shared[text] = append(shared[text], at)
		}
	}
	for i, text := range lines {
		switch stages := shared[text]; {
		case len(stages) > 1:
			lines[i] = strings.Join(stages, ", ") + ", each: " + text
		case len(stages) == 1:
			lines[i] = stages[0] + ": " + text
		}
	}
	return lines
}

func article(noun string) string {
	if strings.IndexAny(noun, "aeiou") == 0 {
		return "an"
	}
	return "a"
}

// number is "6 of 6 convolutions 3x3 became separable", or of layers that came "2 bypasses came".
func number(es []event, of int) string {
	e := es[0]
	many, what := e.many, e.what
	if len(es) == 1 {
		what = cmp.Or(e.lone, what)
	}
	if e.came && len(es) == 1 || !e.came && of == 1 {
		many = e.one
	}
	if e.came {
		return fmt.Sprintf("%d %s %s", len(es), many, what)
	}
	return fmt.Sprintf("%d of %d %s %s", len(es), of, many, what)
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
