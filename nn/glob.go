package nn

import (
	"fmt"
	"path"
	"strings"
)

// Glob is a `where` pattern over layer paths, matched by segment: "*" for any one segment or part of one, "**" for any number
// of segments, none included. Empty matches everything. A pattern also matches the layers that came in place of those it
// names ([Node.Path]).
type Glob string

// Match reports whether the pattern matches a path such as "stage1/block2/conv1".
func (p Glob) Match(layer string) bool {
	return p == "" || matchSegments(strings.Split(string(p), "/"), strings.Split(layer, "/"))
}

// Has reports whether a parameter is of a layer that the pattern matches, or, where the pattern ends in a parameter's own name
// ("**/norm/beta"), whether it is that parameter of one.
func (p Glob) Has(of Param) bool {
	return p.Match(of.Path) || path.Base(string(p)) == path.Base(of.Name) && p.Match(of.Name)
}

// Any reports whether the pattern matches a layer of the network.
func (p Glob) Any(g *Graph) bool {
	for _, n := range g.Nodes {
		if p.Match(n.Path()) {
			return true
		}
	}
	return false
}

// UnmarshalText checks the pattern.
func (p *Glob) UnmarshalText(text []byte) error {
	for seg := range strings.SplitSeq(string(text), "/") {
		if _, err := path.Match(seg, ""); err != nil {
			return fmt.Errorf("pattern %q: a bracket is not closed; write names with * and **", text)
		}
	}
	*p = Glob(text)
	return nil
}

// matchSegments goes back to the last "**" where a segment does not match, which is enough: time grows with the product of the
// lengths and no faster.
func matchSegments(pattern, name []string) bool {
	i, star, resume := 0, -1, 0
	for j := 0; j < len(name); {
		switch {
		case i < len(pattern) && pattern[i] == "**":
			star, resume = i, j
			i++
		case i < len(pattern) && matchSegment(pattern[i], name[j]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == "**" {
		i++
	}
	return i == len(pattern)
}

func matchSegment(pattern, segment string) bool {
	ok, err := path.Match(pattern, segment)
	return ok && err == nil
}
