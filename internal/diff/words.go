package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/nn"
)

// event is what happened to a layer, or to those of a path.
type event struct {
	rank  rank
	name  string
	noun  string  // what it is, % where the plural has its s: "convolution% 3x3"
	what  string  // "became (depthwise 3x3, 1x1)"
	ratio float64 // how many times as wide it became, where that is what happened; else 0
	came  bool    // came or went
	wide  bool    // noun is its kind, whatever its window
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

// told puts what happened alike to layers alike into one line: "stage2: 6 of 6 convolutions 3x3 became ...".
func told(es []event, was, is []nn.Step) (lines []string) {
	var order []string
	groups := map[string][]event{}
	for _, e := range es {
		key := fmt.Sprint(e.rank, e.noun, e.what, e.ratio < 1)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], e)
	}
	slices.SortStableFunc(order, func(x, y string) int {
		a, b := groups[x], groups[y]
		return cmp.Or(cmp.Compare(a[0].rank, b[0].rank), cmp.Compare(len(b), len(a)))
	})
	layers := byName(slices.Concat(was, is))
	place := func(name string) string { // the first name of a path, "stage1", unless a layer has it
		if first, _, _ := strings.Cut(name, "/"); layers[first].Node == nil {
			return first
		}
		return name
	}
	var places []string
	for _, s := range slices.Concat(was, is) {
		if p := place(s.Node.Name); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	for _, key := range order {
		lines = append(lines, line(groups[key], was, place, places))
	}
	return lines
}

// line tells one thing that happened to all of g.
func line(g []event, was []nn.Step, place func(string) string, places []string) string {
	e, what, n := g[0], g[0].what, len(g)
	low, high := e.ratio, e.ratio
	var at, order []string // places where it happened, and where it could have
	for _, e := range g {
		low, high = min(low, e.ratio), max(high, e.ratio)
		at = append(at, place(e.name))
	}
	if at = slices.Compact(at); high > 1.02*low {
		what = fmt.Sprintf("got %.2g to %.2g times the width", low, high)
	} else if e.ratio != 0 {
		what = fmt.Sprintf("got %.3g times the width", low)
	}
	all, here := 0, 0
	for _, s := range was {
		if noun(s) == e.noun || e.wide && wide(s) == e.noun {
			p := place(s.Node.Name)
			order = append(order, p)
			if all++; slices.Contains(at, p) || at[0] == e.name { // in no stage: of all
				here++
			}
		}
	}
	if order = slices.Compact(order); !slices.Contains(order, at[0]) {
		order = places
	}
	one, many, where := strings.ReplaceAll(e.noun, "%", ""), strings.ReplaceAll(e.noun, "%", "s"), span(at, order)
	switch went := e.came && strings.HasPrefix(what, "went"); {
	case one == "":
		return where + " " + what
	case n == 1 && (e.came && !went || here < 2 || at[0] == e.name):
		return fmt.Sprintf("%s: %s %s", where, one, what)
	case n == all && (went || !e.came):
		return fmt.Sprintf("%d of %d %s %s", n, all, many, what)
	case e.came && !went || here == 0: // of paths, nothing to count by
		return fmt.Sprintf("%s: %d %s %s", where, n, many, what)
	}
	return fmt.Sprintf("%s: %d of %d %s %s", where, n, here, many, what)
}

// span lists places, three and more that follow each other in order as "stage1 to stage4", of many the first three.
func span(at, order []string) string {
	i := slices.Index(order, at[0])
	if n := len(at); n > 2 && i >= 0 && i+n <= len(order) && slices.Equal(order[i:i+n], at) {
		return at[0] + " to " + at[n-1]
	} else if n > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(at[:3], ", "), n-3)
	}
	return strings.Join(at, ", ")
}

// holdings compares what two networks hold, kind by kind, kinds with weights first.
func holdings(was, is []nn.Step) []string {
	var order []string
	counts, heavy := map[string][2]int{}, map[string]bool{}
	for i, steps := range [][]nn.Step{was, is} {
		for _, s := range steps {
			many := strings.ReplaceAll(noun(s), "%", "s")
			if counts[many] == [2]int{} {
				order = append(order, many)
			}
			c := counts[many]
			c[i]++
			counts[many], heavy[many] = c, s.Params != nil
		}
	}
	lines := []string{"another network, compared by what it holds"}
	for _, weights := range []bool{true, false} {
		for _, many := range order {
			if c := counts[many]; c[0] != c[1] && heavy[many] == weights {
				lines = append(lines, fmt.Sprintf("%s: %d in place of %d", many, c[1], c[0]))
			}
		}
	}
	return lines
}

// noun is what a person calls a layer, % where the plural has its s: width, stride and padding go without saying.
func noun(s nn.Step) string {
	switch l := s.Node.Layer.(type) {
	case nn.Conv:
		return grouping(s) + "convolution% " + l.Kernel.String()
	case nn.Linear:
		return "linear layer%"
	case nn.Pool:
		return string(l.Type) + " pooling% " + l.Kernel.String()
	case nn.GlobalPool:
		return "global " + string(l.Type) + " pooling%"
	case nn.Activation, nn.Recurrent:
		return s.Node.Layer.String()
	case nn.Add:
		return "sum%"
	case nn.Concat:
		return "concatenation%"
	}
	return s.Node.Layer.Kind() + "%"
}

// wide is noun without the window.
func wide(s nn.Step) string {
	what, _, plural := strings.Cut(noun(s), "%")
	if plural {
		what += "%"
	}
	return what
}

