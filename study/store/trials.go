package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"github.com/assaylab/assay/study"
)

// Trials are the trials of a study that have ended, in plan order, with curves and images. A figure that was not finite
// (the loss where a run diverged) is NaN again.
func (s *Store) Trials(name string) ([]study.Trial, error) {
	if err := s.known(name); err != nil {
		return nil, err
	}
	trials, err := s.withCurves(name, "")
	return trials, s.fail("study "+name, err)
}

// Trial is one trial that has ended, nil while it has not.
func (s *Store) Trial(name, arm string, repeat int) (*study.Trial, error) {
	trials, err := s.withCurves(name, "AND arm = ? AND repeat = ?", arm, repeat)
	if err != nil || len(trials) == 0 {
		return nil, s.fail("study "+name, err)
	}
	return &trials[0], nil
}

func (s *Store) withCurves(name, which string, args ...any) ([]study.Trial, error) {
	trials, ids, err := s.ended(name, which, args...)
	for i := 0; i < len(ids) && err == nil; i++ {
		trials[i].Curve, err = s.curve(ids[i])
	}
	return trials, err
}

func (s *Store) ended(name, which string, args ...any) (trials []study.Trial, ids []int64, err error) {
	rows, err := s.db.Query(`SELECT id, arm, repeat, status, reason, step, metrics, seconds, weights, engine, images
		FROM trials WHERE study = (SELECT id FROM studies WHERE name = ?) AND status IN ('done', 'diverged', 'failed') `+which+` ORDER BY ordinal`,
		append([]any{name}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var t study.Trial
		var seconds sql.NullFloat64
		var metrics, images []byte
		if err := rows.Scan(&id, &t.Arm, &t.Repeat, &t.Status, &t.Reason, &t.Step, &metrics, &seconds, &t.WeightsDigest, &t.Engine, &images); err != nil {
			return nil, nil, err
		}
		t.Seconds = number(seconds)
		if err := json.Unmarshal(metrics, &t.Metrics); err != nil {
			return nil, nil, fmt.Errorf("study %s: trial %s #%d: metrics: %w", name, t.Arm, t.Repeat, err)
		}
		if t.Images, err = unpackImages(images); err != nil {
			return nil, nil, fmt.Errorf("study %s: trial %s #%d: %w", name, t.Arm, t.Repeat, err)
		}
		trials, ids = append(trials, t), append(ids, id)
	}
	return trials, ids, rows.Err()
}

func (s *Store) curve(trial int64) ([]study.Point, error) {
	rows, err := s.db.Query(`SELECT epoch, train_loss, val_accuracy, val_log_loss, lr FROM curves WHERE trial = ? ORDER BY point`, trial)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var curve []study.Point
	for rows.Next() {
		var v [5]sql.NullFloat64
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4]); err != nil {
			return nil, err
		}
		curve = append(curve, study.Point{Epoch: number(v[0]), TrainLoss: number(v[1]), ValAccuracy: number(v[2]), ValLogLoss: number(v[3]), LR: number(v[4])})
	}
	return curve, rows.Err()
}

func number(x sql.NullFloat64) float64 {
	if x.Valid {
		return x.Float64
	}
	return math.NaN()
}
