// Package simulate draws studies whose truth is known, runs the judge of package study on each, and counts how often it
// errs, what it finds and what it costs. [Rows] is the table of what is simulated, design by scenario by life; the command in
// internal/simulate/run makes docs/results/simulations.json of it, and docs/statistics.md has its figures from there.
package simulate

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/assaylab/assay/study"
)

// Row is one kind of study, simulated many times.
type Row struct {
	Table    string // of docs/statistics.md that it stands in
	Model    Model
	Design   study.Design
	Scenario Scenario
	Life     Life
	Factors  int
	Repeats  int
	Mixed    bool    // every second study has one split for all its repeats
	Dear     bool    // takes long: tests run ten studies of it
	Promise  float64 // the most that any false claim may be; 0: none is made
}

// Name says in one line what the row is, and is its own.
func (r Row) Name() string { return r.draws() + ", " + r.Life.Name }

// draws says what is drawn. Rows that differ in their life alone begin with the same draws, so that rules are compared on the
// same studies.
func (r Row) draws() string {
	images := fmt.Sprintf("no images, sd %g", r.Model.Seed)
	if r.Model.Images > 0 {
		images = fmt.Sprintf("%d images", r.Model.Images)
		switch {
		case r.Mixed:
			images += ", splits of both kinds"
		case r.Model.Pool > 0:
			images += fmt.Sprintf(" redrawn from %d", r.Model.Pool)
		}
		if r.Model.Base != 0 {
			images += fmt.Sprintf(", difficulty %g", r.Model.Base)
		}
		if r.Model.Suits == 0 {
			images += ", nothing suits any"
		}
		if o := r.Model.Objects; o.Classes > 0 {
			images += fmt.Sprintf(" of objects of %d classes", o.Classes)
			if o.Rare > 0 {
				images += fmt.Sprintf(", one of them in %d images of a split", o.Rare)
			}
		}
	}
	if r.Model.Diverges > 0 {
		images += fmt.Sprintf(", %g of the trainings of arms with the first variant diverge", r.Model.Diverges)
	}
	if r.Model.Tunes != "" {
		images += ", " + string(r.Model.Tunes)
	}
	return fmt.Sprintf("%s: %s, %d variants, %d repeats, %s, %s", r.Table, r.Design, r.Factors, r.Repeats, images, r.Scenario.Name)
}

// Outcome is what came of a row. Rates are shares of studies, but for Found and Nones, which are shares of arms.
type Outcome struct {
	Row       string            `json:"row"`
	Studies   int               `json:"studies"`
	Seed      uint64            `json:"seed"`
	Wrong     float64           `json:"wrong"`    // any false helps, hurts or none, of an arm whose effect is delta or more
	WrongSE   float64           `json:"wrong_se"` // Monte-Carlo standard error of it
	Others    map[string]Second `json:"others,omitempty"`
	Alone     float64           `json:"seeds_alone"` // any false difference, were images no sample
	Found     float64           `json:"found"`       // arms with an effect that is called as it is
	Nones     float64           `json:"nones"`       // arms without one that are told to have none
	Decided   float64           `json:"decided"`     // arms with a verdict, right or wrong, a study
	Looks     float64           `json:"looks"`
	Trainings float64           `json:"trainings,omitempty"` // where arms stop
}

// Second is a metric beside the first, a family of its own.
type Second struct {
	Wrong float64 `json:"wrong"` // any false claim by it
	Found float64 `json:"found"` // arms with an effect that it calls as it is
	// The same of differences alone, were its intervals wider by 0.1 on both sides.
	WideWrong float64 `json:"wide_wrong"`
	WideFound float64 `json:"wide_found"`
}

// tally is what came of one study.
type tally struct {
	wrong, alone          bool
	others                []second // by metric, after the first
	found, effects        int
	nones, nulls, decided int
	looks, trainings      int
}

type second struct {
	wrong, wideWrong          bool
	found, wideFound, effects int
}

