package study

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/task"
)

// world is where arms are trained whose true effects are known: 0, delta or -delta points over all images and seeds that
// there could be. An image is right as in model, and both images and seeds are drawn. An arm's n-th repeat is the same
// whenever it is asked for, as training is.
type world struct {
	rng        *rand.Rand
	images     int
	fixed      bool // one validation split for all repeats, else one of each
	difficulty []float64
	splits     [][]int32
	blocks     []float64
	arms       map[string]*simulated
	truths     []float64 // by order of first mention, over and over
}

type simulated struct {
	truth  float64   // points
	shift  float64   // of the latent value, that gives the truth
	suits  []float64 // by image
	trials []Trial
}

const (
	worldDelta = 8.0 // points: what intervals reach within three repeats, so that none can be had from the first look on
	baseAt     = 0.0 // half of the images are right, so that arms delta above and below vary alike; at 1.3 (82 %) they do not
	seedSD     = 0.05
	suitsSD    = 0.25
	luckSD     = 0.3
	blockSD    = 0.03
)

func newWorld(rng *rand.Rand, truths []float64, fixed bool) *world {
	w := &world{rng: rng, images: 260, fixed: fixed, arms: map[string]*simulated{}, truths: truths}
	pool := w.images
	if !fixed {
		pool *= 4
	}
	w.difficulty = make([]float64, pool)
	for i := range w.difficulty {
		w.difficulty[i] = baseAt + rng.NormFloat64()
	}
	return w
}

// arm is the arm of that identity, made where it is new; "" is the baseline.
func (w *world) arm(id string) *simulated {
	if a := w.arms[id]; a != nil {
		return a
	}
	a := &simulated{suits: make([]float64, len(w.difficulty))}
	if id != "" {
		a.truth = w.truths[(len(w.arms)-1)%len(w.truths)]
		sd := math.Sqrt(1 + suitsSD*suitsSD + seedSD*seedSD + luckSD*luckSD + blockSD*blockSD)
		a.shift = sd*distuv.UnitNormal.Quantile(distuv.UnitNormal.CDF(baseAt/sd)+a.truth/100) - baseAt
	}
	for i := range a.suits {
		a.suits[i] = suitsSD * w.rng.NormFloat64()
	}
	w.arms[id] = a
	return a
}

func (w *world) trial(id string, repeat int) Trial {
	a := w.arm(id)
	for len(w.splits) < repeat {
		ids := make([]int32, len(w.difficulty))
		for i := range ids {
			ids[i] = int32(i)
		}
		if !w.fixed {
			w.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		}
		w.splits = append(w.splits, ids[:w.images])
		w.blocks = append(w.blocks, blockSD*w.rng.NormFloat64())
	}
	for len(a.trials) < repeat {
		s := len(a.trials)
		common := a.shift + w.blocks[s] + seedSD*w.rng.NormFloat64()
		right, hits := make([]float32, w.images), 0
		for j, i := range w.splits[s] {
			if w.difficulty[i]+a.suits[i]+common+luckSD*w.rng.NormFloat64() > 0 {
				right[j] = 1
				hits++
			}
		}
		a.trials = append(a.trials, Trial{Repeat: s + 1, Status: Done, Images: PerImage{IDs: w.splits[s], Columns: map[string][]float32{task.Correct: right}},
			Metrics: map[string]float64{"accuracy": 100 * float64(hits) / float64(w.images)}})
	}
	return a.trials[repeat-1]
}

// study is the baseline and the arms given with so many repeats, under such names.
func (w *world) study(ids []string, repeats int, name func(string) string) *Result {
	r := &Result{Name: "simulated", Repeats: repeats, Meaningful: worldDelta, Metrics: []task.Metric{task.Accuracy}}
	for i, id := range slices.Concat([]string{""}, ids) {
		a := Arm{Name: name("arm " + id), ID: "id " + id, Baseline: i == 0}
		r.Arms = append(r.Arms, a)
		for s := range repeats {
			tr := w.trial(id, s+1)
			tr.Arm = a.Name
			r.Trials = append(r.Trials, tr)
		}
	}
	return r
}

// tally is what came of one life of a study.
type tally struct {
	wrong   bool // any false helps, hurts or none
	claims  int  // right helps and hurts
	effects int  // arms with an effect
	none    int  // right nones
	nulls   int
	looks   int
}

// person is someone with a ledger and a way of using it.
type person struct {
	*world
	ledger Ledger
	err    error
}

func plainly(s string) string { return s }

// look takes a look as a run's end does, without what is told of it.
func (p *person) look(r *Result, planned bool) {
	t, err := tabulate(r)
	if err != nil {
		p.err = err
		return
	}
	t.begin(r)
	if k := p.ledger.take(r, t, planned); k.N > 0 {
		p.ledger.Looks = append(p.ledger.Looks, k)
	}
}

// open are the arms that no look has decided.
func (p *person) open(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		k, seen := p.ledger.governing("id "+id, "accuracy")
		return seen && k.Findings["accuracy"].Verdict.Decided()
	})
}

// effect is an arm's effect over so many repeats, as anyone may see it at any time.
func (p *person) effect(id string, repeats int) float64 {
	sum := 0.0
	for s := range repeats {
		sum += p.trial(id, s+1).Metrics["accuracy"] - p.trial("", s+1).Metrics["accuracy"]
	}
	return sum / float64(repeats)
}

// by sorts arms by a figure, the largest first.
func by(ids []string, figure func(id string) float64) []string {
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(figure(b), figure(a)) })
	return ids
}

