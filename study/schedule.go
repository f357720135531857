package study

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What runs next is decided from the history alone: a [Schedule] reads no clock, no disk and no process, so that it is tested
// on thousands of made-up histories. Arms, trials and engines are identities, compared and never looked into. Whoever runs a
// study reads the history and leases what Next names in one transaction: between two, another engine may begin the block.

// Cell is a place in a study: an arm in a repeat.
type Cell struct {
	Arm    string // its identity, [ViewArm].Key
	Repeat int    // 1, 2, ...: the block
}

// Held is what a store knows of a cell.
type Held struct {
	Cell
	Trial   string   // identity of the trial that stands for the cell
	Engine  string   // that it runs on
	Status  Status   // how it ended; "": it has no result
	Leased  bool     // someone runs it now: the lease of a dead process counts until it ends
	Weights string   // digest of the last weights; "" where not known
	Outcome float64  // the primary metric
	Columns []string // per validation image, that the result holds
	Models  []string // that the trial left and that are there
	Spent   float64  // seconds of this study's budget that the cell has taken: all its attempts, under whatever engine
	Found   bool     // the trial is in the store but, so far, not in the study: another study made it, with this run's engine
}

// History is what a schedule decides from.
type History struct {
	View  View          // the study as the store has it now, which another process may have grown
	Held  []Held        // in any order; of a cell at most one row that is of the study, and one Found that is of another trial
	Tried map[Cell]bool // cells that this run has seen end, well or badly
	Fault string        // why nothing may run any more, in one line, e.g. the data have changed; "": nothing is wrong
}

// Schedule decides what a study runs.
type Schedule interface {
	Next(h History, n int) []Turn // at most n cells to run now, in order
	End(h History) End            // where the study stands
}

// Turn is a cell to be run.
type Turn struct {
	Cell
	Lacks []string // columns and models for which it is run again, as it lacks them; nil: it has no result
}

// Fixed is the plain schedule: every arm in every repeat of the view, whole blocks one after another, in each the baseline
// first and then the arms in their order. So a study that is stopped has complete blocks, and one that grows fills its missing
// repeats block by block. Of an arm that the first repeat shows to be idle no further repeat is run. What failed is tried once
// by each run.
type Fixed struct {
	Arms    []string          // identities of the arms of this run's file that have trials of their own, the baseline first
	Engine  string            // of this run
	Columns []string          // per validation image, that every finished trial must hold
	Keep    map[string]string // the model that every finished trial of an arm must have left; "": none
	Twins   map[string]string // arms whose trainings are those of another arm of this file, by that one: they differ in what is evaluated
	Budget  time.Duration     // of all runs together, after which nothing starts; 0: no limit
	Until   int               // repeats to run now, before the next planned look; 0: all of the view
	Equal   bool              // no arm is the baseline: none ends the study by diverging, and none is held against the first
}

// EndKind is where a study stands.
type EndKind string

// Where a study stands: exactly one holds. Going and Waiting are no ends; Hopeless and Faulty are, though trials may be running.
const (
	Going       EndKind = "going"    // Next has something to run
	Waiting     EndKind = "waiting"  // it has not, but trials are running, of this process or of others
	AllDone     EndKind = "done"     // nothing is left
	BudgetSpent EndKind = "spent"    // what is left was not begun
	SomeFailed  EndKind = "failed"   // something failed and was not made good
	OtherEngine EndKind = "engine"   // what is left belongs to blocks that another engine began
	Hopeless    EndKind = "hopeless" // the baseline diverged: nothing can be compared with it
	Faulty      EndKind = "fault"    // History.Fault
)

// End is where a study stands, with what there is to tell of it.
type End struct {
	Kind      EndKind
	Held      int         // trainings asked for that are there
	Left      int         // and that are not, or lack something
	Again     int         // of these, those that are there and lack something: they are trained again
	Failed    []Cell      // of these, what failed
	Elsewhere []Elsewhere // blocks of other engines, complete ones included
	Idle      []string    // arms that ended the first repeat in the baseline's own weights and outcome
	Beyond    int         // trials missing of arms that the view has and this run's file has not: another process's edit
	Repeat    int         // of Hopeless: where the baseline diverged
	Reason    string      // of Faulty
}

