package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// Study is the record of a study: its file as it was last taken up, and its arms. Which trials stand for it, [Store.Cells] says.
type Study struct {
	Name     string // the file's name without extension, or what --as says
	Question string
	File     string          // the file's text
	Origin   json.RawMessage // what the runner wants to find again; nil if nothing
	Baseline string          // identity of the baseline's arm, on which the ledger of looks hangs
	Seed     uint64
	Repeats  int
	First    int       // repeats before the first planned look, 0: at the end; kept with the ledger of the baseline when it is met first, and not read back
	Version  int64     // of this record, 1 for the first; 0: not in the store yet
	Arms     []Arm     // the baseline first; removed ones too
	Created  time.Time // set by the store
	Updated  time.Time // set by the store
}

// Asked is how many repeats of an arm are asked for: one of an idle one, of one that a planned look decided those before it, and of the
// baseline all, until looks have decided every other.
func (st Study) Asked(a Arm) int {
	switch {
	case a.Key == st.Baseline:
		most := 0
		for _, b := range st.Arms {
			if b.Key != a.Key && b.Status == Active {
				if most = max(most, b.Stopped); b.Stopped == 0 {
					return st.Repeats
				}
			}
		}
		if most > 0 {
			return min(most, st.Repeats)
		}
	case a.Status == Idle:
		return 1
	case a.Stopped > 0:
		return min(a.Stopped, st.Repeats)
	}
	return st.Repeats
}

// ArmStatus is what is done with an arm.
type ArmStatus string

// An arm that is known to change nothing gets no more repeats; one that is not in the file any more stays in the family.
const (
	Active  ArmStatus = "active"
	Idle    ArmStatus = "idle"
	Removed ArmStatus = "removed"
)

// Arm is an arm of a study as the store keeps it.
type Arm struct {
	study.Arm
	Key    string // the arm's identity, trial.Spec.Arm
	Recipe Recipe
	Status ArmStatus // "": active
	Reason string    // of what is idle or removed; else ""
}

// Recipe is what the arm's trials are made of, beside seeds and machine.
type Recipe struct {
	Network  string          `json:"network"`  // canonical text
	Settings string          `json:"settings"` // canonical text
	Data     json.RawMessage `json:"data,omitempty"`
	Keep     string          `json:"keep,omitempty"` // the kind of model that each of its trials is to leave, [ModelBy]; "": none
}

// Summary is a line of `assay study list`.
type Summary struct {
	Name     string    `json:"name"`
	Question string    `json:"question"`
	Baseline string    `json:"baseline"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"` // of its record, or when its last trial ended
	Repeats  int       `json:"repeats"`
	Arms     int       `json:"arms"`    // not removed
	Planned  int       `json:"planned"` // trials that are asked for
	Idle     int       `json:"idle"`    // of them, without effect at run time: one repeat each is all they get
	Trials   int       `json:"trials"`  // cells that a trial stands for, ended or not
	Done     int       `json:"done"`
	Diverged int       `json:"diverged"`
	Failed   int       `json:"failed"`
	Running  int       `json:"running"`           // leased, the lease not over
	Shared   int       `json:"shared"`            // trials that other studies show too
	Bytes    int64     `json:"bytes"`             // of its trials in the store's file and of the models that they left, shared ones whole, sets of images left out
	Looks    int       `json:"looks"`             // spent on its baseline, by any study
	Damaged  bool      `json:"damaged,omitempty"` // the record does not fit its sum: nothing but the name is told
}

// Put writes a study's record, and looks into the ledger of its baseline, all of it or nothing. st.Version is that of the record which
// was read, 0 where there was none or a damaged one; where the store has another by now, or another process wrote a look of that
// number, nothing is written: ErrChanged. What it returns is what stands in the store.
func (s *Store) Put(st Study, looks ...Look) (Study, error) {
	if err := st.check(); err != nil {
		return Study{}, err
	}
	st.Arms = slices.Clone(st.Arms)
	for i := range st.Arms {
		if st.Arms[i].Status == "" {
			st.Arms[i].Status = Active
		}
	}
	err := s.change(func(tx *sql.Tx) error {
		now := s.now().UTC().Truncate(time.Millisecond)
		held, err := load(tx, st.Name)
		switch {
		case errors.Is(err, ErrAbsent), errors.Is(err, ErrDamaged):
			held = Study{Created: now}
		case err != nil:
			return err
		}
		if st.Version != held.Version {
			return tell(ErrChanged, "study %s: another process has changed it meanwhile; give the same command again", st.Name)
		}
		st.Version, st.Created, st.Updated = held.Version+1, held.Created, now
		if err := st.put(tx); err != nil {
			return err
		}
		if err := plan(tx, st.Baseline, st.First, st.Repeats); err != nil {
			return err
		}
		for _, l := range looks {
			if l.Study == "" {
				l.Study = st.Name
			}
			if err := s.addLook(tx, st.Baseline, l); err != nil {
				return err
			}
		}
		return s.event(tx, st.Name, "", "put", map[string]any{"version": st.Version})
	})
	if err != nil {
		return Study{}, s.fail("study "+st.Name, err)
	}
	return st, nil
}

