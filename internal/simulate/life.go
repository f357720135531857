package simulate

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/study"
)

// Life is a way to use a ledger, honest or not.
type Life struct {
	Name string
	live func(p *person)
}

// person is someone with a study of so many factors and repeats, and a ledger.
type person struct {
	*world
	factors, repeats int
	ledger           study.Ledger
	err              error
	trainings        int           // of arms and baseline, all looks together
	told             *study.Result // of a life that is judged once, with the contrasts of its design

	truths map[string]float64 // of contrasts, by identity
	beyond second             // what looks claim of interactions and deficit
}

// keep enters a look at a study in the ledger.
func (p *person) keep(r *study.Result, k study.Look, err error) {
	if err != nil {
		p.err = err
		return
	}
	if k.N > 0 {
		p.ledger.Looks = append(p.ledger.Looks, k)
	}
	p.trainings = max(p.trainings, len(r.Trials))
	by := map[string]float64{} // by name
	for _, c := range r.Contrasts {
		by[c.Name] = p.truthOf(c)
	}
	for _, a := range k.Arms {
		if truth, is := by[a.Name]; is {
			p.truths[a.ID] = truth
		}
	}
}

// truthOf is a contrast's true value.
func (p *person) truthOf(c study.Contrast) float64 {
	truth := 0.0
	for name, w := range c.Weights {
		truth += w * p.arms[name[len("arm "):]].Effect
	}
	return math.Round(1e9*truth) / 1e9
}

// look takes a look as a run's end does.
func (p *person) look(r *study.Result, planned bool) {
	k, err := p.ledger.Look(r, planned)
	p.keep(r, k, err)
}

// at takes a look at a level of the life's own.
func (p *person) at(r *study.Result, level float64) {
	k, err := p.ledger.LookAt(r, level)
	p.keep(r, k, err)
}

func (p *person) all() []int { return named(p.factors) }

func (p *person) of(factors []int, repeats int) *study.Result {
	return p.study(factors, repeats, plainly, nil)
}

// decided are the verdicts so far, by arm.
func (p *person) decided() map[string]study.Verdict {
	out := map[string]study.Verdict{}
	metric := p.metrics()[0].Name
	for _, k := range p.ledger.Looks {
		for _, a := range k.Arms {
			if f, ok := a.Findings[metric]; ok && f.Verdict.Decided() {
				out[a.ID[len("id "):]] = f.Verdict
			}
		}
	}
	return out
}

// open are the factors whose arm no look has decided.
func (p *person) open(factors []int) []int {
	done := p.decided()
	return slices.DeleteFunc(slices.Clone(factors), func(f int) bool { return done[id([]int{f})] != "" })
}

// growing judges at the plan's end, and while an arm is undecided adds two repeats and judges again, four times at most.
func growing(p *person) {
	p.ledger.Repeats = p.repeats
	for nth := range 5 {
		p.look(p.of(p.all(), p.repeats+2*nth), true)
		if len(p.open(p.all())) == 0 {
			return
		}
	}
}

// removing keeps the better half of the undecided after each look, and adds two repeats.
func removing(p *person) {
	p.ledger.Repeats = p.repeats
	kept := p.all()
	for nth := 0; nth < 5 && len(kept) > 0; nth++ {
		n := p.repeats + 2*nth
		p.look(p.of(kept, n), true)
		kept = by(p.open(kept), func(f int) float64 { return p.effect([]int{f}, n) })
		kept = kept[:(len(kept)+1)/2]
	}
}

// adding brings two new variants and two more repeats three times, and of the old keeps the two undecided that stand out.
func adding(p *person) {
	p.ledger.Repeats = p.repeats
	kept, next := p.all(), p.factors
	for nth := range 4 {
		n := p.repeats + 2*nth
		p.look(p.of(kept, n), true)
		kept = by(p.open(kept), func(f int) float64 { return math.Abs(p.effect([]int{f}, n)) })
		kept = append(kept[:min(2, len(kept))], next, next+1)
		next += 2
	}
}

