package store

import (
	"database/sql"
	"fmt"
	"time"
)

// MaxLease is the longest that a lease may be asked for. An expiry further off than that is not honest: a clock was set back, or the
// row is damaged. It counts as one that runs out MaxLease from now, at the most.
const MaxLease = 2 * time.Minute

// Lease is the right to run one trial until Expires; a heartbeat moves that.
type Lease struct {
	Trial   string
	Owner   string
	Expires time.Time
	Attempt int // 1 for the first lease of this trial
}

// runs says whether somebody has the lease.
func (l Lease) runs(now time.Time) bool { return l.Owner != "" && l.Expires.After(now) }

// honest is when the lease runs out, as far as it can be believed.
func (l Lease) honest(now time.Time) time.Time {
	if latest := now.Add(MaxLease); l.Expires.After(latest) {
		return latest
	}
	return l.Expires
}

// leases are those of some trials, or all.
func leases(tx *sql.Tx, ids ...string) (map[string]Lease, error) {
	where, args := "", []any(nil)
	if len(ids) > 0 {
		list, err := text("leases", ids)
		if err != nil {
			return nil, err
		}
		where, args = ` WHERE trial IN (SELECT value FROM json_each(?))`, []any{list}
	}
	held := map[string]Lease{}
	err := rows(tx, func(scan func(...any) error) {
		var l Lease
		var expires int64
		if scan(&l.Trial, &l.Owner, &expires, &l.Attempt) == nil { // a damaged lease is over
			l.Expires = instant(expires)
			held[l.Trial] = l
		}
	}, `SELECT trial, owner, expires, attempt FROM leases`+where, args...)
	return held, err
}

// Lease hands the first of some trials, in order of preference, that nobody has and that has no result, to owner for ttl. Those that
// failed are leased again, and so are those whose rows are damaged, which are taken out. It is nil where none is left. Two owners
// never hold one trial at the same time.
func (s *Store) Lease(ids []string, owner string, ttl time.Duration) (*Lease, error) {
	return s.lease(ids, owner, ttl, false)
}

// LeaseAgain hands a trial to owner though it has a result, which lacks something that is asked of it now. It is nil where another
// has it.
func (s *Store) LeaseAgain(id, owner string, ttl time.Duration) (*Lease, error) {
	return s.lease([]string{id}, owner, ttl, true)
}

func (s *Store) lease(ids []string, owner string, ttl time.Duration, again bool) (l *Lease, err error) {
	err = s.change(func(tx *sql.Tx) error {
		l, err = s.take(tx, ids, owner, ttl, again)
		return err
	})
	if err != nil {
		return nil, s.fail("lease", err)
	}
	return l, nil
}

func (s *Store) take(tx *sql.Tx, ids []string, owner string, ttl time.Duration, again bool) (*Lease, error) {
	if owner == "" || ttl <= 0 || ttl > MaxLease {
		return nil, fmt.Errorf("a lease of %v to %q; give an owner and at most %v", ttl, owner, MaxLease)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := s.bound(tx, ttl); err != nil {
		return nil, err
	}
	now := s.now()
	held, err := leases(tx, ids...)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		have := held[id]
		if have.runs(now) {
			continue
		}
		h, err := s.head(tx, id)
		if err != nil {
			return nil, err
		}
		if h != nil && h.known() && !again {
			continue
		}
		if h != nil && h.damaged {
			if err := forget(tx, id); err != nil {
				return nil, err
			}
			if err := s.event(tx, "", id, "damaged", nil); err != nil {
				return nil, err
			}
		}
		l := &Lease{Trial: id, Owner: owner, Expires: instant(now.Add(ttl).UnixMilli()), Attempt: max(have.Attempt, 0) + 1}
		if _, err := tx.Exec(`INSERT OR REPLACE INTO leases (trial, owner, expires, attempt) VALUES (?, ?, ?, ?)`, id, owner, l.Expires.UnixMilli(), l.Attempt); err != nil {
			return nil, err
		}
		return l, s.event(tx, "", id, "leased", map[string]any{"owner": owner, "attempt": l.Attempt})
	}
	return nil, nil
}

