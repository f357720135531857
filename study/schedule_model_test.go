package study

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The laws of schedules and growth, tested by model: a store that is a few maps, and processes that come, edit one file, lease,
// run, fail, are interrupted, lose their leases, die and come back, on two engines, while the clock steps, other studies make
// some of the trials and results get damaged. All is drawn from a seed; a law that breaks prints the seed and what happened.

// histories is how many are tried: a few seconds of them.
const histories = 3000

const (
	leaseFor   = 20 // of the model's clock
	maxRepeats = 4
)

// trialID is the identity of a cell's trial on an engine.
type trialID struct {
	Cell
	engine string // "X" or "Y"
}

func (t trialID) String() string { return fmt.Sprintf("%s/%d@%s", t.Arm, t.Repeat, t.engine) }

type keptResult struct {
	status  Status
	weights string
	outcome float64
	columns []string
}

type keptLease struct {
	owner   *process // nil: another study's
	expires int
}

type keptCell struct {
	engine string // of the trial that stands for it
	spent  float64
}

// process is one run of the study.
type process struct {
	n     int
	file  View
	fixed Fixed
	tried map[Cell]bool
	fault string
	jobs  []trialID
	slots int
	seen  *History // that it read a while ago, and has not acted on
}

// microcosm is a store and all that happens to it.
type microcosm struct {
	*rand.Rand
	loud  bool // keeps a trace
	trace []string

	now     int
	view    View
	cells   map[Cell]keptCell
	results map[trialID]keptResult
	failed  map[trialID]bool // whose last attempt did
	leases  map[trialID]keptLease
	running []*process
	orphans []trialID // trials whose processes outlived those who started them
	born    int       // processes
	ran     int       // trials

	last    View     // the last file
	columns []string // that its run asked for

	diverges int  // repeat in which the baseline diverges; 0: none
	calm     bool // nothing fails
	late     bool // histories are read a while before they are acted on
	met      bool // two engines met in a block: a trial outlived its lease, the clock stepped, or a history was late
}

func newMicrocosm(r *rand.Rand, loud bool) *microcosm {
	return &microcosm{Rand: r, loud: loud, cells: map[Cell]keptCell{}, results: map[trialID]keptResult{}, failed: map[trialID]bool{}, leases: map[trialID]keptLease{}}
}

func (w *microcosm) log(format string, args ...any) {
	if w.loud {
		w.trace = append(w.trace, fmt.Sprintf("%4d  ", w.now)+fmt.Sprintf(format, args...))
	}
}

// broken is a law that does not hold.
type broken string

func (w *microcosm) breaks(format string, args ...any) {
	panic(broken(fmt.Sprintf(format, args...) + "\n" + strings.Join(w.trace, "\n")))
}

// truth is how a trial ends, whoever runs it: idle arms in the baseline's weights, "views" in them with another outcome, "wild"
// diverges in every second repeat.
func (w *microcosm) truth(t trialID, columns []string) keptResult {
	r := keptResult{status: Done, weights: t.String(), outcome: float64(t.Repeat), columns: columns}
	as := trialID{Cell{"base", t.Repeat}, t.engine}
	switch {
	case t.Arm == "base" && t.Repeat == w.diverges, t.Arm == "wild" && t.Repeat%2 == 0:
		return keptResult{status: Diverged}
	case strings.HasPrefix(t.Arm, "idle"):
		r.weights = as.String()
	case t.Arm == "views":
		r.weights, r.outcome = as.String(), 99
	}
	return r
}

// edit draws a file: some of the arms, by some names, in some order.
func (w *microcosm) edit() View {
	keys := []string{"idle", "idle2", "views", "wild", "a", "b", "derived"}
	names := []string{"n1", "n2", "n3", "n4", "n5", "n6", "n7"}
	w.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	if w.IntN(2) == 0 {
		w.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	}
	v := View{Name: "study", Repeats: 1 + w.IntN(maxRepeats), Arms: []ViewArm{{Key: "base", Name: BaselineName}}}
	for i := range 1 + w.IntN(len(keys)-1) {
		v.Arms = append(v.Arms, ViewArm{Key: keys[i], Name: names[i], Derived: keys[i] == "derived"})
	}
	return v
}

