package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/assaylab/assay/study"
)

// Study is a study as it is planned, before and apart from what its trials show.
type Study struct {
	Name     string // the file's name without extension, or what --as says
	Digest   string // of all that makes two runs the same study: the file, and the folder it was pointed at
	Question string
	File     string          // the file's text
	Plan     json.RawMessage // what the runner wants to find again; null if nothing
	Arms     []study.Arm     // the baseline first
	Trials   []study.Entry   // in the order to run them
}

// Summary is a line of `assay study list`.
type Summary struct {
	Name     string    `json:"name"`
	Question string    `json:"question"`
	Digest   string    `json:"digest"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Arms     int       `json:"arms"`
	Trials   int       `json:"trials"` // planned
	Done     int       `json:"done"`
	Diverged int       `json:"diverged"`
	Failed   int       `json:"failed"`
	Running  int       `json:"running"` // leased, with the lease not yet over
}

// CreateOrResume puts a study into the store, or finds it there. What it returns is what the store holds: for a study that
// is resumed its first plan and arms, whatever st says now. Trials that st has and the store has not are added behind the
// others; only [Store.Drop] takes any away. A study of that name with another digest is refused.
func (s *Store) CreateOrResume(st Study) (held Study, resumed bool, err error) {
	if st.Name == "" || len(st.Arms) == 0 || len(st.Trials) == 0 {
		return Study{}, false, fmt.Errorf("study %q: a name, arms and trials are needed; plan it first", st.Name)
	}
	err = s.tx(func(tx *sql.Tx) error {
		id, digest, err := find(tx, st.Name)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if id, err = s.create(tx, st); err != nil {
				return err
			}
		case err != nil:
			return err
		case digest != st.Digest:
			return fmt.Errorf("study %s: %s holds another file or other data under this name (digest %s, this one has %s); keep both with --as NAME",
				st.Name, s.dir, short(digest), short(st.Digest))
		default:
			resumed = true
		}
		if err := addTrials(tx, id, st.Trials); err != nil {
			return err
		}
		held, err = load(tx, st.Name)
		return err
	})
	return held, resumed, s.fail("study "+st.Name, err)
}

// Study is a study of the store as it was planned.
func (s *Store) Study(name string) (st Study, err error) {
	err = s.tx(func(tx *sql.Tx) error {
		st, err = load(tx, name)
		return err
	})
	return st, s.fail("study "+name, s.missing(name, err))
}

// SetArms replaces what is known of the arms, as when calibration has found their seconds. Names and order stay.
func (s *Store) SetArms(name string, arms []study.Arm) error {
	err := s.tx(func(tx *sql.Tx) error {
		id, _, err := find(tx, name)
		if err != nil {
			return err
		}
		for i, a := range arms {
			text, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("study %s: arm %s: %w", name, a.Name, err)
			}
			switch n, err := affected(tx.Exec(`UPDATE arms SET arm = ? WHERE study = ? AND ordinal = ? AND name = ?`, string(text), id, i, a.Name)); {
			case err != nil:
				return err
			case n == 0:
				return fmt.Errorf("study %s: arm %d is not %q; keep the arms in the order of the plan", name, i, a.Name)
			}
		}
		return nil
	})
	return s.fail("study "+name, s.missing(name, err))
}

// List is every study, the one that changed last first.
func (s *Store) List() ([]Summary, error) {
	rows, err := s.db.Query(`
		SELECT name, question, s.digest, created, updated, (SELECT count(*) FROM arms WHERE study = s.id), count(t.id),
			count(*) FILTER (WHERE status = 'done'), count(*) FILTER (WHERE status = 'diverged'),
			count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'leased' AND expires > ?)
		FROM studies s LEFT JOIN trials t ON t.study = s.id GROUP BY s.id ORDER BY updated DESC, s.id DESC`, s.millis())
	if err != nil {
		return nil, s.fail("list", err)
	}
	defer rows.Close()
	list := []Summary{}
	for rows.Next() {
		var l Summary
		var created, updated int64
		if err := rows.Scan(&l.Name, &l.Question, &l.Digest, &created, &updated, &l.Arms, &l.Trials, &l.Done, &l.Diverged, &l.Failed, &l.Running); err != nil {
			return nil, s.fail("list", err)
		}
		l.Created, l.Updated = instant(created), instant(updated)
		list = append(list, l)
	}
	return list, s.fail("list", rows.Err())
}

// Latest is the name of the study that changed last: created, resumed or with a trial that ended.
func (s *Store) Latest() (string, error) {
	list, err := s.List()
	switch {
	case err != nil:
		return "", err
	case len(list) == 0:
		return "", fmt.Errorf("%s: no studies yet; run one (assay study run FILE)", s.dir)
	}
	return list[0].Name, nil
}

func (s *Store) create(tx *sql.Tx, st Study) (int64, error) {
	plan := st.Plan
	if len(plan) == 0 {
		plan = json.RawMessage("null")
	}
	now := s.millis()
	row, err := tx.Exec(`INSERT INTO studies (name, digest, question, file, plan, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		st.Name, st.Digest, st.Question, st.File, string(plan), now, now)
	if err != nil {
		return 0, err
	}
	id, err := row.LastInsertId()
	if err != nil {
		return 0, err
	}
	for i, a := range st.Arms {
		text, err := json.Marshal(a)
		if err != nil {
			return 0, fmt.Errorf("study %s: arm %s: %w", st.Name, a.Name, err)
		}
		if _, err := tx.Exec(`INSERT INTO arms (study, ordinal, name, arm) VALUES (?, ?, ?, ?)`, id, i, a.Name, string(text)); err != nil {
			return 0, err
		}
	}
	return id, nil
}

