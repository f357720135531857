package study

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// ofClasses is a study whose metric is a mean over classes, one of which is in so many images.
func ofClasses(few float32) *Result {
	r := model{arms: 4, repeats: 3, images: 300, suits: 0.5, seed: 0.005, luck: 0.1, block: 0.02, effect: []float64{0, 0.8, -0.8, 0}}.draw(rand.New(rand.NewPCG(1, 1)))
	r.Metrics = r.Metrics[:1]
	r.Metrics[0].Rarest = "rarest"
	for i := range r.Trials {
		images := r.Trials[i].Images
		column := make([]float32, len(images.IDs))
		for k := range column {
			column[k] = float32(20 * (k % 2)) // every second shows nothing
		}
		column[5] = few
		images.Columns["rarest"] = column
	}
	return r
}

func TestAClassInFewImagesWidensIntervals(t *testing.T) {
	many, few := judged(t, ofClasses(2000)), judged(t, ofClasses(6))
	for _, name := range []string{"b", "c", "d"} {
		a, b := arm(t, many, name), arm(t, few, name)
		if a.Verdict == "" || b.Verdict == "" || *a.Effect != *b.Effect || a.ImageSE != b.ImageSE || !(*b.High-*b.Low > 1.1*(*a.High-*a.Low)) || !(b.DF < a.DF) {
			t.Errorf("%s: %+v with a class in 2,000 images, %+v in 6", name, a.Finding, b.Finding)
		}
	}
	if s := strings.Join(few.Caveats, "\n"); !strings.Contains(s, "a class is in 6 images of a validation split alone") {
		t.Errorf("caveats: %s", s)
	}
	if s := strings.Join(many.Caveats, "\n"); strings.Contains(s, "a class is in") {
		t.Errorf("caveats: %s", s)
	}
}

func TestAClassInFewerImagesHasNoVerdicts(t *testing.T) {
	r := judged(t, ofClasses(LeastOfClass-1))
	for _, name := range []string{"b", "c", "d"} {
		j := arm(t, r, name)
		if j.Verdict != "" || j.Low != nil || j.High != nil || j.P != nil || j.Effect == nil || !(j.SeedSE > 0) || math.IsNaN(*j.Effect) {
			t.Errorf("%s: %+v", name, j.Finding)
		}
	}
	if r.Winner != "a" || !strings.Contains(strings.Join(r.Caveats, "\n"), "no verdicts on accuracy") {
		t.Errorf("winner %s, caveats %v", r.Winner, r.Caveats)
	}
}
