package nn

import (
	"fmt"
	"slices"
	"strings"
)

// moves are the layers that both networks have and that read other ones of those, by name.
type moves map[string]*move

// move is what a layer reads no longer, and what instead.
type move struct {
	lost, found []string
	whole       bool // its readers read what it had read, and it reads what they had
	goes        bool // another's move says it
}

func newMoves(sa, sb []Step) moves {
	da, db := byName(sa), byName(sb)
	m := moves{}
	for _, s := range sa {
		t, kept := db[s.Node.Name]
		if !kept {
			continue
		}
		found, lost := without(inputs(t), inputs(s)), without(inputs(s), inputs(t))
		if allIn(da, found) && allIn(db, lost) && len(found)+len(lost) > 0 {
			m[s.Node.Name] = &move{lost: lost, found: found}
		}
	}
	ra, rb := readers(sa), readers(sb)
	for _, heavy := range []bool{false, true} { // of two that changed places the lighter moved
		for _, s := range sa {
			name := s.Node.Name
			v := m[name]
			if s.heavy() != heavy || v == nil || v.goes || len(v.lost) != 1 || len(v.found) != 1 {
				continue
			}
			left, joined := without(ra[name], rb[name]), without(rb[name], ra[name])
			if v.whole = m.swapped(left, name, v.lost[0]) && m.swapped(joined, v.found[0], name); v.whole {
				for _, n := range slices.Concat(left, joined) {
					m[n].goes = true
				}
			}
		}
	}
	return m
}

// heavy reports the layers that hold most weights.
func (s Step) heavy() bool {
	switch s.Node.Layer.(type) {
	case Conv, Linear, Recurrent:
		return true
	}
	return false
}

// swapped reports layers that all read one other in place of one.
func (m moves) swapped(names []string, lost, found string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool {
		return m[n] == nil || !slices.Equal(m[n].lost, []string{lost}) || !slices.Equal(m[n].found, []string{found})
	})
}

// told says what a layer reads instead, "" for one that reads the same, or of which another's move says all.
func (m moves) told(name string) string {
	switch v := m[name]; {
	case v == nil || v.goes:
		return ""
	case v.whole:
		return fmt.Sprintf("moved from behind %s to behind %s", v.lost[0], v.found[0])
	default:
		return fmt.Sprintf("read %s in place of %s", nothing(v.found), nothing(v.lost))
	}
}

func nothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// readers lists who reads each layer.
func readers(steps []Step) map[string][]string {
	m := map[string][]string{}
	for _, s := range steps {
		for _, in := range inputs(s) {
			m[in] = append(m[in], s.Node.Name)
		}
	}
	return m
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
