package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Window is the geometry of a convolution or a pooling: output position o of an axis reads the input positions
// o·Stride - Pad + k·Dilation for k < Kernel. Pad is top, bottom, left, right and already holds what Caffe's ceil mode adds
// below and to the right, so the number of positions is ⌊(extent + pads - reach)/Stride⌋ + 1 with reach =
// (Kernel-1)·Dilation + 1.
type Window struct {
	Kernel, Stride, Dilation [2]int // height, width; all at least 1; poolings have Dilation 1
	Pad                      [4]int // top, bottom, left, right; at least 0
}

// Square is the window with the same kernel, stride and padding on all sides, without dilation.
func Square(kernel, stride, pad int) Window {
	return Window{[2]int{kernel, kernel}, [2]int{stride, stride}, [2]int{1, 1}, [4]int{pad, pad, pad, pad}}
}

// Reach is the extent of input that one window spans, height and width.
func (w Window) Reach() [2]int {
	return [2]int{(w.Kernel[0]-1)*w.Dilation[0] + 1, (w.Kernel[1]-1)*w.Dilation[1] + 1}
}

// Out is the number of output positions over an input of h rows and w columns, or says why the window does not fit.
func (w Window) Out(height, width int) (h, wide int, err error) {
	reach := w.Reach()
	var out [2]int
	for axis, extent := range [2]int{height, width} {
		before, after := w.Pad[2*axis], w.Pad[2*axis+1]
		switch padded := extent + before + after; {
		case w.Kernel[axis] < 1 || w.Stride[axis] < 1 || w.Dilation[axis] < 1:
			return 0, 0, fmt.Errorf("kernel %s, stride %s and dilation %s must be at least 1", by(w.Kernel), by(w.Stride), by(w.Dilation))
		case before < 0 || after < 0:
			return 0, 0, fmt.Errorf("padding %v must not be negative", w.Pad)
		case padded < reach[axis]:
			return 0, 0, fmt.Errorf("kernel %s does not fit a padded %s input", by(reach),
				by([2]int{height + w.Pad[0] + w.Pad[1], width + w.Pad[2] + w.Pad[3]}))
		default:
			out[axis] = (padded-reach[axis])/w.Stride[axis] + 1
		}
	}
	return out[0], out[1], nil
}

// pooled is the shape of a pooling of x, whose every window must hold at least one element of x.
func (w Window) pooled(x tensor.Shape) (tensor.Shape, error) {
	if w.Dilation != [2]int{1, 1} {
		return nil, fmt.Errorf("dilation %s; a pooling has none, write 1", by(w.Dilation))
	}
	h, wide, err := w.Out(x[1], x[2])
	if err != nil {
		return nil, err
	}
	for axis, out := range [2]int{h, wide} {
		if w.Pad[2*axis] >= w.Kernel[axis] || (out-1)*w.Stride[axis] >= x[1+axis]+w.Pad[2*axis] {
			return nil, fmt.Errorf("a window of %s with padding %v lies outside the %s input; use less padding", by(w.Kernel), w.Pad, by([2]int{x[1], x[2]}))
		}
	}
	return tensor.Of(x[0], h, wide, x[3]), nil
}

// detail prints 3x3/1, then padding and dilation where there are any.
func (w Window) detail() string {
	s := by(w.Kernel) + "/" + short(w.Stride[0], w.Stride[1])
	if w.Pad != [4]int{} {
		s += " pad " + short(w.Pad[:]...)
	}
	if w.Dilation != [2]int{1, 1} {
		s += " dilation " + short(w.Dilation[0], w.Dilation[1])
	}
	return s
}

func by(a [2]int) string { return fmt.Sprintf("%dx%d", a[0], a[1]) }

// short prints one number where all are equal, else all of them with commas.
func short(a ...int) string {
	s, same := fmt.Sprint(a[0]), true
	for _, v := range a[1:] {
		same = same && v == a[0]
	}
	if same {
		return s
	}
	for _, v := range a[1:] {
		s += fmt.Sprintf(",%d", v)
	}
	return s
}
