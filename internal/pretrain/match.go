package pretrain

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// kind tells what may stand for what.
type kind string

const (
	weight kind = "weight" // of a convolution or linear layer, with its bias
	norm   kind = "norm"   // scale, shift and running statistics
	scale  kind = "scale"  // a factor a channel
)

// slot is a place in the network: a layer, or a norm over it.
type slot struct {
	kind   kind
	path   string              // of the layer, or of the site of the norm: "block1/layer1/act/in"
	params map[string]nn.Param // by PyTorch's word: weight, bias, running_mean, running_var
	layer  nn.Layer            // of a weight
	in     nn.Size             // that the layer reads
	node   *nn.Node
}

// module is the tensors of one module of PyTorch, by the word behind its name.
type module struct {
	kind   kind
	path   string // its name, with slashes
	arrays map[string]array
}

// words are PyTorch's for the roles of parameters.
var words = map[nn.Role]string{
	nn.RoleWeight: "weight", nn.RoleBias: "bias", nn.RoleGamma: "weight", nn.RoleBeta: "bias", nn.RoleMean: "running_mean", nn.RoleVar: "running_var",
}

// slots lists the places of a network in graph order.
func slots(g *nn.Graph) ([]slot, error) {
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	var all []slot
	add := func(s slot, params ...nn.Param) {
		s.params = map[string]nn.Param{}
		for _, p := range params {
			if word := words[p.Role]; word != "" {
				s.params[word] = p
			}
		}
		if len(s.params) > 0 {
			all = append(all, s)
		}
	}
	over := func(as []nn.Applied, n *nn.Node) {
		for _, a := range as {
			if len(a.Params)+len(a.Buffers) > 0 && a.Layer.Slot() == nn.SlotNorm {
				add(slot{kind: norm, path: strings.TrimSuffix(a.Name, "/norm"), node: n}, append(slices.Clone(a.Params), a.Buffers...)...)
			}
		}
	}
	for _, s := range steps {
		for _, as := range s.OverIn {
			over(as, s.Node)
		}
		if len(s.Params) > 0 {
			of := slot{kind: weight, path: s.Node.Name, layer: s.Node.Layer, in: s.InSizes[0], node: s.Node}
			if _, ok := s.Node.Layer.(nn.LayerScale); ok {
				of.kind = scale
			}
			params := slices.Clone(s.Params)
			for _, a := range s.OverOut {
				if a.Layer.Slot() == nn.SlotBias {
					params = append(params, a.Params...)
				}
			}
			add(of, params...)
		}
		over(s.OverOut, s.Node)
	}
	return all, nil
}

// modules groups the arrays of a file, in its order. What is of no known kind is left over.
func modules(arrays []array) (all []module, left []string) {
	at := map[string]int{}
	for _, a := range arrays {
		name, word := "", a.name
		if i := strings.LastIndexByte(a.name, '.'); i >= 0 {
			name, word = a.name[:i], a.name[i+1:]
		}
		name = strings.ReplaceAll(name, ".", "/")
		m := module{kind: weight, path: name}
		switch word {
		case "weight", "bias", "running_mean", "running_var":
		case "layer_scale", "gamma":
			m.kind, m.path, word = scale, path.Join(name, word), "weight"
		default:
			left = append(left, a.name)
			continue
		}
		i, ok := at[m.path]
		if !ok {
			i = len(all)
			m.arrays = map[string]array{}
			at[m.path], all = i, append(all, m)
		}
		all[i].arrays[word] = a
		if _, statistics := all[i].arrays["running_mean"]; statistics || word == "weight" && a.shape.Rank() == 1 {
			all[i].kind = norm
		}
	}
	return all, left
}

// pair is a place and what goes there.
type pair struct {
	slot
	module
}

// match finds what of the file goes where: by a table of the network's family, else by the order of layers.
func (w *Weights) match(g *nn.Graph, byOrder bool) ([]place, []string, error) {
	all, err := slots(g)
	if err != nil {
		return nil, nil, err
	}
	ms, left := modules(w.arrays)
	pairs := []pair(nil)
	if !byOrder {
		pairs = byTable(g.Name, all, ms)
	}
	if pairs == nil {
		if pairs, err = w.byOrder(g, all, ms, byOrder); err != nil {
			return nil, nil, err
		}
	}
	var places []place
	var wrong []string
	placed := map[string]bool{}
	head := g.Overlay().Classifier()
	for _, p := range pairs {
		for word, a := range p.arrays {
			param, ok := p.params[word]
			if !ok {
				continue
			}
			shape, turn := p.turn(word, a.shape)
			if _, linear := p.layer.(nn.Linear); !linear && nn.In(p.node, 0) != head && !shape.Equal(param.Shape) {
				wrong = append(wrong, fmt.Sprintf("%s %v for %s %v", a.name, a.shape, param.Name, param.Shape))
			}
			if shape == nil {
				continue
			}
			placed[a.name] = true
			places = append(places, place{param.Name, a, shape, turn})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.name, b.name) })
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return nil, nil, fmt.Errorf("its tensors are not %s's: %s; give the weights of this network", g.Name, some(wrong))
	}
	for _, m := range ms {
		for _, a := range m.arrays {
			if !placed[a.name] {
				left = append(left, a.name)
			}
		}
	}
	slices.SortFunc(left, natural)
	return places, left, nil
}

