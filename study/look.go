package study

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/assaylab/assay/study/stat"
)

// Looks are counted. Whoever judges a study, adds repeats and judges it again has two chances of a false claim, and after
// ten such rounds ten. So a judgement is a look, looks stand in a ledger, and together they spend no more than the study
// promises: 5 % for any false claim. The ledger hangs on what the baseline's trials are, not on a study's name: removing
// the study, renaming an arm or asking from another file begins nothing anew.

// Spending is the rule by which looks share the promise: planned looks together get Planned, by a spending function of the share of
// the planned repeats that a look sees (Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70, 1983): after
// the share t it is Planned t^Power in all (the power family of Kim and DeMets, Biometrika 74, 1987), so that a plan of one look has all of
// it at its end. The j-th unplanned look gets Unplanned / 2^j, so that all of them, however many, spend less than Unplanned. By Bonferroni's
// inequality over looks the whole is at most the sum, whatever each look depends on.
type Spending struct {
	Planned, Power, Unplanned float64
}

// Plain is the rule in use: 4 % for what is planned, 0.9 of it by 3 of 8 repeats; 1/2 %, 1/4 %, ... for what is not.
var Plain = Spending{Planned: 0.04, Power: 1.5, Unplanned: 0.01}

// Level is what the next look may spend after the looks given: a planned one that sees a share t of the planned repeats, or one that is
// not planned, t 0. Where no planned level is left, the look counts as unplanned.
func (s Spending) Level(before []Look, t float64) (level float64, planned bool) {
	next, spent := s.Unplanned/2, 0.0
	for _, l := range before {
		if l.Planned {
			spent += l.Level
		}
		if !l.Planned || l.Damaged {
			next /= 2
		}
		if l.Damaged {
			spent = s.Planned
		}
	}
	if left := s.after(t) - spent; left > 1e-12 {
		return left, true
	}
	return next, false
}

// after is what planned looks may have spent after a share of the planned repeats.
func (s Spending) after(t float64) float64 { return s.Planned * math.Pow(min(t, 1), s.Power) }

// PlannedLooks is after how many repeats a plan looks: after first, then each time that the repeats have doubled, as long as a fifth of them
// is still to come, and at the end; first 0: at the end alone. Finer looks cost more than they save.
func PlannedLooks(first, repeats int) []int {
	var at []int
	for n := first; n > 0 && n < repeats && (n == first || 5*n <= 4*repeats); n *= 2 {
		at = append(at, n)
	}
	return append(at, repeats)
}

// Look is one judgement: what it could spend, and what it found of every arm that it judged. It is plain data, a row of a
// store.
type Look struct {
	N       int       `json:"n"` // 1, 2, ... in its ledger
	Planned bool      `json:"planned"`
	Level   float64   `json:"level"` // chance of any false claim that it could spend
	At      time.Time `json:"at"`    // filled in by the caller: this package has no clock
	Study   string    `json:"study"` // name of the study that was judged, for people
	Arms    []Looked  `json:"arms"`
	Damaged bool      `json:"-"` // its record cannot be read: it spent whatever it could
}

// Looked is an arm in a look: every arm of the study's that had trials to judge, the baseline excepted.
type Looked struct {
	ID       string             `json:"id"`   // Arm.ID, or the name where that is empty
	Name     string             `json:"name"` // the arm's, then
	Kind     string             `json:"kind"` // the family that it was judged in: effects, derived, divergence; "" in none
	Repeats  int                `json:"repeats"`
	Trials   string             `json:"trials"`   // digest of the trials that were compared, the baseline's included
	Findings map[string]Finding `json:"findings"` // by metric; what an earlier look decided is not asked again and left out
	Notes    []string           `json:"notes,omitempty"`
}

// Ledger is all looks at one baseline.
type Ledger struct {
	Baseline string `json:"baseline"` // identity of the baseline's trials
	Repeats  int    `json:"repeats"`  // planned when its first trial began: a look before these is not a planned one; 0: not known
	First    int    `json:"first"`    // of these, before the first planned look; 0: none but at the end
	Looks    []Look `json:"looks"`    // in order
}