// The lives in which the ledger's promise is held to.
var (
	once    = Life{"judged once, at 5 %, no ledger", func(p *person) { p.at(p.of(p.all(), p.repeats), 0.05) }}
	planned = Life{"one planned look", func(p *person) { p.ledger.Repeats = p.repeats; p.look(p.of(p.all(), p.repeats), true) }}
	grown   = Life{"growing until all is decided, up to four times", growing}
	removed = Life{"removing losers and growing: after each look the better half of the undecided stays", removing}
	asked   = Life{"judged once, at 5 %, every contrast", func(p *person) {
		r := p.of(p.all(), p.repeats)
		p.err = study.Claims(r)
		p.told, p.trainings = r, len(r.Trials)
	}}
	learned = Life{"judged once, the curve of data-size", func(p *person) {
		r := p.of(p.all(), p.repeats)
		p.err = study.Judge(r)
		p.told, p.trainings = r, len(r.Trials)
	}}
	staged = Life{"looks after 3 and at the end, planned", func(p *person) {
		p.ledger.Repeats, p.ledger.First = p.repeats, 3
		for _, n := range study.PlannedLooks(3, p.repeats) {
			p.look(p.of(p.all(), n), true)
		}
	}}
	lowering = Life{"repeats lowered wherever the effects look good", func(p *person) {
		p.ledger.Repeats = p.repeats
		for n := 2; n <= p.repeats; n++ {
			r := p.of(p.all(), n)
			whole, err := study.Ledger{}.LookAt(r, 0.05) // what the whole promise would claim by now
			if err != nil {
				p.err = err
				return
			}
			claims := func(a study.Looked) bool { return a.Findings[p.metrics()[0].Name].Verdict.Decided() }
			if n == p.repeats || slices.ContainsFunc(whole.Arms, claims) {
				p.look(r, true)
			}
		}
	}}
	again = Life{"removing the study and running it again, 8 times, with 2 to 8 repeats", func(p *person) {
		p.ledger.Repeats = p.repeats
		for _, n := range []int{3, 3, 2, 3, 5, 3, 5, 8} { // the study is gone each time, the ledger is not
			p.look(p.of(p.all(), n), true)
		}
	}}
	renamed = Life{"the same arms under other names, 6 times, with 3 to 9 repeats", func(p *person) {
		p.ledger.Repeats = p.repeats
		for i, n := range []int{3, 3, 5, 5, 7, 9} {
			p.look(p.study(p.all(), n, func(s string) string { return fmt.Sprint(s, " try ", i) }, nil), true)
		}
	}}
	widened = Life{"two variants added, three times, repeats as they were", func(p *person) {
		p.ledger.Repeats = p.repeats
		for k := range 4 {
			p.look(p.of(named(p.factors+2*k), p.repeats), true)
		}
	}}
	added = Life{"two variants and two repeats added, three times, of the old only the two undecided kept that stand out most", adding}
)

// looks judges at the blocks given at levels of their own; a decided arm trains no more, and counts as judged for ever.
func looks(name string, blocks []int, levels []float64) Life {
	return Life{name, func(p *person) {
		stopped := map[string]int{}
		for i, n := range blocks {
			r := p.study(p.all(), n, plainly, func(arm string) int {
				if at, ok := stopped[arm]; ok {
					return at
				}
				return n
			})
			p.trainings = len(r.Trials)
			p.at(r, levels[i])
			for arm := range p.decided() {
				if _, ok := stopped[arm]; !ok {
					stopped[arm] = n
				}
			}
			if p.err != nil || len(p.open(p.all())) == 0 {
				return
			}
		}
	}}
}

// planOf are the looks of a plan of so many repeats, and their levels.
func planOf(least, most int) (blocks []int, levels []float64) {
	blocks = study.PlannedLooks(least, most)
	var before []study.Look
	for _, n := range blocks {
		level, planned := study.Plain.Level(before, float64(n)/float64(most))
		before, levels = append(before, study.Look{Planned: planned, Level: level}), append(levels, level)
	}
	return blocks, levels
}

// spend are the blocks least, 2 least, 4 least, ..., most and what the spending function level·t^1.5 of the share t of blocks
// leaves to each, finer than a plan's: Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70, 1983, with the power
// family of Kim and DeMets, Biometrika 74, 1987. Looks are added up by Bonferroni's inequality.
func spend(least, most int, level float64) (blocks []int, levels []float64) {
	before := 0.0
	for n := least; ; n = min(most, 2*n) {
		by := level * math.Pow(float64(n)/float64(most), 1.5)
		blocks, levels = append(blocks, n), append(levels, by-before)
		if before = by; n == most {
			return blocks, levels
		}
	}
}