func (st Study) check() error {
	if st.Name == "" || len(st.Arms) == 0 || st.Baseline == "" || st.Repeats < 1 {
		return fmt.Errorf("study %q: a name, arms, the baseline's identity and repeats are needed; plan it first", st.Name)
	}
	seen := map[string]bool{}
	for _, a := range st.Arms {
		if a.Key == "" || seen[a.Key] {
			return fmt.Errorf("study %s: arm %s has the identity %q, of none or of another arm; drop one", st.Name, a.Name, a.Key)
		}
		seen[a.Key] = true
	}
	return nil
}

func (st Study) put(tx *sql.Tx) error {
	if len(st.Origin) == 0 {
		st.Origin = json.RawMessage("null")
	}
	if err := drop(tx, st.Name); err != nil {
		return err
	}
	var sums []any
	for i, a := range st.Arms {
		arm, err := text("study "+st.Name+": arm "+a.Name, a.Arm)
		if err != nil {
			return err
		}
		recipe, err := text("study "+st.Name+": recipe of "+a.Name, a.Recipe)
		if err != nil {
			return err
		}
		of := sum("arm", arm, recipe)
		if _, err := tx.Exec(`INSERT INTO arms (study, ordinal, key, name, status, reason, sum, arm, recipe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			st.Name, i, a.Key, a.Name, string(a.Status), a.Reason, of, arm, recipe); err != nil {
			return err
		}
		sums = append(sums, i, a.Key, a.Name, string(a.Status), a.Reason, of)
	}
	_, err := tx.Exec(`INSERT INTO studies (name, question, file, origin, baseline, seed, repeats, version, created, updated, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		st.Name, st.Question, st.File, string(st.Origin), st.Baseline, int64(st.Seed), st.Repeats, st.Version, st.Created.UnixMilli(), st.Updated.UnixMilli(), st.sum(sums))
	return err
}

// sum is of the record and of what is known of its arms.
func (st Study) sum(arms []any) string {
	return sum(append([]any{"study", st.Name, st.Question, st.File, string(st.Origin), st.Baseline, int64(st.Seed), st.Repeats, st.Version,
		st.Created.UnixMilli(), st.Updated.UnixMilli()}, arms...)...)
}

// drop takes a study's record and arms out.
func drop(tx *sql.Tx, name string) error {
	if _, err := tx.Exec(`DELETE FROM arms WHERE study = ?`, name); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM studies WHERE name = ?`, name)
	return err
}

// Study is the record of a study: ErrAbsent where there is none, ErrDamaged where it does not fit its sum.
func (s *Store) Study(name string) (st Study, err error) {
	err = s.view(func(tx *sql.Tx) error {
		st, err = load(tx, name)
		return err
	})
	if errors.Is(err, ErrAbsent) {
		err = tell(ErrAbsent, "%s: no study %q; see assay study list", s.dir, name)
	}
	return st, s.fail("study "+name, err)
}

func load(tx *sql.Tx, name string) (Study, error) {
	found, err := records(tx, &name)
	switch {
	case err != nil:
		return Study{}, err
	case len(found) == 0:
		return Study{}, ErrAbsent
	}
	damaged := tell(ErrDamaged, "study %s: its record in the store is damaged; assay study run on its file writes it anew, the trials are kept", name)
	if found[0].damaged {
		return Study{}, damaged
	}
	st, sound := found[0].Study, true
	err = rows(tx, func(scan func(...any) error) {
		var i int
		var of, arm, recipe string
		if scan(&i, &of, &arm, &recipe) != nil || i < 0 || i >= len(st.Arms) || of != sum("arm", arm, recipe) ||
			json.Unmarshal([]byte(arm), &st.Arms[i].Arm) != nil || json.Unmarshal([]byte(recipe), &st.Arms[i].Recipe) != nil {
			sound = false
		}
	}, `SELECT ordinal, sum, arm, recipe FROM arms WHERE study = ?`, name)
	if err == nil && !sound {
		err = damaged
	}
	return st, err
}

// stored is a record without what its arms are in full.
type stored struct {
	Study
	damaged bool
}

// records are the records of all studies, or of one.
func records(tx *sql.Tx, only *string) (list []*stored, err error) {
	sums := map[string][]any{}
	arms := map[string][]Arm{}
	where, args := just("study", only)
	err = rows(tx, func(scan func(...any) error) {
		var i int
		var a Arm
		var of, name, arm string
		if scan(&name, &i, &a.Key, &a.Name, &a.Status, &a.Reason, &of, &arm) == nil {
			what := struct{ Stopped int }{}
			if json.Unmarshal([]byte(arm), &what) == nil { // a damaged one is told by who reads it whole
				a.Stopped = what.Stopped
			}
			sums[name] = append(sums[name], i, a.Key, a.Name, string(a.Status), a.Reason, of)
			arms[name] = append(arms[name], a)
		}
	}, `SELECT study, ordinal, key, name, status, reason, sum, arm FROM arms`+where+` ORDER BY study, ordinal`, args...)
	if err != nil {
		return nil, err
	}
	where, args = just("name", only)
	err = rows(tx, func(scan func(...any) error) {
		r := &stored{}
		var seed, created, updated int64
		var origin, of string
		r.damaged = scan(&r.Name, &r.Question, &r.File, &origin, &r.Baseline, &seed, &r.Repeats, &r.Version, &created, &updated, &of) != nil
		r.Origin, r.Seed, r.Created, r.Updated, r.Arms = json.RawMessage(origin), uint64(seed), instant(created), instant(updated), arms[r.Name]
		r.damaged = r.damaged || of != r.sum(sums[r.Name])
		if origin == "null" {
			r.Origin = nil
		}
		list = append(list, r)
	}, `SELECT name, question, file, origin, baseline, seed, repeats, version, created, updated, sum FROM studies`+where, args...)
	return list, err
}

// Remove takes a study away: its record, its arms and which trials stand for it. The trials, looks and events stay. A damaged record
// goes too.
func (s *Store) Remove(name string) error {
	err := s.change(func(tx *sql.Tx) error {
		if _, err := load(tx, name); errors.Is(err, ErrAbsent) {
			return tell(ErrAbsent, "%s: no study %q; see assay study list", s.dir, name)
		} else if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
		if err := drop(tx, name); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM cells WHERE study = ?`, name); err != nil {
			return err
		}
		return s.event(tx, name, "", "removed", nil)
	})
	return s.fail("study "+name, err)
}

