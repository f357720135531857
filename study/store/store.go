// Package store is the record of truth of studies: one SQLite file, assay.db, in the store's folder. It holds each study's
// file and arms, leases its trials to whoever works on them, and keeps how each came out. It imports study; start at
// [Open], then [Store.CreateOrResume], [Store.Lease] and [Store.Complete].
//
// A trial ends in one transaction, so a process killed at any moment loses its own running trial and no other. Any number
// of processes may work on one store at a time: SQLite's write-ahead log lets them read while one writes, and a writer waits
// for another.
package store

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite" // the driver "sqlite", in pure Go
	sqlite3 "modernc.org/sqlite/lib"
)

// FileName is the name of the store's file in its folder.
const FileName = "assay.db"

//go:embed schema.sql
var schema string

// migrations[v] takes a store from version v (SQLite's user_version) to v+1. An entry, once released, is never edited.
var migrations = []string{schema}

// busyTimeout is how long a writer waits for another before it gives up; transactions here take milliseconds.
const busyTimeout = 30 * time.Second

// Store is an open store. It may be used by several goroutines.
type Store struct {
	db  *sql.DB
	dir string
	now func() time.Time
}

// Open opens the store in a folder, and makes both where they are missing. now is the clock for leases and records; nil is
// time.Now.
func Open(dir string, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("%s: no folder for the store: %w; give another --store", dir, errors.Unwrap(err))
	}
	return open(dir, now)
}

// OpenExisting opens a store to read from it: where there is none, it is an error that satisfies errors.Is(err,
// fs.ErrNotExist), and nothing is made.
func OpenExisting(dir string, now func() time.Time) (*Store, error) {
	if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, absent{dir}
		}
		return nil, fmt.Errorf("%s: %w; give another --store", dir, err)
	}
	return open(dir, now)
}

// absent is a store that is not there.
type absent struct{ dir string }

func (a absent) Error() string {
	return a.dir + ": no store of studies; run one (assay study run FILE) or give its folder with --store"
}

func (absent) Is(target error) bool { return target == fs.ErrNotExist }

func open(dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; give another --store", dir, err)
	}
	// A trial is minutes or hours of work and is written once, so each commit reaches the disk (synchronous FULL).
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"}, // a transaction waits for its turn at once, not after it has read what another changes
	}.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // statements of one process queue here and not at SQLite's lock
	s := &Store{db: db, dir: dir, now: now}
	if err := s.migrate(); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// Dir is the store's folder, as it was given.
func (s *Store) Dir() string { return s.dir }

// Close closes the store. What was completed is on the disk already.
func (s *Store) Close() error { return s.db.Close() }

// migrate brings the file to the newest version. Turning on the write-ahead log takes the whole file, which SQLite refuses
// at once rather than wait where two processes make a store at the same moment; hence the second try.
func (s *Store) migrate() error {
	var err error
	for end := time.Now().Add(busyTimeout); ; time.Sleep(20 * time.Millisecond) {
		err = s.tx(func(tx *sql.Tx) error {
			var version int
			if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
				return err
			}
			if version > len(migrations) {
				return fmt.Errorf("written by a newer assay (version %d, this one knows %d); update assay or give another --store", version, len(migrations))
			}
			for ; version < len(migrations); version++ {
				if _, err := tx.Exec(migrations[version]); err != nil {
					return err
				}
			}
			_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
			return err
		})
		if !busy(err) || time.Now().After(end) {
			break
		}
	}
	if failure, ok := errors.AsType[*sqlite.Error](err); ok && failure.Code()&0xff == sqlite3.SQLITE_NOTADB {
		return fmt.Errorf("%s: not a store of assay; move it away or give another --store", filepath.Join(s.dir, FileName))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(s.dir, FileName), err)
	}
	return nil
}

func busy(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && failure.Code()&0xff == sqlite3.SQLITE_BUSY
}

// tx runs do in one transaction: all of it is written, or nothing.
func (s *Store) tx(do func(*sql.Tx) error) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // of no effect after Commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// fail says where a fault of the file itself lies; errors of ours are worded already.
func (s *Store) fail(what string, err error) error {
	if _, ok := errors.AsType[*sqlite.Error](err); ok {
		return fmt.Errorf("%s: %s: %w; check the disk and that the folder can be written", filepath.Join(s.dir, FileName), what, err)
	}
	return err
}

func (s *Store) millis() int64       { return s.now().UnixMilli() }
func instant(millis int64) time.Time { return time.UnixMilli(millis).UTC() }