// byTable matches by the table of the family that finds places for the most modules; nil: none does.
func byTable(net string, all []slot, ms []module) []pair {
	var best []pair
	for _, t := range tablesOf(net) {
		if pairs := t.match(all, ms); len(pairs) > len(best) {
			best = pairs
		}
	}
	return best
}

// match goes through the rules: of what no earlier rule took, the k-th module that a rule's left side names, by its numbers, is the k-th
// place of its kind on the right side. A table whose sides differ in number is not the one; places without a module are left.
func (t table) match(all []slot, ms []module) []pair {
	var pairs []pair
	taken := make([]bool, len(all))
	used := make([]bool, len(ms))
	for _, r := range t {
		for _, k := range []kind{weight, norm, scale} {
			var from, to []int
			for i, m := range ms {
				if m.kind == k && !used[i] && named(r.theirs, m.path) {
					from = append(from, i)
				}
			}
			for i, s := range all {
				if s.kind == k && !taken[i] && named(r.ours, s.path) {
					to = append(to, i)
				}
			}
			if len(from) == 0 {
				continue
			}
			if len(from) != len(to) {
				return nil
			}
			slices.SortStableFunc(from, func(a, b int) int { return natural(ms[a].path, ms[b].path) })
			for i := range from {
				used[from[i]], taken[to[i]] = true, true
				pairs = append(pairs, pair{all[to[i]], ms[from[i]]})
			}
		}
	}
	return pairs
}

// named reports whether a pattern, with alternatives in braces, matches a path; * is one part, or some of one.
func named(pattern, name string) bool {
	return slices.ContainsFunc(alternatives(pattern), func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}

// alternatives writes {a,b} out.
func alternatives(pattern string) []string {
	i := strings.IndexByte(pattern, '{')
	if i < 0 {
		return []string{pattern}
	}
	n := strings.IndexByte(pattern[i:], '}')
	var all []string
	for _, part := range strings.Split(pattern[i+1:i+n], ",") {
		for _, rest := range alternatives(pattern[i+n+1:]) {
			all = append(all, pattern[:i]+part+rest)
		}
	}
	return all
}

// natural orders names with numbers in them by the numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, err := strconv.ParseUint(a[:x], 10, 64)
			n, err2 := strconv.ParseUint(b[:y], 10, 64)
			if err == nil && err2 == nil && m != n {
				return cmp.Compare(m, n)
			}
			if a[:x] != b[:y] {
				return cmp.Compare(a[:x], b[:y])
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// byOrder matches the modules to the places one by one, if kinds and shapes are the same all along, but for the classifier. Where two
// weights of one shape lie beside each other in the network, as in branches, another order would fit as well, which is refused
// unless the user says that the order counts.
func (w *Weights) byOrder(g *nn.Graph, all []slot, ms []module, told bool) ([]pair, error) {
	both := func(why, mend string) error {
		var theirs, ours []string
		for _, m := range ms {
			theirs = append(theirs, strings.ReplaceAll(m.path, "/", "."))
		}
		for _, s := range all {
			ours = append(ours, s.path)
		}
		return fmt.Errorf("%s: it has %s, %s has %s; %s", why, some(theirs), g.Name, some(ours), mend)
	}
	if !w.ordered {
		return nil, both("its names are of no table, and a safetensors file keeps no order", "give the file of torch.save")
	}
	if len(all) != len(ms) {
		if pruned, err := slots(g.Pruned()); err == nil && len(pruned) == len(ms) {
			all = pruned
		}
	}
	if len(all) != len(ms) {
		return nil, both(fmt.Sprintf("its names are of no table, and in order its %d layers are not the network's %d", len(ms), len(all)), "give the weights of this network")
	}
	head := g.Overlay().Classifier()
	pairs := make([]pair, len(all))
	for i, s := range all {
		pairs[i] = pair{s, ms[i]}
		shape := tensor.Shape(nil)
		if a, ok := ms[i].arrays["weight"]; ok {
			shape, _ = pairs[i].turn("weight", a.shape)
		}
		if p, ok := s.params["weight"]; s.kind != ms[i].kind || ok && nn.In(s.node, 0) != head && !shape.Equal(p.Shape) {
			return nil, both(fmt.Sprintf("its names are of no table, and in order %s does not fit %s", strings.ReplaceAll(ms[i].path, "/", "."), s.path), "give the weights of this network")
		}
	}
	if told {
		return pairs, nil
	}
	above := ancestors(g)
	for i, a := range all {
		for _, b := range all[:i] {
			if a.kind == weight && b.kind == weight && a.params["weight"].Shape.Equal(b.params["weight"].Shape) && !above[a.node][b.node] {
				return nil, both(fmt.Sprintf("its names are of no table, and its order is not the only one that fits: %s and %s are of one shape side by side", b.path, a.path), "write match: order if its layers are in the network's order")
			}
		}
	}
	return pairs, nil
}

// ancestors are, of each node, the nodes that it is computed from.
func ancestors(g *nn.Graph) map[*nn.Node]map[*nn.Node]bool {
	above := map[*nn.Node]map[*nn.Node]bool{}
	for _, n := range g.Nodes {
		set := map[*nn.Node]bool{}
		for _, in := range n.In {
			set[in] = true
			for a := range above[in] {
				set[a] = true
			}
		}
		above[n] = set
	}
	return above
}

// some lists the first names.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", len(names)-most))
	}
	return say.Listed(names)
}