// Run simulates so many studies of a row on so many threads. The k-th study is the same whatever the threads.
func (r Row) Run(studies int, seed uint64, threads int) (Outcome, error) {
	h := fnv.New64a()
	h.Write([]byte(r.draws()))
	tallies, errs := make([]tally, studies), make([]error, threads)
	var wait sync.WaitGroup
	for n := range threads {
		wait.Go(func() {
			for k := n; k < studies && errs[n] == nil; k += threads {
				tallies[k], errs[n] = r.one(stream(seed^h.Sum64(), k), k)
			}
		})
	}
	wait.Wait()
	o := Outcome{Row: r.Name(), Studies: studies, Seed: seed}
	for _, err := range errs {
		if err != nil {
			return o, fmt.Errorf("%s: %w", r.Name(), err)
		}
	}
	share := func(of, all int) float64 { return math.Round(1e5*float64(of)/float64(max(1, all))) / 1e5 }
	var sum tally
	var beside []string
	for _, m := range r.Model.metrics()[1:] {
		beside = append(beside, m.Name)
	}
	switch {
	case r.Life.Name == asked.Name, r.Table == "grown designs":
		beside = []string{"interactions"}
	case r.Life.Name == learned.Name:
		beside = []string{"outcome of twice the images"}
	}
	wrong, alone, others := 0, 0, make([]struct{ wrong, found, wideWrong, wideFound, effects int }, len(beside))
	for _, t := range tallies {
		if t.wrong {
			wrong++
		}
		if t.alone {
			alone++
		}
		for i, s := range t.others {
			others[i].effects += s.effects
			others[i].found += s.found
			others[i].wideFound += s.wideFound
			if s.wrong {
				others[i].wrong++
			}
			if s.wideWrong {
				others[i].wideWrong++
			}
		}
		sum.found, sum.effects, sum.nones, sum.nulls = sum.found+t.found, sum.effects+t.effects, sum.nones+t.nones, sum.nulls+t.nulls
		sum.decided, sum.looks, sum.trainings = sum.decided+t.decided, sum.looks+t.looks, sum.trainings+t.trainings
	}
	o.Wrong, o.Alone = share(wrong, studies), share(alone, studies)
	o.WrongSE = math.Round(1e5*math.Sqrt(o.Wrong*(1-o.Wrong)/float64(max(1, studies)))) / 1e5
	for i, name := range beside {
		if o.Others == nil {
			o.Others = map[string]Second{}
		}
		o.Others[name] = Second{Wrong: share(others[i].wrong, studies), Found: share(others[i].found, others[i].effects),
			WideWrong: share(others[i].wideWrong, studies), WideFound: share(others[i].wideFound, others[i].effects)}
	}
	o.Found, o.Nones = share(sum.found, sum.effects), share(sum.nones, sum.nulls)
	o.Decided, o.Looks, o.Trainings = share(sum.decided, studies), share(sum.looks, studies), share(sum.trainings, studies)
	return o, nil
}

// stream is where the k-th study's draws come from.
func stream(seed uint64, k int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(k))) }

// one is the k-th study.
func (r Row) one(rng *rand.Rand, k int) (tally, error) {
	m := r.Model
	if r.Mixed && k%2 == 0 {
		m.Pool = 0
	}
	p := &person{world: newWorld(m, r.Design, r.Scenario, rng), factors: r.Factors, repeats: r.Repeats, truths: map[string]float64{}}
	r.Life.live(p)
	if p.err == nil {
		p.err = p.world.err
	}
	switch {
	case p.err == nil && p.told != nil && r.Design.Kind == study.Sizes:
		return p.tallyCurve(rng), nil
	case p.told != nil:
		return p.tallyTold(), p.err
	}
	t := p.tally()
	if r.Table == "grown designs" {
		t.others = []second{p.beyond}
	}
	return t, p.err
}

// tallyTold counts what a study of any design claims of its contrasts: the main ones, or arms where the design asks of these, are the
// first family, interactions and deficit a second.
func (p *person) tallyTold() tally {
	t := tally{looks: 1, trainings: p.trainings, others: []second{{}}}
	count := func(first bool, truth float64, v study.Verdict) {
		truth = math.Round(1e9*truth) / 1e9
		wrong := p.false(&arm{Truth: Truth{Effect: truth}}, v)
		switch {
		case !first:
			t.others[0].wrong = t.others[0].wrong || wrong
			if truth != 0 {
				t.others[0].effects++
			}
			if !wrong && (v == study.Helps || v == study.Hurts) {
				t.others[0].found++
			}
			return
		case truth != 0:
			t.effects++
		default:
			t.nulls++
		}
		if !v.Decided() {
			return
		}
		t.decided++
		switch t.wrong = t.wrong || wrong; {
		case wrong:
		case v != study.None:
			t.found++
		case truth == 0:
			t.nones++
		}
	}
	for _, j := range p.told.Judged {
		if j.Verdict != "" {
			if j.Diverged > 0 && j.Verdict == study.Hurts { // it does break down
				continue
			}
			truth := p.arms[j.ID[len("id "):]].Effect
			if j.Backbone != "" { // against its own baseline
				truth -= p.arms[id(p.moved(nil, 1))].Effect
			}
			count(true, truth, j.Verdict)
		}
	}
	for _, c := range p.told.Contrasts {
		if c.Verdict != "" {
			count(c.Kind == study.Main, p.truthOf(c), c.Verdict)
		}
	}
	return t
}

