package module

import "github.com/assaylab/assay/nn"

// ReLU is where a separable convolution has an activation: Chollet, arXiv:1610.02357, §4.7 and figure 10.
type ReLU string

// Places of the activation.
const (
	ReLUNone    ReLU = "none"    // nothing between depthwise and pointwise convolution, which converges fastest there
	ReLUBetween ReLU = "between" // norm and activation between them: arXiv:1802.02611
	ReLUAfter   ReLU = "after"   // behind the pointwise convolution in place of in front of the depthwise one
)

// Xception is separable convolutions of those widths, depthwise first, with a bypass round them: arXiv:1610.02357, figure 5. A
// norm stands behind each, the activation in front of each; in front of the first with lead alone: where x is not activated yet.
// With [ReLUAfter] it stands behind each, the last included. A stride is a 3x3 max pooling behind the last; the bypass projects
// where the shape changes ([OptionB]). In a pre-activation style norm and activation stand together in front.
func Xception(b *nn.Builder, x *nn.Node, s nn.Style, relu ReLU, stride int, lead bool, widths ...int) *nn.Node {
	pre := s.Pre && relu != ReLUAfter
	inner, end, bypass := nn.Style{}, s, s // between the parts, behind them, of the projection
	if relu == ReLUBetween {
		inner = s
	}
	end.Pre = false
	if relu != ReLUAfter {
		end.Act = nn.Activation{}
	}
	if pre {
		end.Norm, bypass = nil, nn.Style{Bias: s.Bias && s.Norm == nil}
	}
	y := x
	for i, width := range widths {
		switch {
		case relu == ReLUAfter || i == 0 && !lead:
		case pre:
			y = PreAct(b, y, s)
		default:
			y = b.Layer(s.Act, y)
		}
		y = b.Finish(Separable(b.Scope("sep%d", i+1), y, same(width, 3, 1), inner, DepthwiseFirst, 1), end)
	}
	if pre {
		y = shared(b, y, s)
	}
	if stride > 1 {
		y = b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(stride), Padding: nn.Pad(1)}, y)
	}
	return b.Add(y, Bypass(b, x, widths[len(widths)-1], stride, OptionB, bypass))
}
