package store

import (
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/assaylab/assay/study/trial"
)

// Complete takes in how a trial ended, all of it or nothing, and ends the lease l, which may be nil: a trial comes out the same whoever
// runs it. A second result must be the same, the seconds apart; what it brings beside, evaluations, metrics or columns, is added.
// So are the models that it left, whose files lie at [ModelFile]. Another result is refused. A failure is no result: it takes the place of none, and a result takes the place of it; with a lease
// that another has by now it is ErrLost.
func (s *Store) Complete(r *trial.Result, l *Lease) error {
	if err := r.Check(); err != nil {
		return fmt.Errorf("trial %s: %w; run it again", short(r.ID), err)
	}
	err := s.change(func(tx *sql.Tx) error {
		h, err := s.head(tx, r.ID)
		if err != nil {
			return err
		}
		if h != nil && h.sound() {
			if err := h.fill(tx, album{}); err != nil { // what States has read has no values
				return err
			}
		}
		failed := r.Status == trial.Failed
		switch {
		case failed && h != nil && h.known():
		case failed && l != nil:
			held, err := l.held(tx)
			if err == nil && !held {
				err = l.lost()
			}
			if err == nil {
				err = s.keep(tx, r)
			}
			if err != nil {
				return err
			}
		case failed || h == nil || !h.known():
			if err := s.keep(tx, r); err != nil {
				return err
			}
		default:
			both, more, err := unite(&h.Result, r)
			if err != nil {
				return fmt.Errorf("trial %s: ended before with other %w; the same identity must give the same bits: report this", short(r.ID), err)
			}
			if more {
				if err := s.keep(tx, both); err != nil {
					return err
				}
			}
		}
		for kind, digest := range r.Models {
			if err := putArtefact(tx, r.ID, Artefact{kind, ModelFile(r.ID, kind), digest}); err != nil {
				return err
			}
		}
		if l != nil {
			return l.end(tx)
		}
		return nil
	})
	return s.fail("trial "+short(r.ID), err)
}

