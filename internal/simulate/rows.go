package simulate

import (
	"fmt"

	"github.com/assaylab/assay/study"
)

// The models. Of fewImages intervals reach delta within three repeats, so that none can be had from the first look on.
var (
	oneSplit  = Model{Images: 1000, Base: 1.3, Suits: 0.2, Seed: 0.012, Luck: 0.3, Block: 0.01, Loss: true}
	smallSet  = Model{Images: 100, Base: 1.3, Suits: 0.3, Seed: 0.012, Luck: 0.5, Block: 0.01, Loss: true}
	redrawn   = Model{Images: 1000, Pool: 10000, Base: 1.3, Suits: 0.5, Seed: 0.012, Luck: 0.5, Block: 0.01, Loss: true}
	seedsOnly = Model{Images: 1000, Base: 1.3, Seed: 0.012, Luck: 0.3, Block: 0.01, Loss: true}
	tiny      = Model{Images: 60, Base: 1.3, Suits: 0.3, Seed: 0.02, Luck: 0.2, Block: 0.01, Loss: true}
	fewImages = Model{Images: 260, Pool: 1040, Suits: 0.25, Seed: 0.05, Luck: 0.3, Block: 0.03, Delta: 8}
	unlike    = Model{Images: 150, Pool: 600, Base: 1.3, Suits: 0.25, Seed: 0.05, Luck: 0.3, Block: 0.03, Delta: 6}
	margins   = Model{Images: 1000, Pool: 10000, Base: 1.2, Suits: 0.1, Seed: 0.01, Luck: 0.35, Block: 0.01, Smooth: true, Delta: 1}              // as fashion-mini: 87 % right, two trainings disagree on 8 %
	objects   = Model{Images: 100, Base: 1, Suits: 0.5, Seed: 0.02, Luck: 0.4, Block: 0.02, Delta: 3, Objects: Objects{Classes: 5, Slope: 0.036}} // AP50 of 75 points
	narrow    = Model{Seed: 0.3, Block: 0.2, Delta: 1}
	wide      = Model{Seed: 0.45, Block: 0.3, Delta: 1} // the residual of the first study with a third of its images for validation
)

// alpha is what a study promises: the chance of any false claim.
const alpha = 0.05

