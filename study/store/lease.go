package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/assaylab/assay/study"
)

// ErrLost says that a lease ran out and another has the trial, or that it was ended: what works on it should stop.
var ErrLost = errors.New("the lease of this trial is over")

// Lease is the right to run one trial until Expires; a heartbeat moves that.
type Lease struct {
	study.Entry
	Owner   string
	Expires time.Time
	Attempt int // 1 for the first lease of this trial; more where earlier ones ended without a result
	id      int64
}

// State is where one trial stands.
type State struct {
	Arm      string
	Repeat   int
	Status   string // pending, leased, done, diverged, failed
	Owner    string // who leased it, last
	Expires  time.Time
	Attempts int
}

// Lease hands the first trial of the plan that waits, or whose lease has run out, to owner for ttl. It returns nil where
// none is left to lease: all have ended or are being worked on. Two owners never hold one trial at the same time.
func (s *Store) Lease(name, owner string, ttl time.Duration) (*Lease, error) {
	now := s.now()
	l := &Lease{Owner: owner}
	var expires int64
	var seeds string
	err := s.db.QueryRow(`
		UPDATE trials SET status = 'leased', owner = ?2, expires = ?3, attempts = attempts + 1
		WHERE id = (SELECT t.id FROM trials t JOIN studies s ON s.id = t.study
			WHERE s.name = ?1 AND (status = 'pending' OR (status = 'leased' AND expires <= ?4)) ORDER BY ordinal LIMIT 1)
		RETURNING id, arm, repeat, seeds, expires, attempts`,
		name, owner, now.Add(ttl).UnixMilli(), now.UnixMilli()).Scan(&l.id, &l.Arm, &l.Repeat, &seeds, &expires, &l.Attempt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, s.known(name)
	case err != nil:
		return nil, s.fail("lease", err)
	}
	if err := json.Unmarshal([]byte(seeds), &l.Seeds); err != nil {
		return nil, fmt.Errorf("study %s: trial %s #%d: the stored seeds cannot be read: %w; run it under another name (--as NAME)", name, l.Arm, l.Repeat, err)
	}
	l.Expires = instant(expires)
	return l, nil
}

// Heartbeat keeps a lease for another ttl from now. It is [ErrLost] where the lease is over.
func (s *Store) Heartbeat(l *Lease, ttl time.Duration) error {
	expires := s.now().Add(ttl)
	n, err := affected(s.db.Exec(`UPDATE trials SET expires = ? WHERE id = ? AND status = 'leased' AND owner = ? AND attempts = ?`,
		expires.UnixMilli(), l.id, l.Owner, l.Attempt))
	switch {
	case err != nil:
		return s.fail("heartbeat", err)
	case n == 0:
		return ErrLost
	}
	l.Expires = expires
	return nil
}

// Release gives back, unfinished, the trials that an owner holds, so that nobody has to wait for its leases to run out: its
// own on an interrupt, or another's that is known to be dead. The number is of trials given back.
func (s *Store) Release(name, owner string) (int, error) {
	n, err := affected(s.db.Exec(`UPDATE trials SET status = 'pending', expires = 0
		WHERE status = 'leased' AND owner = ? AND study = (SELECT id FROM studies WHERE name = ?)`, owner, name))
	return int(n), s.fail("release", err)
}

// Retry makes the failed trials of a study wait again. A failure is no outcome; a divergence is, and stays.
func (s *Store) Retry(name string) (int, error) {
	n, err := affected(s.db.Exec(`UPDATE trials SET status = 'pending', expires = 0, digest = NULL, reason = NULL, ended = NULL
		WHERE status = 'failed' AND study = (SELECT id FROM studies WHERE name = ?)`, name))
	return int(n), s.fail("retry", err)
}

// Drop takes the trials of an arm that wait out of the plan: of an arm that is known to change nothing, repeats tell nothing.
// Trials that ended or are being run stay.
func (s *Store) Drop(name, arm string) (int, error) {
	n, err := affected(s.db.Exec(`DELETE FROM trials WHERE status = 'pending' AND arm = ? AND study = (SELECT id FROM studies WHERE name = ?)`, arm, name))
	return int(n), s.fail("drop", err)
}