// start begins a run: it grows the study as its file says.
func (w *microcosm) start(file View, engine string, columns []string, budget time.Duration) *process {
	before := w.view
	g, err := Grow(w.view, file)
	if err != nil {
		w.breaks("grow: %v", err)
	}
	w.view, w.last, w.columns = g.View, file, columns
	w.born++
	p := &process{n: w.born, file: file, tried: map[Cell]bool{}, slots: 1 + w.IntN(3),
		fixed: Fixed{Arms: file.Trained(), Twins: w.twins(file.Trained()), Engine: engine, Columns: columns, Budget: budget}}
	w.running = append(w.running, p)
	w.log("process %d on %s, budget %v, columns %q, file %v x %d: %q", p.n, engine, budget, columns, file.Arms, file.Repeats, g.Lines(0, 0, 0))
	w.viewKept(before)
	return p
}

// twins draws arms that differ from another of their file in what is evaluated alone.
func (w *microcosm) twins(arms []string) map[string]string {
	twins := map[string]string{}
	for arm, of := range map[string]string{"views": "base", "idle2": "idle", "b": "a"} {
		if slices.Contains(arms, arm) && slices.Contains(arms, of) {
			twins[arm] = of
		}
	}
	if w.IntN(2) == 0 {
		return nil
	}
	return twins
}

// viewKept: growth loses no arm, shrinks no repeats, and keeps names apart.
func (w *microcosm) viewKept(before View) {
	if w.view.Repeats < before.Repeats {
		w.breaks("repeats shrank from %d to %d", before.Repeats, w.view.Repeats)
	}
	names := map[string]bool{}
	for _, a := range w.view.Arms {
		if a.Status != Removed && names[a.Name] {
			w.breaks("two arms named %s: %v", a.Name, w.view.Arms)
		}
		names[a.Name] = names[a.Name] || a.Status != Removed
	}
	for _, a := range before.Arms {
		if !slices.ContainsFunc(w.view.Arms, func(b ViewArm) bool { return b.Key == a.Key }) {
			w.breaks("the view lost %s: %v", a.Key, w.view.Arms)
		}
	}
}

// live tells whether a trial is leased. A lease that ends later than any that was given now is not believed.
func (w *microcosm) live(t trialID) bool {
	l, ok := w.leases[t]
	return ok && w.now < l.expires && l.expires <= w.now+leaseFor
}

// history is what a process reads.
func (w *microcosm) history(p *process) History {
	h := History{View: w.view, Tried: p.tried, Fault: p.fault, Held: make([]Held, 0, 2*len(w.cells))}
	held := func(t trialID) Held {
		r := w.results[t]
		if r.status == "" && w.failed[t] {
			r.status = Failed
		}
		return Held{Cell: t.Cell, Engine: t.engine, Status: r.status, Leased: w.live(t), Weights: r.weights, Outcome: r.outcome, Columns: r.columns}
	}
	for c, kept := range w.cells {
		row := held(trialID{c, kept.engine})
		row.Spent = kept.spent
		h.Held = append(h.Held, row)
	}
	for _, arm := range p.fixed.Arms {
		for repeat := 1; repeat <= w.view.Repeats; repeat++ {
			t := trialID{Cell{arm, repeat}, p.fixed.Engine}
			if _, ended := w.results[t]; (ended || w.live(t)) && w.cells[t.Cell].engine != t.engine {
				row := held(t)
				row.Found = true
				h.Held = append(h.Held, row)
			}
		}
	}
	return h
}

