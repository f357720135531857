package study

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/study/stat"
)

// NoiseSplit tells where the noise between repeats comes from, as standard deviations of one trial within its block, in the
// primary metric's unit: NoiseSD² = Images² + Trainings². It decides on the remedy: more validation images lessen the one part,
// more repeats lessen both.
type NoiseSplit struct {
	Images    float64 `json:"images"`    // from counting no more than Result.Images images: over m images it falls as 1/√m
	Trainings float64 `json:"trainings"` // from the trainings themselves, were there endless images; 0 where the images explain it all
	Low       float64 `json:"low"`       // 90 % interval of Trainings
	High      float64 `json:"high"`
	DF        int     `json:"df"` // degrees of freedom of that

	shared float64 // the part of the images' variance that all blocks have in common: no noise between them
}

// split finds both parts of the noise from what is asked, image by image, with no other data. V is the sample variance of an arm's
// difference from the baseline over the images of a block, halved for one arm of the two (of a contrast: by its squared weights),
// in the mean over blocks and questions; over m images V/m of it is noise, but for what blocks share: with one split for all of
// them what suits an arm on its images is no noise but the effect's image term, which splits that overlap have in part. What V/m
// does not explain of the residual varies by training, with the residual's χ² interval. nil where there is no residual. Its
// honesty: TestTheNoiseIsSplitAsItWasDrawn.
func (t *table) split(now findings) *NoiseSplit {
	if !(now.noiseSD > 0) || now.df < 1 {
		return nil
	}
	var counted, shared float64
	blocks, asked := 0, 0
	for q, f := range now.of {
		if f.Method != "dunnett" && f.Method != "multivariate t" || t.asks[q].home != 0 {
			continue
		}
		asked++
		shared += f.ImageSE * f.ImageSE / t.asks[q].scale()
		for s := range t.cells[0] {
			if v := t.imageVariance(t.asks[q], s); !math.IsNaN(v) {
				counted += v / t.asks[q].scale()
				blocks++
			}
		}
	}
	if blocks == 0 {
		return nil
	}
	counted, shared = counted/float64(blocks), shared/float64(asked)
	images := max(0, counted-shared)
	n := &NoiseSplit{Images: math.Sqrt(images), DF: now.df, shared: shared}
	variance, df := now.noiseSD*now.noiseSD, float64(now.df)
	rest := func(variance float64) float64 { return math.Sqrt(max(0, variance-images)) }
	chi := distuv.ChiSquared{K: df}
	n.Trainings, n.Low, n.High = rest(variance), rest(variance*df/chi.Quantile(0.95)), rest(variance*df/chi.Quantile(0.05))
	return n
}

// imageVariance is the variance of the mean over a block's images that a question has from these being a sample; NaN where one of its
// arms is missing.
func (t *table) imageVariance(q question, s int) float64 {
	m := t.metrics[0]
	var sum []float64
	for v, w := range q.weights {
		if w == 0 {
			continue
		}
		c := t.cells[v][s]
		if c == nil || c.Status != Done {
			return math.NaN()
		}
		if sum == nil {
			sum = make([]float64, len(c.Images.IDs))
		}
		for i, x := range c.Images.Columns[m.Column] {
			sum[i] += w * m.Scale * float64(x)
		}
	}
	return stat.Variance(sum) / float64(len(sum))
}

// counted is the variance that images give to a trial where there are `to` of them in place of `from`, drawn anew each repeat: what
// blocks share of it hangs on the images that there are to draw from, not on how many are drawn.
func (n NoiseSplit) counted(from, to int) float64 {
	return max(0, (n.Images*n.Images+n.shared)*float64(from)/float64(to)-n.shared)
}
