// Package diff tells what turns one network into another: a sentence for what happened alike to layers alike, a table of layers
// for all the rest, and what it costs. It compares what two networks are, not what was asked for. It imports nn. Start at
// [Networks].
package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/nn"
)

// Diff is what turns one network into another.
type Diff struct {
	Lines         []string // "stage2: 6 of 6 convolutions 3x3 became (depthwise 3x3, 1x1)", replacements first
	Layers        []Layer  // every layer that differs
	Before, After nn.Cost
}

// Layer is a layer that one of two networks lacks, or that differs. Layers are matched by name, new ones that came to replace
// another, or stand behind it, by their origin.
type Layer struct {
	Name string `json:"name"`
	Was  string `json:"was"` // "" for a new one
	Is   string `json:"is"`  // "" for one that went
}

// Networks tells how b differs from a. Networks of which none came of the other by rewriting, and that differ in more than a person
// reads layer by layer, are told by what they hold.
func Networks(a, b *nn.Graph) (Diff, error) {
	var d Diff
	var steps [2][]nn.Step
	for i, g := range []*nn.Graph{a, b} {
		c, err := g.Cost()
		if err != nil {
			return d, err
		}
		if steps[i], err = g.Steps(); err != nil {
			return d, err
		}
		d.Before, d.After = d.After, c
	}
	if a.InputSize() != b.InputSize() {
		d.Lines = append(d.Lines, fmt.Sprintf("images of %v in place of %v", b.InputSize(), a.InputSize()))
	}
	if a.Classes != b.Classes {
		d.Lines = append(d.Lines, fmt.Sprintf("%d classes in place of %d", b.Classes, a.Classes))
	}
	was, is := steps[0], steps[1] // the input first
	events, rewritten := d.walk(was, is)
	lines := told(events, was, is)
	if !rewritten && len(lines) > 6 {
		lines = holdings(was[1:], is[1:])
	}
	d.Lines = append(d.Lines, lines...)
	return d, nil
}

// row notes a layer, unless it is the same.
func (d *Diff) row(name, was, is string) {
	if was != is {
		d.Layers = append(d.Layers, Layer{name, was, is})
	}
}

// walk fills the table and lists what happened to layers; rewritten says whether some in b came to replace some in a.
func (d *Diff) walk(was, is []nn.Step) (es []event, rewritten bool) {
	a, b := byName(was), byName(is)
	parts := map[string][]nn.Step{} // new layers, by the path that they came to
	for _, s := range is {
		if s.Node.Origin != "" && a[s.Node.Name].Node == nil {
			parts[s.Node.Origin] = append(parts[s.Node.Origin], s)
		}
	}
	var gone, fresh []nn.Step
	paths := map[string]bool{}
	for _, s := range was[1:] {
		n := s.Node
		t, kept := b[n.Name]
		var heirs []nn.Step
		if !paths[n.Path()] { // of several layers of one path the first
			heirs = parts[n.Path()]
		}
		paths[n.Path()] = true
		add := func(r rank, what string) { es = append(es, event{rank: r, name: n.Name, noun: noun(s), what: what}) }
		switch {
		case kept:
			x, y := s.Detail(), t.Detail()
			if x == y && s.Size.C != t.Size.C {
				x, y = fmt.Sprintf("%s to %d", x, s.Size.C), fmt.Sprintf("%s to %d", y, t.Size.C)
			}
			d.row(n.Name, x, y)
			if heirs != nil {
				add(replaced, "got "+beside(t.Node, heirs))
			}
			what, ratio := altered(s, t)
			if what != "" {
				add(altering, what)
			}
			if ratio != 0 {
				es = append(es, event{rank: altering, name: n.Name, noun: wide(s), wide: true, ratio: ratio})
			}
			if rewired(s, t, a, b) {
				d.row(n.Name, "reads "+inputs(s), "reads "+inputs(t))
				add(rewiring, fmt.Sprintf("reads %s in place of %s", inputs(t), inputs(s)))
			}
			es = append(es, over(s, t)...)
		case heirs != nil:
			d.row(n.Name, s.Detail(), details(heirs))
			add(replaced, "became "+words(heirs))
		default:
			d.row(n.Name, s.Detail(), "")
			if !slices.ContainsFunc(parts[n.In[0].Path()], func(p nn.Step) bool { return p.Node.Layer == n.Layer }) { // else it went into them
				gone = append(gone, s)
			}
		}
	}
	for _, s := range is[1:] {
		if a[s.Node.Name].Node == nil {
			d.row(s.Node.Name, "", s.Detail())
			if !paths[s.Node.Origin] {
				fresh = append(fresh, s)
			}
		}
	}
	es = append(append(es, moved(gone, is, "went")...), moved(fresh, was, "came")...)
	return es, len(parts) > 0
}

// rewired reports a layer of both networks that reads other ones of both.
func rewired(s, t nn.Step, a, b map[string]nn.Step) bool {
	return inputs(s) != inputs(t) && !slices.ContainsFunc(slices.Concat(s.Node.In, t.Node.In), func(in *nn.Node) bool {
		return len(in.In) > 0 && (a[in.Name].Node == nil || b[in.Name].Node == nil)
	})
}

// moved tells of layers that one network has alone: a path that the other lacks as a whole is one event, and an activation behind a
// layer that is told goes without saying.
func moved(steps, other []nn.Step, what string) (es []event) {
	known, only, under := map[string]bool{}, byName(steps), map[string][]nn.Step{}
	for _, s := range other {
		for p := s.Node.Name; p != ""; p = above(p) {
			known[p] = true
		}
	}
	var paths []string
	for _, s := range steps {
		p := s.Node.Name
		for q := above(p); q != "" && !known[q] && only[q].Node == nil; q = above(q) {
			p = q
		}
		if under[p] == nil {
			paths = append(paths, p)
		}
		under[p] = append(under[p], s)
	}
	for _, p := range paths {
		all := under[p]
		e := event{rank: cameOrWent, name: p, noun: noun(all[0]), what: what, came: true}
		if len(all) > 1 {
			e.what += " " + words(all)
			switch _, gate := all[len(all)-1].Node.Layer.(nn.Gate); {
			case gate:
				e.noun = "gate%"
			case above(p) == "": // a stage, which its name says
				e.noun = ""
			default:
				e.noun = strings.TrimRight(p[len(above(p))+1:], "0123456789") + "%"
			}
		}
		if _, act := all[0].Node.Layer.(nn.Activation); !act || len(all) > 1 || only[all[0].Node.In[0].Name].Node == nil {
			es = append(es, e)
		}
	}
	return es
}

// above is the path that a layer or path is in, "" for none.
func above(name string) string { return name[:max(0, strings.LastIndex(name, "/"))] }

func inputs(s nn.Step) string {
	var names []string
	for _, in := range s.Node.In {
		names = append(names, in.Name)
	}
	return strings.Join(names, ", ")
}

func byName(steps []nn.Step) map[string]nn.Step {
	m := make(map[string]nn.Step, len(steps))
	for _, s := range steps {
		m[s.Node.Name] = s
	}
	return m
}