// claim is what a process does in one transaction: it enters what was found, and leases what is next. False: nothing is.
func (w *microcosm) claim(p *process, n int) (EndKind, bool) {
	h := w.history(p)
	found := false
	for _, r := range h.Standing() {
		if r.Found {
			found = true
			w.cells[r.Cell] = keptCell{r.Engine, w.cells[r.Cell].spent}
			w.log("process %d finds %v on %s", p.n, r.Cell, r.Engine)
		}
	}
	turns, end := p.fixed.Next(h, n), p.fixed.End(h)
	if found {
		h = w.history(p)
		if again := p.fixed.Next(h, n); !slices.EqualFunc(turns, again, func(a, b Turn) bool { return a.Cell == b.Cell }) {
			w.breaks("process %d is to run %v, and %v once what was found is entered", p.n, turns, again)
		}
	}
	if (len(turns) > 0) != (end.Kind == Going) || len(turns) > n {
		w.breaks("process %d: %d to run of %d asked for, and the study stands at %s", p.n, len(turns), n, end.Kind)
	}
	w.standsRight(p, end)
	for _, turn := range turns {
		w.mayRun(p, turn)
	}
	for _, turn := range turns {
		t := trialID{turn.Cell, p.fixed.Engine}
		w.cells[turn.Cell] = keptCell{t.engine, w.cells[turn.Cell].spent}
		w.leases[t] = keptLease{p, w.now + leaseFor}
		p.jobs = append(p.jobs, t)
		w.ran++
		w.log("process %d runs %v %q", p.n, t, turn.Lacks)
	}
	for i, a := range w.view.Arms {
		if a.Status == Active && slices.Contains(end.Idle, a.Key) {
			w.view.Arms = slices.Clone(w.view.Arms)
			w.view.Arms[i].Status = Idle
		}
	}
	return end.Kind, len(turns) > 0
}

// claimLate is a process that read the history a while ago and leases only now, trial by trial: what a store allows at any time.
// Two engines may so begin one block together; what stands of it is still of one.
func (w *microcosm) claimLate(p *process, n int) {
	h := *p.seen
	p.seen = nil
	mayAssign := func(c Cell, engine string) bool {
		_, ended := w.results[trialID{c, w.cells[c].engine}]
		return w.cells[c].engine == engine || !ended
	}
	for _, r := range h.Standing() {
		if r.Found && mayAssign(r.Cell, r.Engine) {
			w.cells[r.Cell] = keptCell{r.Engine, w.cells[r.Cell].spent}
		}
	}
	for _, turn := range p.fixed.Next(h, n) {
		t := trialID{turn.Cell, p.fixed.Engine}
		result, ended := w.results[t]
		lacks := result.status == Done && len(lacking(p.fixed.Columns, result.columns)) > 0
		if w.live(t) || ended && !lacks || p.tried[t.Cell] || !mayAssign(t.Cell, t.engine) {
			continue
		}
		w.cells[t.Cell] = keptCell{t.engine, w.cells[t.Cell].spent}
		w.leases[t] = keptLease{p, w.now + leaseFor}
		p.jobs = append(p.jobs, t)
		w.ran++
		w.log("process %d runs %v, late", p.n, t)
	}
	w.meets()
}

// blocks counts, by repeat, the results and live leases that the study has on engine X and on Y.
type blocks [maxRepeats + 1][2]int

func (b blocks) of(repeat int, engine string) int { return b[repeat][strings.Index("XY", engine)] }

func (b blocks) begun(repeat int) bool { return b[repeat] != [2]int{} }

func (b blocks) met(repeat int) bool { return b[repeat][0] > 0 && b[repeat][1] > 0 }

func (w *microcosm) blocks() (b blocks) {
	for c, kept := range w.cells {
		t := trialID{c, kept.engine}
		if _, ended := w.results[t]; ended || w.live(t) {
			b[c.Repeat][strings.Index("XY", kept.engine)]++
		}
	}
	return b
}

// meets notes whether two engines are in one block now.
func (w *microcosm) meets() {
	b := w.blocks()
	for repeat := range b {
		w.met = w.met || b.met(repeat)
	}
}

func (w *microcosm) over(p *process) bool {
	spent := 0.0
	for _, kept := range w.cells {
		spent += kept.spent
	}
	return p.fixed.Budget > 0 && spent >= p.fixed.Budget.Seconds()
}

