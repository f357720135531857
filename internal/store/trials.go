package store

import (
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/assaylab/assay/study/trial"
)

// State is where one trial stands.
type State struct {
	Status  trial.Status // done, diverged, failed; "" where there is nothing, or a damaged row
	Damaged bool         // there is a row, and it does not fit its sum: the trial is to be run again
	Reason  string
	Engine  string
	Weights string
	Steps   int
	Seconds float64
	Begun   map[int]string
	Ended   time.Time
	Metrics map[string]float64  // of the validation images
	Columns map[string][]string // by evaluation, the names of those held

	Diverged []string // evaluations that have a figure that is not finite
	Left     []string // kinds of the artefacts that it left and that are there

	Owner    string    // of the lease that runs now; "" where none does
	Expires  time.Time // of that lease, when it is not renewed
	Attempts int       // leases so far
}

// Val is the evaluation of the validation images by the last weights, which every result has.
const Val = "val"

// Known reports whether the trial has a result: it is done or diverged.
func (st State) Known() bool { return st.Status == trial.Done || st.Status == trial.Diverged }

// Lacks are those of the columns that an evaluation does not hold.
func (st State) Lacks(evaluation string, columns []string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return slices.Contains(st.Columns[evaluation], c) })
}

// States says where trials stand; each that is asked for has an entry. The first time that a process asks for a trial, its columns are
// summed as well; later, no large value is read.
func (s *Store) States(ids []string) (states map[string]State, err error) {
	err = s.view(func(tx *sql.Tx) (err error) {
		states, err = s.states(tx, ids)
		return err
	})
	return states, s.fail("trials", err)
}

func (s *Store) states(tx *sql.Tx, ids []string) (map[string]State, error) {
	heads, err := s.heads(tx, ids)
	if err != nil {
		return nil, err
	}
	held, err := leases(tx, ids...)
	if err != nil {
		return nil, err
	}
	left, err := s.left(tx, ids)
	if err != nil {
		return nil, err
	}
	states, now := make(map[string]State, len(ids)), s.now()
	for _, id := range ids {
		st := State{}
		if h := heads[id]; h != nil && h.damaged {
			st.Damaged = true
		} else if h != nil {
			st = h.state()
			st.Left = left[id]
		}
		if l, ok := held[id]; ok {
			if st.Attempts = l.Attempt; l.runs(now) {
				st.Owner, st.Expires = l.Owner, l.honest(now)
			}
		}
		states[id] = st
	}
	return states, nil
}

func (h *head) state() State {
	st := State{Status: h.Status, Reason: h.Reason, Engine: h.Spec.Engine, Weights: h.Weights, Steps: h.Steps, Seconds: h.Seconds, Begun: h.Begun,
		Ended: instant(h.ended), Columns: map[string][]string{}}
	for _, e := range h.Scores {
		if e.Name == Val {
			st.Metrics = e.Metrics
		}
		if e.Diverged() {
			st.Diverged = append(st.Diverged, e.Name)
		}
		st.Columns[e.Name] = []string{}
		for _, c := range e.Columns {
			st.Columns[e.Name] = append(st.Columns[e.Name], c.Name)
		}
	}
	return st
}

// Trials are results, whole, in the order asked for. What is not there is left out, and so is what does not fit its sum, whose
// identities are damaged. Sets of images are shared between results: read them only.
func (s *Store) Trials(ids []string) (trials []*trial.Result, damaged []string, err error) {
	err = s.view(func(tx *sql.Tx) error {
		trials, damaged = nil, nil
		heads, err := headsOf(tx, ids)
		if err != nil {
			return err
		}
		sets := album{}
		for _, id := range ids {
			h := heads[id]
			if h == nil {
				continue
			}
			if err := h.fill(tx, sets); err != nil {
				return err
			}
			if h.damaged {
				damaged = append(damaged, id)
			} else {
				trials = append(trials, &h.Result)
			}
		}
		return nil
	})
	return trials, damaged, s.fail("trials", err)
}

// head is a trial as the store has it: all of its result, but for the values of its columns and its images until fill has read them.
type head struct {
	trial.Result
	ended   int64
	damaged bool

	spec, begun, curve string             // as they are written
	own                string             // the sum in the row
	parts              map[[2]string]part // by evaluation and column
	ordinals           map[string]int     // of evaluations
}

