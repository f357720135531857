package cpu

import "github.com/assaylab/assay/internal/program"

// Fusion. A unit is a node with those neighbours that its kernel does on the way, without another pass over memory:
//
//	convolution or product (+ bias) (+ relu)
//	convolution (+ bias) (+ norm of known statistics) (+ add) (+ relu; relu6 where it is depthwise)
//	batch norm (+ add) (+ relu)                    the second half, normalising; its moments need the whole batch
//	group norm (+ add) (+ relu)
//	relu gradient + batch-norm gradient            the mask is applied as both passes read dy
//	input gradient of a convolution + add          on top of a gradient that is read nowhere else later
//
// A unit equals its nodes one after the other within rounding. What is not fused still meets its neighbours in cache: see
// phases in plan.go.

// unit is a node and what was fused to it.
type unit struct {
	*program.Node
	out   *program.Value // what the last of the nodes gives
	bias  *program.Value // added a channel
	norm  *program.Node  // of known statistics, behind the bias
	res   *program.Value // added
	relu  bool
	relu6 bool // of a depthwise convolution

	over   *program.Value // the result is added to this value, in its place
	mask   *program.Value // dy counts where this, a relu's output, is positive
	masked *program.Value // where the masked dy goes, if somebody else reads it
}

// depthwise reports whether the unit is a depthwise convolution.
func (u *unit) depthwise() bool {
	op, ok := u.Op.(program.Conv)
	return ok && isDepthwise(op.Groups, u.In[0].Shape()[3], u.out.Shape()[3])
}

// fuser walks a program.
type fuser struct {
	readers  map[*program.Value][]*program.Node
	output   map[*program.Value]bool
	absorbed map[*program.Node]bool
	writers  []int // before each node: how many change the State
}

// fuse groups the nodes of the program, in order.
func (b *planner) fuse() []unit {
	f := fuser{readers: map[*program.Value][]*program.Node{}, output: map[*program.Value]bool{}, absorbed: map[*program.Node]bool{}}
	count := 0
	for _, n := range b.p.Nodes {
		for _, v := range n.In {
			f.readers[v] = append(f.readers[v], n)
		}
		f.writers = append(f.writers, count)
		if _, ok := n.Op.(program.Writer); ok {
			count++
		}
	}
	for _, o := range b.p.Outputs {
		f.output[o.Value] = true
	}
	found := map[*program.Node]unit{}
	for _, n := range b.p.Nodes {
		if f.absorbed[n] {
			continue
		}
		u := unit{Node: n}
		if len(n.Out) > 0 {
			u.out = n.Out[0]
		}
		if !b.e.opt.NoFusion {
			f.grow(&u)
		}
		found[n] = u
	}
	var units []unit
	for _, n := range b.p.Nodes {
		if u, ok := found[n]; ok && !f.absorbed[n] {
			units = append(units, u)
		}
	}
	return units
}

// grow takes what it can into the unit.
func (f *fuser) grow(u *unit) {
	switch u.Op.(type) {
	case program.Conv:
		f.bias(u)
		f.norm(u)
		f.onto(u)
		f.relu(u)
	case program.MatMul:
		f.bias(u)
		f.relu(u)
	case program.BatchNorm, program.BatchNormInference, program.GroupNorm:
		f.residual(u)
		f.relu(u)
	case program.BatchNormGrad:
		f.masked(u)
	case program.ConvGradInput:
		f.onto(u)
	}
}

// next is the node that alone reads the unit's result; nil if there is none, or if it reads the State, which may have changed
// since the unit.
func (f *fuser) next(u *unit) *program.Node {
	r := f.readers[u.out]
	if len(r) != 1 || f.output[u.out] || f.absorbed[r[0]] { // of two that meet in a sum, one takes it
		return nil
	}
	for _, v := range r[0].In {
		if v.Source == program.Held && f.writers[u.ID] != f.writers[r[0].ID] {
			return nil
		}
	}
	return r[0]
}

func (f *fuser) take(u *unit, n *program.Node) {
	f.absorbed[n] = true
	u.out = n.Out[0]
}

func (f *fuser) bias(u *unit) {
	if n := f.next(u); n != nil && n.Op == (program.BiasAdd{}) && n.In[0] == u.out {
		u.bias = n.In[1]
		f.take(u, n)
	}
}

// norm takes a norm of known statistics into the convolution before it: it scales the weights.
func (f *fuser) norm(u *unit) {
	if n := f.next(u); n != nil {
		if _, ok := n.Op.(program.BatchNormInference); ok && n.In[0] == u.out {
			u.norm = n
			f.take(u, n)
		}
	}
}

func (f *fuser) relu(u *unit) {
	if n := f.next(u); n != nil {
		a, ok := n.Op.(program.Activation)
		switch {
		case ok && a.Func == program.ReLU:
			u.relu = true
			f.take(u, n)
		case ok && a.Func == program.ReLU6 && u.depthwise():
			u.relu6 = true
			f.take(u, n)
		}
	}
}

func (f *fuser) residual(u *unit) {
	n := f.next(u)
	if n == nil {
		return
	}
	if _, ok := n.Op.(program.Add); ok && n.In[0] != n.In[1] {
		u.res = n.In[0]
		if u.res == u.out {
			u.res = n.In[1]
		}
		f.take(u, n)
	}
}

// masked takes the gradient of a relu into that of the batch norm before it. Of several readers of the masked gradient, one
// batch norm alone can make it for the others (a residual branch).
func (f *fuser) masked(u *unit) {
	dy := u.In[len(u.In)-1]
	g := dy.By
	if g == nil || f.absorbed[g] {
		return
	}
	a, ok := g.Op.(program.ActivationGrad)
	if !ok || a.Func != program.ReLU {
		return
	}
	norms := 0
	for _, r := range f.readers[dy] {
		if _, ok := r.Op.(program.BatchNormGrad); ok {
			norms++
		}
	}
	if norms != 1 {
		return
	}
	f.absorbed[g] = true
	u.mask = g.In[0]
	if len(f.readers[dy]) > 1 || f.output[dy] {
		u.masked = dy
	}
}

// onto adds the unit's result to a value that nobody reads after.
func (f *fuser) onto(u *unit) {
	n := f.next(u)
	if n == nil {
		return
	}
	if _, ok := n.Op.(program.Add); !ok || n.In[0] == n.In[1] {
		return
	}
	a := n.In[0]
	if a == u.out {
		a = n.In[1]
	}
	if a.Source != program.Computed || f.output[a] { // it cannot wait for the unit, whose result the sum alone reads
		return
	}
	for _, r := range f.readers[a] {
		if r.ID > n.ID || r == u.Node { // what the unit itself reads must stay while it writes
			return
		}
	}
	u.over = a
	f.take(u, n)
}
