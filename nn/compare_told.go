package nn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// told groups events into lines, what weighs most first. An event of all layers of a kind is one line; one of some is a line for
// each stage or, of layers that stand in none, a line that names them. Stages that tell the same share a line, and where more than
// two tell something else each, one tells the sum.
func told(es []event, sa, sb []Step) []string {
	t := teller{layers: map[string]bool{}, order: map[string]int{}, sa: sa}
	for _, s := range slices.Concat(sa, sb) {
		t.layers[s.Node.Name] = true
	}
	for _, s := range slices.Concat(sb, sa) {
		at := cmp.Or(t.stage(s.Node.Name), s.Node.Name)
		if _, ok := t.order[at]; !ok {
			t.order[at] = len(t.order)
		}
	}
	var groups [][]event
	for _, e := range widths(es) {
		i := slices.IndexFunc(groups, func(g []event) bool {
			return g[0].many == e.many && g[0].what == e.what && g[0].came == e.came && (g[0].with == nil) == (e.with == nil)
		})
		if i < 0 {
			i = len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], e)
	}
	slices.SortStableFunc(groups, func(a, b []event) int {
		return cmp.Or(cmp.Compare(min(a[0].rank, cameOrWent), min(b[0].rank, cameOrWent)), cmp.Compare(layers(b), layers(a)), cmp.Compare(a[0].rank, b[0].rank))
	})
	var lines []string
	together := shared{t: &t}
	for _, g := range groups {
		for _, e := range g {
			if e.with != nil {
				together.add(t.region(e.with), t.sum(e.with)+" "+cmp.Or(e.lone, e.what), 0, 0)
			}
		}
	}
	lines = append(lines, together.lines()...)
	for _, g := range groups {
		all := t.alike(g[0])
		switch {
		case g[0].with != nil:
		case g[0].summed && len(g) > 1:
			lines = append(lines, fmt.Sprintf("%d of %d %s %s", len(g), len(all), g[0].many, g[0].what))
		case len(g) > 1 && !g[0].came && !g[0].under && len(g) == len(all):
			lines = append(lines, fmt.Sprintf("%d of %[1]d %s %s", len(g), g[0].many, g[0].what))
		default:
			lines = append(lines, t.byStage(g, all)...)
		}
	}
	return lines
}

// layers counts those that events are of.
func layers(g []event) int {
	n := 0
	for _, e := range g {
		n += max(1, e.layers)
	}
	return n
}

// widths tells together the convolutions that became wider or narrower each in its own way.
func widths(es []event) []event {
	own := func(e event) bool { return e.width != "" && strings.Contains(e.one, "convolution") }
	distinct := map[string]bool{}
	low, high := math.Inf(1), 0.0
	for _, e := range es {
		if own(e) {
			distinct[e.width] = true
			low, high = min(low, e.ratio), max(high, e.ratio)
		}
	}
	if len(distinct) < 3 {
		return es
	}
	var out []event
	for _, e := range es {
		if own(e) {
			out = append(out, event{name: e.name, one: "convolution", many: "convolutions", wide: true, summed: true, rank: altering,
				what: fmt.Sprintf("got %.2g to %.2g times the width", low, high)})
			e.what = strings.TrimSuffix(strings.TrimSuffix(e.what, e.width), ", ")
			e.lone = e.what
		}
		if e.what != "got " {
			out = append(out, e)
		}
	}
	return out
}

// teller words events of two networks.
type teller struct {
	layers map[string]bool // names
	order  map[string]int  // of stages, and of layers in none
	sa     []Step
}

// stage is the first name of a path, unless a layer has it; "" for none.
func (t *teller) stage(name string) string {
	if first, _, nested := strings.Cut(name, "/"); nested && !t.layers[first] {
		return first
	}
	return ""
}