// keep writes a result in place of what there is.
func (s *Store) keep(tx *sql.Tx, r *trial.Result) error {
	h := &head{Result: *r, ended: s.millis(), spec: string(r.Spec.Text()), parts: map[[2]string]part{}}
	var err error
	if h.begun, err = text("trial "+short(r.ID), r.Begun); err != nil {
		return err
	}
	if h.curve, err = text("trial "+short(r.ID)+": curve", r.Curve); err != nil {
		return err
	}
	if err := forget(tx, r.ID); err != nil {
		return err
	}
	for i, e := range r.Scores {
		if err := putImages(tx, e.Images, r.Images[e.Images]); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO evaluations (trial, name, ordinal, images) VALUES (?, ?, ?, ?)`, r.ID, e.Name, i, e.Images); err != nil {
			return err
		}
		for name, value := range e.Metrics {
			if _, err := tx.Exec(`INSERT INTO metrics (trial, evaluation, name, value) VALUES (?, ?, ?, ?)`, r.ID, e.Name, name, figure(value)); err != nil {
				return err
			}
		}
		for j, c := range e.Columns {
			p, data := part{ordinal: j, kind: wholeKind}, packWholes(c.Wholes)
			if c.Wholes == nil {
				p.kind, data = realKind, packReals(c.Reals)
			}
			p.own = p.sum(r.ID, e.Name, c.Name, data)
			h.parts[[2]string{e.Name, c.Name}] = p
			if _, err := tx.Exec(`INSERT INTO columns (trial, evaluation, name, ordinal, kind, sum, data) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				r.ID, e.Name, c.Name, j, p.kind, p.own, data); err != nil {
				return err
			}
		}
	}
	if _, err := tx.Exec(`INSERT INTO trials (id, spec, status, reason, engine, steps, seconds, begun, weights, curve, ended, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, h.spec, string(r.Status), r.Reason, r.Spec.Engine, r.Steps, figure(r.Seconds), h.begun, r.Weights, h.curve, h.ended, h.total()); err != nil {
		return err
	}
	return s.event(tx, "", r.ID, "ended", map[string]any{"status": r.Status, "reason": r.Reason})
}

// forget takes a trial out; its lease and the cells that it stands for stay.
func forget(tx *sql.Tx, id string) error {
	for _, statement := range []string{
		`DELETE FROM columns WHERE trial = ?`, `DELETE FROM metrics WHERE trial = ?`, `DELETE FROM evaluations WHERE trial = ?`, `DELETE FROM trials WHERE id = ?`,
	} {
		if _, err := tx.Exec(statement, id); err != nil {
			return err
		}
	}
	return nil
}

// unite is what two results of one trial say together, and whether that is more than the first says. Where they contradict each other
// the error says in what.
func unite(held, r *trial.Result) (both *trial.Result, more bool, err error) {
	switch {
	case held.Status != r.Status:
		return nil, false, fmt.Errorf("status (%s, now %s)", held.Status, r.Status)
	case held.Weights != r.Weights:
		return nil, false, fmt.Errorf("weights (%s, now %s)", short(held.Weights), short(r.Weights))
	case held.Steps != r.Steps:
		return nil, false, fmt.Errorf("steps (%d, now %d)", held.Steps, r.Steps)
	case len(held.Curve) != len(r.Curve):
		return nil, false, fmt.Errorf("curve (%d points, now %d)", len(held.Curve), len(r.Curve))
	}
	u := union{}
	out := *held
	out.Begun = join(&u, held.Begun, r.Begun, "bits after step %d", func(a, b string) bool { return a == b })
	out.Curve = slices.Clone(held.Curve)
	for i, a := range held.Curve {
		b := r.Curve[i]
		if !same(a.Epoch, b.Epoch) || a.Step != b.Step || !same(float64(a.TrainLoss), float64(b.TrainLoss)) || !same(a.LR, b.LR) {
			u.differs("point %d of the curve", i+1)
		}
		out.Curve[i].Metrics = join(&u, a.Metrics, b.Metrics, fmt.Sprintf("%%s in point %d of the curve", i+1), same)
	}
	out.Images = maps.Clone(held.Images)
	out.Scores = slices.Clone(held.Scores)
	for _, b := range r.Scores {
		i := slices.IndexFunc(out.Scores, func(a trial.Evaluation) bool { return a.Name == b.Name })
		if i < 0 {
			if out.Images == nil {
				out.Images = map[string]trial.Images{}
			}
			out.Scores, out.Images[b.Images], u.more = append(out.Scores, b), r.Images[b.Images], true
			continue
		}
		a := out.Scores[i]
		if a.Images != b.Images {
			u.differs("images of %s", b.Name)
		}
		a.Metrics = join(&u, a.Metrics, b.Metrics, "%s of "+b.Name, same)
		a.Columns = slices.Clone(a.Columns)
		for _, c := range b.Columns {
			switch j := slices.IndexFunc(a.Columns, func(d trial.Column) bool { return d.Name == c.Name }); {
			case j < 0:
				a.Columns, u.more = append(a.Columns, c), true
			case !slices.Equal(packWholes(a.Columns[j].Wholes), packWholes(c.Wholes)) || !slices.Equal(packReals(a.Columns[j].Reals), packReals(c.Reals)):
				u.differs("column %s of %s", c.Name, b.Name)
			}
		}
		out.Scores[i] = a
	}
	return &out, u.more, u.err
}

// union is what came of uniting two results: whether the second brought anything, and where they first contradict each other.
type union struct {
	more bool
	err  error
}

func (u *union) differs(format string, args ...any) {
	if u.err == nil {
		u.err = fmt.Errorf(format, args...)
	}
}

// join unites two maps; what has a value in both must have the same.
func join[K comparable, V any](u *union, a, b map[K]V, what string, same func(a, b V) bool) map[K]V {
	out := maps.Clone(a)
	for k, v := range b {
		old, ok := a[k]
		switch {
		case !ok && out == nil:
			out, u.more = map[K]V{k: v}, true
		case !ok:
			out[k], u.more = v, true
		case !same(old, v):
			u.differs(what+" (%v, now %v)", k, old, v)
		}
	}
	return out
}

// same says whether two figures are one. What went through JSON has one kind of figure that is not finite.
func same(a, b float64) bool {
	return bitsOf(a) == bitsOf(b) || !(math.Abs(a) <= math.MaxFloat64) && !(math.Abs(b) <= math.MaxFloat64)
}