// Next is what the next look may spend, that at the planned end or one that is not planned.
func (l Ledger) Next(planned bool) float64 {
	t := 0.0
	if planned {
		t = 1
	}
	level, _ := Plain.Level(l.Looks, t)
	return level
}

// Ahead is what the next look at a study will have: what it may spend, how many arms of other studies its intervals hold for besides, and which
// studies these are, in order of their looks. Arms are the study's own, by identity. Before the first look all is as the study plans it: 0.
func (l Ledger) Ahead(name string, arms []string, repeats int) (level float64, others int, studies []string) {
	if len(l.Looks) == 0 {
		return 0, 0, nil
	}
	seen := map[string]bool{}
	for _, k := range l.Looks {
		if k.Study == name {
			continue
		}
		if !k.Damaged && !slices.Contains(studies, k.Study) {
			studies = append(studies, k.Study)
		}
		for _, a := range k.Arms {
			if a.Kind != beyond && !slices.Contains(arms, a.ID) {
				seen[a.ID] = true
			}
		}
	}
	level, _ = Plain.Level(l.Looks, l.share(repeats))
	return level, len(seen), studies
}

// share is which share of the planned repeats the last planned look sees that so many repeats have reached; 0 where they have reached none.
func (l Ledger) share(repeats int) float64 {
	share := 0.0
	for _, at := range PlannedLooks(l.First, max(l.Repeats, 1)) {
		if repeats >= at {
			share = float64(at) / float64(max(l.Repeats, 1))
		}
	}
	return share
}

// Judge takes a look: it judges r at the level that is left, which the undecided and the new arms may claim from, and
// fills r as Show would were the look in the ledger already. The look is for the caller to date and keep; where its N is 0
// there was nothing new to judge, and nothing was spent. planned says that the planned end was reached; a look before
// the ledger's Repeats, or after a planned one, is an unplanned one all the same. Errors are those of the package's Judge.
func (l Ledger) Judge(r *Result, planned bool) (Look, error) {
	t, err := tabulate(r)
	if err != nil {
		return Look{}, err
	}
	t.begin(r)
	look := l.take(r, t, planned)
	if look.N > 0 {
		l.Looks = append(l.Looks[:len(l.Looks):len(l.Looks)], look)
	}
	l.show(r, t)
	return look, nil
}

// take judges what there is to judge anew; the look's N is 0 where that is nothing.
func (l Ledger) take(r *Result, t *table, planned bool) Look {
	share := 0.0
	if planned {
		share = l.share(len(t.cells[0]))
	}
	level, planned := Plain.Level(l.Looks, share)
	if r.Stopped != "" || t.rows[0].Trials < 2 || !l.due(t) && !(planned && l.open(t)) {
		return Look{}
	}
	look := Look{N: len(l.Looks) + 1, Planned: planned, Level: level, Study: r.Name}
	look.Arms = l.judge(t, t.ask(r, l.sight(t, look.Level)))
	return look
}

// Show fills r from the looks taken: each arm with the finding of the look that decided it, else of its last, and beside
// it what its trials say by now. It judges nothing. Errors are those of the package's Judge.
func (l Ledger) Show(r *Result) error {
	t, err := tabulate(r)
	if err != nil {
		return err
	}
	t.begin(r)
	l.show(r, t)
	return nil
}

func (l Ledger) show(r *Result, t *table) {
	for _, k := range l.Looks {
		r.Looks = append(r.Looks, LookLine{N: k.N, Level: k.Level, Planned: k.Planned})
	}
	if r.Stopped == "" {
		next := l.Next(true)
		at := next
		if n := len(l.Looks); n > 0 {
			at = l.Looks[n-1].Level
		}
		in := l.sight(t, next)
		now := t.ask(r, in)
		r.Family = t.judged()
		for kind, n := range in.absent {
			if kind != beyond {
				r.Family += n
			}
		}
		shown := make([]findings, len(now))
		for i := range now {
			shown[i] = l.shown(t, i, now[i])
		}
		t.tell(r, shown)
		t.foretell(r, now, at, next)
		r.Unplanned = l.unplanned(len(t.cells[0]), r.Family, now[0].df)
		t.choose(r, now[0])
	}
	t.end(r)
}

