package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Bottleneck puts a convolution between 1x1 ones, at a fraction of its channels: He, Zhang, Ren, Sun, arXiv:1512.03385, §4.1.
type Bottleneck struct {
	Reduce   int     `yaml:"reduce" spec:"bare" help:"output channels divided by it give the width of the middle, at least 2"`
	StrideIn string  `yaml:"stride_in" values:"3x3, 1x1" help:"which convolution takes the stride"`
	Where    nn.Glob `yaml:"where" help:"layer paths; default: all that fit"`
}

// Rewrite keeps every output shape.
func (p Bottleneck) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if p.Reduce < 2 {
		return c, &spec.Fault{Path: "$.reduce", Msg: fmt.Sprintf("reduce %d; give 2 or more", p.Reduce)}
	}
	if p.StrideIn != "3x3" && p.StrideIn != "1x1" {
		return c, &spec.Fault{Path: "$.stride_in", Msg: fmt.Sprintf("no place %q for the stride; choose 3x3 or 1x1", p.StrideIn)}
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, out nn.Size) (string, error) {
		if out.C/p.Reduce < 1 {
			return fmt.Sprintf("too few channels to divide by %d", p.Reduce), nil
		}
		s := g.Style(n)
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.Reduced(b, x, conv, s, out.C/p.Reduce, p.StrideIn == "1x1")
		})
	})
	return c, err
}

// eachSpatial calls rewrite for every convolution larger than 1x1 that where names and that does not read the images, with the
// size of its output. A reason that rewrite returns is counted as a place that does not fit.
func eachSpatial(g *nn.Graph, where nn.Glob, c *nn.Changes, rewrite func(*nn.Node, nn.Conv, nn.Size) (string, error)) error {
	for n, conv := range nn.Each[nn.Conv](g) {
		if conv.Kernel == nn.Square(1) || !where.Match(n.Path()) {
			continue
		}
		if n.In[0] == g.Input() {
			c.Skip(n.Name, "reads the images")
			continue
		}
		sizes, err := g.Sizes()
		if err != nil {
			return err
		}
		reason, err := rewrite(n, conv, sizes[n])
		switch {
		case err != nil:
			return err
		case reason != "":
			c.Skip(n.Name, reason)
		default:
			c.Count(true)
		}
	}
	return nil
}
