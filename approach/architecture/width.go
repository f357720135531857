package architecture

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// Width multiplies the channels of every layer and the units of hidden linear layers and of recurrent ones: by a factor (Mishkin, Sergievskiy, Matas,
// arXiv:1606.02228, §3.10; the width multiplier α of MobileNet, arXiv:1704.04861, §3.3), or by the one that brings the network to
// as many parameters or multiply-adds as another has, so that a comparison is one of shape and not of size.
type Width struct {
	Factor float64 `yaml:"factor" spec:"bare" default:"must be written, or params, or macs" help:"on the channels of every layer, 0.001 to 1000"`
	Params string  `yaml:"params" default:"none" help:"a network of the zoo, or a number: as many parameters, within 1 %"`
	MACs   string  `yaml:"macs" default:"none" help:"a network of the zoo, or a number: as many multiply-adds, within 1 %"`
}

// Rewrite rounds to whole channels, and to whole groups where a convolution has some; depthwise ones stay depthwise, what is added
// stays equal, the classes and the images stay as they are.
func (p Width) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "scaled", What: "widths"}
	given := 0
	for _, is := range []bool{p.Factor != 0, p.Params != "", p.MACs != ""} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return c, &spec.Fault{Path: "$.factor", Msg: "nothing says how wide; give a factor, or params or macs to match"}
	case given > 1:
		return c, &spec.Fault{Path: "$", Msg: "factor, params and macs each say how wide; keep one"}
	case p.Factor != 0 && !(p.Factor >= minFactor && p.Factor <= maxFactor):
		return c, &spec.Fault{Path: "$.factor", Msg: fmt.Sprintf("factor %g; give one from %g to %g", p.Factor, minFactor, maxFactor)}
	}
	w, err := widthsOf(g)
	if err != nil {
		return c, err
	}
	scale, note := scale{factor: p.Factor}, ""
	switch {
	case p.Params != "":
		scale, note, err = w.match(p.Params, "params", "parameters", func(c nn.Cost) int64 { return c.Params })
	case p.MACs != "":
		scale, note, err = w.match(p.MACs, "macs", "multiply-adds", func(c nn.Cost) int64 { return c.MACs })
	}
	if err != nil {
		return c, err
	}
	c.What = fmt.Sprintf("widths by %.4g%s", scale.factor, note)
	for _, i := range w.scaled {
		c.Count(g.Replace(g.Nodes[i], w.layer(g.Nodes[i], scale)))
	}
	return c, nil
}

const minFactor, maxFactor = 1e-3, 1e3

// A scale is a factor, and a larger one for the first widths: rounding lets many widths of a network step at once, further than
// a count that is to be matched.
type scale struct {
	factor, larger float64
	first          int
}

// A width is a number of channels that one layer or several that must agree decide.
type width struct {
	n        int // unscaled
	place    int // among all widths
	multiple int // that it must stay of
	is       run // what it must equal, if anything: it decides nothing then
}

// A run is the channels of a map, piece behind piece.
type run []piece

// A piece is times channels, or so many times a width.
type piece struct {
	of    *width // nil: they never change
	times int
}

func (v *width) at(s scale) int {
	if v.is != nil {
		return v.is.at(s)
	}
	factor := s.factor
	if v.place < s.first {
		factor = s.larger
	}
	return v.multiple * max(1, int(math.Round(factor*float64(v.n)/float64(v.multiple))))
}

func (r run) at(s scale) int {
	sum := 0
	for _, p := range r {
		if p.of == nil {
			sum += p.times
		} else {
			sum += p.times * p.of.at(s)
		}
	}
	return sum
}

