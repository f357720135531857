package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Bottleneck puts a convolution between 1x1 ones: 1x1 from C channels to C/Reduce, the convolution at that width, 1x1 to its N
// outputs; weights C²/r + k²C²/r² + CN/r for k²CN. He, Zhang, Ren, Sun, arXiv:1512.03385, §4.1, after Lin, Chen, Yan,
// arXiv:1312.4400. Deviation: where a convolution widens, ResNet's own blocks take a share of the outputs for the middle.
type Bottleneck struct {
	Reduce   int     `yaml:"reduce" spec:"bare" help:"input channels divided by it give the width of the middle, at least 2"`
	StrideIn string  `yaml:"stride_in" values:"3x3, 1x1" help:"which convolution takes the stride: the one in the middle, or the first 1x1"`
	Where    nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape.
func (p Bottleneck) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if p.Reduce < 2 {
		return c, &spec.Fault{Path: "$.reduce", Msg: fmt.Sprintf("reduce %d; give 2 or more", p.Reduce)}
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		width := in.C / p.Reduce
		switch {
		case width < 1:
			return fmt.Sprintf("fewer than %d channels", p.Reduce), nil
		case width%conv.Groups != 0:
			return fmt.Sprintf("%d groups do not divide a middle of %d channels", conv.Groups, width), nil
		case p.StrideIn == "1x1" && !strideMoves(conv, in):
			return "without the padding that lets the first 1x1 take the stride", nil
		}
		s := between(g, n)
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.Reduced(b, x, conv, s, width, p.StrideIn == "1x1")
		})
	})
	return c, err
}

// strideMoves reports whether a strided 1x1 convolution in front of the same one at stride 1 gives a map of the same size.
func strideMoves(conv nn.Conv, in nn.Size) bool {
	conv.Groups, conv.Out = 1, 1
	want, err := conv.Infer([]nn.Size{in}, 1)
	if err != nil {
		return false
	}
	first := nn.Conv{Out: 1, Kernel: nn.Square(1), Stride: conv.Stride, Dilation: nn.Square(1), Groups: 1}
	conv.Stride = nn.Square(1)
	small, err := first.Infer([]nn.Size{in}, 1)
	if err != nil {
		return false
	}
	got, err := conv.Infer([]nn.Size{small}, 1)
	return err == nil && got == want
}
