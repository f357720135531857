package store

import (
	"database/sql"
	"encoding/json"
	"time"
)

// Look is a judgement of a study, entered in the ledger of its baseline. It stays when the study is removed.
type Look struct {
	N       int             // 1, 2, ... of this baseline
	Study   string          // that looked
	At      time.Time       // set by the store
	Body    json.RawMessage // what was judged
	Damaged bool            // the row is lost or does not fit its sum; the look is spent all the same
}

func (l Look) sum(baseline string) string {
	return sum("look", baseline, l.N, l.Study, l.At.UnixMilli(), string(l.Body))
}

// Looks is the ledger of a baseline: looks 1, 2, ... without a gap. One that was lost or damaged has its number alone.
func (s *Store) Looks(baseline string) ([]Look, error) {
	var list []Look
	err := s.view(func(tx *sql.Tx) (err error) {
		list, err = looks(tx, baseline)
		return err
	})
	return list, s.fail("looks", err)
}

// Planned is how many repeats were planned when the first study with that baseline was put into the store, and how many of them before
// the first planned look, 0 where that was to be at the end; both 0: not known.
func (s *Store) Planned(baseline string) (first, repeats int, err error) {
	err = s.view(func(tx *sql.Tx) (err error) {
		if repeats, _, err = tallied(tx, plannedTally, baseline); err == nil {
			first, _, err = tallied(tx, firstTally, baseline)
		}
		return err
	})
	return first, repeats, s.fail("looks", err)
}

// plan keeps how many repeats are planned, and how many before the first look, the first time that a baseline is met.
func plan(tx *sql.Tx, baseline string, first, repeats int) error {
	if _, known, err := tallied(tx, plannedTally, baseline); err != nil || known {
		return err
	}
	if err := setSpent(tx, firstTally, baseline, first); err != nil {
		return err
	}
	return setSpent(tx, plannedTally, baseline, repeats)
}

func looks(tx *sql.Tx, baseline string) ([]Look, error) {
	n, err := spent(tx, looksTally, baseline)
	if err != nil {
		return nil, err
	}
	list := make([]Look, n)
	for i := range list {
		list[i] = Look{N: i + 1, Damaged: true}
	}
	err = rows(tx, func(scan func(...any) error) {
		var l Look
		var at int64
		var body, of string
		err := scan(&l.N, &l.Study, &at, &body, &of)
		l.At, l.Body = instant(at), json.RawMessage(body)
		if err == nil && of == l.sum(baseline) && l.N >= 1 && l.N <= n {
			list[l.N-1] = l
		}
	}, `SELECT n, study, at, look, sum FROM looks WHERE baseline = ?`, baseline)
	return list, err
}

// AddLook enters a look. l.N is the number that it is to have, one more than there are; where another process has written that one,
// it is ErrChanged.
func (s *Store) AddLook(baseline string, l Look) error {
	return s.fail("look", s.change(func(tx *sql.Tx) error { return s.addLook(tx, baseline, l) }))
}

func (s *Store) addLook(tx *sql.Tx, baseline string, l Look) error {
	n, err := spent(tx, looksTally, baseline)
	if err != nil {
		return err
	}
	if l.N != n+1 {
		return tell(ErrChanged, "study %s: %d looks at its baseline are spent, and this one was to be number %d; give the same command again", l.Study, n, l.N)
	}
	if len(l.Body) == 0 {
		l.Body = json.RawMessage("null")
	}
	l.At = instant(s.millis())
	if _, err := tx.Exec(`INSERT OR REPLACE INTO looks (baseline, n, study, at, look, sum) VALUES (?, ?, ?, ?, ?, ?)`,
		baseline, l.N, l.Study, l.At.UnixMilli(), string(l.Body), l.sum(baseline)); err != nil {
		return err
	}
	if err := setSpent(tx, looksTally, baseline, l.N); err != nil {
		return err
	}
	return s.event(tx, l.Study, "", "look", map[string]any{"n": l.N})
}

// tally is a kind of row whose number counts, beside what the rows say: table and column that it is of.
type tally struct{ table, of string }

var (
	looksTally    = tally{"looks", "baseline"}
	readingsTally = tally{"test_readings", "''"} // one ledger for the store, named ""
	plannedTally  = tally{"planned", "baseline"} // repeats; no table has rows of it
	firstTally    = tally{"first", "baseline"}   // of these, before the first look
)

// most bounds what a damaged number can ask for.
const most = 1 << 20

// spent is how many there are: what the tally says, or the rows where it is lost or damaged.
func spent(tx *sql.Tx, k tally, of string) (int, error) {
	n, known, err := tallied(tx, k, of)
	if err != nil || known {
		return n, err
	}
	err = rows(tx, func(scan func(...any) error) {
		var number int
		if n++; scan(&number) == nil && number <= most {
			n = max(n, number)
		}
	}, `SELECT n FROM `+k.table+` WHERE `+k.of+` = ?`, of)
	return n, err
}

// tallied is what the tally says, if it is there and sound.
func tallied(tx *sql.Tx, k tally, of string) (n int, known bool, err error) {
	err = rows(tx, func(scan func(...any) error) {
		var count int
		var own string
		if scan(&count, &own) == nil && own == sum("tally", k.table, of, count) {
			n, known = count, true
		}
	}, `SELECT n, sum FROM tallies WHERE kind = ? AND of = ?`, k.table, of)
	return n, known, err
}

func setSpent(tx *sql.Tx, k tally, of string, n int) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO tallies (kind, of, n, sum) VALUES (?, ?, ?, ?)`, k.table, of, n, sum("tally", k.table, of, n))
	return err
}
