package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assaylab/assay/study/trial"
)

// Problem is something in the store that is not as it was written.
type Problem struct {
	Where string `json:"where"`
	What  string `json:"what"`
	Mend  string `json:"mend"`
}

func (p Problem) String() string { return p.Where + ": " + p.What + "; " + p.Mend }

// Check reads all that is kept, compares it with its sums, and asks after what is named and not there. It changes nothing. The
// error is of a file that cannot be read at all.
func (s *Store) Check() ([]Problem, error) {
	var found []Problem
	err := s.view(func(tx *sql.Tx) error {
		c := check{s: s, tx: tx}
		for _, part := range []func() error{c.file, c.studies, c.trials, c.looks, c.readings, c.others, c.files} {
			if err := part(); err != nil {
				if _, ok := errors.AsType[malformed](s.fail("", err)); !ok {
					return err
				}
				c.add(s.file(), "cannot be read in part", "put a copy back, or move it away and let the trials run again")
			}
		}
		found = c.found
		return nil
	})
	slices.SortStableFunc(found, func(a, b Problem) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(found), s.fail("check", err)
}

type check struct {
	s     *Store
	tx    *sql.Tx
	found []Problem
}

func (c *check) add(where, what, mend string) { c.found = append(c.found, Problem{where, what, mend}) }

// file asks SQLite after the form of its own pages.
func (c *check) file() error {
	return rows(c.tx, func(scan func(...any) error) {
		var line string
		if scan(&line) != nil || line != "ok" {
			c.add(c.s.file(), strings.Join(strings.Fields(line), " "), "put a copy back, or move it away and let the trials run again")
		}
	}, "PRAGMA integrity_check(20)")
}

func (c *check) studies() error {
	found, err := records(c.tx, nil)
	if err != nil {
		return err
	}
	arms := map[string]map[string]bool{}
	for _, r := range found {
		arms[r.Name] = map[string]bool{}
		if _, err := load(c.tx, r.Name); errors.Is(err, ErrDamaged) || errors.Is(err, ErrAbsent) {
			c.add("study "+r.Name, "its record does not fit its sum", "assay study run on its file writes it anew, the trials are kept")
		} else if err != nil {
			return err
		}
		for _, a := range r.Arms {
			arms[r.Name][a.Key] = true
		}
	}
	if err := rows(c.tx, func(scan func(...any) error) {
		var name string
		if scan(&name) != nil || arms[name] == nil {
			c.add("study "+name, "there are arms of it and no record", "assay study run on its file writes it anew, the trials are kept")
		}
	}, `SELECT DISTINCT study FROM arms`); err != nil {
		return err
	}
	cells, damaged, err := allCells(c.tx, nil)
	if err != nil {
		return err
	}
	for range damaged {
		c.add("cells", "one does not fit its sum", "assay study run on the study's file assigns it anew")
	}
	for name, of := range cells {
		for _, cell := range of {
			if !arms[name][cell.Arm] {
				c.add(fmt.Sprintf("study %s, repeat %d", name, cell.Repeat), "a trial stands for arm "+short(cell.Arm)+", which the study has not", "assay study run on its file assigns it anew")
			}
		}
	}
	return nil
}

func (c *check) trials() error {
	heads, err := headsOf(c.tx, nil)
	if err != nil {
		return err
	}
	sets := album{}
	for id, h := range heads {
		if err := h.fill(c.tx, sets); err != nil {
			return err
		}
		if h.damaged {
			c.add("trial "+id, "does not fit its sum", "it is run again when its study is")
		}
	}
	for _, table := range []string{"evaluations", "metrics", "columns", "artefacts"} {
		if err := rows(c.tx, func(scan func(...any) error) {
			var id string
			if scan(&id) != nil || heads[id] == nil {
				c.add("trial "+id, "there are "+table+" of it and no result", "it is run again when its study is")
			}
		}, `SELECT DISTINCT trial FROM `+table); err != nil {
			return err
		}
	}
	return rows(c.tx, func(scan func(...any) error) {
		var digest string
		if scan(&digest) == nil {
			if im, known := sets[digest]; known && im == nil {
				c.add("images "+digest, "do not fit their sum", "the trials that were evaluated on them are run again when their study is")
			}
		}
	}, `SELECT digest FROM image_sets`)
}

func (c *check) looks() error {
	return c.ledger(looksTally, func(of string) error {
		list, err := looks(c.tx, of)
		for _, l := range list {
			if l.Damaged {
				c.add(fmt.Sprintf("look %d at baseline %s", l.N, short(of)), "is lost or does not fit its sum", "it counts as spent")
			}
		}
		return err
	})
}

func (c *check) readings() error {
	return c.ledger(readingsTally, func(string) error {
		list, err := readings(c.tx)
		for _, r := range list {
			if r.Damaged {
				c.add(fmt.Sprintf("reading %d of test images", r.N), "is lost or does not fit its sum", "it counts all the same, as one of any image")
			}
		}
		return err
	})
}

func (c *check) ledger(k tally, each func(of string) error) error {
	of := map[string]bool{}
	for _, query := range []string{`SELECT DISTINCT ` + k.of + ` FROM ` + k.table, `SELECT of FROM tallies WHERE kind = '` + k.table + `'`} {
		if err := rows(c.tx, func(scan func(...any) error) {
			var name string
			if scan(&name) == nil {
				of[name] = true
			}
		}, query); err != nil {
			return err
		}
	}
	for name := range of {
		if err := each(name); err != nil {
			return err
		}
		if _, known, err := tallied(c.tx, k, name); err != nil {
			return err
		} else if !known {
			c.add(strings.TrimSuffix(k.table+" of "+short(name), " of "), "their number does not fit its sum", "they are counted by their rows")
		}
	}
	return nil
}

// others are what is kept for convenience: a damaged one is as if it were not there.
func (c *check) others() error {
	for what, count := range map[string]func() (int, error){
		"events":       func() (int, error) { _, n, err := events(c.tx, 0, -1); return n, err },
		"noise floors": func() (int, error) { _, n, err := noises(c.tx, nil); return n, err },
		"calibrations": func() (int, error) { _, n, err := calibrations(c.tx, nil); return n, err },
	} {
		n, err := count()
		if err != nil {
			return err
		}
		for range n {
			c.add(what, "one does not fit its sum", "it is left out")
		}
	}
	return nil
}

// files are the artefacts that the store names, and the results that were not taken in yet.
func (c *check) files() error {
	list, damaged, err := artefacts(c.tx, nil)
	if err != nil {
		return err
	}
	for range damaged {
		c.add("artefacts", "one does not fit its sum", "it is left out")
	}
	root, err := os.OpenRoot(c.s.dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	for id, of := range list {
		for _, a := range of {
			switch digest, err := digestOf(root, a.File); {
			case errors.Is(err, fs.ErrNotExist):
				c.add(a.File, "the "+a.Kind+" of trial "+short(id)+" is not there", "put a copy back, or run a study that keeps it, which trains it again")
			case err != nil:
				c.add(a.File, "the "+a.Kind+" of trial "+short(id)+" cannot be read", "see who may read it")
			case digest != a.Digest:
				c.add(a.File, "is not as trial "+short(id)+" left it", "put a copy back, or remove it and run a study that keeps it, which trains it again")
			}
		}
	}
	results, _ := fs.Glob(os.DirFS(c.s.dir), TrialsDir+"/*.result")
	for _, name := range results {
		if _, err := trial.Load(filepath.Join(c.s.dir, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.add(name, "is no sound result of a trial", "assay store clean removes it, the trial is run again")
		}
	}
	return nil
}

func digestOf(root *os.Root, name string) (string, error) {
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