// region names the stages, or layers, between which layers lie: "conv2 to conv5".
func (t *teller) region(steps []Step) string {
	var places []string
	for _, s := range steps {
		if at := cmp.Or(t.stage(s.Node.Name), s.Node.Name); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	if len(places) > 1 {
		return places[0] + " to " + places[len(places)-1]
	}
	return places[0]
}

// sum counts layers, kind by kind: "2 convolutions 3x3", "a global avg pooling and 2 linear layers".
func (t *teller) sum(steps []Step) string {
	noun := Step.noun
	if kinds := tally(steps, noun); len(kinds) > 1 {
		noun = Step.wide
	}
	kinds := tally(steps, noun)
	if n := len(kinds) - 1; n > 0 {
		return strings.Join(kinds[:n], ", ") + " and " + kinds[n]
	}
	return kinds[0]
}

func tally(steps []Step, noun func(Step) (one, many string)) (kinds []string) {
	var order []string
	n, single := map[string]int{}, map[string]string{}
	for _, s := range steps {
		one, many := noun(s)
		if n[many] == 0 {
			order = append(order, many)
		}
		n[many]++
		single[many] = one
	}
	for _, many := range order {
		if n[many] == 1 {
			kinds = append(kinds, article(single[many])+" "+single[many])
		} else {
			kinds = append(kinds, fmt.Sprintf("%d %s", n[many], many))
		}
	}
	return kinds
}

// weighty leaves out of layers what goes without saying: of some with weights the others, but for poolings in front of linear ones,
// and else activations and what joins maps.
func weighty(steps []Step) []Step {
	convs := slices.ContainsFunc(steps, func(s Step) bool { _, ok := s.Node.Layer.(Conv); return ok })
	var kept []Step
	for _, s := range steps {
		word, kind := s.word()
		switch s.Node.Layer.(type) {
		case Pool, GlobalPool:
			if convs {
				continue
			}
		}
		if word != "" && (kind != "other" || !convs) {
			kept = append(kept, s)
		}
	}
	if kept == nil {
		return steps
	}
	return kept
}

// alike lists the layers, or blocks, of the first network that an event could have happened to.
func (t *teller) alike(e event) []string {
	if e.of != nil {
		return e.of
	}
	var names []string
	for _, s := range t.sa[1:] {
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
func (t *teller) byStage(g []event, all []string) (lines []string) {
	var names []string
	shared := shared{t: t}
	for _, e := range g {
		at := t.stage(e.name)
		if at == "" {
			names = append(names, e.name)
			continue
		}
		n, of := t.within(g, all, at)
		what := e.what
		if n == 1 {
			what = cmp.Or(e.lone, what)
		}
		shared.add(at, counted(n, of, e)+" "+what, n, of)
	}
	n, of := t.within(g, all, "")
	switch {
	case n > 0 && len(shared.texts) > 1 && !g[0].under: // too many places to name them all
		return []string{counted(len(g), len(all), g[0]) + " " + g[0].what}
	case n > 0 && g[0].under:
		lines = append(lines, strings.Join(t.span(names), ", ")+" "+g[0].what)
	case n == 1:
		e := g[slices.IndexFunc(g, func(e event) bool { return e.name == names[0] })]
		who := fmt.Sprintf("%s: %s %s", e.name, article(e.one), e.one)
		if strings.HasPrefix(e.one, e.name+" ") { // a block's name says what it is
			who = e.one
		}
		lines = append(lines, who+" "+cmp.Or(e.lone, e.what))
	case n > 1:
		list := strings.Join(t.span(names), ", ")
		if len(t.span(names)) > 4 {
			list = fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n-3)
		}
		lines = append(lines, list+": "+counted(n, of, g[0])+" "+g[0].what)
	}
	if len(shared.texts) > 2 {
		return append(lines, strings.Join(t.span(shared.all), ", ")+": "+counted(shared.n, shared.of, g[0])+" "+g[0].what)
	}
	return append(lines, shared.lines()...)
}

// span joins names of three stages and more in a row: "stage1 to stage4".
func (t *teller) span(names []string) (joined []string) {
	for i := 0; i < len(names); {
		j := i + 1
		for j < len(names) && t.order[names[j]] == t.order[names[j-1]]+1 {
			j++
		}
		if j-i < 3 {
			j = i + 1
			joined = append(joined, names[i])
		} else {
			joined = append(joined, names[i]+" to "+names[j-1])
		}
		i = j
	}
	return joined
}

// within counts events, and the layers that they could have happened to, in a stage.
func (t *teller) within(g []event, all []string, at string) (n, of int) {
	for _, e := range g {
		if t.stage(e.name) == at {
			n++
		}
	}
	for _, name := range all {
		if t.stage(name) == at {
			of++
		}
	}
	return n, of
}

// shared is what stages tell, those that tell the same together.
type shared struct {
	t      *teller
	texts  []string
	stages map[string][]string
	all    []string
	n, of  int // of all
}

func (s *shared) add(stage, text string, n, of int) {
	if s.stages == nil {
		s.stages = map[string][]string{}
	}
	if s.stages[text] == nil {
		s.texts = append(s.texts, text)
	}
	if !slices.Contains(s.stages[text], stage) {
		s.stages[text] = append(s.stages[text], stage)
		s.n, s.of = s.n+n, s.of+of
		if s.all = append(s.all, stage); s.t != nil {
			slices.SortStableFunc(s.all, func(a, b string) int { return cmp.Compare(s.t.order[a], s.t.order[b]) })
		}
	}
}

func (s *shared) lines() (lines []string) {
	for _, text := range s.texts {
		each := ""
		if len(s.stages[text]) > 1 {
			each = ", each"
		}
		lines = append(lines, strings.Join(s.t.span(s.stages[text]), ", ")+each+": "+text)
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
	alone := e.came || e.under // nothing else could have happened so
	if alone && n == 1 || !alone && of == 1 {
		what = e.one
	}
	if alone {
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
	for _, weights := range []bool{true, false} {
		for _, many := range order {
			c := counts[many]
			heavy := strings.Contains(many, "convolution") || strings.Contains(many, "linear")
			if c[0] != c[1] && heavy == weights {
				lines = append(lines, fmt.Sprintf("%s: %d in place of %d", many, c[1], c[0]))
			}
		}
	}
	return lines
}