// unplanned is what the last look would have had to spend, were all repeats there are planned from the start.
func (l Ledger) unplanned(repeats, family, df int) *Unplanned {
	n := len(l.Looks)
	if n == 0 || l.Looks[n-1].Planned || l.Repeats < 2 || repeats <= l.Repeats || df < 1 {
		return nil
	}
	u := &Unplanned{Level: l.Looks[n-1].Level, Planned: Outlook{First: l.Repeats, Repeats: repeats}.level()}
	c := stat.ManyToOne(max(1, family))
	u.Wider = c.Critical(1-u.Level, float64(df)) / c.Critical(1-u.Planned, float64(df))
	return u
}

// shown is a metric's findings as far as looks allow them to be told.
func (l Ledger) shown(t *table, metric int, now findings) findings {
	shown := now
	shown.of, shown.notes = slices.Clone(now.of), slices.Clone(now.notes)
	for v, q := range t.asks {
		if q.weights == nil {
			continue
		}
		f := now.of[v]
		k, seen := l.governing(q.id, t.metrics[metric].Name)
		switch {
		case !seen && q.family == "": // nothing was left to chance
		case !seen:
			if f.Verdict != "" {
				t.awaits = true
			}
			shown.of[v] = Finding{Mean: f.Mean, Effect: f.Effect, SeedSE: f.SeedSE, ImageSE: f.ImageSE, DF: f.DF, Conditional: f.Conditional}
			shown.notes[v] = nil
		default:
			past := k.Findings[t.metrics[metric].Name]
			past.Mean = f.Mean
			if k.Trials != t.trials(v) && f.Effect != nil && q.family != "" {
				past.Later = f.alone()
			}
			shown.of[v], shown.notes[v] = past, k.Notes
		}
	}
	return shown
}

// governing is an arm in the look that decided it by a metric, else in its last; false where it had none.
func (l Ledger) governing(id, metric string) (Looked, bool) {
	var last Looked
	seen := false
	for _, k := range l.Looks {
		for _, a := range k.Arms {
			if f, here := a.Findings[metric]; here && a.ID == id {
				if last, seen = a, true; f.Verdict.Decided() {
					return last, true
				}
			}
		}
	}
	return last, seen
}

