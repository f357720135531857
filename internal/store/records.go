package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/data"
)

// Artefact is a file that a trial left for good, such as its model.
type Artefact struct {
	Kind   string // what it is; a trial has one of a kind
	File   string // below the store's folder, with slashes
	Digest string // SHA-256 of the file, 64 hex digits
}

func (a Artefact) sum(id string) string { return sum("artefact", id, a.Kind, a.File, a.Digest) }

// AddArtefact keeps where a trial's file is, in place of an earlier one of that kind.
func (s *Store) AddArtefact(id string, a Artefact) error {
	if !filepath.IsLocal(filepath.FromSlash(a.File)) {
		return fmt.Errorf("trial %s: %s %q is not a file below the store's folder; give one that is", short(id), a.Kind, a.File)
	}
	return s.fail("artefact", s.change(func(tx *sql.Tx) error { return putArtefact(tx, id, a) }))
}

func putArtefact(tx *sql.Tx, id string, a Artefact) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO artefacts (trial, kind, file, digest, sum) VALUES (?, ?, ?, ?, ?)`, id, a.Kind, a.File, a.Digest, a.sum(id))
	return err
}

// Artefacts are the files that a trial left, by kind.
func (s *Store) Artefacts(id string) ([]Artefact, error) {
	var list []Artefact
	err := s.view(func(tx *sql.Tx) error {
		all, _, err := artefacts(tx, &id)
		list = all[id]
		return err
	})
	return list, s.fail("artefacts", err)
}

func artefacts(tx *sql.Tx, only *string) (list map[string][]Artefact, damaged int, err error) {
	list = map[string][]Artefact{}
	where, args := just("trial", only)
	err = rows(tx, func(scan func(...any) error) {
		var a Artefact
		var id, of string
		if scan(&id, &a.Kind, &a.File, &a.Digest, &of) != nil || of != a.sum(id) {
			damaged++
			return
		}
		list[id] = append(list[id], a)
	}, `SELECT trial, kind, file, digest, sum FROM artefacts`+where+` ORDER BY trial, kind`, args...)
	return list, damaged, err
}

// Reading is one evaluation on test images. Each makes the next one less of a test, so all of a store are counted.
type Reading struct {
	N       int        // 1 for the first of the store
	At      time.Time  // set by the store
	Data    string     // digest of the set
	Study   string     // "" where no study asked
	Arm     string     // or the model
	Seen    data.Marks // the test images that were read
	Metrics map[string]float64
	Damaged bool // the row is lost or does not fit its sum; the reading counts all the same
}

func (r Reading) sum(metrics string) string {
	return sum("reading", r.N, r.At.UnixMilli(), r.Data, r.Study, r.Arm, string(r.Seen.Bytes()), metrics)
}

// Spent is how much of a test a reading's images still were.
type Spent struct {
	Times  int // how often the image that was read most has been read, this reading counted; 1: a first reading
	Before int // images that were read before, of those of the reading
}

// AddReading writes down a reading, and says how often its images were read. They are counted one by one, so neither another name of a
// folder nor files that came or went make a read image a fresh one. A reading that was lost may have been of any.
func (s *Store) AddReading(r Reading) (spends Spent, err error) {
	metrics, err := text("test reading", r.Metrics)
	if err != nil {
		return Spent{}, err
	}
	err = s.change(func(tx *sql.Tx) error {
		before, err := readings(tx)
		if err != nil {
			return err
		}
		spends = SpentOn(r.Seen, before)
		r.N, r.At = len(before)+1, instant(s.millis())
		if _, err := tx.Exec(`INSERT OR REPLACE INTO test_readings (n, at, data, study, arm, seen, metrics, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			r.N, r.At.UnixMilli(), r.Data, r.Study, r.Arm, r.Seen.Bytes(), metrics, r.sum(metrics)); err != nil {
			return err
		}
		return setSpent(tx, readingsTally, "", r.N)
	})
	return spends, s.fail("test reading", err)
}

// SpentOn says how much of a test its images still were, given the readings before, in order.
func SpentOn(images data.Marks, before []Reading) Spent {
	lost, times := 0, make([]int, len(images))
	for _, r := range before {
		if r.Damaged {
			lost++
			continue
		}
		for i, k := 0, 0; i < len(images) && k < len(r.Seen); { // both rise
			switch {
			case images[i] < r.Seen[k]:
				i++
			case images[i] > r.Seen[k]:
				k++
			default:
				times[i]++
				i, k = i+1, k+1
			}
		}
	}
	s := Spent{Times: 1 + lost}
	for _, n := range times {
		s.Times = max(s.Times, 1+n+lost)
		if n+lost > 0 {
			s.Before++
		}
	}
	return s
}

// Readings are those of test images, 1, 2, ... without a gap. One that was lost or damaged has its number alone.
func (s *Store) Readings() ([]Reading, error) {
	var list []Reading
	err := s.view(func(tx *sql.Tx) (err error) {
		list, err = readings(tx)
		return err
	})
	return list, s.fail("test readings", err)
}

