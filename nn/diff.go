package nn

import (
	"fmt"
	"slices"
	"strings"
)

// Diff says what turns network a into b, as a person would: "relu -> elu: conv1/act, conv2/act and 5 more". The same change of
// several layers is one line; the last lines are the counts that differ. Layers are matched by name, new ones by the layer that
// they came to replace. Nothing is said of equal networks.
func Diff(a, b *Graph) ([]string, error) {
	sa, err := a.Steps()
	if err != nil {
		return nil, err
	}
	sb, err := b.Steps()
	if err != nil {
		return nil, err
	}
	da, db := byName(sa), byName(sb)
	var l lines
	if a.InputSize() != b.InputSize() {
		l.add(fmt.Sprintf("images %v -> %v", a.InputSize(), b.InputSize()), "")
	}
	told := map[string]bool{} // new layers that stand in the place of an old one
	for _, s := range sa {
		name := s.Node.Name
		t, kept := db[name]
		if !kept {
			var parts []string
			for _, n := range sb {
				if _, old := da[n.Node.Name]; !old && n.Node.Origin == s.Node.Path() {
					parts = append(parts, n.brief())
					told[n.Node.Name] = true
				}
			}
			if parts == nil {
				l.add(s.brief()+" removed", name)
			} else {
				l.add(s.brief()+" -> "+strings.Join(parts, ", "), name)
			}
			continue
		}
		if x, y := s.Node.Layer, t.Node.Layer; x != y && name != a.Nodes[0].Name {
			l.add(s.brief()+" -> "+t.brief(), name)
		}
		was, is := inputs(s), inputs(t)
		found, lost := without(is, was), without(was, is)
		if len(found) > 0 && len(lost) > 0 && allIn(da, found) && allIn(db, lost) { // else a line on what came or went says it
			l.add("reads "+strings.Join(found, ", ")+" in place of "+strings.Join(lost, ", "), name)
		}
		l.overlay(s, t)
	}
	for _, s := range sb {
		if _, old := da[s.Node.Name]; !old && !told[s.Node.Name] {
			what := "+ " + s.brief()
			if len(s.Node.In) > 1 {
				what += " of " + strings.Join(inputs(s), ", ")
			}
			l.add(what, s.Node.Name)
		}
	}
	ca, err := a.Cost()
	if err != nil {
		return nil, err
	}
	cb, err := b.Cost()
	if err != nil {
		return nil, err
	}
	l.count("classes", int64(a.Classes), int64(b.Classes))
	l.count("parameters", ca.Params, cb.Params)
	l.count("multiply-adds", ca.MACs, cb.MACs)
	return l.print(), nil
}

// brief is a layer as a diff names it: "conv 3x3 to 64".
func (s Step) brief() string {
	switch s.Node.Layer.(type) {
	case Conv, Linear, Recurrent:
		return fmt.Sprintf("%s to %d", s.Node.Layer, s.Size.C)
	}
	return s.Node.Layer.String()
}

func inputs(s Step) []string {
	var names []string
	for _, in := range s.Node.In {
		names = append(names, in.Name)
	}
	return names
}

func allIn(known map[string]Step, names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { _, ok := known[n]; return !ok })
}

func byName(steps []Step) map[string]Step {
	m := make(map[string]Step, len(steps))
	for _, s := range steps {
		m[s.Node.Name] = s
	}
	return m
}

// lines collects changes, each with the layers it happened to, in the order first met.
type lines struct {
	what  []string
	names map[string][]string
}

func (l *lines) add(what, name string) {
	if l.names == nil {
		l.names = map[string][]string{}
	}
	if _, ok := l.names[what]; !ok {
		l.what = append(l.what, what)
	}
	l.names[what] = append(l.names[what], name)
}

// overlay tells what was laid over a layer's inputs and output, and what was taken away.
func (l *lines) overlay(a, b Step) {
	side := func(x, y []Applied, where string) {
		var was, is []string
		for _, e := range x {
			was = append(was, e.Layer.String())
		}
		for _, e := range y {
			is = append(is, e.Layer.String())
		}
		for _, e := range without(is, was) {
			l.add("+ "+e+where, a.Node.Name)
		}
		for _, e := range without(was, is) {
			l.add("- "+e+where, a.Node.Name)
		}
	}
	for i := range min(len(a.OverIn), len(b.OverIn)) {
		side(a.OverIn[i], b.OverIn[i], " in front")
	}
	side(a.OverOut, b.OverOut, "")
}

func (l *lines) count(what string, a, b int64) {
	if a == b {
		return
	}
	share := ""
	if a > 0 {
		share = fmt.Sprintf(" (%+.1f %%)", 100*(float64(b)/float64(a)-1))
	}
	l.add(fmt.Sprintf("%s %s -> %s%s", what, Thousands(a), Thousands(b), share), "")
}

func (l *lines) print() []string {
	var out []string
	for _, what := range l.what {
		ns := l.names[what]
		switch {
		case ns[0] == "":
			out = append(out, what)
		case len(ns) > 4:
			out = append(out, fmt.Sprintf("%s: %s and %d more", what, strings.Join(ns[:3], ", "), len(ns)-3))
		default:
			out = append(out, what+": "+strings.Join(ns, ", "))
		}
	}
	return out
}

// without lists what is in a and not in b.
func without(a, b []string) []string {
	var only []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return only
}
