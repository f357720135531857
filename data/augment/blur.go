package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Blur takes the mean of neighbours, weighed by Gauss's curve as far as three of its standard deviations, one between the two of Sigma,
// each as likely (torchvision's GaussianBlur, which is told how far): Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for
// Contrastive Learning of Visual Representations", ICML 2020, arXiv:2002.05709, appendix A.
type Blur struct {
	Sigma [2]float64 `yaml:"sigma" spec:"bare" is:"two standard deviations in pixels, the smaller first" range:"0.1 to 10" help:"a number between them is drawn"`
}

// Apply draws one number.
func (o Blur) Apply(s *Sample, r *tensor.Rand) {
	s.stages = append(s.stages, stage{kind: blurred, amount: between(o.Sigma[0], o.Sigma[1], r)})
}

// String is "blur by 0.1 to 2 pixels".
func (o Blur) String() string { return fmt.Sprintf("blur by %g to %g pixels", o.Sigma[0], o.Sigma[1]) }
