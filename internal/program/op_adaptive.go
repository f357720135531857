package program

// Solvers that scale each parameter's step by what its gradients were. Of all: p, g and what is remembered of one shape, the rest
// scalars, and g' = g + l2·p, so that l2 goes through the gradient. They change p and what is remembered, all Held.

// Adam is the step of Adam and its kin: p, g, m, v, step, direct, root, eps, beta1, beta2, l2, decay; changes p, m and v:
//
//	m = β1·m + (1-β1)·g',  v = β2·v + (1-β2)·g'²
//	p = p - decay·p - (step·m + direct·g') / (root·√v + eps)
//
// The scalars that its caller works out make the rule. Adam (Kingma, Ba, ICLR 2015, arXiv:1412.6980, algorithm 1) has step
// lr/(1-β1^t), direct 0, root 1/√(1-β2^t), and AdamW (Loshchilov, Hutter, arXiv:1711.05101) decay lr·λ besides.
type Adam struct{}

// RMSProp divides by the root of an average of squares: p, g, v, lr, keep, add, eps, l2, and with Momentum b and momentum behind
// them; changes p, v and b:
//
//	v = keep·v + add·g'²,  d = g' / (√v + eps), or with EpsInside g' / √(v + eps)
//	p = p - lr·d, or with Momentum b = momentum·b + d, p = p - lr·b
//
// Tieleman, Hinton, Coursera lecture 6.5, 2012, where add is 1 - keep; keep and add of 1 make AdaGrad: Duchi, Hazan, Singer, JMLR
// 12, 2011.
type RMSProp struct{ EpsInside, Momentum bool }

// AdaDelta steps by as much as it has stepped: p, g, v, u, lr, rho, eps, l2; changes p, v and u: Zeiler, arXiv:1212.5701, algorithm 1:
//
//	v = ρ·v + (1-ρ)·g'²,  d = g'·√(u + eps) / √(v + eps),  u = ρ·u + (1-ρ)·d²,  p = p - lr·d
type AdaDelta struct{}

// Lion steps by signs: p, g, m, lr, beta1, beta2, l2, decay; changes p and m: Chen et al., arXiv:2302.06675, algorithm 2:
//
//	p = p - decay·p - lr·sign(β1·m + (1-β1)·g'),  m = β2·m + (1-β2)·g'
type Lion struct{}

func (Adam) Kind() string     { return "adam" }
func (RMSProp) Kind() string  { return "rmsprop" }
func (AdaDelta) Kind() string { return "adadelta" }
func (Lion) Kind() string     { return "lion" }

func (o Adam) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "g", "m", "v"}, "step", "direct", "root", "eps", "beta1", "beta2", "l2", "decay")
}

func (o RMSProp) Infer(in []*Value) ([]Type, error) {
	scalars := []string{"lr", "keep", "add", "eps", "l2"}
	if !o.Momentum {
		return nil, updates(o, in, []string{"p", "g", "v"}, scalars...)
	}
	return nil, updates(o, in, []string{"p", "g", "v", "b"}, append(scalars, "momentum")...)
}

func (o AdaDelta) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "g", "v", "u"}, "lr", "rho", "eps", "l2")
}

func (o Lion) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "g", "m"}, "lr", "beta1", "beta2", "l2", "decay")
}

// Writes gives p, m and v.
func (Adam) Writes() []int { return []int{0, 2, 3} }

// Writes gives p, v and, with Momentum, b.
func (o RMSProp) Writes() []int { return []int{0, 2, 3}[:2+bit(o.Momentum)] }

// Writes gives p, v and u.
func (AdaDelta) Writes() []int { return []int{0, 2, 3} }

// Writes gives p and m.
func (Lion) Writes() []int { return []int{0, 2} }

func (o RMSProp) detail() string {
	if o.EpsInside {
		return "eps inside"
	}
	return ""
}

// updates is the check of a solver's op: tensors of one shape, then scalars, and what it writes held.
func updates(o Writer, in []*Value, tensors []string, scalars ...string) error {
	var wants []want
	for _, name := range tensors {
		wants = append(wants, want{name, anyRank})
	}
	for _, name := range scalars {
		wants = append(wants, want{name, 0})
	}
	if err := fit(o, in, wants...); err != nil {
		return err
	}
	for i, name := range tensors[1:] {
		if err := same(o, in[0], in[i+1], tensors[0]+" and "+name); err != nil {
			return err
		}
	}
	return held(o, in)
}
