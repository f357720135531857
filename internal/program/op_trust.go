package program

// Solvers that scale the step of a whole tensor by the norm of its weights over the norm of its step, a ratio that is 1 where either
// norm is 0. They take two passes over memory: norms, then the step.

// LARS is SGD with a rate a tensor: p, g, v, lr, momentum, l2, trust, eps; changes p and v, both Held: You, Gitman, Ginsburg,
// arXiv:1708.03888, with lr outside of v, as timm has it:
//
//	r = trust·‖p‖ / (‖g‖ + l2·‖p‖ + eps)
//	v = momentum·v + r·(g + l2·p),  p = p - lr·v, or with Nesterov p = p - lr·(r·(g + l2·p) + momentum·v)
type LARS struct{ Nesterov bool }

// LAMB is Adam with a ratio a tensor: p, g, m, v, lr, first, root, eps, beta1, beta2, l2, decay; changes p, m and v, all Held: You et
// al., ICLR 2020, arXiv:1904.00962, algorithm 2:
//
//	g' = g + l2·p,  m = β1·m + (1-β1)·g',  v = β2·v + (1-β2)·g'²
//	u = first·m / (root·√v + eps) + decay·p,  p = p - lr·‖p‖/‖u‖·u
//
// with first 1/(1-β1^t) and root 1/√(1-β2^t).
type LAMB struct{}

func (LARS) Kind() string { return "lars" }
func (LAMB) Kind() string { return "lamb" }

func (o LARS) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "g", "v"}, "lr", "momentum", "l2", "trust", "eps")
}

func (o LAMB) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "g", "m", "v"}, "lr", "first", "root", "eps", "beta1", "beta2", "l2", "decay")
}

// Writes gives p and v.
func (LARS) Writes() []int { return []int{0, 2} }

// Writes gives p, m and v.
func (LAMB) Writes() []int { return []int{0, 2, 3} }

func (o LARS) detail() string { return SGD(o).detail() }
