package nn

import (
	"fmt"
	"strings"
)

// Changes is the report of where an approach applied: "replaced 7 of 7 relu".
type Changes struct {
	Verb string // "replaced"
	What string // "relu", "convolutions": what was looked for, in the plural where the word has one

	Applied, Seen int
	Setting       string // of an approach that sets values and rewrites nothing: what they are now, in place of a count
	Mend          string // what to write where nothing applied, if the approach knows: "write from: tanh"

	reasons lines
}

// Count adds one of What that was seen, and changed or left as it was because nothing would differ.
func (c *Changes) Count(changed bool) {
	c.Seen++
	if changed {
		c.Applied++
	}
}

// Skip adds one that was seen and does not fit, with the reason.
func (c *Changes) Skip(name, reason string) {
	c.Seen++
	c.reasons.add(reason, name)
}

// Reasons says why what was seen was left alone, each reason once: "kernel 1x1: conv1, conv3, conv4 and 2 more".
func (c Changes) Reasons() []string { return c.reasons.print() }

// None reports whether nothing was changed.
func (c Changes) None() bool { return c.Applied == 0 && c.Setting == "" }

// String prints "replaced 7 of 7 relu", or the setting.
func (c Changes) String() string {
	if c.Setting != "" {
		return c.Setting
	}
	return fmt.Sprintf("%s %d of %d %s", c.Verb, c.Applied, c.Seen, c.What)
}

// lines collects texts, each with the layers that it is of, in the order first met.
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

func (l *lines) print() []string {
	var out []string
	for _, what := range l.what {
		ns := l.names[what]
		if len(ns) > 4 {
			out = append(out, fmt.Sprintf("%s: %s and %d more", what, strings.Join(ns[:3], ", "), len(ns)-3))
		} else {
			out = append(out, what+": "+strings.Join(ns, ", "))
		}
	}
	return out
}