// keep lets every piece stay a multiple.
func (r run) keep(multiple int) {
	for _, p := range r {
		switch {
		case p.of == nil:
		case p.of.is != nil:
			p.of.is.keep(multiple)
		default:
			p.of.multiple *= multiple / gcd(p.of.multiple, multiple)
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// by is the run that many times.
func (r run) by(times int) run {
	s := slices.Clone(r)
	for i := range s {
		s[i].times *= times
	}
	return s
}

// free is the run in widths that decide.
func (r run) free() run {
	var all run
	for _, p := range r {
		if p.of != nil && p.of.is != nil {
			all = append(all, p.of.is.by(p.times).free()...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// agree makes two runs equal under every factor; false if they cannot be.
func agree(a, b run) bool {
	a, b = a.free(), b.free()
	if slices.Equal(a, b) {
		return true
	}
	for _, pair := range [][2]run{{a, b}, {b, a}} {
		v := pair[0][0].of
		if len(pair[0]) == 1 && pair[0][0].times == 1 && v != nil && !slices.ContainsFunc(pair[1], func(p piece) bool { return p.of == v }) {
			v.is = pair[1]
			v.is.keep(v.multiple)
			return true
		}
	}
	if len(a) != len(b) || len(a) == 1 {
		return false
	}
	for i := range a {
		if a[i].times != b[i].times || a[i].of == nil || b[i].of == nil || a[i].of.n != b[i].of.n || !agree(run{{a[i].of, 1}}, run{{b[i].of, 1}}) {
			return false
		}
	}
	return true
}

// split is a part of a run whose parts are made equal; false if they cannot be.
func split(r run, l nn.Split) (run, bool) {
	r = r.free()
	if len(r) == 1 && r[0].times%l.Of == 0 {
		return run{{r[0].of, r[0].times / l.Of}}, true
	}
	if len(r)%l.Of != 0 {
		return nil, false
	}
	size := len(r) / l.Of
	for i := size; i < len(r); i += size {
		if !agree(r[:size], r[i:i+size]) {
			return nil, false
		}
	}
	return r[(l.Part-1)*size:][:size], true
}

// widths is what the channels of a network depend on.
type widths struct {
	g         *nn.Graph
	out       map[*nn.Node]run
	scaled    []int // places of the nodes that have a number of channels of their own
	depthwise map[*nn.Node]bool
}

func widthsOf(g *nn.Graph) (*widths, error) {
	sizes, err := g.Sizes()
	if err != nil {
		return nil, err
	}
	w := &widths{g: g, out: map[*nn.Node]run{}, depthwise: map[*nn.Node]bool{}}
	sharing := map[string]*nn.Node{} // first node by the name of its weight
	for i, n := range g.Nodes {
		own := func(out, multiple int) run {
			if out == nn.Classes {
				return run{{nil, g.Classes}}
			}
			w.scaled = append(w.scaled, i)
			pieces := joined(g, n)
			return run{{&width{n: out / pieces, multiple: multiple, place: len(w.scaled)}, pieces}}
		}
		var shared string
		switch l := n.Layer.(type) {
		case nn.Conv:
			shared = l.Weight
			if isDepthwise(l, sizes[n.In[0]]) && l.Out != nn.Classes {
				w.scaled, w.depthwise[n] = append(w.scaled, i), true
				w.out[n] = w.out[n.In[0]].by(l.Out / l.Groups)
				break
			}
			w.out[n] = own(l.Out, l.Groups)
			w.out[n.In[0]].keep(l.Groups)
		case nn.Linear:
			shared = l.Weight
			w.out[n] = own(l.Out, 1)
		case nn.Recurrent:
			w.out[n] = own(l.Units, 1).by(len(l.Directions()))
		case nn.Split:
			part, ok := split(w.out[n.In[0]], l)
			if !ok {
				return nil, disagree(n)
			}
			w.out[n] = part
		case nn.Shortcut:
			w.out[n] = own(l.Out, 1)
			if l.Out == sizes[n.In[0]].C && !agree(w.out[n], w.out[n.In[0]]) {
				return nil, disagree(n)
			}
		case nn.Concat:
			for _, in := range n.In {
				w.out[n] = append(w.out[n], w.out[in]...)
			}
		case nn.Gate:
			like := w.out[n.In[0]]
			if g := sizes[n.In[1]]; g.C == 1 && (g.H*g.W > 1 || sizes[n].C > 1) { // a number a position
				like = run{{nil, 1}}
			}
			if !agree(w.out[n.In[1]], like) {
				return nil, disagree(n)
			}
			w.out[n] = w.out[n.In[0]]
		case nn.Attention:
			if !agree(w.out[n.In[0]], w.out[n.In[1]]) {
				return nil, disagree(n)
			}
			w.out[n] = w.out[n.In[2]]
			w.out[n.In[0]].keep(l.Heads)
			w.out[n].keep(l.Heads)
		case nn.AttentionPool:
			heads := sizes[n.In[1]].C
			if !agree(w.out[n.In[1]], run{{nil, heads}}) {
				return nil, disagree(n)
			}
			w.out[n] = w.out[n.In[0]]
			w.out[n].keep(heads)
		case nn.Activation:
			reads, gives := l.Ratio()
			w.out[n] = w.out[n.In[0]].by(gives)
			for i, p := range w.out[n] {
				if p.times%reads != 0 {
					return nil, disagree(n)
				}
				w.out[n][i].times /= reads
			}
		default:
			times := follows(n, sizes, g.Classes)
			if times == 0 {
				w.out[n] = run{{nil, sizes[n].C}}
				break
			}
			for _, in := range n.In[1:] {
				if !agree(w.out[n.In[0]], w.out[in]) {
					return nil, disagree(n)
				}
			}
			w.out[n] = w.out[n.In[0]].by(times)
		}
		if shared == "" {
			continue
		}
		if first := sharing[shared]; first == nil {
			sharing[shared] = n
		} else if !agree(w.out[n], w.out[first]) || !agree(w.out[n.In[0]], w.out[first.In[0]]) {
			return nil, disagree(n)
		}
	}
	return w, nil
}

func disagree(n *nn.Node) error {
	return fmt.Errorf("%s: the maps that it joins are made of other widths and would not stay equal; put width in front of the approach that made them so", n.Name)
}

// joined is how many outputs of a layer the maxout that reads it makes one of, 1 if there is none: these are the widths then.
func joined(g *nn.Graph, n *nn.Node) int {
	for _, r := range g.Readers(n) {
		if a, ok := r.Layer.(nn.Activation); ok && a.Func == nn.Maxout {
			return a.Pieces
		}
	}
	return 1
}

// follows is how many channels a layer gives for each that it reads, 0 if their number does not depend on that.
func follows(n *nn.Node, sizes map[*nn.Node]nn.Size, classes int) int {
	if len(n.In) == 0 {
		return 0
	}
	var twice []nn.Size
	for _, in := range n.In {
		s := sizes[in]
		s.C *= 2
		twice = append(twice, s)
	}
	if out, err := n.Layer.Infer(twice, classes); err != nil || out.C != 2*sizes[n].C {
		return 0
	}
	return sizes[n].C / sizes[n.In[0]].C
}

// layer is a node's layer under a scale.
func (w *widths) layer(n *nn.Node, s scale) nn.Layer {
	out := w.out[n].at(s)
	switch l := n.Layer.(type) {
	case nn.Conv:
		if w.depthwise[n] {
			l.Groups = w.out[n.In[0]].at(s)
		}
		l.Out = out
		return l
	case nn.Linear:
		l.Out = out
		return l
	case nn.Recurrent:
		l.Units = out / len(l.Directions())
		return l
	case nn.Shortcut:
		l.Out = out
		return l
	}
	return n.Layer
}

// apart reports whether two factors differ by more than a step in some width.
func (w *widths) apart(a, b float64) bool {
	for _, r := range w.out {
		for _, p := range r {
			if p.of != nil && p.of.is == nil && p.of.at(scale{factor: b})-p.of.at(scale{factor: a}) > p.of.multiple {
				return true
			}
		}
	}
	return false
}

// match finds the scale under which the network counts as many as another or as a number says, within 1 %.
func (w *widths) match(target, key, what string, count func(nn.Cost) int64) (best scale, note string, err error) {
	fault := func(format string, args ...any) (scale, string, error) {
		return scale{}, "", &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
	}
	want, err := strconv.ParseFloat(target, 64)
	if err != nil {
		size := w.g.InputSize()
		other, err := zoo.New(target, zoo.Input(size.H, size.W, size.C), zoo.Classes(w.g.Classes))
		if err != nil {
			return fault("%v", err)
		}
		c, err := other.Cost()
		if err != nil {
			return best, "", err
		}
		want = float64(count(c))
	}
	if !(want >= 1 && want < 1e18) {
		return fault("%s: give a number of %s, 1 or more, or a network", target, what)
	}
	trial, got := w.g.Clone(), math.Inf(1)
	try := func(s scale) float64 { // the count under a scale, the best of which is kept
		for _, i := range w.scaled {
			trial.Replace(trial.Nodes[i], w.layer(w.g.Nodes[i], s))
		}
		c, err := trial.Cost()
		if err != nil { // too large to be counted
			return math.Inf(1)
		}
		n := float64(count(c))
		if math.Abs(n-want) < math.Abs(got-want) {
			best, got = s, n
		}
		return n
	}
	near := func() bool { return math.Abs(got-want) <= want/500 }
	// A count grows with the factor, by its square or less. Its logarithm is interpolated in that of the factor until no width is
	// further than a step from the next try; then bisection finds how many of them take the step.
	r := math.Log(want / try(scale{factor: 1}))
	least, most := math.Log(minFactor), math.Log(maxFactor)
	lo, hi := min(max(least, min(r/2, r)-1), most), max(min(most, max(r/2, r)+1), least)
	below, above := math.Inf(-1), math.Inf(1) // logarithms of what lo and hi give
	for !near() && hi-lo > 1e-9 && w.apart(math.Exp(lo), math.Exp(hi)) {
		t := 0.5
		if d := (math.Log(want) - below) / (above - below); d >= 0 && d <= 1 {
			t = min(max(d, 0.1), 0.9)
		}
		middle := lo + t*(hi-lo)
		if n := try(scale{factor: math.Exp(middle)}); n < want {
			lo, below = middle, math.Log(n)
		} else {
			hi, above = middle, math.Log(n)
		}
	}
	for none, all := 0, len(w.scaled)+1; all-none > 1 && !near(); {
		if middle := (none + all) / 2; try(scale{math.Exp(lo), math.Exp(hi), middle}) < want {
			none = middle
		} else {
			all = middle
		}
	}
	if math.Abs(got-want) > want/100 {
		return fault("no factor brings %s within 1 %% of %s %s; the nearest is %.4g with %s",
			w.g.Name, say.Thousands(int64(want)), what, best.factor, say.Thousands(int64(got)))
	}
	return best, fmt.Sprintf(" to %s %s for %s", say.Thousands(int64(got)), what, say.Thousands(int64(want))), nil
}
