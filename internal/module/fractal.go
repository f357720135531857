package module

import "github.com/assaylab/assay/nn"

// Fractal is the block f_C of Larsson, Maire, Shakhnarovich, "FractalNet", arXiv:1605.07648, §2: f_1 is a 3x3 convolution with
// norm and ReLU, f_C(x) the mean of f_{C-1}(f_{C-1}(x)) and of f_1(x); where several means follow one another at one place they
// are one mean of all. Its deepest path has 2^(columns-1) convolutions. Dropout of that rate, if not 0, stands behind each of
// them. Without drop-path.
func Fractal(b *nn.Builder, x *nn.Node, out, columns int, drop float32) *nn.Node {
	return mean(b, fractal(b, x, out, columns, drop))
}

// fractal gives the ends that are to be joined.
func fractal(b *nn.Builder, x *nn.Node, out, columns int, drop float32) []*nn.Node {
	short := ConvBNReLU(b, x, out, 3, 1)
	if drop > 0 {
		b.Dropout(short, drop)
	}
	if columns <= 1 {
		return []*nn.Node{short}
	}
	half := mean(b, fractal(b, x, out, columns-1, drop))
	return append(fractal(b, half, out, columns-1, drop), short)
}

func mean(b *nn.Builder, xs []*nn.Node) *nn.Node {
	if len(xs) == 1 {
		return xs[0]
	}
	return b.Layer(nn.Scale{By: 1 / float32(len(xs))}, b.Add(xs...))
}
