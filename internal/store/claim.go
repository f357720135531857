package store

import (
	"database/sql"
	"time"
)

// View is a study as it is within a transaction.
type View struct {
	Study Study
	Cells []Cell
	s     *Store
	tx    *sql.Tx
}

// States is [Store.States] within the transaction.
func (v View) States(ids []string) (map[string]State, error) { return v.s.states(v.tx, ids) }

// Claim is what a process wants of what it has seen: cells to be assigned, and one trial to be leased.
type Claim struct {
	Assign []Cell // as [Store.Assign] takes them, without force
	Lease  string // identity of a trial; "": none
	Again  bool   // though it has a result, which lacks something
}

// Claim hands a study, as it is now, to decide, and does what that wants, all in one transaction: no other process sees the same
// and claims the same. The lease is nil where none is wanted, or where another has that trial.
func (s *Store) Claim(name, owner string, ttl time.Duration, decide func(View) (Claim, error)) (l *Lease, err error) {
	err = s.change(func(tx *sql.Tx) error {
		v := View{s: s, tx: tx}
		if err := s.bound(tx, ttl); err != nil {
			return err
		}
		if v.Study, err = load(tx, name); err != nil {
			return err
		}
		cells, _, err := allCells(tx, &name)
		if err != nil {
			return err
		}
		v.Cells = cells[name]
		c, err := decide(v)
		if err != nil {
			return err
		}
		if err := s.assign(tx, name, c.Assign, false); err != nil || c.Lease == "" {
			return err
		}
		l, err = s.take(tx, []string{c.Lease}, owner, ttl, c.Again)
		return err
	})
	if err != nil {
		return nil, s.fail("study "+name, err)
	}
	return l, nil
}
