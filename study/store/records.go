package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/assaylab/assay/study"
)

// Reading is one evaluation on the test split of some data. Each makes the next one less of a test, so all are counted.
type Reading struct {
	study.TestReading
	Study string // "" where no study asked
	At    time.Time
}

// Noise is a noise floor: what differs between repeats of one experiment.
type Noise struct {
	SD      float64            // standard deviation between repeats, points
	Repeats int                // it was found from
	Sources map[string]float64 // standard deviation by source (init, order, dropout, split), points; empty where not told apart
	At      time.Time
}

// Calibration is a step timed with the machine to itself.
type Calibration struct {
	SecondsPerStep float64
	Steps          int // timed
	At             time.Time
}

// RecordTestReading writes down that the test split of the data with this digest was read, and says the how-manieth time it
// was, 1 for the first. r.Reading is not looked at.
func (s *Store) RecordTestReading(data, studyName string, r study.TestReading) (ordinal int, err error) {
	err = s.db.QueryRow(`INSERT INTO test_readings (data, reading, at, study, arm, accuracy, log_loss, images)
		VALUES (?1, 1 + (SELECT count(*) FROM test_readings WHERE data = ?1), ?2, ?3, ?4, ?5, ?6, ?7) RETURNING reading`,
		data, s.millis(), studyName, r.Arm, r.Accuracy, finite(r.LogLoss), r.Images).Scan(&ordinal)
	return ordinal, s.fail("test reading", err)
}

// TestReadings are the readings of some data's test split, the first one first.
func (s *Store) TestReadings(data string) ([]Reading, error) {
	rows, err := s.db.Query(`SELECT reading, at, study, arm, accuracy, log_loss, images FROM test_readings WHERE data = ? ORDER BY reading`, data)
	if err != nil {
		return nil, s.fail("test readings", err)
	}
	defer rows.Close()
	var list []Reading
	for rows.Next() {
		var r Reading
		var at int64
		var logLoss sql.NullFloat64
		if err := rows.Scan(&r.Reading, &at, &r.Study, &r.Arm, &r.Accuracy, &logLoss, &r.Images); err != nil {
			return nil, s.fail("test readings", err)
		}
		r.At, r.LogLoss = instant(at), number(logLoss)
		list = append(list, r)
	}
	return list, s.fail("test readings", rows.Err())
}

// SetNoise keeps the noise floor of an experiment, in place of an earlier one. n.At is not looked at.
func (s *Store) SetNoise(experiment string, n Noise) error {
	sources, err := json.Marshal(n.Sources)
	if err != nil {
		return fmt.Errorf("noise floor: %w; give finite figures", err)
	}
	_, err = s.db.Exec(`INSERT OR REPLACE INTO noise_floors (experiment, sd, repeats, sources, at) VALUES (?, ?, ?, ?, ?)`,
		experiment, n.SD, n.Repeats, string(sources), s.millis())
	return s.fail("noise floor", err)
}

// Noise is the noise floor of the experiment with this digest, nil while it is not known.
func (s *Store) Noise(experiment string) (*Noise, error) {
	var n Noise
	var sources string
	var at int64
	err := s.db.QueryRow(`SELECT sd, repeats, sources, at FROM noise_floors WHERE experiment = ?`, experiment).Scan(&n.SD, &n.Repeats, &sources, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(sources), &n.Sources)
	}
	if err != nil {
		return nil, s.fail("noise floor", err)
	}
	n.At = instant(at)
	return &n, nil
}

// SetCalibration keeps how long a step takes. network is a digest of all that a step's time depends on but for the machine,
// which machine names with its kernel level and number of threads. c.At is not looked at.
func (s *Store) SetCalibration(network, machine string, c Calibration) error {
	_, err := s.db.Exec(`INSERT OR REPLACE INTO calibrations (network, machine, seconds_per_step, steps, at) VALUES (?, ?, ?, ?, ?)`,
		network, machine, c.SecondsPerStep, c.Steps, s.millis())
	return s.fail("calibration", err)
}

// Calibration is how long a step takes, nil while it is not known.
func (s *Store) Calibration(network, machine string) (*Calibration, error) {
	var c Calibration
	var at int64
	err := s.db.QueryRow(`SELECT seconds_per_step, steps, at FROM calibrations WHERE network = ? AND machine = ?`, network, machine).Scan(&c.SecondsPerStep, &c.Steps, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, s.fail("calibration", err)
	}
	c.At = instant(at)
	return &c, nil
}