// part is a column but for its values.
type part struct {
	ordinal int
	kind    string // real, whole
	own     string // the sum in the row
}

// The kinds of columns.
const (
	realKind  = "real"
	wholeKind = "whole"
)

func (h *head) sound() bool { return !h.damaged }
func (h *head) known() bool { return !h.damaged && h.Status != trial.Failed }

// total is the sum of all but the columns' values, which it holds by their own sums.
func (h *head) total() string {
	values := []any{"trial", h.ID, h.spec, string(h.Status), h.Reason, h.Spec.Engine, h.Steps, h.Seconds, h.begun, h.Weights, h.curve, h.ended, len(h.Scores)}
	for _, e := range h.Scores {
		values = append(values, e.Name, e.Images, len(e.Metrics))
		for _, name := range slices.Sorted(maps.Keys(e.Metrics)) {
			values = append(values, name, e.Metrics[name])
		}
		values = append(values, len(e.Columns))
		for _, c := range e.Columns {
			p := h.parts[[2]string{e.Name, c.Name}]
			values = append(values, c.Name, p.kind, p.own)
		}
	}
	return sum(values...)
}

func (p part) sum(id, evaluation, name string, data []byte) string {
	return sum("column", id, evaluation, name, p.ordinal, p.kind, data)
}

// headsOf are the trials of these identities, all where ids is nil, each compared with its sum.
func headsOf(tx *sql.Tx, ids []string) (map[string]*head, error) {
	among := func(column string) (where string, args []any) { return "", nil }
	if ids != nil {
		list, err := text("trials", ids)
		if err != nil {
			return nil, err
		}
		among = func(column string) (string, []any) {
			return " WHERE " + column + " IN (SELECT value FROM json_each(?))", []any{list}
		}
	}
	heads := map[string]*head{}
	where, args := among("id")
	err := rows(tx, func(scan func(...any) error) {
		h := &head{parts: map[[2]string]part{}, ordinals: map[string]int{}}
		var seconds sql.NullFloat64
		var engine string
		err := scan(&h.ID, &h.spec, &h.Status, &h.Reason, &engine, &h.Steps, &seconds, &h.begun, &h.Weights, &h.curve, &h.ended, &h.own)
		h.Seconds = number(seconds)
		h.damaged = err != nil || h.ID != trial.Digest(h.spec) || json.Unmarshal([]byte(h.spec), &h.Spec) != nil || h.Spec.Engine != engine ||
			json.Unmarshal([]byte(h.begun), &h.Begun) != nil || json.Unmarshal([]byte(h.curve), &h.Curve) != nil
		heads[h.ID] = h
	}, `SELECT id, spec, status, reason, engine, steps, seconds, begun, weights, curve, ended, sum FROM trials`+where, args...)
	if err != nil {
		return nil, err
	}
	where, args = among("trial")
	err = rows(tx, func(scan func(...any) error) {
		var id string
		var e trial.Evaluation
		var ordinal int
		err := scan(&id, &e.Name, &ordinal, &e.Images)
		if h := heads[id]; h != nil {
			h.damaged = h.damaged || err != nil
			h.ordinals[e.Name] = ordinal
			h.Scores = append(h.Scores, e)
		}
	}, `SELECT trial, name, ordinal, images FROM evaluations`+where, args...)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		slices.SortFunc(h.Scores, func(a, b trial.Evaluation) int { return h.ordinals[a.Name] - h.ordinals[b.Name] })
	}
	err = rows(tx, func(scan func(...any) error) {
		var id, evaluation, name string
		var value sql.NullFloat64
		err := scan(&id, &evaluation, &name, &value)
		if h := heads[id]; h != nil {
			e := h.score(evaluation)
			if err != nil || e == nil {
				h.damaged = true
				return
			}
			if e.Metrics == nil {
				e.Metrics = map[string]float64{}
			}
			e.Metrics[name] = number(value)
		}
	}, `SELECT trial, evaluation, name, value FROM metrics`+where, args...)
	if err != nil {
		return nil, err
	}
	err = rows(tx, func(scan func(...any) error) {
		var id, evaluation, name string
		var p part
		err := scan(&id, &evaluation, &name, &p.ordinal, &p.kind, &p.own)
		if h := heads[id]; h != nil {
			e := h.score(evaluation)
			if err != nil || e == nil {
				h.damaged = true
				return
			}
			e.Columns = append(e.Columns, trial.Column{Name: name})
			h.parts[[2]string{evaluation, name}] = p
		}
	}, `SELECT trial, evaluation, name, ordinal, kind, sum FROM columns`+where, args...)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		for i, e := range h.Scores {
			slices.SortFunc(h.Scores[i].Columns, func(a, b trial.Column) int {
				return h.parts[[2]string{e.Name, a.Name}].ordinal - h.parts[[2]string{e.Name, b.Name}].ordinal
			})
		}
		h.damaged = h.damaged || h.own != h.total()
	}
	return heads, nil
}