// tallyCurve counts what a study of data-size says of twice the images: wrong is an answer about the plateau that is not so, or a gain
// outside of its interval; beside it how often the mean of as many new trainings lies outside of its. Found are plateaus, and
// curves that go on, which are told.
func (p *person) tallyCurve(rng *rand.Rand) tally {
	t := tally{looks: 1, trainings: p.trainings, others: []second{{}}}
	d := p.told.DataSize
	if d == nil {
		p.err = errors.New("no curve")
		return t
	}
	gain := p.curve(2) - p.curve(1)
	told := d.Answer == study.Reached && gain < p.Delta || d.Answer == study.NotReached && gain > 0
	t.wrong = !told && d.Answer != study.Open || gain < *d.Gain.Low || gain > *d.Gain.High
	t.effects = 1
	if told {
		t.found, t.decided = 1, 1
	}
	mean := gain + math.Hypot(p.Block, p.Seed)/math.Sqrt(float64(p.repeats))*rng.NormFloat64()
	t.others[0].effects, t.others[0].wrong = 1, mean < d.Twice.Low || mean > d.Twice.High
	return t
}

func (p *person) tally() tally {
	metrics := p.metrics()
	t := tally{looks: len(p.ledger.Looks), trainings: p.trainings, others: make([]second, len(metrics)-1)}
	for _, k := range p.ledger.Looks {
		for _, row := range k.Arms {
			a := p.arms[strings.TrimPrefix(row.ID, "id ")]
			if a == nil {
				p.tallyContrast(&t, row)
				continue
			}
			for i, m := range metrics {
				f, judged := row.Findings[m.Name]
				if !judged || !f.Verdict.Decided() {
					if i == 0 && a.Effect == 0 && len(row.Notes) > 0 {
						t.alone = true // "on these images"
					}
					continue
				}
				wrong := p.false(a, f.Verdict)
				if i > 0 {
					s := &t.others[i-1]
					s.wrong = s.wrong || wrong
					if f.Verdict == study.None {
						continue
					}
					wide := f.Low != nil && (*f.Low > 0.1 || *f.High < -0.1)
					s.wideWrong = s.wideWrong || wrong && wide
					if !wrong {
						s.found++
					}
					if !wrong && wide {
						s.wideFound++
					}
					continue
				}
				t.decided++
				t.wrong = t.wrong || wrong
				t.alone = t.alone || wrong && f.Verdict != study.None
				switch {
				case wrong:
				case f.Verdict != study.None:
					t.found++
				case a.Effect == 0:
					t.nones++
				}
			}
		}
	}
	for name, a := range p.arms {
		switch {
		case name == "":
		case a.Effect != 0:
			t.effects++
		default:
			t.nulls++
		}
	}
	for i := range t.others {
		t.others[i].effects = t.effects
	}
	return t
}

// tallyContrast counts what a look claims of a contrast.
func (p *person) tallyContrast(t *tally, row study.Looked) {
	f := row.Findings[p.metrics()[0].Name]
	if !f.Verdict.Decided() {
		return
	}
	wrong := p.false(&arm{Truth: Truth{Effect: p.truths[row.ID]}}, f.Verdict)
	if row.Kind == "beyond" {
		p.beyond.wrong = p.beyond.wrong || wrong
		return
	}
	t.decided++
	t.wrong = t.wrong || wrong
}

// false tells whether a verdict of an arm is a false claim, by whichever metric of the model.
func (p *person) false(a *arm, v study.Verdict) bool {
	switch v {
	case study.Helps:
		return a.Effect <= 0
	case study.Hurts:
		return a.Effect >= 0
	case study.None:
		return math.Abs(a.Effect) >= p.Delta && p.Delta > 0
	}
	return false
}