// Rows is the table.
var Rows = func() []Row {
	var rows []Row
	add := func(r Row) {
		if r.Design.Kind == "" {
			r.Design.Kind = study.OFAT
		}
		rows = append(rows, r)
	}

	for _, r := range []Row{
		{Model: oneSplit, Factors: 5, Repeats: 5}, {Model: oneSplit, Factors: 5, Repeats: 3}, {Model: smallSet, Factors: 5, Repeats: 3},
		{Model: redrawn, Factors: 5, Repeats: 5}, {Model: seedsOnly, Factors: 5, Repeats: 3}, {Model: tiny, Factors: 1, Repeats: 2},
	} {
		r.Table, r.Scenario, r.Life, r.Promise = "null", nothing, once, alpha
		add(r)
	}
	for _, n := range []int{3, 5} {
		add(Row{Table: "power", Model: narrow, Factors: 15, Repeats: n, Scenario: lone, Life: once, Promise: alpha})
	}
	for _, r := range []Row{{Factors: 5, Repeats: 5}, {Factors: 15, Repeats: 5}, {Factors: 5, Repeats: 8}, {Factors: 5, Repeats: 10}, {Factors: 15, Repeats: 10}} {
		r.Table, r.Model, r.Scenario, r.Life = "spread", narrow, wild, once
		add(r)
	}
	for _, l := range []struct {
		Life
		factors, repeats int
	}{{once, 4, 3}, {planned, 4, 3}, {grown, 4, 3}, {removed, 6, 3}, {lowering, 4, 7}, {again, 4, 3}, {renamed, 4, 3}, {widened, 3, 3}, {added, 4, 3}} {
		for _, s := range []Scenario{nothing, mixture, halves} {
			add(Row{Table: "lives", Model: fewImages, Mixed: true, Factors: l.factors, Repeats: l.repeats, Scenario: s, Life: l.Life, Promise: alpha})
		}
	}
	add(Row{Table: "unlike", Model: unlike, Mixed: true, Factors: 4, Repeats: 3, Scenario: halves, Life: added})

	for _, n := range [][2]int{{3, 8}, {3, 10}, {4, 12}} {
		blocks, levels := spend(n[0], n[1], study.Plain.Planned)
		own, spent := planOf(n[0], n[1])
		for _, life := range []Life{
			looks("one look at 4 %", []int{n[1]}, []float64{study.Plain.Planned}),
			looks(fmt.Sprintf("0.8 %% after %d, 3.2 %% at the end", n[0]), n[:], []float64{0.008, 0.032}),
			looks(fmt.Sprintf("4 %% t^1.5 after %v, the plan of {min: %d, max: %d}", own, n[0], n[1]), own, spent),
			looks(fmt.Sprintf("4 %% t^1.5 after %v", blocks), blocks, levels),
		} {
			for _, s := range []Scenario{nothing, halves, six} {
				add(Row{Table: "planned looks", Model: wide, Factors: 6, Repeats: n[1], Scenario: s, Life: life})
			}
		}
	}
	for _, n := range []int{6, 7, 9} { // one look of about as many trainings as looks on the way take
		add(Row{Table: "planned looks", Model: wide, Factors: 6, Repeats: n, Scenario: six, Life: looks("one look at 4 %", []int{n}, []float64{study.Plain.Planned})})
	}
	for _, n := range []int{3, 8} {
		for _, s := range []Scenario{nothing, bent, points} {
			add(Row{Table: "smoothed", Model: margins, Factors: 5, Repeats: n, Scenario: s, Life: once})
		}
	}
	for _, d := range []struct {
		study.Design
		factors, repeats int
	}{
		{study.Design{Kind: study.OFAT}, 4, 5}, {study.Design{Kind: study.LOO}, 4, 5}, {study.Design{Kind: study.All}, 4, 5}, {study.Design{Kind: study.Ladder}, 4, 5}, {study.Design{Kind: study.Pairs}, 4, 5},
		{study.Design{Kind: study.Factorial}, 4, 2}, {study.Design{Kind: study.Fractional, Resolution: study.ResolutionIII}, 6, 4}, {study.Design{Kind: study.Fractional, Resolution: study.ResolutionIV}, 6, 3},
		{study.Design{Kind: study.Fractional, Resolution: study.ResolutionV}, 5, 2}, {study.Design{Kind: study.Fractional, Resolution: study.PlackettBurman}, 6, 4},
	} {
		for _, s := range []Scenario{nothing, additive, crossed} {
			promise := alpha
			if (d.Resolution == study.ResolutionIII || d.Resolution == study.PlackettBurman) && s.Name == crossed.Name {
				promise = 0 // a main effect there may be an interaction, and the claim says so
			}
			add(Row{Table: "designs", Model: wide, Design: d.Design, Factors: d.factors, Repeats: d.repeats, Scenario: s, Life: asked, Promise: promise})
		}
	}
	for _, s := range []Scenario{nothing, mixture, unalike} {
		add(Row{Table: "backbones", Model: wide, Design: study.Design{Kind: study.Backbones, Nets: []string{"two"}}, Factors: 4, Repeats: 5, Scenario: s, Life: asked, Dear: true, Promise: alpha})
	}
	for i, s := range curves {
		promise := alpha
		if i > 2 { // not of the form that is fitted
			promise = 0
		}
		add(Row{Table: "data size", Model: narrow, Design: study.Design{Kind: study.Sizes, Fractions: fractions}, Factors: 4, Repeats: 3, Scenario: s, Life: learned, Dear: true, Promise: promise})
	}
	fractional := func(r study.Resolution) study.Design {
		return study.Design{Kind: study.Fractional, Resolution: r}
	}
	for _, d := range []study.Design{{Kind: study.LOO}, {Kind: study.Factorial}, fractional(study.ResolutionIV)} {
		factors, repeats := 4, 6
		for _, life := range []Life{staged, grown} {
			if life.Name == grown.Name {
				repeats = 3
			}
			for _, s := range []Scenario{nothing, additive, crossed} {
				add(Row{Table: "grown designs", Model: wide, Design: d, Factors: factors, Repeats: repeats, Scenario: s, Life: life, Promise: alpha})
			}
		}
	}
	broken := wide
	broken.Diverges = 0.15
	for _, d := range []struct {
		study.Design
		factors, repeats int
	}{{study.Design{Kind: study.OFAT}, 4, 5}, {study.Design{Kind: study.Pairs}, 4, 5}, {study.Design{Kind: study.Factorial}, 4, 3}, {fractional(study.ResolutionIV), 6, 4}} {
		for _, s := range []Scenario{nothing, additive} {
			add(Row{Table: "diverged", Model: broken, Design: d.Design, Factors: d.factors, Repeats: d.repeats, Scenario: s, Life: asked, Promise: alpha})
		}
	}
	for _, d := range []struct {
		study.Design
		repeats int
	}{{study.Design{Kind: study.OFAT}, 7}, {fractional(study.ResolutionIV), 3}, {fractional(study.PlackettBurman), 4}, {fractional(study.ResolutionIII), 6}} { // 48 or 49 trainings each
		add(Row{Table: "equal cost", Model: wide, Design: d.Design, Factors: 6, Repeats: d.repeats, Scenario: graded, Life: asked, Promise: alpha})
	}
	for _, o := range []struct{ images, pool, classes, rare int }{
		{100, 0, 5, 0}, {100, 0, 5, 8}, {100, 0, 5, study.LeastOfClass}, {100, 1000, 5, study.LeastOfClass}, {100, 0, 5, study.LeastOfClass - 1}, {100, 0, 20, study.LeastOfClass},
	} {
		m := objects
		m.Images, m.Pool, m.Objects.Classes, m.Objects.Rare = o.images, o.pool, o.classes, o.rare
		for _, s := range []Scenario{nothing, mixture} {
			add(Row{Table: "average precision", Model: m, Factors: 4, Repeats: 3, Scenario: s, Life: once, Dear: true, Promise: alpha})
		}
	}
	for _, tunes := range []tunes{tunedAnew, tunedOnce} {
		m := narrow
		m.Tunes, m.Bowl, m.Rung = tunes, 0.5, 0.7
		for _, n := range []int{3, 8} {
			r := Row{Table: "tuned", Model: m, Factors: 5, Repeats: n, Scenario: nothing, Life: once}
			if tunes == tunedAnew {
				r.Promise = alpha
			}
			add(r)
		}
	}
	return rows
}()