// grouping says how a convolution groups its channels.
func grouping(s nn.Step) string {
	switch l, _ := s.Node.Layer.(nn.Conv); {
	case l.Groups > 1 && l.Groups == s.InSizes[0].C:
		return "depthwise "
	case l.Groups > 1:
		return "grouped "
	}
	return ""
}

// word is what a layer is in a list, "" for what goes without saying: "depthwise 3x3".
func word(s nn.Step) string {
	switch l := s.Node.Layer.(type) {
	case nn.Conv:
		return grouping(s) + l.Kernel.String()
	case nn.Pool:
		return fmt.Sprintf("%s pool %v", l.Type, l.Kernel)
	case nn.Add:
		return "sum"
	}
	if wordless(s.Node) {
		return ""
	}
	return s.Node.Layer.String()
}

func wordless(n *nn.Node) bool {
	switch n.Layer.(type) {
	case nn.Activation, nn.Scale, nn.Concat, nn.Shortcut, nn.Stack, nn.LayerScale:
		return true
	}
	return false
}

// reads reports that a layer reads another one, or what goes without saying behind it.
func reads(n, other *nn.Node) bool {
	return slices.ContainsFunc(n.In, func(in *nn.Node) bool { return in == other || wordless(in) && reads(in, other) })
}

// words lists layers, "(1x1, 3x3, 1x1)", with a bar in front of one that does not read the one before it: "(1x1 | 1x1, 3x3)".
// Layers of which none has a word are listed in full.
func words(steps []nn.Step) string {
	var ws []string
	var before *nn.Node
	for _, s := range steps {
		w := word(s)
		switch {
		case w == "":
			continue
		case before == nil:
		case reads(s.Node, before):
			w = ", " + w
		default:
			w = " | " + w
		}
		ws, before = append(ws, w), s.Node
	}
	switch n := len(ws); {
	case n == 0:
		return details(steps)
	case n > 9:
		return fmt.Sprintf("(%s and %d more)", strings.Join(ws[:8], ""), n-8)
	case n > 1:
		return "(" + strings.Join(ws, "") + ")"
	}
	return ws[0]
}

// beside words what came behind a layer, or in front of it.
func beside(n *nn.Node, steps []nn.Step) string {
	rest := slices.DeleteFunc(slices.Clone(steps), func(s nn.Step) bool { _, sum := s.Node.Layer.(nn.Add); return sum })
	switch {
	case reads(n, steps[len(steps)-1].Node):
		return words(steps) + " in front"
	case len(rest) == len(steps):
		return words(steps) + " behind it"
	case !slices.ContainsFunc(rest, func(s nn.Step) bool { return word(s) != "" }):
		return "a bypass"
	}
	return "a bypass of " + words(rest)
}

func details(steps []nn.Step) string {
	var ds []string
	for _, s := range steps {
		ds = append(ds, s.Detail())
	}
	return strings.Join(ds, ", ")
}

// altered says what became of a layer that kept its name, but for what lies over it, "" for nothing, and how many times as wide
// it is where its width is its own.
func altered(s, t nn.Step) (what string, ratio float64) {
	x, y := reflect.ValueOf(s.Node.Layer), reflect.ValueOf(t.Node.Layer)
	_, act := s.Node.Layer.(nn.Activation)
	if x.Type() != y.Type() || act && s.Node.Layer != t.Node.Layer {
		return "became " + t.Node.Layer.String(), 0
	}
	var ws []string
	follows := false // padding follows the window
	for i := range x.NumField() {
		key, was, is := x.Type().Field(i).Tag.Get("yaml"), x.Field(i).Interface(), y.Field(i).Interface()
		if was == is {
			continue
		}
		follows = follows || key == "kernel" || key == "dilation"
		switch w, ok := is.(nn.HW); {
		case key == "out":
			ratio = float64(t.Size.C) / float64(s.Size.C)
		case key == "type" && wide(s) != wide(t):
			ws = append(ws, "became "+strings.TrimSuffix(wide(t), "%"))
		case key == "groups" && grouping(s)+grouping(t) == "depthwise depthwise ", key == "padding" && follows:
		case ok && w[0] == w[1] && key != "kernel":
			ws = append(ws, fmt.Sprintf("got %s %d in place of %d", key, w[0], was.(nn.HW)[0]))
		default:
			ws = append(ws, fmt.Sprintf("got %s %v in place of %v", strings.ReplaceAll(key, "-", " "), is, was))
		}
	}
	return strings.ReplaceAll(strings.Join(ws, ", "), ", got ", ", "), ratio
}

// over tells what was laid over a layer, and what was taken away.
func over(s, t nn.Step) (es []event) {
	only := func(x, y []nn.Applied) string {
		var ws []string
		for _, a := range x {
			if !slices.ContainsFunc(y, func(b nn.Applied) bool { return b.Layer == a.Layer }) {
				ws = append(ws, a.Layer.String())
			}
		}
		return strings.Join(ws, " and ")
	}
	side := func(x, y []nn.Applied, where string) {
		what := ""
		switch lost, got := only(x, y), only(y, x); {
		case got == "" && lost == "":
			return
		case lost == "":
			what = "got " + got + where
		case got == "":
			what = "lost " + lost + where
		default:
			what = "got " + got + where + " in place of " + lost
		}
		es = append(es, event{rank: laidOver, name: s.Node.Name, noun: wide(s), what: what, wide: true})
	}
	for i := range min(len(s.OverIn), len(t.OverIn)) {
		side(s.OverIn[i], t.OverIn[i], " in front")
	}
	side(s.OverOut, t.OverOut, "")
	return es
}
