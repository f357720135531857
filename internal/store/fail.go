package store

import (
	"errors"
	"fmt"
	"slices"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a caller may ask about with errors.Is.
var (
	ErrAbsent  = errors.New("no study of that name")
	ErrDamaged = errors.New("the record of the study is damaged")
	ErrChanged = errors.New("another process was faster")
	ErrLost    = errors.New("the lease of this trial is over, another has it")
	ErrTaken   = errors.New("the cell has a trial that ended")
)

// told is an error with a line of its own that is one of the above.
type told struct {
	is   error
	line string
}

func (t told) Error() string        { return t.line }
func (t told) Is(target error) bool { return target == t.is }

func tell(is error, format string, args ...any) error {
	return told{is, fmt.Sprintf(format, args...)}
}

// malformed is a file that SQLite cannot make sense of, or whose tables are not those that were made.
type malformed struct{ file string }

func (m malformed) Error() string {
	return m.file + ": is damaged; put a copy back, or move it away and let the trials run again"
}

// nonsense are the codes of what SQLite cannot make sense of. Our statements are right for the tables that were made.
var nonsense = []int{sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_INTERNAL}

// fail is the one door for faults of the file itself: it says which file, at what, and the mend that fits. Errors of ours are worded
// already and pass.
func (s *Store) fail(what string, err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	where := s.file()
	if what != "" {
		where += ": " + what
	}
	switch code := failure.Code(); {
	case code == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR|19<<8: // SHMSIZE: no room for the index of the log
		return fmt.Errorf("%s: the disk is full; make room, the same command goes on", where)
	case code&0xff == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s: not a store of assay; move it away or give another --store", s.file())
	case slices.Contains(nonsense, code&0xff), code == sqlite3.SQLITE_IOERR|2<<8: // SHORT_READ: the file is cut
		return malformed{where}
	case code&0xff == sqlite3.SQLITE_READONLY, code&0xff == sqlite3.SQLITE_PERM, code&0xff == sqlite3.SQLITE_AUTH:
		return fmt.Errorf("%s: may not be written; ask its owner for the right, or give another --store", where)
	case code&0xff == sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%s: cannot be opened; see that it and its folder may be read and written, or give another --store", where)
	case busy(err):
		return fmt.Errorf("%s: another process has held it for %v; wait until it ends, or end it", where, busyTimeout)
	case code&0xff == sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%s: the disk does not do what it is asked (%w); look after the disk, the same command goes on", where, err)
	}
	return fmt.Errorf("%s: %w; try again, and report it if it stays", where, err)
}

func busy(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failure.Code()&0xff == sqlite3.SQLITE_BUSY || failure.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// unreadable says whether a file may not be opened as it is asked for: no rights to it, or none to what SQLite makes beside it.
func unreadable(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failure.Code()&0xff == sqlite3.SQLITE_CANTOPEN || failure.Code()&0xff == sqlite3.SQLITE_READONLY)
}
