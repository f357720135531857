package study

import "time"

// Looks are counted. Whoever judges a study, adds repeats and judges it again has two chances of a false claim, and after
// ten such rounds ten. So a judgement is a look, looks stand in a ledger, and together they spend no more than the study
// promises: 5 % for any false claim. The ledger hangs on what the baseline's trials are, not on a study's name: removing
// the study, renaming an arm or asking from another file begins nothing anew.

// Spending is the rule by which looks share the promise: the planned end gets Planned, once; the j-th unplanned look gets
// Unplanned / 2^j, so that all of them, however many, spend less than Unplanned. By Bonferroni's inequality over looks
// the whole is at most the sum, whatever each look depends on.
type Spending struct {
	Planned, Unplanned float64
}

// Plain is the rule in use: 4 % for the planned end, 1/2 %, 1/4 %, ... for what is not.
var Plain = Spending{Planned: 0.04, Unplanned: 0.01}

// Level is what the next look may spend after the looks given. A second planned look counts as an unplanned one.
func (s Spending) Level(before []Look, planned bool) float64 {
	next := s.Unplanned / 2
	for _, l := range before {
		switch {
		case !l.Planned:
			next /= 2
		case planned:
			planned = false
		}
	}
	if planned {
		return s.Planned
	}
	return next
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
	Looks    []Look `json:"looks"`    // in order
}

// Next is what the next look may spend.
func (l Ledger) Next(planned bool) float64 { return Plain.Level(l.Looks, planned) }
