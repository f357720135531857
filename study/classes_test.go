package study

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// byTen gives images ten classes in turn.
func byTen(n int) []int32 {
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % 10)
	}
	return labels
}

// TestEffectsByClassAreRarelyFoundWhereThereAreNone counts the studies in which anything is found though no variant does anything: at most
// DiscoveryRate of them.
func TestEffectsByClassAreRarelyFoundWhereThereAreNone(t *testing.T) {
	for name, m := range map[string]model{
		"one split":               {arms: 4, repeats: 3, images: 400, suits: 0.4, seed: 0.05, luck: 0.5, block: 0.1},
		"a split for each":        {arms: 4, repeats: 5, images: 300, suits: 0.4, seed: 0.05, luck: 0.5, pool: 1500},
		"nothing suits":           {arms: 4, repeats: 3, images: 400, seed: 0.05, luck: 0.5},
		"a few images of a class": {arms: 3, repeats: 3, images: 60, suits: 0.4, luck: 0.5},
	} {
		studies := max(40, *studiesFlag)
		rng := rand.New(rand.NewPCG(11, 12))
		found := 0
		for range studies {
			r := m.draw(rng)
			for _, a := range r.Arms { // as judged as it needs to be
				r.Judged = append(r.Judged, Judgement{Arm: a})
			}
			if slices.ContainsFunc(ByClass(r, byTen(max(m.pool, m.images)), 10), func(e ClassEffect) bool { return e.Found }) {
				found++
			}
		}
		rate := float64(found) / float64(studies)
		t.Logf("%s: found in %.1f %% of %d studies", name, 100*rate, studies)
		if limit := DiscoveryRate + 2*math.Sqrt(DiscoveryRate*(1-DiscoveryRate)/float64(studies)); rate > limit {
			t.Errorf("%s: found in %.1f %% of studies in which nothing is, more than %.1f", name, 100*rate, 100*limit)
		}
	}
}

func TestAnEffectOnOneClassIsFoundThere(t *testing.T) {
	m := model{arms: 3, repeats: 3, images: 1000, luck: 0.3, seed: 0.01}
	r := m.draw(rand.New(rand.NewPCG(1, 2)))
	labels := byTen(m.images)
	for i := range r.Trials { // arm b is right on half of class 4, of which the others are wrong
		tr := &r.Trials[i]
		c := tr.Images.Columns["correct"]
		for k, id := range tr.Images.IDs {
			if labels[id] == 4 && id%20 == 4 {
				c[k] = map[bool]float32{true: 1}[tr.Arm == "b"]
			}
		}
	}
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	list := ByClass(r, labels, 10)
	if len(list) != 20 {
		t.Fatalf("%d effects, want two arms by ten classes", len(list))
	}
	for _, e := range list {
		if here := e.Arm == "b" && e.Class == 4; e.Found != here || here && (math.Abs(e.Effect-50) > 5 || e.Images != 100) {
			t.Errorf("%+v", e)
		}
	}
}

func TestEffectsByClassNeedImagesAndRepeats(t *testing.T) {
	r := model{arms: 2, repeats: 1, images: 50, luck: 0.3}.draw(rand.New(rand.NewPCG(3, 4)))
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	for _, e := range ByClass(r, byTen(50), 10) {
		if e.Found || e.Q != 1 {
			t.Errorf("of one repeat: %+v", e)
		}
	}
	if list := ByClass(r, nil, 10); len(list) != 0 {
		t.Errorf("without labels: %v", list)
	}
	if list := ByClass(&Result{}, byTen(50), 10); list != nil {
		t.Errorf("not judged: %v", list)
	}
}

func TestPseudoValuesTellNothingByClass(t *testing.T) {
	r := model{arms: 2, repeats: 3, images: 100, suits: 0.4, luck: 0.5}.draw(rand.New(rand.NewPCG(1, 2)))
	for _, a := range r.Arms {
		r.Judged = append(r.Judged, Judgement{Arm: a})
	}
	if len(ByClass(r, byTen(100), 10)) == 0 {
		t.Fatal("nothing by class")
	}
	r.Metrics[0].Rarest = "rarest"
	if effects := ByClass(r, byTen(100), 10); effects != nil {
		t.Errorf("%+v", effects)
	}
}
