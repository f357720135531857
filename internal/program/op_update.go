package program

import "fmt"

// SGD is stochastic gradient descent with momentum in PyTorch's form: p, g, v of one shape, lr, momentum, l2 scalars;
// changes p and v, both Held:
//
//	g' = g + l2·p,  v = momentum·v + g',  p = p - lr·v,  or p - lr·(g' + momentum·v) with Nesterov
//
// Sutskever, Martens, Dahl, Hinton, ICML 2013, with lr outside of v, so that a change of lr acts at once.
type SGD struct{ Nesterov bool }

// Blend is a running average: r, b of one shape, keep a scalar; changes r, which is Held:
//
//	r = keep·r + (1-keep)·Scale·b
//
// A b with an axis more in front holds several, which are blended in one after the other.
type Blend struct {
	Scale float32 // M/(M-1) turns a biased variance of M elements into the unbiased one
}

func (SGD) Kind() string   { return "sgd" }
func (Blend) Kind() string { return "blend" }

func (o SGD) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"p", anyRank}, want{"g", anyRank}, want{"v", anyRank}, want{"lr", 0}, want{"momentum", 0}, want{"l2", 0}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "p and g"); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[2], "p and v"); err != nil {
		return nil, err
	}
	return nil, held(o, in)
}

func (o Blend) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"r", anyRank}, want{"b", anyRank}, want{"keep", 0}); err != nil {
		return nil, err
	}
	if several := in[1].Shape(); several.Rank() == in[0].Shape().Rank()+1 && several[1:].Equal(in[0].Shape()) {
		return nil, held(o, in)
	}
	if err := same(o, in[0], in[1], "r and b"); err != nil {
		return nil, err
	}
	return nil, held(o, in)
}

// held checks that what a Writer changes outlives the run.
func held(w Writer, in []*Value) error {
	for _, i := range w.Writes() {
		if in[i].Source != Held {
			return fmt.Errorf("%s: changes %v, which is not held in the state", w.Kind(), in[i])
		}
	}
	return nil
}

// Writes gives p and v.
func (SGD) Writes() []int { return []int{0, 2} }

// Writes gives r.
func (Blend) Writes() []int { return []int{0} }

func (o SGD) detail() string {
	if o.Nesterov {
		return "nesterov"
	}
	return ""
}

func (o Blend) detail() string { return fmt.Sprintf("·%g", o.Scale) }