// OK tells whether a command that ends so has done what it was asked: all, or as much as the budget allowed.
func (e End) OK() bool { return e.Kind == AllDone || e.Kind == BudgetSpent }

// Elsewhere is the blocks that another engine than this run's began: what they lack can be run there alone, since the arms of a
// block are compared bit for bit.
type Elsewhere struct {
	Engine  string
	Repeats []int  // blocks that it began
	Missing []Cell // what they lack
}

// String says what is to be done, before the first trial.
func (e Elsewhere) String() string {
	be := func(n int) string {
		if n == 1 {
			return "is"
		}
		return "are"
	}
	n := len(e.Missing)
	if n == 0 {
		return fmt.Sprintf("%s %s of engine %s, not of this one", span(e.Repeats), be(len(e.Repeats)), e.Engine)
	}
	var repeats []int
	for _, c := range e.Missing {
		repeats = append(repeats, c.Repeat)
	}
	return fmt.Sprintf("%s of %s %s of engine %s: go on there, or keep both with --as NAME", trials(n), span(slices.Compact(repeats)), be(n), e.Engine)
}

// span is "repeat 2", "repeats 1 to 3" or "repeats 1, 3 to 5", of numbers that rise.
func span(repeats []int) string {
	var parts []string
	for i := 0; i < len(repeats); {
		j := i
		for j+1 < len(repeats) && repeats[j+1] == repeats[j]+1 {
			j++
		}
		if j == i {
			parts = append(parts, fmt.Sprint(repeats[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d to %d", repeats[i], repeats[j]))
		}
		i = j + 1
	}
	if len(repeats) == 1 {
		return "repeat " + parts[0]
	}
	return "repeats " + strings.Join(parts, ", ")
}

// ended tells whether the row holds a result. A failure is none.
func (r Held) ended() bool { return r.Status == Done || r.Status == Diverged }

// engines is whose each block is that was begun: the engine of its results in the study, else of its leases, else of what was
// found for it. Two engines may have met in a block, where a process outlived its lease: it is of the one with more results.
func (h History) engines() map[int]string {
	type bid struct {
		repeat int
		engine string
	}
	votes := map[bid][4]int{}
	for _, r := range h.Held {
		vote := 0
		switch {
		case r.ended():
		case r.Leased:
			vote = 1
		default:
			continue
		}
		if r.Found {
			vote += 2
		}
		v := votes[bid{r.Repeat, r.Engine}]
		v[vote]++
		votes[bid{r.Repeat, r.Engine}] = v
	}
	engines := map[int]string{}
	for b, v := range votes {
		best, begun := engines[b.repeat]
		held := votes[bid{b.repeat, best}]
		if d := slices.Compare(v[:], held[:]); !begun || d > 0 || d == 0 && b.engine < best {
			engines[b.repeat] = b.engine
		}
	}
	return engines
}

// Standing is the rows that stand for their cells: at most one a cell, with a result, a lease or a failure, results and leases
// of one engine in each block. What is Found among them is to be entered into the study. A judgement takes these and no others.
func (h History) Standing() []Held {
	engines := h.engines()
	var rows []Held
	for _, r := range h.Held {
		if r.stands(engines) {
			rows = append(rows, r)
		}
	}
	return rows
}

// stands tells whether a row stands for its cell, given whose each block is. The failure of another study does not: it is for
// this one to try.
func (r Held) stands(engines map[int]string) bool {
	engine, begun := engines[r.Repeat]
	return (!begun || r.Engine == engine) && (r.ended() || r.Leased || r.Status == Failed && !r.Found)
}

// state is how a cell that is asked for stands.
type state int

const (
	ready     state = iota // may run here
	there                  // has its result
	running                // is leased
	tried                  // failed in this run
	elsewhere              // belongs to another engine's block
)

// place is a cell that is asked for, as it stands.
type place struct {
	Turn
	state  state
	failed bool // its last attempt, in an earlier run
}

// survey is a history as the schedule sees it.
type survey struct {
	places    []place // all that is asked for, in the order in which it is run
	idle      []string
	engines   map[int]string  // whose each block is
	at        func(Cell) Held // what stands for a cell, if anything
	diverged  int             // first repeat in which the baseline diverged; 0: none
	overspent bool
}

// look takes stock. It is all that Next and End know.
func (f Fixed) look(h History) survey {
	s := survey{engines: h.engines()}
	standing := make(map[Cell]int, len(h.Held))
	for i, r := range h.Held {
		if r.stands(s.engines) {
			standing[r.Cell] = i
		}
	}
	s.at = func(c Cell) Held {
		if i, ok := standing[c]; ok {
			return h.Held[i]
		}
		return Held{}
	}
	leased, spent := map[Cell]bool{}, 0.0
	for _, r := range h.Held {
		spent += r.Spent
		_, taken := standing[r.Cell]
		if r.Leased && (r.stands(s.engines) || !r.Found && !taken) { // a lease holds its cell, though the block became another engine's
			leased[r.Cell] = true
		}
	}
	s.overspent = f.Budget > 0 && spent >= f.Budget.Seconds()
	repeats := f.repeats(h.View, &s)
	s.places = make([]place, 0, len(f.Arms)*h.View.Repeats)
	for repeat := 1; repeat <= f.until(h.View); repeat++ {
		for i, arm := range f.Arms {
			if repeat > repeats[arm] {
				continue
			}
			c := Cell{arm, repeat}
			if i == 0 && !f.Equal && s.diverged == 0 && s.at(c).Status == Diverged {
				s.diverged = repeat
			}
			s.places = append(s.places, f.place(c, h, s, leased[c]))
		}
	}
	return s
}

// until is how many repeats are asked for now.
func (f Fixed) until(v View) int {
	if f.Until > 0 {
		return min(f.Until, v.Repeats)
	}
	return v.Repeats
}

// repeats is how many are asked for of each arm, and notes which arms are idle.
func (f Fixed) repeats(v View, s *survey) map[string]int {
	status, stopped := map[string]ArmStatus{}, map[string]int{}
	for _, a := range v.Arms {
		status[a.Key], stopped[a.Key] = a.Status, a.Stopped
	}
	repeats := map[string]int{}
	for i, arm := range f.Arms {
		switch {
		case i > 0 && status[arm] == Removed:
		case f.Equal:
			repeats[arm] = f.until(v)
		case i > 0 && (status[arm] == Idle || sameEnd(s.at(Cell{arm, 1}), s.at(Cell{f.Arms[0], 1}))):
			s.idle = append(s.idle, arm)
			repeats[arm] = 1
		case i > 0 && stopped[arm] > 0:
			repeats[arm] = stopped[arm]
		default:
			repeats[arm] = f.until(v)
		}
	}
	return repeats
}

// place is how a cell that is asked for stands.
func (f Fixed) place(c Cell, h History, s survey, leased bool) place {
	r := s.at(c)
	p := place{Turn: Turn{Cell: c}, failed: r.Status == Failed}
	if r.Status == Done {
		if p.Lacks = lacking(f.Columns, r.Columns); f.Keep[c.Arm] != "" {
			p.Lacks = append(p.Lacks, lacking([]string{f.Keep[c.Arm]}, r.Models)...)
		}
	}
	engine, begun := s.engines[c.Repeat]
	switch {
	case leased:
		p.state = running
	case r.ended() && p.Lacks == nil:
		p.state = there
	case begun && engine != f.Engine:
		p.state = elsewhere
	case h.Tried[c]:
		p.state = tried
	}
	return p
}

// sameEnd tells whether an arm did nothing at run time: the baseline's very weights, and what they score.
func sameEnd(a, base Held) bool {
	return a.Status == Done && base.Status == Done && a.Weights != "" && a.Weights == base.Weights && a.Outcome == base.Outcome
}

// lacking is what is asked and not held, nil where nothing is.
func lacking(asked, held []string) []string {
	var lacks []string
	for _, c := range asked {
		if !slices.Contains(held, c) {
			lacks = append(lacks, c)
		}
	}
	return lacks
}

// Next is the first n cells that may run here and now.
func (f Fixed) Next(h History, n int) []Turn {
	s := f.look(h)
	if h.Fault != "" || s.diverged > 0 || s.overspent {
		return nil
	}
	var turns []Turn
	for _, p := range s.places {
		if p.state == ready && len(turns) < n {
			turns = append(turns, p.Turn)
		}
	}
	return turns
}

// Elsewhere is the blocks that other engines began, the earliest first: to be told before the first trial.
func (f Fixed) Elsewhere(h History) []Elsewhere { return f.look(h).elsewhere(f.Engine) }

func (s survey) elsewhere(here string) []Elsewhere {
	of := map[string]*Elsewhere{}
	asked := map[int]bool{}
	for _, p := range s.places {
		engine, begun := s.engines[p.Repeat]
		if !begun || engine == here {
			continue
		}
		e := of[engine]
		if e == nil {
			e = &Elsewhere{Engine: engine}
			of[engine] = e
		}
		if !asked[p.Repeat] {
			asked[p.Repeat] = true
			e.Repeats = append(e.Repeats, p.Repeat)
		}
		if p.state == elsewhere {
			e.Missing = append(e.Missing, p.Cell)
		}
	}
	var list []Elsewhere
	for _, e := range of {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b Elsewhere) int { return cmp.Compare(a.Repeats[0], b.Repeats[0]) })
	return list
}

// End tells where the study stands. A failure goes before a spent budget, and that before another engine's blocks, as these
// would not be run there either.
func (f Fixed) End(h History) End {
	s := f.look(h)
	e := End{Elsewhere: s.elsewhere(f.Engine), Idle: s.idle, Beyond: f.beyond(h, s.at), Repeat: s.diverged, Reason: h.Fault}
	var count [elsewhere + 1]int
	for _, p := range s.places {
		count[p.state]++
		if p.state == tried || p.state == ready && p.failed {
			e.Failed = append(e.Failed, p.Cell)
		}
	}
	for _, t := range f.trainings(s.places) {
		switch {
		case !t.lacks && !t.none:
			e.Held++
		default:
			e.Left++
			if t.lacks {
				e.Again++
			}
		}
	}
	switch {
	case h.Fault != "":
		e.Kind = Faulty
	case s.diverged > 0:
		e.Kind = Hopeless
	case count[ready] > 0 && !s.overspent:
		e.Kind = Going
	case count[running] > 0:
		e.Kind = Waiting
	case count[there] == len(s.places):
		e.Kind = AllDone
	case len(e.Failed) > 0:
		e.Kind = SomeFailed
	case s.overspent:
		e.Kind = BudgetSpent
	default:
		e.Kind = OtherEngine
	}
	return e
}

// training is what the cells of arms that share their trainings have in common in a repeat.
type training struct {
	none  bool // one of them has no result
	lacks bool // one has a result that lacks something
}

// trainings are those of the places, by the cell of the arm that others share them with.
func (f Fixed) trainings(places []place) map[Cell]training {
	of := map[Cell]training{}
	for _, p := range places {
		c := p.Cell
		if twin, shared := f.Twins[c.Arm]; shared {
			c.Arm = twin
		}
		t := of[c]
		t.lacks = t.lacks || p.state != there && p.Lacks != nil
		t.none = t.none || p.state != there && p.Lacks == nil
		of[c] = t
	}
	return of
}

// beyond counts what is missing of arms that the view has and the schedule has not.
func (f Fixed) beyond(h History, at func(Cell) Held) int {
	n := 0
	for _, a := range h.View.Arms {
		if a.Derived || a.Status == Removed || slices.Contains(f.Arms, a.Key) {
			continue
		}
		repeats := f.until(h.View)
		switch {
		case a.Status == Idle:
			repeats = 1
		case a.Stopped > 0:
			repeats = a.Stopped
		}
		for repeat := 1; repeat <= repeats; repeat++ {
			if !at(Cell{a.Key, repeat}).ended() {
				n++
			}
		}
	}
	return n
}
