package nn

import "slices"

// Cost is what a network takes, of one image where it depends on one.
type Cost struct {
	Params          int64 // trainable values, without train-only outputs
	TrainParams     int64 // with them
	MACs            int64 // multiply-adds of convolutions, linear, recurrent and attention products, without train-only outputs
	ActivationBytes int64 // float32 outputs of all layers of the graph but the input, without train-only outputs; norms and dropout change maps in place
}

// Cost counts the network.
func (g *Graph) Cost() (Cost, error) {
	var c Cost
	steps, err := g.Steps()
	if err != nil {
		return c, err
	}
	ps, err := distinct(steps, Applied.params, true)
	if err != nil {
		return c, err
	}
	c.TrainParams = elems(ps)
	if slices.ContainsFunc(g.Outputs, func(o Output) bool { return o.TrainOnly }) {
		if steps, err = g.Pruned().Steps(); err != nil {
			return c, err
		}
		if ps, err = distinct(steps, Applied.params, true); err != nil {
			return c, err
		}
	}
	c.Params = elems(ps)
	for _, s := range steps[1:] {
		c.MACs += s.MACs
		c.ActivationBytes += 4 * int64(s.Size.Elems())
	}
	return c, nil
}

func elems(ps []Param) int64 {
	var n int64
	for _, p := range ps {
		n += int64(p.Shape.Elems())
	}
	return n
}
