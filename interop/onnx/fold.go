package onnx

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
)

// fold computes what depends on no image and is read by what does: weights as norms of weights make them, filters that are the same for all
// channels.
func (l *lowering) fold() error {
	b := program.NewBuilder("what depends on no image")
	of := map[*program.Value]*program.Value{}
	held := map[string][]float64{}
	var wanted []*program.Value
	for _, n := range l.p.Nodes {
		if l.moving[n.Out[0]] {
			for _, v := range n.In {
				if of[v] != nil && v.Source == program.Computed && l.fixed[v] == nil {
					l.fixed[v] = []float32{}
					wanted = append(wanted, v)
				}
			}
			continue
		}
		b.At(n.Name)
		in := make([]*program.Value, len(n.In))
		for i, v := range n.In {
			if in[i] = of[v]; in[i] != nil {
				continue
			}
			data, err := l.held(v)()
			if err != nil {
				return err
			}
			wide := make([]float64, len(data))
			for k, x := range data {
				wide[k] = float64(x)
			}
			held[v.Name], of[v] = wide, b.Held(v.Name, v.Shape())
			in[i] = of[v]
		}
		for i, v := range b.EmitAll(n.Op, in...) {
			of[n.Out[i]] = v
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for i, v := range wanted {
		b.Output(fmt.Sprint(i), of[v])
	}
	p, err := b.Build()
	if err != nil {
		return err
	}
	got, err := ref.Eval(p, held, nil)
	if err != nil {
		return err
	}
	for i, v := range wanted {
		for _, x := range got[fmt.Sprint(i)] {
			l.fixed[v] = append(l.fixed[v], float32(x))
		}
	}
	return nil
}

// values are the elements of a constant, read when they are written: a file takes no memory beside the State's but for the tensor under way.
type values func() ([]float32, error)

func known(v []float32) values { return func() ([]float32, error) { return v, nil } }

// then are values made of these.
func (v values) then(of func([]float32) []float32) values {
	return func() ([]float32, error) {
		data, err := v()
		if err != nil {
			return nil, err
		}
		return of(data), nil
	}
}

// of is a value that depends on no image, and the name that its constants are given.
func (l *lowering) of(v *program.Value) (name string, data values, err error) {
	switch {
	case l.moving[v]:
		return "", nil, fmt.Errorf("weighs by what depends on the images, which has no form in ONNX here")
	case v.Source == program.Held:
		return v.Name, l.held(v), nil
	}
	return fmt.Sprintf("%s/weight:%d", v.Name, v.ID), known(l.fixed[v]), nil
}

// held are the values of a State under a name.
func (l *lowering) held(v *program.Value) values {
	return func() ([]float32, error) {
		data, err := l.value(v.Name)
		if n := v.Shape().Elems(); err == nil && len(data) != n {
			err = fmt.Errorf("%s has %d values where the network has %d; the values are of another", v.Name, len(data), n)
		}
		return data, err
	}
}