// mayRun holds what a process is told to run against the laws, by the store alone.
func (w *microcosm) mayRun(p *process, turn Turn) {
	c, t, b := turn.Cell, trialID{turn.Cell, p.fixed.Engine}, w.blocks()
	arm := slices.IndexFunc(w.view.Arms, func(a ViewArm) bool { return a.Key == c.Arm })
	result, ended := w.results[t]
	lacks := result.status == Done && len(lacking(p.fixed.Columns, result.columns)) > 0
	switch {
	case arm < 0 || w.view.Arms[arm].Status == Removed || w.view.Arms[arm].Derived || !slices.Contains(p.fixed.Arms, c.Arm) || c.Repeat > w.view.Repeats:
		w.breaks("%v is not asked for", c)
	case ended && !lacks:
		w.breaks("%v runs again, and its result is held", t)
	case lacks != (turn.Lacks != nil):
		w.breaks("%v: told to lack %q, and it has %q", t, turn.Lacks, result.columns)
	case w.live(t) || w.live(trialID{c, w.cells[c].engine}):
		w.breaks("%v is leased already", c)
	case p.tried[c]:
		w.breaks("%v is tried a second time by one run", c)
	case c.Repeat > 1 && w.isIdle(c.Arm):
		w.breaks("%v: the arm is idle", c)
	case w.over(p):
		w.breaks("%v begins after the budget of %v", c, p.fixed.Budget)
	case p.fault != "":
		w.breaks("%v begins in spite of a fault", c)
	case b.begun(c.Repeat) && b.of(c.Repeat, t.engine) == 0 || b.met(c.Repeat) && !w.met:
		w.breaks("%v begins in a block of %v", t, b[c.Repeat])
	}
}

// isIdle is what the first block says of an arm.
func (w *microcosm) isIdle(arm string) bool {
	x, y := Cell{arm, 1}, Cell{"base", 1}
	a, b := w.results[trialID{x, w.cells[x].engine}], w.results[trialID{y, w.cells[y].engine}]
	return arm != "base" && a.status == Done && b.status == Done && w.cells[x].engine == w.cells[y].engine && a.weights == b.weights && a.outcome == b.outcome
}

// standsRight holds an end against the store, in a second way of counting. It says nothing once two engines met in a block.
func (w *microcosm) standsRight(p *process, end End) {
	if p.fault != "" || w.met || end.Kind == Hopeless {
		if p.fault != "" && end.Kind != Faulty {
			w.breaks("process %d: a fault, and the study stands at %s", p.n, end.Kind)
		}
		return
	}
	var open, leased, failed int
	trainings := map[Cell]bool{} // by the cell of the arm that others share them with: whether something is left of them
	b := w.blocks()
	for _, a := range w.view.Arms {
		if a.Status == Removed || !slices.Contains(p.fixed.Arms, a.Key) {
			continue
		}
		repeats := w.view.Repeats
		if a.Status == Idle || w.isIdle(a.Key) {
			repeats = 1
		}
		for repeat := 1; repeat <= repeats; repeat++ {
			c := Cell{a.Key, repeat}
			t := trialID{c, w.cells[c].engine}
			result, ended := w.results[t]
			training := c
			if twin, ok := p.fixed.Twins[c.Arm]; ok {
				training.Arm = twin
			}
			if !w.live(t) && ended && (result.status == Diverged || len(lacking(p.fixed.Columns, result.columns)) == 0) {
				if _, known := trainings[training]; !known {
					trainings[training] = false
				}
				continue
			}
			trainings[training] = true
			switch {
			case w.live(t):
				leased++
			case b.begun(repeat) && b.of(repeat, p.fixed.Engine) == 0:
			case p.tried[c]:
				failed++
			case w.failed[t] && !ended && (!b.begun(repeat) || b.of(repeat, t.engine) > 0):
				failed++
				open++
			default:
				open++
			}
		}
	}
	left, over := 0, w.over(p)
	for _, lacks := range trainings {
		if lacks {
			left++
		}
	}
	want := OtherEngine
	switch {
	case open > 0 && !over:
		want = Going
	case leased > 0:
		want = Waiting
	case left == 0:
		want = AllDone
	case failed > 0:
		want = SomeFailed
	case over:
		want = BudgetSpent
	}
	if end.Kind != want || end.Left != left || end.Held != len(trainings)-left || end.OK() != (left == 0 || want == BudgetSpent) {
		w.breaks("process %d: the study stands at %s, %d held, %d left (%d open, %d leased, %d failed), and it says %s, %d held, %d left", p.n, want, len(trainings)-left, left, open, leased, failed, end.Kind, end.Held, end.Left)
	}
}

