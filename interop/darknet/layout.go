package darknet

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/nn"
)

// unit is a convolution or linear layer, and where its values lie in a file of weights: shifts [Out]; of a norm scales, means and
// variances, each [Out]; weights [Out,In/groups,KH,KW]. A linear layer's weights, [Out,C·H·W], stand in front of the norm's.
type unit struct {
	name   string
	weight nn.Param // [KH,KW,In/groups,Out] or [H·W·C,Out]
	linear bool
	in     nn.Size
	out    int

	norm                            *nn.BatchNorm // nil: none is in force
	bias, gamma, beta, mean, varian string        // names, "" of what the network does not have
}

// values is how many numbers a file holds of the unit.
func (u unit) values() int64 {
	vectors := int64(1)
	if u.norm != nil {
		vectors = 4
	}
	return vectors*int64(u.out) + int64(u.weight.Shape.Elems())
}

// part is a vector or the weights of a unit, at so many numbers from the unit's first.
type part struct {
	at    int64
	count int
}

// parts says where they lie.
func (u unit) parts() (shift, scale, mean, variance, weights part) {
	n, at := u.out, int64(0)
	next := func(count int) part {
		p := part{at, count}
		at += int64(count)
		return p
	}
	shift = next(n)
	if u.linear {
		weights = next(u.weight.Shape.Elems())
	}
	if u.norm != nil {
		scale, mean, variance = next(n), next(n), next(n)
	}
	if !u.linear {
		weights = next(u.weight.Shape.Elems())
	}
	return shift, scale, mean, variance, weights
}

// units lists the layers with weights in graph order, which is that of darknet's layers. A network with parameters for which a file has no
// place is an error that names the layer.
func units(g *nn.Graph) ([]unit, error) {
	steps, err := g.Pruned().Steps()
	if err != nil {
		return nil, err
	}
	var all []unit
	for _, s := range steps {
		for _, over := range s.OverIn {
			for _, a := range over {
				if len(a.Params)+len(a.Buffers) > 0 {
					return nil, noPlace(a.Name, a.Layer)
				}
			}
		}
		u := unit{name: s.Node.Name, out: s.Size.C}
		switch l := s.Node.Layer.(type) {
		case nn.Conv:
			u.weight, u.in = s.Params[0], s.InSizes[0]
			if l.Weight != "" {
				return nil, fmt.Errorf("%s: shares its weights with another layer, for which darknet has no form; give it its own", u.name)
			}
		case nn.Linear:
			u.weight, u.in, u.linear = s.Params[0], s.InSizes[0], true
			if l.Weight != "" {
				return nil, fmt.Errorf("%s: shares its weights with another layer, for which darknet has no form; give it its own", u.name)
			}
		default:
			if len(s.Params) > 0 {
				return nil, noPlace(u.name, s.Node.Layer)
			}
		}
		for _, a := range s.OverOut {
			switch l := a.Layer.(type) {
			case nn.Bias:
				u.bias = a.Params[0].Name
			case nn.BatchNorm:
				if u.weight.Shape == nil {
					return nil, noPlace(a.Name, l)
				}
				u.norm = &l
				for _, p := range append(a.Params, a.Buffers...) {
					switch p.Role {
					case nn.RoleGamma:
						u.gamma = p.Name
					case nn.RoleBeta:
						u.beta = p.Name
					case nn.RoleMean:
						u.mean = p.Name
					case nn.RoleVar:
						u.varian = p.Name
					}
				}
			default:
				if len(a.Params)+len(a.Buffers) > 0 {
					return nil, noPlace(a.Name, l)
				}
			}
		}
		if u.weight.Shape != nil {
			all = append(all, u)
		}
	}
	return all, nil
}

func noPlace(name string, l fmt.Stringer) error {
	return fmt.Errorf("%s: %v has no counterpart in darknet, whose files have weights, shifts and batch norms of convolutions and linear layers", name, l)
}

// small is what darknet adds to the deviation on a processor: y = γ(x-μ)/(√σ²+1e-6) + β (normalize_cpu of src/blas.c). A norm here
// divides by √(σ²+ε).
const small = 1e-6

// ours is the scale and variance of a norm with that ε that does what darknet's does with these. Where ε alone would divide by more,
// the scale makes up for it.
func ours(scale, variance, eps float32) (float32, float32) {
	d := math.Sqrt(float64(variance)) + small
	if v := float32(float64(d*d) - float64(eps)); v >= 0 {
		return scale, v
	}
	return float32(float64(scale) * math.Sqrt(float64(eps)) / d), 0
}

// theirs is the reverse of ours: the scale and variance with which darknet does what a norm with that ε does.
func theirs(scale, variance, eps float32) (float32, float32) {
	d := math.Sqrt(float64(variance) + float64(eps))
	if s := d - small; s >= 0 {
		return scale, float32(s * s)
	}
	return float32(float64(scale) * small / d), 0
}

// turned gives each weight's place in darknet's order: fill(i, j) says that number i of the network's is number j of the file's.
func (u unit) turned(transposed bool, fill func(i, j int)) {
	shape := u.weight.Shape
	out := shape[shape.Rank()-1]
	positions, channels := u.in.H*u.in.W, u.in.C
	if !u.linear {
		positions, channels = shape[0]*shape[1], shape[2]
	}
	for o := range out {
		for c := range channels {
			for p := range positions {
				j := (o*channels+c)*positions + p
				if transposed {
					j = (c*positions+p)*out + o
				}
				fill((p*channels+c)*out+o, j)
			}
		}
	}
}