// List is every study, the one that changed last first.
func (s *Store) List() ([]Summary, error) {
	var list []Summary
	err := s.view(func(tx *sql.Tx) (err error) {
		list, err = s.list(tx)
		return err
	})
	return list, s.fail("list", err)
}

func (s *Store) list(tx *sql.Tx) ([]Summary, error) {
	found, err := records(tx, nil)
	if err != nil {
		return nil, err
	}
	cells, _, err := allCells(tx, nil)
	if err != nil {
		return nil, err
	}
	heads, err := headsOf(tx, nil)
	if err != nil {
		return nil, err
	}
	held, err := leases(tx)
	if err != nil {
		return nil, err
	}
	bytes, err := sizes(tx)
	if err != nil {
		return nil, err
	}
	left, _, err := artefacts(tx, nil)
	if err != nil {
		return nil, err
	}
	for id, of := range left {
		for _, a := range of {
			bytes[id] += max(0, s.weighs(a))
		}
	}
	shown := map[string]map[string]bool{} // studies, by trial
	for name, of := range cells {
		for _, c := range of {
			if shown[c.Trial] == nil {
				shown[c.Trial] = map[string]bool{}
			}
			shown[c.Trial][name] = true
		}
	}
	now := s.now()
	list := []Summary{}
	for _, r := range found {
		if r.damaged {
			list = append(list, Summary{Name: r.Name, Damaged: true})
			continue
		}
		l := Summary{Name: r.Name, Question: r.Question, Baseline: r.Baseline, Created: r.Created, Updated: r.Updated, Repeats: r.Repeats, Trials: len(cells[r.Name])}
		for _, a := range r.Arms {
			if a.Status != Removed {
				l.Arms++
				l.Planned += r.Asked(a)
				if a.Status == Idle {
					l.Idle++
				}
			}
		}
		if l.Looks, err = spent(tx, looksTally, r.Baseline); err != nil {
			return nil, err
		}
		counted := map[string]bool{}
		for _, c := range cells[r.Name] {
			h := heads[c.Trial]
			if h != nil && h.sound() {
				switch h.Status {
				case trial.Done:
					l.Done++
				case trial.Diverged:
					l.Diverged++
				case trial.Failed:
					l.Failed++
				}
				if at := instant(h.ended); at.After(l.Updated) {
					l.Updated = at
				}
			}
			if lease, ok := held[c.Trial]; ok && lease.runs(now) {
				l.Running++
			}
			if !counted[c.Trial] {
				counted[c.Trial] = true
				l.Bytes += bytes[c.Trial]
				if len(shown[c.Trial]) > 1 {
					l.Shared++
				}
			}
		}
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b Summary) int { return b.Updated.Compare(a.Updated) })
	return list, nil
}

// Latest is the name of the study that changed last.
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
