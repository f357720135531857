package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// OpenReading opens a store of which nothing is to be changed: nothing is written, and no right to write is needed. Where there is no
// store it is an error that satisfies errors.Is(err, fs.ErrNotExist).
func OpenReading(dir string, now func() time.Time) (*Store, error) {
	s, err := existing(dir, now)
	if err != nil {
		return nil, err
	}
	s.reader = &reader{}
	if err := s.reader.open(s); err != nil {
		s.Close()
		return nil, s.fail("", err)
	}
	return s, nil
}

// reader is how a store is read without a trace. There are three ways, and which one is right may change while it is open:
//
//   - No write-ahead log lies beside the file: nobody is writing, and all is in the file itself. It is opened as immutable, without
//     locks and without the two files that SQLite would make beside it. A process that begins to write makes a log first and brings
//     it into the file later, so the file's size, time and log, the same before and after a look, say that the look saw one state.
//   - A log lies there: another process writes, or was killed. SQLite reads both with its locks, in the files that are there.
//   - A log lies there, and its index may not be made: a killed store on a disk that may only be read. Copies of file and log are
//     read, from a temporary folder.
type reader struct {
	mu    sync.Mutex
	still bool   // the first or the third way: the state is to be compared
	state state  // of the files, when they were opened
	temp  string // folder of the copies
}

// state is what changes when the files do.
type state struct {
	size, log         int64
	changed, logMoved time.Time
}

func stateOf(path string) state {
	var st state
	if info, err := os.Stat(path); err == nil {
		st.size, st.changed = info.Size(), info.ModTime()
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		st.log, st.logMoved = info.Size(), info.ModTime()
	}
	return st
}

func (r *reader) open(s *Store) error {
	if s.db != nil {
		s.db.Close()
		s.db = nil
	}
	if err := r.close(); err != nil {
		return err
	}
	r.state = stateOf(s.path)
	r.still = r.state.log == 0
	query := url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "cell_size_check(1)"}}
	if r.still {
		query.Set("immutable", "1")
	}
	err := r.connect(s, s.path, query)
	if !r.still && unreadable(err) {
		err = r.copied(s, query)
	}
	return err
}

// copied opens copies of the file and its log.
func (r *reader) copied(s *Store, query url.Values) error {
	s.db.Close()
	s.db = nil
	dir, err := os.MkdirTemp("", "assay-store-")
	if err != nil {
		return uncopied(s, err)
	}
	r.temp, r.still = dir, true
	r.state = stateOf(s.path)
	path := filepath.Join(dir, FileName)
	for _, end := range []string{"", "-wal"} {
		if err := duplicate(s.path+end, path+end); err != nil {
			return uncopied(s, err)
		}
	}
	query.Set("mode", "rw") // of the copy: its log needs an index
	return r.connect(s, path, query)
}

func uncopied(s *Store, err error) error {
	return fmt.Errorf("%s: what a killed process left in its log can only be read from a copy: %w; see that you may read %s-wal and that TMPDIR has room", s.file(), err, FileName)
}

func duplicate(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func (r *reader) connect(s *Store, path string, query url.Values) (err error) {
	if s.db, err = connect(path, query); err != nil {
		return err
	}
	return look(s.db, func(tx *sql.Tx) error {
		blank, err := form(tx, s.file())
		if err == nil && blank {
			return fmt.Errorf("%s: is empty; put a copy back, or remove it to begin anew", s.file())
		}
		return err
	})
}

// view looks until the files stood still.
func (r *reader) view(s *Store, do func(*sql.Tx) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for try := 1; ; try++ {
		if r.moved(s) {
			if err := r.open(s); err != nil {
				return err
			}
		}
		if err := look(s.db, do); try == 5 || !r.moved(s) {
			return err
		}
	}
}

func (r *reader) moved(s *Store) bool { return s.db == nil || r.still && stateOf(s.path) != r.state }

func (r *reader) close() error {
	if r.temp == "" {
		return nil
	}
	dir := r.temp
	r.temp = ""
	return os.RemoveAll(dir)
}