// bound has leases that cannot be honest run out after ttl, unless their owners live and keep them. Whoever waits for a trial asks so
// too, though it leases nothing: else it would wait as long as they say.
func (s *Store) bound(tx *sql.Tx, ttl time.Duration) error {
	now := s.now()
	_, err := tx.Exec(`UPDATE leases SET expires = ? WHERE expires > ?`, now.Add(ttl).UnixMilli(), now.Add(MaxLease).UnixMilli())
	return err
}

// Heartbeat keeps a lease for another ttl from now. ended says that there is nothing to keep, as the trial's end was taken in from this
// lease, or its result from another. It is ErrLost where another has the trial.
func (s *Store) Heartbeat(l *Lease, ttl time.Duration) (ended bool, err error) {
	if ttl <= 0 || ttl > MaxLease {
		return false, fmt.Errorf("a lease of %v; give at most %v", ttl, MaxLease)
	}
	var expires time.Time
	err = s.change(func(tx *sql.Tx) error {
		held, err := l.held(tx)
		if err != nil {
			return err
		}
		if held {
			expires = instant(s.now().Add(ttl).UnixMilli())
			_, err := tx.Exec(`UPDATE leases SET expires = ? WHERE trial = ?`, expires.UnixMilli(), l.Trial)
			return err
		}
		h, err := s.head(tx, l.Trial)
		if err != nil {
			return err
		}
		now, err := leases(tx, l.Trial)
		if err != nil {
			return err
		}
		ended = h != nil && (h.known() || h.sound() && now[l.Trial].Attempt == l.Attempt)
		if !ended {
			return l.lost()
		}
		return nil
	})
	if err != nil {
		return false, s.fail("heartbeat", err)
	}
	if !ended {
		l.Expires = expires
	}
	return ended, nil
}

func (l *Lease) lost() error {
	return tell(ErrLost, "trial %s: the lease is over, another has it", short(l.Trial))
}

// held says whether the lease is still this one.
func (l *Lease) held(tx *sql.Tx) (bool, error) {
	held := false
	err := rows(tx, func(func(...any) error) { held = true }, `SELECT attempt FROM leases WHERE trial = ? AND owner = ? AND attempt = ?`, l.Trial, l.Owner, l.Attempt)
	return held, err
}

// end gives back this one lease; the number of attempts stays.
func (l *Lease) end(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE leases SET owner = '', expires = 0 WHERE trial = ? AND owner = ? AND attempt = ?`, l.Trial, l.Owner, l.Attempt)
	return err
}

// Release gives back, unfinished, this lease and no other. Where it is over already nothing is done.
func (s *Store) Release(l *Lease) error {
	err := s.change(func(tx *sql.Tx) error {
		held, err := l.held(tx)
		if err != nil || !held {
			return err
		}
		if err := l.end(tx); err != nil {
			return err
		}
		return s.event(tx, "", l.Trial, "released", nil)
	})
	return s.fail("release", err)
}

// Reclaim gives back the leases of owners that are gone, so that nobody has to wait until they run out, and says of which trials. gone
// says whether an owner has surely ended; nil is [Gone].
func (s *Store) Reclaim(gone func(owner string) bool) (ids []string, err error) {
	if gone == nil {
		gone = Gone
	}
	err = s.change(func(tx *sql.Tx) error {
		held, err := leases(tx)
		if err != nil {
			return err
		}
		for id, l := range held {
			if l.Owner == "" || !gone(l.Owner) {
				continue
			}
			if err := l.end(tx); err != nil {
				return err
			}
			if err := s.event(tx, "", id, "reclaimed", map[string]any{"owner": l.Owner}); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids, s.fail("reclaim", err)
}
