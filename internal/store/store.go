// Package store is the record of truth: one SQLite file, assay.db, in the store's folder. It keeps trials by what they are, each
// study's view over them (which trial stands for an arm with a repeat), the ledger of looks, leases of trials, and events. It
// imports study and study/trial; start at [Open], then [Store.Put], [Store.Assign], [Store.Lease] and [Store.Complete].
//
// A trial's result is taken in in one transaction, so a process killed at any moment loses its own running trial and no other. Any
// number of processes may work on one store: SQLite's write-ahead log lets them read while one writes, and a writer waits for
// another. SQLite has no sums of its own; rows that decide what is shown carry one here, and a row that does not fit it is as if it
// were not there.
package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// FileName is the name of the store's file in its folder.
const FileName = "assay.db"

// TrialsDir is the folder, in the store's, of the checkpoints and results that trials leave: [Store.Checkpoint], [Store.ResultFile].
const TrialsDir = "trials"

// schemaVersion is the form of the file, SQLite's user_version. Version 1 kept trials by study, version 2 counted readings of
// a test by the digest of its set; no program reads them any more.
const schemaVersion = 3

//go:embed schema.sql
var schema string

// busyTimeout is how long a writer waits for another before it gives up; transactions here take milliseconds.
const busyTimeout = 30 * time.Second

// Store is an open store. It may be used by several goroutines.
type Store struct {
	dir, path string
	now       func() time.Time
	reader    *reader // of a store that is only read, else nil

	db *sql.DB

	mu    sync.Mutex
	sound map[string]string // trials whose columns this process has summed, with the sum that they had
}

// Open opens the store in a folder, and makes both where they are missing. now is the clock for leases and records; nil is
// time.Now.
func Open(dir string, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("%s: no folder for the store: %w; give another --store", dir, errors.Unwrap(err))
	}
	s, err := located(dir, now)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(s.path)
	if err == nil && info.IsDir() {
		return nil, folder(s.file())
	}
	return s.write("rwc", err == nil)
}

// OpenExisting opens a store to write to it. Where there is none, it is an error that satisfies errors.Is(err, fs.ErrNotExist), and
// nothing is made.
func OpenExisting(dir string, now func() time.Time) (*Store, error) {
	s, err := existing(dir, now)
	if err != nil {
		return nil, err
	}
	return s.write("rw", true)
}

func located(dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	path, err := filepath.Abs(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; give another --store", dir, err)
	}
	return &Store{dir: dir, path: path, now: now, sound: map[string]string{}}, nil
}

func existing(dir string, now func() time.Time) (*Store, error) {
	file := filepath.Join(dir, FileName)
	switch info, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absent{dir}
	case err != nil:
		return nil, fmt.Errorf("%s: %w; give another --store", dir, errors.Unwrap(err))
	case info.IsDir():
		return nil, folder(file)
	}
	return located(dir, now)
}

func folder(file string) error {
	return fmt.Errorf("%s: is a folder; move it away or give another --store", file)
}

// absent is a store that is not there.
type absent struct{ dir string }

func (a absent) Error() string {
	return a.dir + ": no store of studies; run one (assay study run FILE) or give its folder with --store"
}

func (absent) Is(target error) bool { return target == fs.ErrNotExist }

// address is a file as SQLite's driver takes it. path is absolute, with slashes: /home/me/assay.db, C:/me/assay.db,
// //server/share/assay.db.
func address(path string, query url.Values) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // file:///C:/...: what stands behind two slashes alone is a host
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	return u.String()
}

// connect opens a file. The first statement touches it.
func connect(path string, query url.Values) (*sql.DB, error) {
	db, err := sql.Open("sqlite", address(filepath.ToSlash(path), query))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // statements of one process queue here and not at SQLite's lock
	return db, nil
}

// write opens the file to write to it, and makes its tables where it has none.
func (s *Store) write(mode string, existed bool) (*Store, error) {
	var err error
	s.db, err = connect(s.path, url.Values{
		"mode": {mode},
		// A trial is minutes or hours of work and is written once, so each commit reaches the disk (synchronous FULL).
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "synchronous(FULL)", "cell_size_check(1)"},
		"_txlock": {"immediate"}, // a transaction that writes waits for its turn at once, not after it has read what another changes
	})
	if err == nil {
		err = s.settle(existed)
	}
	if err != nil {
		s.Close()
		return nil, s.fail("", err)
	}
	return s, nil
}

// settle makes a new file a store, and refuses one that is none or is of another form. An old store is not written to. Turning on
// the write-ahead log takes the whole file, which SQLite refuses at once rather than wait where two processes make a store at the
// same moment; hence more than one try.
func (s *Store) settle(existed bool) error {
	for end := time.Now().Add(busyTimeout); ; time.Sleep(20 * time.Millisecond) {
		blank, err := s.blank()
		if err == nil && !blank {
			return nil
		}
		if err == nil {
			if held := s.leftovers(); existed && held != "" {
				return fmt.Errorf("%s: is empty, though %s lies beside it, so what it held is lost; put a copy back, or remove it to begin anew", s.file(), held)
			}
			err = s.make()
		}
		if !busy(err) || time.Now().After(end) {
			return err
		}
	}
}

