package store

import (
	"database/sql"
	"encoding/json"
	"time"
)

// Event is something that happened in the store, for whoever watches it. The store writes put, removed, look, leased, released,
// reclaimed, ended, damaged and cleaned, in the transaction of what they tell; others are the caller's.
type Event struct {
	ID    int64 // grows; never one twice
	At    time.Time
	Study string // "" where it is of no one study
	Trial string
	Kind  string
	Body  json.RawMessage
}

func (e Event) sum() string {
	return sum("event", e.At.UnixMilli(), e.Study, e.Trial, e.Kind, string(e.Body))
}

// Events are those behind a number, in order, at most limit.
func (s *Store) Events(after int64, limit int) ([]Event, error) {
	var list []Event
	err := s.view(func(tx *sql.Tx) (err error) {
		list, _, err = events(tx, after, limit)
		return err
	})
	return list, s.fail("events", err)
}

func events(tx *sql.Tx, after int64, limit int) (list []Event, damaged int, err error) {
	err = rows(tx, func(scan func(...any) error) {
		var e Event
		var at int64
		var body, of string
		err := scan(&e.ID, &at, &e.Study, &e.Trial, &e.Kind, &body, &of)
		e.At, e.Body = instant(at), json.RawMessage(body)
		if err != nil || of != e.sum() {
			damaged++
			return
		}
		list = append(list, e)
	}, `SELECT id, at, study, trial, kind, body, sum FROM events WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	return list, damaged, err
}

// AddEvent writes an event; its ID and At are the store's.
func (s *Store) AddEvent(e Event) error {
	return s.fail("event", s.change(func(tx *sql.Tx) error { return s.event(tx, e.Study, e.Trial, e.Kind, e.Body) }))
}

func (s *Store) event(tx *sql.Tx, study, trial, kind string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	e := Event{At: instant(s.millis()), Study: study, Trial: trial, Kind: kind, Body: b}
	_, err = tx.Exec(`INSERT INTO events (at, study, trial, kind, body, sum) VALUES (?, ?, ?, ?, ?, ?)`, e.At.UnixMilli(), study, trial, kind, string(b), e.sum())
	return err
}