func addTrials(tx *sql.Tx, id int64, trials []study.Entry) error {
	for _, e := range trials {
		seeds, err := json.Marshal(e.Seeds)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO trials (study, ordinal, arm, repeat, seeds)
			VALUES (?1, (SELECT coalesce(max(ordinal) + 1, 0) FROM trials WHERE study = ?1), ?2, ?3, ?4) ON CONFLICT (study, arm, repeat) DO NOTHING`,
			id, e.Arm, e.Repeat, string(seeds)); err != nil {
			return err
		}
	}
	return nil
}

func find(tx *sql.Tx, name string) (id int64, digest string, err error) {
	err = tx.QueryRow(`SELECT id, digest FROM studies WHERE name = ?`, name).Scan(&id, &digest)
	return id, digest, err
}

func load(tx *sql.Tx, name string) (Study, error) {
	st := Study{Name: name}
	var id int64
	var plan string
	if err := tx.QueryRow(`SELECT id, digest, question, file, plan FROM studies WHERE name = ?`, name).Scan(&id, &st.Digest, &st.Question, &st.File, &plan); err != nil {
		return Study{}, err
	}
	st.Plan = json.RawMessage(plan)
	arms, err := tx.Query(`SELECT arm FROM arms WHERE study = ? ORDER BY ordinal`, id)
	if err != nil {
		return Study{}, err
	}
	defer arms.Close()
	for arms.Next() {
		var text string
		var a study.Arm
		if err := arms.Scan(&text); err != nil {
			return Study{}, err
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return Study{}, fmt.Errorf("study %s: an arm is stored that cannot be read: %w; run it under another name (--as NAME)", name, err)
		}
		st.Arms = append(st.Arms, a)
	}
	if err := arms.Err(); err != nil {
		return Study{}, err
	}
	trials, err := tx.Query(`SELECT arm, repeat, seeds FROM trials WHERE study = ? ORDER BY ordinal`, id)
	if err != nil {
		return Study{}, err
	}
	defer trials.Close()
	for trials.Next() {
		var e study.Entry
		var seeds string
		if err := trials.Scan(&e.Arm, &e.Repeat, &seeds); err != nil {
			return Study{}, err
		}
		if err := json.Unmarshal([]byte(seeds), &e.Seeds); err != nil {
			return Study{}, err
		}
		st.Trials = append(st.Trials, e)
	}
	return st, trials.Err()
}

// missing words the error for a study that is not there.
func (s *Store) missing(name string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: no study %q; see assay study list", s.dir, name)
	}
	return err
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// short is enough of a digest to tell two apart by eye.
func short(digest string) string { return digest[:min(len(digest), 12)] }