// finish ends one of a process's trials.
func (w *microcosm) finish(p *process, i int) {
	t := p.jobs[i]
	p.jobs = slices.Delete(p.jobs, i, i+1)
	kept := w.cells[t.Cell]
	kept.spent += 60
	w.cells[t.Cell] = kept
	fails := !w.calm && w.IntN(6) == 0
	if w.leases[t].owner != p {
		w.log("process %d lost %v", p.n, t)
	} else {
		delete(w.leases, t)
		p.tried[t.Cell] = true
		if fails {
			w.failed[t] = true
			w.log("process %d: %v failed", p.n, t)
		}
	}
	if !fails {
		w.land(t, p.fixed.Columns)
	}
}

// land takes a result in, twice without harm. It touches no cell.
func (w *microcosm) land(t trialID, columns []string) {
	r := w.truth(t, columns)
	if old, ok := w.results[t]; ok && len(old.columns) > len(r.columns) {
		r.columns = old.columns
	}
	w.results[t] = r
	delete(w.failed, t)
	w.log("%v %s", t, r.status)
	w.meets()
}

// leave ends a process. What it ran dies with it, gives its lease back, or outlives it.
func (w *microcosm) leave(p *process) {
	for _, t := range p.jobs {
		switch w.IntN(3) {
		case 0:
			w.orphans = append(w.orphans, t)
		case 1:
			if w.leases[t].owner == p {
				delete(w.leases, t)
			}
		}
	}
	w.running = slices.DeleteFunc(w.running, func(q *process) bool { return q == p })
	w.log("process %d leaves", p.n)
}

// step is one thing that happens.
func (w *microcosm) step() {
	engine := []string{"X", "X", "Y"}[w.IntN(3)]
	var p *process
	if len(w.running) > 0 {
		p = w.running[w.IntN(len(w.running))]
	}
	switch draw := w.IntN(100); {
	case p == nil || draw < 4 && len(w.running) < 3:
		file := w.last
		if len(file.Arms) == 0 || w.IntN(2) == 0 {
			file = w.edit()
		}
		columns := []string{"correct", "log_p"}[:1+w.IntN(4)/3]
		w.start(file, engine, columns, time.Duration(w.IntN(3)*w.IntN(15))*time.Minute)
	case draw < 45:
		n := 1
		if w.IntN(4) == 0 {
			n = p.slots
		}
		if n = min(n, p.slots-len(p.jobs)); n < 1 {
			return
		}
		if p.seen != nil {
			w.claimLate(p, n)
			return
		}
		if w.late && w.IntN(3) == 0 {
			h := w.history(p)
			p.seen = &h
			return
		}
		if kind, more := w.claim(p, n); !more && kind != Waiting && (kind == Hopeless || kind == Faulty || len(p.jobs) == 0) {
			w.log("process %d: %s", p.n, kind)
			w.leave(p)
		}
	case draw < 75:
		if len(p.jobs) > 0 {
			w.finish(p, w.IntN(len(p.jobs)))
		}
	case draw < 79:
		w.leave(p)
	case draw < 82:
		if n := len(w.orphans); n > 0 {
			w.land(w.orphans[n-1], []string{"correct"})
			w.orphans = w.orphans[:n-1]
		}
	case draw < 90: // time passes, and those who are awake keep their leases
		w.now += 1 + w.IntN(8)
		for _, q := range w.running {
			for _, t := range q.jobs {
				if w.leases[t].owner == q && w.live(t) && w.IntN(5) > 0 {
					w.leases[t] = keptLease{q, w.now + leaseFor}
				}
			}
		}
		w.meets() // where the clock had stepped, a lease may begin to hold
	case draw < 92:
		w.now += w.IntN(200) - 100
		w.log("the clock steps")
		w.meets()
	case draw < 94: // a result that is damaged is as if it were not there
		if len(w.results) > 0 {
			trials := slices.SortedFunc(maps.Keys(w.results), func(a, b trialID) int {
				return cmp.Or(cmp.Compare(a.Arm, b.Arm), cmp.Compare(a.Repeat, b.Repeat), cmp.Compare(a.engine, b.engine))
			})
			t := trials[w.IntN(len(trials))]
			delete(w.results, t)
			w.log("%v is damaged", t)
		}
	case draw < 98: // another study runs one of the same trials, or has run it
		t := trialID{Cell{[]string{"base", "a", "idle", "wild"}[w.IntN(4)], 1 + w.IntN(maxRepeats)}, engine}
		if _, ended := w.results[t]; ended || w.live(t) {
			return
		}
		w.log("another study has %v", t)
		if w.IntN(2) == 0 {
			w.leases[t] = keptLease{nil, w.now + leaseFor}
			w.meets()
		} else {
			w.land(t, []string{"correct"})
		}
	default:
		if w.IntN(4) == 0 {
			p.fault = "the data have changed"
		}
	}
}