func (p *person) tally() tally {
	t := tally{looks: len(p.ledger.Looks)}
	decided := map[string]Verdict{}
	for _, k := range p.ledger.Looks {
		for _, a := range k.Arms {
			if f := a.Findings["accuracy"]; f.Verdict.Decided() {
				decided[a.ID[len("id "):]] = f.Verdict
			}
		}
	}
	for id, a := range p.arms {
		if id == "" {
			continue
		}
		right, v := None, decided[id]
		switch {
		case a.truth > 0:
			right = Helps
		case a.truth < 0:
			right = Hurts
		}
		if v != "" && v != right {
			t.wrong = true
		}
		if a.truth != 0 {
			t.effects++
		} else {
			t.nulls++
		}
		if v == right && a.truth != 0 {
			t.claims++
		} else if v == right {
			t.none++
		}
	}
	return t
}

func named(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	return ids
}

// lives are ways to use a ledger, honest and not.
var lives = []struct {
	name string
	live func(p *person)
}{
	{"judged once, at 5 %", func(p *person) {
		r := p.study(named(4), 3, plainly)
		t, err := tabulate(r)
		if err != nil {
			p.err = err
			return
		}
		t.begin(r)
		p.ledger.Looks = []Look{{N: 1, Level: alpha, Arms: p.ledger.judge(t, t.ask(r, sight{level: alpha}))}}
	}},
	{"one planned look at 3 repeats", func(p *person) {
		p.ledger.Repeats = 3
		p.look(p.study(named(4), 3, plainly), true)
	}},
	{"growing until decided, four times", func(p *person) {
		p.ledger.Repeats = 3
		p.look(p.study(named(4), 3, plainly), true)
		for n := 5; n <= 11 && len(p.open(named(4))) > 0; n += 2 {
			p.look(p.study(named(4), n, plainly), false)
		}
	}},
	{"removing losers and growing", func(p *person) {
		p.ledger.Repeats = 3
		ids := named(6)
		for n := 3; n <= 11 && len(ids) > 0; n += 2 {
			p.look(p.study(ids, n, plainly), true)
			ids = by(p.open(ids), func(id string) float64 { return p.effect(id, n) })
			ids = ids[:(len(ids)+1)/2] // the better half stays
		}
	}},
	{"lowering repeats where the effects look good", func(p *person) {
		p.ledger.Repeats = 7
		for n := 2; n <= 7; n++ {
			r := p.study(named(4), n, plainly)
			t, err := tabulate(r)
			if err != nil {
				p.err = err
				return
			}
			t.begin(r)
			claims := func(f Finding) bool { return f.Verdict.Decided() }
			if n == 7 || slices.ContainsFunc(t.ask(r, sight{level: alpha})[0].of, claims) { // what the whole promise would claim by now
				p.look(r, true)
			}
		}
	}},
	{"removing the study and running it again", func(p *person) {
		p.ledger.Repeats = 3
		for _, n := range []int{3, 3, 2, 3, 5, 3, 5, 8} { // the study is gone each time, the ledger is not
			p.look(p.study(named(4), n, plainly), true)
		}
	}},
	{"the same arms under other names", func(p *person) {
		p.ledger.Repeats = 3
		for i, n := range []int{3, 3, 5, 5, 7, 9} {
			p.look(p.study(named(4), n, func(s string) string { return fmt.Sprint(s, " try ", i) }), true)
		}
	}},
	{"adding two variants, three times", func(p *person) {
		p.ledger.Repeats = 3
		for k := range 4 {
			p.look(p.study(named(3+2*k), 3, plainly), true)
		}
	}},
	{"adding variants and repeats, keeping what stands out", func(p *person) {
		p.ledger.Repeats = 3
		ids, next := named(4), 4
		for n := 3; n <= 9; n += 2 {
			p.look(p.study(ids, n, plainly), true)
			ids = by(p.open(ids), func(id string) float64 { return math.Abs(p.effect(id, n)) })
			ids = append(ids[:min(2, len(ids))], fmt.Sprint(next), fmt.Sprint(next+1))
			next += 2
		}
	}},
}

// truths are the mixtures of true effects, in units of delta, dealt to arms in turn.
var truths = []struct {
	name string
	of   []float64
}{
	{"nothing differs", []float64{0}},
	{"half at +delta, half at -delta", []float64{worldDelta, -worldDelta}},
	{"0, +delta and -delta", []float64{0, worldDelta, 0, -worldDelta}},
}

func TestLooksTogetherErrNoMoreThanPromised(t *testing.T) {
	studies := studiesOr(1)
	if testing.Short() {
		studies = 40
	}
	for _, life := range lives {
		for i, truth := range truths {
			if testing.Short() && i != 2 {
				continue
			}
			t.Run(life.name+"/"+truth.name, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(uint64(i)+21, 5))
				var sum tally
				wrong := 0
				for k := range studies {
					p := &person{world: newWorld(rng, truth.of, k%2 == 0)}
					life.live(p)
					if p.err != nil {
						t.Fatal(p.err)
					}
					s := p.tally()
					if s.wrong {
						wrong++
					}
					sum.claims, sum.effects, sum.none, sum.nulls, sum.looks = sum.claims+s.claims, sum.effects+s.effects, sum.none+s.none, sum.nulls+s.nulls, sum.looks+s.looks
				}
				n := float64(studies)
				t.Logf("any false claim %.4f, effects found %.3f, none found %.3f, looks %.2f", float64(wrong)/n,
					float64(sum.claims)/float64(max(1, sum.effects)), float64(sum.none)/float64(max(1, sum.nulls)), float64(sum.looks)/n)
				errors := 2.0 // simulation errors; of a few studies three, since there are many lives
				if studies < 1000 {
					errors = 3
				}
				if rate := float64(wrong) / n; rate > alpha+errors*math.Sqrt(alpha*(1-alpha)/n) {
					t.Errorf("any false claim in %.4f of %d studies, promised %.2f", rate, studies, alpha)
				}
			})
		}
	}
}
