package store

import (
	"database/sql"
	"fmt"
	"math"
)

// Cell is a place of a study: an arm with a repeat, and the trial that stands for it.
type Cell struct {
	Arm    string  // its identity
	Repeat int     // 1, 2, ...
	Trial  string  // its identity
	Spent  float64 // seconds of this study's budget that it took; 0 where another study paid
}

func (c Cell) sum(study string) string { return sum("cell", study, c.Arm, c.Repeat, c.Trial, c.Spent) }

// Cells says which trials stand for a study, by arm and repeat. A damaged cell is left out: it is to be assigned anew.
func (s *Store) Cells(name string) ([]Cell, error) {
	var list []Cell
	err := s.view(func(tx *sql.Tx) error {
		cells, _, err := allCells(tx, &name)
		list = cells[name]
		return err
	})
	return list, s.fail("study "+name, err)
}

// allCells are the cells of all studies, or of one, by study; damaged counts those that do not fit their sum.
func allCells(tx *sql.Tx, only *string) (cells map[string][]Cell, damaged int, err error) {
	cells = map[string][]Cell{}
	where, args := just("study", only)
	err = rows(tx, func(scan func(...any) error) {
		var c Cell
		var name, of string
		if scan(&name, &c.Arm, &c.Repeat, &c.Trial, &c.Spent, &of) != nil || of != c.sum(name) {
			damaged++
			return
		}
		cells[name] = append(cells[name], c)
	}, `SELECT study, arm, repeat, trial, spent, sum FROM cells`+where+` ORDER BY study, arm, repeat`, args...)
	return cells, damaged, err
}

// cell is one cell; without a trial where there is none or a damaged one.
func cell(tx *sql.Tx, name, arm string, repeat int) (c Cell, err error) {
	err = rows(tx, func(scan func(...any) error) {
		found := Cell{Arm: arm, Repeat: repeat}
		var of string
		if scan(&found.Trial, &found.Spent, &of) == nil && of == found.sum(name) {
			c = found
		}
	}, `SELECT trial, spent, sum FROM cells WHERE study = ? AND arm = ? AND repeat = ?`, name, arm, repeat)
	c.Arm, c.Repeat = arm, repeat
	return c, err
}

func (c Cell) put(tx *sql.Tx, name string) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO cells (study, arm, repeat, trial, spent, sum) VALUES (?, ?, ?, ?, ?, ?)`,
		name, c.Arm, c.Repeat, c.Trial, c.Spent, c.sum(name))
	return err
}

// Assign says which trials stand for cells of a study, all of them or, on an error, none. Where a cell has another trial, and that one
// has a result, it is ErrTaken unless force is set. Spent is not looked at: what a cell took so far stays.
func (s *Store) Assign(name string, cells []Cell, force bool) error {
	err := s.change(func(tx *sql.Tx) error {
		if _, err := load(tx, name); err != nil {
			return err
		}
		return s.assign(tx, name, cells, force)
	})
	return s.fail("study "+name, err)
}

func (s *Store) assign(tx *sql.Tx, name string, cells []Cell, force bool) error {
	for _, c := range cells {
		if c.Arm == "" || c.Repeat < 1 || c.Trial == "" {
			return fmt.Errorf("study %s: a cell of arm %q, repeat %d, trial %q; give all three", name, c.Arm, c.Repeat, c.Trial)
		}
		held, err := cell(tx, name, c.Arm, c.Repeat)
		if err != nil {
			return err
		}
		if held.Trial == c.Trial {
			continue
		}
		if held.Trial != "" && !force {
			h, err := s.head(tx, held.Trial)
			if err != nil {
				return err
			}
			if h != nil && h.known() {
				return tell(ErrTaken, "study %s: repeat %d of arm %s has trial %s, which ended (%s), and another is planned for it, %s; run it under another name (--as NAME)",
					name, c.Repeat, short(c.Arm), short(held.Trial), h.Status, short(c.Trial))
			}
		}
		c.Spent = held.Spent
		if err := c.put(tx, name); err != nil {
			return err
		}
	}
	return nil
}

// AddSpent adds to the seconds of the study's budget that a cell took, by this process or by an earlier one.
func (s *Store) AddSpent(name, arm string, repeat int, seconds float64) error {
	if !(seconds >= 0) || math.IsInf(seconds, 0) {
		return fmt.Errorf("study %s: %v seconds spent; give 0 or more", name, seconds)
	}
	err := s.change(func(tx *sql.Tx) error {
		c, err := cell(tx, name, arm, repeat)
		if err != nil {
			return err
		}
		if c.Trial == "" {
			return fmt.Errorf("study %s: no trial stands for repeat %d of arm %s; assign one first", name, repeat, short(arm))
		}
		c.Spent += seconds
		return c.put(tx, name)
	})
	return s.fail("study "+name, err)
}

// short is enough of an identity to tell two apart by eye.
func short(id string) string { return id[:min(len(id), 12)] }