// States is where each trial of a study stands, in plan order.
func (s *Store) States(name string) ([]State, error) {
	rows, err := s.db.Query(`SELECT arm, repeat, status, owner, expires, attempts FROM trials
		WHERE study = (SELECT id FROM studies WHERE name = ?) ORDER BY ordinal`, name)
	if err != nil {
		return nil, s.fail("states", err)
	}
	defer rows.Close()
	var states []State
	for rows.Next() {
		var st State
		var expires int64
		if err := rows.Scan(&st.Arm, &st.Repeat, &st.Status, &st.Owner, &expires, &st.Attempts); err != nil {
			return nil, s.fail("states", err)
		}
		st.Expires = instant(expires)
		states = append(states, st)
	}
	if err := rows.Err(); err != nil {
		return nil, s.fail("states", err)
	}
	if len(states) == 0 {
		rows.Close() // the one connection, which known needs
		return nil, s.known(name)
	}
	return states, nil
}

// Complete writes how a trial ended, all of it or nothing. It needs no lease, since a trial comes out the same whoever runs
// it: a second completion with the same result (the seconds apart) is accepted in silence, one with another result is refused.
// A failure is no result: it takes the place of none, and a result takes the place of it.
func (s *Store) Complete(name string, t study.Trial) error {
	where := fmt.Sprintf("study %s: trial %s #%d", name, t.Arm, t.Repeat)
	if t.Status != study.Done && t.Status != study.Diverged && t.Status != study.Failed {
		return fmt.Errorf("%s: %q is no way to end; give done, diverged or failed", where, t.Status)
	}
	images, err := packImages(t.Images)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	metrics, err := json.Marshal(t.Metrics)
	if err != nil {
		return fmt.Errorf("%s: metrics: %w", where, err)
	}
	digest := digestOf(t, images, metrics)
	err = s.tx(func(tx *sql.Tx) error {
		var id int64
		var status study.Status
		var held sql.NullString
		err := tx.QueryRow(`SELECT t.id, t.status, t.digest FROM trials t JOIN studies s ON s.id = t.study WHERE s.name = ? AND arm = ? AND repeat = ?`,
			name, t.Arm, t.Repeat).Scan(&id, &status, &held)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%s: not in the plan; give an arm and a repeat that are", where)
		case err != nil:
			return err
		case held.Valid && (held.String == digest || t.Status == study.Failed):
			return nil
		case held.Valid && status != study.Failed:
			return fmt.Errorf("%s: ended before with another result (digest %s, now %s); the same seed and level must give the same bits, so report this or run it under another name (--as NAME)",
				where, short(held.String), short(digest))
		}
		now := s.millis()
		if _, err := tx.Exec(`UPDATE trials SET status = ?, expires = 0, ended = ?, reason = ?, step = ?, metrics = ?, seconds = ?,
			weights = ?, engine = ?, images = ?, digest = ? WHERE id = ?`,
			string(t.Status), now, t.Reason, t.Step, string(metrics), finite(t.Seconds),
			t.WeightsDigest, t.Engine, images, digest, id); err != nil {
			return err
		}
		for i, p := range t.Curve {
			if _, err := tx.Exec(`INSERT INTO curves (trial, point, epoch, train_loss, val_accuracy, val_log_loss, lr) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET epoch = excluded.epoch, train_loss = excluded.train_loss, val_accuracy = excluded.val_accuracy,
				val_log_loss = excluded.val_log_loss, lr = excluded.lr`,
				id, i, finite(p.Epoch), finite(p.TrainLoss), finite(p.ValAccuracy), finite(p.ValLogLoss), finite(p.LR)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`DELETE FROM curves WHERE trial = ? AND point >= ?`, id, len(t.Curve)); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE studies SET updated = max(updated, ?) WHERE name = ?`, now, name)
		return err
	})
	return s.fail(where, err)
}

// known is nil where the study is in the store.
func (s *Store) known(name string) error {
	var id int64
	return s.fail("study "+name, s.missing(name, s.db.QueryRow(`SELECT id FROM studies WHERE name = ?`, name).Scan(&id)))
}

// finite is NULL for a figure that is not finite, as SQLite would have it for NaN alone.
func finite(x float64) sql.NullFloat64 {
	return sql.NullFloat64{Float64: x, Valid: !math.IsNaN(x) && !math.IsInf(x, 0)}
}

// digestOf is of all that must come out the same a second time. A failure has no result: all failures are alike.
func digestOf(t study.Trial, images, metrics []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", t.Status)
	if t.Status != study.Failed {
		fmt.Fprintf(h, "%d %s %s %s %d\n", t.Step, t.WeightsDigest, t.Engine, metrics, len(t.Curve))
		for _, p := range t.Curve {
			hashFloats(h, p.Epoch, p.TrainLoss, p.ValAccuracy, p.ValLogLoss, p.LR)
		}
		h.Write(images)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashFloats(w io.Writer, xs ...float64) {
	for _, x := range xs {
		if math.IsNaN(x) {
			x = math.NaN() // one NaN for all: its payload is no part of a result
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(x))
		w.Write(b[:])
	}
}