// judge makes a look's rows of findings, by metric, leaving out what is decided.
func (l Ledger) judge(t *table, now []findings) []Looked {
	var rows []Looked
	for v, q := range t.asks {
		row := Looked{ID: q.id, Name: q.name, Kind: q.family, Repeats: t.trained(v), Trials: t.trials(v), Findings: map[string]Finding{}}
		if row.Kind == "" {
			continue
		}
		for i, m := range t.metrics {
			past, seen := l.governing(row.ID, m.Name)
			if seen && past.Findings[m.Name].Verdict.Decided() {
				continue
			}
			f := now[i].of[v]
			f.Look, f.Mean = len(l.Looks)+1, nil
			row.Findings[m.Name] = f
			if i == 0 {
				row.Notes = now[i].notes[v]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// sight counts the arms that earlier looks judged and that are not in t, or not in the same kind of family.
func (l Ledger) sight(t *table, level float64) sight {
	absent := map[[2]string]bool{}
	for _, k := range l.Looks {
		for _, a := range k.Arms {
			absent[[2]string{a.Kind, a.ID}] = true
		}
	}
	for _, q := range t.asks {
		delete(absent, [2]string{q.family, q.id})
	}
	s := sight{level: level, absent: map[string]int{}}
	for a := range absent {
		s.absent[a[0]]++
	}
	return s
}

// open tells whether a look could decide anything: some question is undecided by the primary metric, or new.
func (l Ledger) open(t *table) bool {
	return slices.ContainsFunc(l.undecided(t), func(v int) bool { return t.pairs(v) > 1 || t.asks[v].family == divergence })
}

// due tells whether a look would see anything new: trials of an arm that is undecided, or new. To look again at what was
// seen would only spend.
func (l Ledger) due(t *table) bool {
	return slices.ContainsFunc(l.undecided(t), func(v int) bool {
		k, seen := l.governing(t.asks[v].id, t.metrics[0].Name)
		fresh := !seen || k.Trials != t.trials(v) && t.trained(v) >= k.Repeats // with fewer it is an older view
		return fresh && (t.pairs(v) > 1 || t.asks[v].family == divergence)
	})
}

// Stage is what a plan of several looks trains before the next of them: so many repeats, and of what is decided no more.
type Stage struct {
	Until   int            // repeats
	Stopped map[string]int // of arms, by identity, of which everything that is asked is decided: the repeats after which it was
}

// Stage tells how a plan of several looks goes on. Without such a plan it is the study's repeats and stops no arm. Errors are those of
// the package's Judge.
func (l Ledger) Stage(r *Result) (Stage, error) {
	s := Stage{Until: r.Repeats, Stopped: map[string]int{}}
	if l.First == 0 {
		return s, nil
	}
	t, err := tabulate(r)
	if err != nil {
		return s, err
	}
	for _, at := range PlannedLooks(l.First, l.Repeats) {
		if _, planned := Plain.Level(l.Looks, float64(at)/float64(l.Repeats)); planned {
			s.Until = min(s.Until, at)
			break
		}
	}
	open := map[int]bool{} // arms on which something undecided rests
	last := map[int]int{}  // arms by the repeats of the look that decided the last of what rests on them
	for _, q := range t.asks {
		k, seen := l.governing(q.id, t.metrics[0].Name)
		decided := seen && k.Findings[t.metrics[0].Name].Verdict.Decided()
		for v, w := range q.weights {
			if w != 0 && q.family != "" {
				open[v] = open[v] || !decided
				last[v] = max(last[v], k.Repeats)
			}
		}
	}
	for v, n := range last {
		if v > 0 && !open[v] {
			s.Stopped[t.arms[v].identity()] = n
		}
	}
	if len(open) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(open)), func(o bool) bool { return o }) { // nothing is left to ask
		s.Until = min(s.Until, last[0])
	}
	return s, nil
}

// undecided are the questions that no look has decided by the primary metric.
func (l Ledger) undecided(t *table) []int {
	var list []int
	for v, q := range t.asks {
		k, seen := l.governing(q.id, t.metrics[0].Name)
		if q.family != "" && !(seen && k.Findings[t.metrics[0].Name].Verdict.Decided()) {
			list = append(list, v)
		}
	}
	return list
}

// trials is a digest of the trials of a question's arms, in the repeats in which all but the baseline have one: of all that its
// effect hangs on.
func (t *table) trials(q int) string {
	h := sha256.New()
	for s := range t.cells[0] {
		if t.asks[q].rests(func(arm int) bool {
			c := t.cells[arm][s]
			return arm != t.asks[q].home && (c == nil || c.Status == Failed)
		}) {
			continue
		}
		for v, w := range t.asks[q].weights {
			if w == 0 {
				continue
			}
			c := t.cells[v][s]
			if c == nil || c.Status == Failed {
				fmt.Fprintf(h, "%d\n", s)
				continue
			}
			fmt.Fprintf(h, "%d %s %q", s, c.Status, c.WeightsDigest)
			for _, m := range t.metrics {
				fmt.Fprintf(h, " %s %x", m.Name, math.Float64bits(c.Metrics[m.Name]))
			}
			fmt.Fprintln(h)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