// blank says whether the file has no tables yet. What is neither blank nor a store of this form is an error.
func (s *Store) blank() (blank bool, err error) {
	err = s.view(func(tx *sql.Tx) error {
		blank, err = form(tx, s.file())
		return err
	})
	return blank, err
}

// form looks at what a file holds.
func form(tx *sql.Tx, file string) (blank bool, err error) {
	var version int64
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return false, err
	}
	held := map[string]bool{}
	err = rows(tx, func(scan func(...any) error) {
		var text sql.NullString
		if scan(&text) == nil {
			held[text.String] = true
		}
	}, "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
	switch {
	case err != nil:
		return false, err
	case version == 0 && len(held) == 0:
		return true, nil
	case version == 0:
		return false, fmt.Errorf("%s: holds tables that no assay made; move it away or give another --store", file)
	case version < 0:
		return false, fmt.Errorf("%s: has the version %d, which no assay writes; it is damaged: put a copy back, move it away or give another --store", file, version)
	case version < schemaVersion:
		return false, fmt.Errorf("%s: written by an older assay (version %d, this one reads %d); move it away or give another --store", file, version, schemaVersion)
	case version > schemaVersion:
		return false, fmt.Errorf("%s: written by a newer assay (version %d, this one reads %d), or damaged; update assay or give another --store", file, version, schemaVersion)
	}
	want := statements()
	for _, statement := range want {
		if !held[statement] {
			return false, malformed{file}
		}
	}
	if len(held) != len(want) {
		return false, malformed{file}
	}
	return false, nil
}

// statements are those of the schema, each as SQLite keeps it.
func statements() []string {
	var list []string
	for part := range strings.SplitSeq(schema, ";\n") {
		if i := strings.Index(part, "CREATE TABLE"); i >= 0 {
			list = append(list, part[i:])
		}
	}
	return list
}

// make makes the tables. They are brought into the file itself at once, so that a lost write-ahead log leaves no empty file.
func (s *Store) make() error {
	if _, err := s.db.Exec("PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	err := s.change(func(tx *sql.Tx) error {
		if blank, err := form(tx, s.file()); err != nil || !blank { // another process was faster
			return err
		}
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
		return err
	})
	if err == nil {
		_, err = s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return err
}

// leftovers names something in the folder that only a store which was used leaves there, "" where there is nothing.
func (s *Store) leftovers() string {
	for _, pattern := range []string{TrialsDir + "/*.result", TrialsDir + "/*.safetensors", TrialsDir + "/*.model*", "*/winner.yaml", "*/report.html"} {
		names, _ := fs.Glob(os.DirFS(s.dir), pattern) // a fixed pattern is well formed
		if len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

// Dir is the store's folder, as it was given.
func (s *Store) Dir() string { return s.dir }

// Checkpoint is the file from which a trial under way goes on.
func (s *Store) Checkpoint(id string) string {
	return filepath.Join(s.dir, TrialsDir, id+".safetensors")
}

// ResultFile is the file that a trial's process leaves, until [Store.Complete] has taken it in.
func (s *Store) ResultFile(id string) string { return filepath.Join(s.dir, TrialsDir, id+".result") }

// Close closes the store. What was completed is on the disk already.
func (s *Store) Close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.reader != nil {
		err = errors.Join(err, s.reader.close())
	}
	return err
}

// file is the store's file, for messages.
func (s *Store) file() string { return filepath.Join(s.dir, FileName) }

// change runs do in one transaction that may write: all of it is written, or nothing.
func (s *Store) change(do func(*sql.Tx) error) error {
	if s.reader != nil {
		return fmt.Errorf("%s: opened to be read; a looking command writes nothing", s.file())
	}
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

// view runs do in one transaction that reads, and holds nobody up. do may be run more than once.
func (s *Store) view(do func(*sql.Tx) error) error {
	if s.reader != nil {
		return s.reader.view(s, do)
	}
	return look(s.db, do)
}

func look(db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return do(tx)
}

// rows calls row for each row that a query finds. Where scan fails, a value is not of its column's type: the row is damaged.
func rows(tx *sql.Tx, row func(scan func(...any) error), query string, args ...any) error {
	r, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		row(r.Scan)
	}
	return r.Err()
}

// just is the end of a query that is of one value of a column, or of all.
func just(column string, only *string) (where string, args []any) {
	if only == nil {
		return "", nil
	}
	return " WHERE " + column + " = ?", []any{*only}
}

func (s *Store) millis() int64       { return s.now().UnixMilli() }
func instant(millis int64) time.Time { return time.UnixMilli(millis).UTC() }
