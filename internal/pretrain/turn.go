package pretrain

import (
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// turn is the shape that a tensor of PyTorch's has in Assay's layout at this place, and what turns its values: convolutions from
// [out,in,kh,kw] to [kh,kw,in,out], linear layers from [out,in] to [in,out], where in is read in the order H, W, C in place of
// C, H, W. Convolutions of 1x1 and linear layers stand for each other. Three channels of colour become one of grey by their sum.
// A nil shape has no form here.
func (s slot) turn(word string, from tensor.Shape) (tensor.Shape, func(*tensor.Tensor) *tensor.Tensor) {
	if s.kind != weight || word != "weight" {
		shape := from
		if p, ok := s.params[word]; ok && p.Shape.Elems() == from.Elems() { // a layer's scale is [1,1,1,C] here, [C,1,1] or [C] there
			shape = p.Shape
		}
		return shape, func(t *tensor.Tensor) *tensor.Tensor { return &tensor.Tensor{Shape: shape, Data: t.Data} }
	}
	if rank := from.Rank(); rank != 2 && rank != 4 {
		return nil, nil
	}
	out, in, h, w := from[0], from[1], 1, 1
	if from.Rank() == 4 {
		h, w = from[2], from[3]
	}
	switch l := s.layer.(type) {
	case nn.Conv:
		summed := s.in.C == 1 && in == 3 && l.Groups <= 1
		shape := tensor.Of(h, w, in, out)
		if summed {
			shape[2] = 1
		}
		return shape, func(t *tensor.Tensor) *tensor.Tensor { return inner(t, shape, in, h*w, summed) }
	case nn.Linear:
		channels := s.in.C
		if in*h*w != s.in.Elems() { // of images of another size: the tensor has no place, and its order does not matter
			channels = in * h * w
		}
		shape := tensor.Of(in*h*w, out)
		return shape, func(t *tensor.Tensor) *tensor.Tensor { return inner(t, shape, channels, in*h*w/channels, false) }
	}
	return nil, nil
}

// grey sums [kh,kw,3,out] over the colours.
func grey(t *tensor.Tensor, shape tensor.Shape) *tensor.Tensor {
	summed, out := tensor.New(shape...), shape[3]
	for i, v := range t.Data {
		summed.Data[i/(3*out)*out+i%out] += v
	}
	return summed
}

// inner turns [out,channels,positions] to [positions,channels,out], whose shape is given, the channels summed if asked.
func inner(t *tensor.Tensor, shape tensor.Shape, channels, positions int, sum bool) *tensor.Tensor {
	turned := tensor.New(shape...)
	out, kept := shape[shape.Rank()-1], channels
	if sum {
		kept = 1
	}
	each := channels * positions
	const block = 16 // outputs at once: as many streams are read in order as a line of the cache has numbers to be written
	for from := 0; from < out; from += block {
		for c := range channels {
			for p := range positions {
				to := turned.Data[(p*kept+c%kept)*out:][from:min(from+block, out)]
				for k := range to {
					to[k] += t.Data[(from+k)*each+c*positions+p]
				}
			}
		}
	}
	return turned
}
