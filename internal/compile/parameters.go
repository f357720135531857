package compile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/nn"
)

// setting is how the solver treats one parameter.
type setting struct {
	rate   float32 // factor on the learning rate
	decay  float32 // λ of l2
	l1     float32 // λ of l1
	shrink float32 // λ of decoupled decay
	frozen bool    // no update, no decay, nothing remembered
	begins int     // step at which the solver begins with it
}

// row is a line of the table of parameter settings: the parameters that it is about, and what it says of them.
type row struct {
	about func(p nn.Param) bool
	set   func(s *setting)
}

// rows is the table, from the widest to the most particular; what a later row says takes the place of what earlier ones said.
func (f *Family) rows() []row {
	o := f.optimization
	begin := setting{rate: 1, decay: o.L2.Strength, l1: o.L1.Strength, shrink: decayOf(o.Solver, false)}
	table := []row{{func(nn.Param) bool { return true }, func(s *setting) { *s = begin }}}
	if given := o.Decay.Strength; given != nil {
		begin.shrink = *given
	} else if of := decayOf(o.Solver, true); of != begin.shrink {
		table = append(table, row{f.isMatrix, func(s *setting) { s.shrink = of }})
	}
	spare := []struct {
		of     func(s *setting) *float32
		except []string
	}{
		{func(s *setting) *float32 { return &s.decay }, o.L2.Except},
		{func(s *setting) *float32 { return &s.l1 }, o.L1.Except},
		{func(s *setting) *float32 { return &s.shrink }, o.Decay.Except},
	}
	for word, about := range map[string]func(nn.Param) bool{"bias": isBias, "norm": ofNorm, "depthwise": f.isDepthwise} { // they do not overlap
		for _, d := range spare {
			if slices.Contains(d.except, word) {
				table = append(table, row{about, func(s *setting) { *d.of(s) = 0 }})
			}
		}
	}
	table = append(table, row{isShape, func(s *setting) { s.decay, s.l1, s.shrink = 0, 0, 0 }})
	if d := o.LR.Depth; d != 1 && d > 0 {
		for stage, n := range f.behind() {
			by := float32(elementary.Pow(float64(d), float64(n)))
			table = append(table, row{func(p nn.Param) bool { return stageOf(p) == stage }, func(s *setting) { s.rate = by }})
		}
	}
	for _, l := range o.LR.Layers {
		table = append(table, row{within(l.Layers), func(s *setting) { s.rate = l.By }})
	}
	if o.Init.Kind == "whiten" {
		table = append(table, row{f.isWhite, func(s *setting) { s.frozen = true }})
	}
	for _, p := range o.Parameters {
		table = append(table, row{within(p.Layers), func(s *setting) {
			if p.LR != nil {
				s.rate = *p.LR
			}
			if p.Decay != nil {
				s.decay = *p.Decay
			}
		}})
		if p.Frozen != nil && f.thawed < 0 {
			frozen := *p.Frozen
			about := func(of nn.Param) bool { return p.Layers.Has(of) && !(p.Norms && ofNorm(of)) }
			table = append(table, row{about, func(s *setting) { s.frozen = frozen }})
		}
	}
	return table
}

// parameterSettings resolves the table. A row that is about no parameter, and a network of which everything is frozen, are errors.
func (f *Family) parameterSettings() (map[string]setting, error) {
	of := make(map[string]setting, len(f.params))
	frozen := 0
	table := f.rows()
	for _, p := range f.params {
		var s setting
		for _, r := range table {
			if r.about(p) {
				r.set(&s)
			}
		}
		if !(s.rate > 0) || math.IsInf(float64(s.rate), 0) || !(s.decay >= 0) || math.IsInf(float64(s.decay), 0) {
			return nil, fmt.Errorf("%s: a factor of %g on the rate, a decay of %g; give a factor above 0 and a decay of at least 0", p.Name, s.rate, s.decay)
		}
		if s.frozen {
			frozen++
		}
		of[p.Name] = s
	}
	if frozen == len(f.params) && frozen > 0 {
		return nil, fmt.Errorf("%s: all parameters are frozen; leave some to be trained", f.Graph.Name)
	}
	var globs []nn.Glob
	for _, l := range f.optimization.LR.Layers {
		globs = append(globs, l.Layers)
	}
	for _, p := range f.optimization.Parameters {
		globs = append(globs, p.Layers)
	}
	for _, g := range globs {
		if !slices.ContainsFunc(f.params, within(g)) {
			return nil, fmt.Errorf("%s has no parameters in a layer %q; name layers as assay net show prints them", f.Graph.Name, g)
		}
	}
	return of, nil
}

// frozen reports whether the last row that speaks of them freezes the batch norms over a layer, given by its path.
func (f *Family) frozen(path string) bool {
	frozen := false
	for _, p := range f.optimization.Parameters {
		if p.Frozen != nil && !p.Norms && p.Layers.Match(path) {
			frozen = *p.Frozen
		}
	}
	return frozen && f.thawed < 0
}

// still reports whether the last row that freezes a layer, given by its path, leaves nothing in it to chance.
func (f *Family) still(path string) bool {
	still := false
	for _, p := range f.optimization.Parameters {
		if p.Frozen != nil && p.Layers.Match(path) {
			still = *p.Frozen && p.Still
		}
	}
	return still && f.thawed < 0
}

// Thawed is the family of the same network over the same State, of which nothing is frozen any more from a step on. What was frozen
// is new to the solver: what that remembers of it begins at 0, and it counts the steps from this one.
func (f *Family) Thawed(step int) (*Family, error) {
	t := *f
	t.thawed = step
	var err error
	if t.settings, err = t.parameterSettings(); err != nil {
		return nil, err
	}
	for name, s := range t.settings {
		if f.settings[name].frozen {
			s.begins = step
			t.settings[name] = s
		}
	}
	return &t, nil
}

// behind counts, for each stage of the network that has parameters, those between it and the head, which has none.
func (f *Family) behind() map[string]int {
	of, n := map[string]int{}, 0
	for i := len(f.params) - 1; i >= 0; i-- {
		s := stageOf(f.params[i])
		if _, seen := of[s]; !seen {
			of[s] = n
			n++
		}
	}
	return of
}

// stageOf is the first part of a parameter's path.
func stageOf(p nn.Param) string {
	stage, _, _ := strings.Cut(p.Path, "/")
	return stage
}

func within(g nn.Glob) func(nn.Param) bool { return g.Has }

// isWhite tells the weight that [Whitening] sets.
func (f *Family) isWhite(p nn.Param) bool {
	n := f.firstConv()
	return n != nil && p.Role == nn.RoleWeight && p.Layer == n.Name
}

func isBias(p nn.Param) bool { return p.Role == nn.RoleBias || p.Role == nn.RoleGates }

func ofNorm(p nn.Param) bool {
	return p.Role == nn.RoleGamma || p.Role == nn.RoleBeta || p.Role == nn.RoleLength
}

// isShape tells what forms a function and is no weight: a slope of PReLU, which is spared from decay always (arXiv:1502.01852,
// §2.1), and so are the exponent, the share and the filter of a pooling; the hinges of an APL are not (arXiv:1412.6830).
func isShape(p nn.Param) bool {
	switch p.Role {
	case nn.RoleSlope, nn.RoleExponent, nn.RoleMix, nn.RoleGate:
		return true
	}
	return false
}

func (f *Family) isDepthwise(p nn.Param) bool {
	if p.Role != nn.RoleWeight {
		return false
	}
	c, ok := f.Graph.Node(p.Layer).Layer.(nn.Conv)
	return ok && c.Groups > 1 && p.Shape[2] == 1
}