// settle ends a history: the last file is run undisturbed, on each engine in turn, until nothing is left.
func (w *microcosm) settle() EndKind {
	for len(w.running) > 0 {
		w.leave(w.running[0])
	}
	w.leases = map[trialID]keptLease{}
	w.calm = true
	kind := Going
	for range 2 { // what X cannot run Y can, and the baseline of a block that is Y's may show X what is idle
		for _, engine := range []string{"X", "Y"} {
			p := w.start(w.last, engine, w.columns, 0)
			for more := true; more; {
				if kind, more = w.claim(p, 1); more {
					w.finish(p, 0)
				}
			}
			w.leave(p)
			if kind == AllDone || kind == Hopeless {
				return kind
			}
		}
	}
	return kind
}

// standing is what a study has of what its last file asks for: how each cell ended, whatever the engine.
func (w *microcosm) standing() map[Cell]string {
	p := &process{fixed: Fixed{Arms: w.last.Trained(), Engine: "X"}}
	ends, engines := map[Cell]string{}, map[int]string{}
	for _, r := range w.history(p).Standing() {
		if !r.ended() {
			continue
		}
		if e, ok := engines[r.Repeat]; ok && e != r.Engine {
			w.breaks("block %d is of %s and %s", r.Repeat, e, r.Engine)
		}
		engines[r.Repeat] = r.Engine
		if slices.Contains(p.fixed.Arms, r.Arm) && (r.Repeat == 1 || !strings.HasPrefix(r.Arm, "idle")) {
			weights, _, _ := strings.Cut(r.Weights, "@")
			ends[r.Cell] = fmt.Sprint(r.Status, " ", weights, " ", r.Outcome)
		}
	}
	return ends
}

// live draws a history and settles it, and then the same study without one. It gives the law that broke, with what happened.
func live(seed uint64, loud bool) (w *microcosm, kind EndKind, broke string) {
	w = newMicrocosm(rand.New(rand.NewPCG(seed, 12)), loud)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case broken:
			broke = string(r)
		default:
			panic(r)
		}
	}()
	w.late = w.IntN(4) == 0
	if w.IntN(8) == 0 {
		w.diverges = 1 + w.IntN(maxRepeats)
	}
	for range 20 + w.IntN(150) {
		w.step()
	}
	kind = w.settle()
	calm := newMicrocosm(w.Rand, loud)
	calm.diverges, calm.calm = w.diverges, true
	calm.last, calm.columns = w.last, w.columns
	calm.last.Repeats = w.view.Repeats
	if want := calm.settle(); kind != want {
		w.breaks("ends at %s, undisturbed at %s", kind, want)
	}
	if got, want := w.standing(), calm.standing(); kind == AllDone && (!maps.Equal(got, want) || calm.ran != len(want)) {
		w.breaks("ends with\n%v\nundisturbed, after %d trials, with\n%v", got, calm.ran, want)
	}
	return w, kind, ""
}

func TestAnyHistoryEndsAsAnUndisturbedOne(t *testing.T) {
	n := histories
	if testing.Short() {
		n /= 6
	}
	trials, met, ends := 0, 0, map[EndKind]int{}
	for seed := range uint64(n) {
		w, kind, broke := live(seed, false)
		if broke != "" {
			if _, _, loud := live(seed, true); loud != "" {
				broke = loud
			}
			t.Fatalf("seed %d: %s", seed, broke)
		}
		trials += w.ran
		ends[kind]++
		if w.met {
			met++
		}
	}
	t.Logf("%d histories of %d trials; engines met in %d; ends %v", n, trials, met, ends)
}