func (h *head) score(name string) *trial.Evaluation {
	for i := range h.Scores {
		if h.Scores[i].Name == name {
			return &h.Scores[i]
		}
	}
	return nil
}

// fill reads the values of a head's columns and its images, and compares them with their sums.
func (h *head) fill(tx *sql.Tx, sets album) error {
	if h.damaged {
		return nil
	}
	missing := len(h.parts)
	err := rows(tx, func(scan func(...any) error) {
		var evaluation, name string
		var data []byte
		err := scan(&evaluation, &name, &data)
		p, ok := h.parts[[2]string{evaluation, name}]
		if err != nil || !ok || p.own != p.sum(h.ID, evaluation, name, data) {
			h.damaged = true
			return
		}
		missing--
		for i, c := range h.score(evaluation).Columns {
			if c.Name != name || len(data) == 0 {
				continue
			}
			switch p.kind {
			case realKind:
				c.Reals = unpackReals(data)
			case wholeKind:
				c.Wholes = unpackWholes(data)
			}
			h.score(evaluation).Columns[i] = c
		}
	}, `SELECT evaluation, name, data FROM columns WHERE trial = ?`, h.ID)
	if err != nil {
		return err
	}
	h.damaged = h.damaged || missing != 0
	for _, e := range h.Scores {
		im, err := sets.set(tx, e.Images)
		if err != nil {
			return err
		}
		if im == nil {
			h.damaged = true
			continue
		}
		if h.Images == nil {
			h.Images = map[string]trial.Images{}
		}
		h.Images[e.Images] = *im
	}
	h.damaged = h.damaged || h.Check() != nil
	return nil
}

// heads are the trials of these identities, each of them summed whole at least once by this process.
func (s *Store) heads(tx *sql.Tx, ids []string) (map[string]*head, error) {
	if ids == nil {
		ids = []string{}
	}
	heads, err := headsOf(tx, ids)
	if err != nil {
		return nil, err
	}
	sets := album{}
	for id, h := range heads {
		s.mu.Lock()
		known := s.sound[id] == h.own
		s.mu.Unlock()
		if known || h.damaged {
			continue
		}
		if err := h.fill(tx, sets); err != nil {
			return nil, err
		}
		if !h.damaged {
			s.mu.Lock()
			s.sound[id] = h.own
			s.mu.Unlock()
		}
	}
	return heads, nil
}

// head is one trial, nil where there is none; a damaged one says so.
func (s *Store) head(tx *sql.Tx, id string) (*head, error) {
	heads, err := s.heads(tx, []string{id})
	return heads[id], err
}

// sizes are the bytes of each trial in the file, but for its images and what the file's form adds.
func sizes(tx *sql.Tx) (map[string]int64, error) {
	bytes := map[string]int64{}
	err := rows(tx, func(scan func(...any) error) {
		var id string
		var n sql.NullInt64
		if scan(&id, &n) == nil {
			bytes[id] += n.Int64
		}
	}, `SELECT id, length(spec) + length(reason) + length(begun) + length(curve) + 100 FROM trials
		UNION ALL SELECT trial, sum(length(data) + 100) FROM columns GROUP BY trial
		UNION ALL SELECT trial, sum(60) FROM metrics GROUP BY trial`)
	return bytes, err
}
