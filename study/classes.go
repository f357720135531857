package study

import (
	"maps"
	"math"
	"slices"

	"github.com/assaylab/assay/study/stat"
)

// DiscoveryRate is the share of false ones that is expected among effects by class that are called found.
const DiscoveryRate = 0.10

// ClassEffect is what a variant does to the images of one class, in the primary metric: exploratory, found among many that were looked at, and no
// verdict.
type ClassEffect struct {
	Arm    string  `json:"arm"`
	Class  int     `json:"class"`
	Images int     `json:"images"` // of the class, that both the arm and the baseline saw
	Effect float64 `json:"effect"` // variant minus baseline, in the metric's unit
	SE     float64 `json:"se"`     // standard error, of seeds and of images as a sample
	Q      float64 `json:"q"`      // p-value adjusted for all arms and classes: at most DiscoveryRate where Found; 1 where nothing can be tested
	Found  bool    `json:"found"`
}

// ByClass compares every variant with the baseline, on the base's own backbone, class by class, arms in the order of r.Judged. labels are the classes of images by the
// numbers that [PerImage] gives them. Effects are means over pairs of one image in one repeat. Their variance is clustered both ways, by images
// and by repeats (Cameron, Gelbach and Miller, "Robust inference with multiway clustering", J. Bus. Econ. Stat. 29, 2011), and no less than either
// alone; degrees of freedom are Satterthwaite's. Of all effects together those are found that Benjamini and Hochberg's rule at [DiscoveryRate]
// finds. A metric without a column gives none, nor does one of pseudo-values, whose mean over some images says nothing.
func ByClass(r *Result, labels []int32, classes int) []ClassEffect {
	if len(r.Judged) == 0 || len(r.Metrics) == 0 || r.Metrics[0].Column == "" || r.Metrics[0].Rarest != "" {
		return nil
	}
	m := r.Metrics[0]
	trials := map[string]map[int]*Trial{}
	for i := range r.Trials {
		if t := &r.Trials[i]; t.Status == Done && len(t.Images.Columns[m.Column]) == len(t.Images.IDs) {
			if trials[t.Arm] == nil {
				trials[t.Arm] = map[int]*Trial{}
			}
			trials[t.Arm][t.Repeat] = t
		}
	}
	base, err := r.Baseline()
	if err != nil {
		base = r.Judged[0].Arm
	}
	var list []ClassEffect
	var ps []float64
	for _, j := range r.Judged {
		if j.Baseline || j.Backbone != "" || trials[j.Name] == nil {
			continue
		}
		pairs := make([]clusters, classes)
		for _, repeat := range slices.Sorted(maps.Keys(trials[j.Name])) {
			t, b := trials[j.Name][repeat], trials[base.Name][repeat]
			if b == nil || len(b.Images.IDs) != len(t.Images.IDs) {
				continue
			}
			x, y := t.Images.Columns[m.Column], b.Images.Columns[m.Column]
			for i, id := range t.Images.IDs {
				if int(id) < len(labels) && b.Images.IDs[i] == id && int(labels[id]) < classes {
					pairs[labels[id]].add(int(id), repeat, m.Scale*float64(x[i]-y[i]))
				}
			}
		}
		for class, c := range pairs {
			if c.n == 0 {
				continue
			}
			e := ClassEffect{Arm: j.Name, Class: class, Images: len(c.image), Effect: c.sum / c.n}
			variance, df := c.variance()
			e.SE = math.Sqrt(variance)
			p := math.NaN()
			if variance > 0 && df > 0 {
				p = stat.Student(e.Effect/e.SE, df)
			}
			list, ps = append(list, e), append(ps, p)
		}
	}
	for i, q := range stat.Discoveries(ps) {
		if list[i].Q = 1; !math.IsNaN(q) {
			list[i].Q, list[i].Found = q, q <= DiscoveryRate
		}
	}
	return list
}

// clusters gathers differences by image and by repeat.
type clusters struct {
	n, sum, squares float64
	image, repeat   map[int][2]float64 // how many, and their sum
}

func (c *clusters) add(image, repeat int, d float64) {
	if c.image == nil {
		c.image, c.repeat = map[int][2]float64{}, map[int][2]float64{}
	}
	c.n, c.sum, c.squares = c.n+1, c.sum+d, c.squares+d*d
	for _, by := range []struct {
		of map[int][2]float64
		at int
	}{{c.image, image}, {c.repeat, repeat}} {
		u := by.of[by.at]
		by.of[by.at] = [2]float64{u[0] + 1, u[1] + d}
	}
}

// variance is that of the mean with its degrees of freedom, 0 where fewer than two images or repeats show none.
func (c *clusters) variance() (v, df float64) {
	mean, inverse := c.sum/c.n, 0.0
	least := 0.0
	for _, of := range []map[int][2]float64{c.image, c.repeat} {
		g := float64(len(of))
		if g < 2 {
			return 0, 0
		}
		part := 0.0
		for _, at := range slices.Sorted(maps.Keys(of)) { // always in one order, so that equal studies give equal bits
			e := (of[at][1] - of[at][0]*mean) / c.n
			part += e * e * g / (g - 1)
		}
		v, inverse, least = v+part, inverse+part*part/(g-1), max(least, part)
	}
	if inverse == 0 {
		return 0, 0
	}
	df = v * v / inverse
	return max(least, v-(c.squares-c.n*mean*mean)/(c.n*(c.n-1))), df
}
