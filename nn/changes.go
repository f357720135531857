package nn

import (
	"fmt"
	"slices"
	"strings"
)

// Changes is the report of where an approach applied: "replaced 7 of 7 relu".
type Changes struct {
	Verb string // "replaced"
	What string // "relu", "convolutions": what was looked for, in the plural where the word has one

	Applied, Seen int
	Setting       string   // of an approach that sets values and rewrites nothing: what they are now, in place of a count
	Reasons       []string // why what was seen was left alone: "conv1: 3 input channels", each reason once with the layers
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
	i := slices.IndexFunc(c.Reasons, func(r string) bool { return strings.HasSuffix(r, ": "+reason) })
	if i < 0 {
		c.Reasons = append(c.Reasons, name+": "+reason)
		return
	}
	names := strings.TrimSuffix(c.Reasons[i], ": "+reason)
	c.Reasons[i] = names + ", " + name + ": " + reason
}

// Add joins another report into this one: an approach that works in parts.
func (c *Changes) Add(d Changes) {
	c.Applied += d.Applied
	c.Seen += d.Seen
	c.Reasons = append(c.Reasons, d.Reasons...)
}

// None reports whether nothing was changed.
func (c Changes) None() bool { return c.Applied == 0 && c.Setting == "" }

// String prints "replaced 7 of 7 relu", or the setting.
func (c Changes) String() string {
	if c.Setting != "" {
		return c.Setting
	}
	return fmt.Sprintf("%s %d of %d %s", c.Verb, c.Applied, c.Seen, c.What)
}