func readings(tx *sql.Tx) ([]Reading, error) {
	n, err := spent(tx, readingsTally, "")
	if err != nil {
		return nil, err
	}
	list := make([]Reading, n)
	for i := range list {
		list[i] = Reading{N: i + 1, Damaged: true}
	}
	err = rows(tx, func(scan func(...any) error) {
		var r Reading
		var at int64
		var seen []byte
		var metrics, of string
		err := scan(&r.N, &at, &r.Data, &r.Study, &r.Arm, &seen, &metrics, &of)
		if err != nil {
			return
		}
		r.At = instant(at)
		if r.Seen, err = data.MarksOf(seen); err == nil && of == r.sum(metrics) && r.N >= 1 && r.N <= n && json.Unmarshal([]byte(metrics), &r.Metrics) == nil {
			list[r.N-1] = r
		}
	}, `SELECT n, at, data, study, arm, seen, metrics, sum FROM test_readings`)
	return list, err
}

// Noise is a noise floor: what differs between repeats of one arm.
type Noise struct {
	SD      float64            // standard deviation between repeats, points
	Repeats int                // it was found from
	Sources map[string]float64 // standard deviation by source (init, order, dropout, split), points; empty where not told apart
	At      time.Time          // set by the store
}

func (n Noise) sum(key, sources string) string {
	return sum("noise", key, n.SD, n.Repeats, sources, n.At.UnixMilli())
}

// SetNoise keeps a noise floor, in place of an earlier one of that key: a baseline's identity.
func (s *Store) SetNoise(key string, n Noise) error {
	sources, err := text("noise floor", n.Sources)
	if err != nil {
		return err
	}
	n.At = instant(s.millis())
	return s.fail("noise floor", s.change(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO noise_floors (key, sd, repeats, sources, at, sum) VALUES (?, ?, ?, ?, ?, ?)`,
			key, n.SD, n.Repeats, sources, n.At.UnixMilli(), n.sum(key, sources))
		return err
	}))
}

// Noise is the noise floor of that key, nil while it is not known.
func (s *Store) Noise(key string) (*Noise, error) {
	var found *Noise
	err := s.view(func(tx *sql.Tx) error {
		all, _, err := noises(tx, &key)
		found = all[key]
		return err
	})
	return found, s.fail("noise floor", err)
}

func noises(tx *sql.Tx, only *string) (found map[string]*Noise, damaged int, err error) {
	found = map[string]*Noise{}
	where, args := just("key", only)
	err = rows(tx, func(scan func(...any) error) {
		var n Noise
		var key, sources, of string
		var at int64
		err := scan(&key, &n.SD, &n.Repeats, &sources, &at, &of)
		n.At = instant(at)
		if err != nil || of != n.sum(key, sources) || json.Unmarshal([]byte(sources), &n.Sources) != nil {
			damaged++
			return
		}
		found[key] = &n
	}, `SELECT key, sd, repeats, sources, at, sum FROM noise_floors`+where, args...)
	return found, damaged, err
}

// Step is all that a training step's time depends on.
type Step struct {
	Network string // digest of the programs: network, overlay, batch, solver
	Machine string // processor and threads
	Engine  string // its id
	Program string // version of assay
}

// Calibration is a step timed with the machine to itself.
type Calibration struct {
	SecondsPerStep float64
	Steps          int       // timed
	At             time.Time // set by the store
}

func (c Calibration) sum(k Step) string {
	return sum("calibration", k.Network, k.Machine, k.Engine, k.Program, c.SecondsPerStep, c.Steps, c.At.UnixMilli())
}

// SetCalibration keeps how long a step takes, in place of what was known.
func (s *Store) SetCalibration(k Step, c Calibration) error {
	c.At = instant(s.millis())
	return s.fail("calibration", s.change(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO calibrations (network, machine, engine, program, seconds, steps, at, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			k.Network, k.Machine, k.Engine, k.Program, c.SecondsPerStep, c.Steps, c.At.UnixMilli(), c.sum(k))
		return err
	}))
}

// Calibration is how long a step takes, nil while it is not known.
func (s *Store) Calibration(k Step) (*Calibration, error) {
	var found *Calibration
	err := s.view(func(tx *sql.Tx) error {
		all, _, err := calibrations(tx, &k.Network)
		found = all[k]
		return err
	})
	return found, s.fail("calibration", err)
}

// calibrations are those of one network, or all.
func calibrations(tx *sql.Tx, only *string) (found map[Step]*Calibration, damaged int, err error) {
	found = map[Step]*Calibration{}
	where, args := just("network", only)
	err = rows(tx, func(scan func(...any) error) {
		var k Step
		var c Calibration
		var of string
		var at int64
		err := scan(&k.Network, &k.Machine, &k.Engine, &k.Program, &c.SecondsPerStep, &c.Steps, &at, &of)
		c.At = instant(at)
		if err != nil || of != c.sum(k) {
			damaged++
			return
		}
		found[k] = &c
	}, `SELECT network, machine, engine, program, seconds, steps, at, sum FROM calibrations`+where, args...)
	return found, damaged, err
}
