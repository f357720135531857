package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheFileIsNamedAsSQLiteTakesIt(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/assay.db":          "file:///home/me/assay.db?mode=ro",
		"C:/Users/me/assay.db":       "file:///C:/Users/me/assay.db?mode=ro",
		"//server/share/assay.db":    "file:////server/share/assay.db?mode=ro",
		"/a b?c=1#d%20é/assay.db":    "file:///a%20b%3Fc=1%23d%2520%C3%A9/assay.db?mode=ro",
		"D:/a b?mode=rwc#d/assay.db": "file:///D:/a%20b%3Fmode=rwc%23d/assay.db?mode=ro",
	} {
		if got := address(path, url.Values{"mode": {"ro"}}); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// oldSchema is enough of version 1's to look like a store of then.
const oldSchema = `CREATE TABLE studies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL) STRICT; PRAGMA user_version = 1`

func TestWhatIsNoStoreOfThisFormIsRefusedInOneLineAndNotTouched(t *testing.T) {
	for name, c := range map[string]struct {
		do   []string // to a store, or to an empty file where it begins with "new"
		want string
	}{
		"the form of before": {[]string{"new", oldSchema}, "written by an older assay (version 1, this one reads 3); move it away or give another --store"},
		"a newer form":       {[]string{"PRAGMA user_version = 99"}, "newer assay"},
		"a negative version": {[]string{"PRAGMA user_version = -5"}, "no assay writes"},
		"version 0":          {[]string{"PRAGMA user_version = 0"}, "no assay made"},
		"a table dropped":    {[]string{"DROP TABLE looks"}, "is damaged"},
		"a column renamed":   {[]string{"ALTER TABLE cells RENAME COLUMN spent TO used"}, "is damaged"},
		"a table more":       {[]string{"CREATE TABLE other (x)"}, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := opened(t)
			if c.do[0] == "new" {
				s.Close()
				os.Remove(s.path)
				db, err := connect(s.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				s.db, c.do = db, c.do[1:]
			}
			for _, statement := range c.do {
				if _, err := s.db.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			before, _ := os.ReadFile(s.path)
			for how, open := range map[string]func(string, func() time.Time) (*Store, error){"open": Open, "existing": OpenExisting, "reading": OpenReading} {
				_, err := open(s.Dir(), nil)
				refused(t, how, err, nil, c.want)
				refused(t, how, err, nil, s.file()+": ")
			}
			if after, _ := os.ReadFile(s.path); string(after) != string(before) {
				t.Error("the file was written to")
			}
			if files, _ := os.ReadDir(s.Dir()); len(files) != 1 {
				t.Errorf("left beside it: %v", files)
			}
		})
	}
}

func TestWhatIsNoDatabaseIsRefusedInOneLine(t *testing.T) {
	dir := t.TempDir()
	for how, open := range map[string]func(string, func() time.Time) (*Store, error){"existing": OpenExisting, "reading": OpenReading} {
		_, err := open(dir, nil)
		refused(t, how, err, fs.ErrNotExist, "--store")
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("looking made %v", files)
	}
	foreign := filepath.Join(dir, FileName)
	os.WriteFile(foreign, []byte(strings.Repeat("no data base\n", 100)), 0o666)
	for how, open := range map[string]func(string, func() time.Time) (*Store, error){"open": Open, "existing": OpenExisting, "reading": OpenReading} {
		_, err := open(dir, nil)
		refused(t, how, err, nil, "not a store of assay")
		_, err = open(filepath.Join(foreign, "below"), nil)
		refused(t, how, err, nil, "--store")
	}
	os.Remove(foreign)
	os.Mkdir(foreign, 0o777)
	for how, open := range map[string]func(string, func() time.Time) (*Store, error){"open": Open, "existing": OpenExisting, "reading": OpenReading} {
		_, err := open(dir, nil)
		refused(t, how, err, nil, "is a folder")
	}
}

func TestAnEmptyFileBesideResultsIsTold(t *testing.T) {
	for _, c := range []struct {
		beside string
		told   bool
	}{
		{"", false}, {"cache/0123.json", false}, {"photos/notes.txt", false},
		{"trials/" + strings.Repeat("0", 32) + ".result", true}, {"photos/winner.yaml", true},
	} {
		dir := t.TempDir()
		if c.beside != "" {
			os.MkdirAll(filepath.Dir(filepath.Join(dir, c.beside)), 0o777)
			os.WriteFile(filepath.Join(dir, c.beside), nil, 0o666)
		}
		if s, err := Open(dir, nil); err != nil { // where there is no file at all, a new store begins
			t.Errorf("%q: %v", c.beside, err)
		} else {
			s.Close()
		}
		os.Truncate(filepath.Join(dir, FileName), 0)
		if _, err := OpenReading(dir, nil); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%q, reading: %v", c.beside, err)
		}
		s, err := Open(dir, nil)
		if c.told {
			refused(t, c.beside, err, nil, "is empty, though "+c.beside)
		} else if err != nil {
			t.Errorf("%q: %v", c.beside, err)
		} else {
			s.Close()
		}
	}
}

func TestOpeningAgainWritesNothing(t *testing.T) {
	s, c := filled(t)
	s.Close()
	before, _ := os.Stat(s.path)
	for _, open := range []func(string, func() time.Time) (*Store, error){Open, OpenExisting, OpenReading} {
		again, err := open(s.Dir(), c.now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.List(); err != nil {
			t.Error(err)
		}
		again.Close()
		if after, _ := os.Stat(s.path); !after.ModTime().Equal(before.ModTime()) {
			t.Error("it was written to")
		}
	}
}

// shownBy is all that a store shows, an entry a thing; what is damaged is left out or says so.
func shownBy(s *Store) (map[string]string, error) {
	shown := map[string]string{}
	put := func(kind string, of any, v any) { shown[fmt.Sprint(kind, " ", of)] = fmt.Sprintf("%+v", v) }
	list, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		if !l.Damaged {
			l.Running = 0 // leases are of the moment, and carry no sum
			put("counts", l.Name, l)
			put("line", l.Name, Summary{Question: l.Question, Baseline: l.Baseline, Created: l.Created, Repeats: l.Repeats, Arms: l.Arms, Looks: l.Looks})
		}
	}
	for _, name := range []string{"photos", "phones"} {
		st, err := s.Study(name)
		if errors.Is(err, ErrAbsent) || errors.Is(err, ErrDamaged) {
			continue
		} else if err != nil {
			return nil, err
		}
		put("study", name, st)
		cells, err := s.Cells(name)
		if err != nil {
			return nil, err
		}
		for _, c := range cells {
			put("cell", fmt.Sprint(name, c.Arm, c.Repeat), c)
		}
	}
	ids := []string{id("baseline", 1), id("elu", 1), id("elu", 2), id("baseline", 2)}
	trials, damaged, err := s.Trials(ids)
	if err != nil {
		return nil, err
	}
	for _, r := range trials {
		put("trial", r.ID, *r)
	}
	states, err := s.States(ids)
	if err != nil {
		return nil, err
	}
	for id, st := range states {
		if st.Status != "" {
			st.Owner, st.Expires, st.Attempts = "", time.Time{}, 0
			put("state", id, st)
		}
		if slices.Contains(damaged, id) != st.Damaged {
			return nil, fmt.Errorf("trial %s: damaged for one and not for the other", id)
		}
	}
	looks, err := s.Looks(key("baseline"))
	if err != nil {
		return nil, err
	}
	put("looks", "", len(looks))
	for _, l := range looks {
		if !l.Damaged {
			put("look", l.N, l)
		}
	}
	events, err := s.Events(0, 100)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		e.ID = 0
		put("event", fmt.Sprint(e.Kind, e.Trial, string(e.Body)), e)
	}
	readings, err := s.Readings()
	if err != nil {
		return nil, err
	}
	put("readings", "", len(readings))
	for _, r := range readings {
		if !r.Damaged {
			put("reading", r.N, r)
		}
	}
	if n, err := s.Noise(key("baseline")); err != nil {
		return nil, err
	} else if n != nil {
		put("noise", "", *n)
	}
	if c, err := s.Calibration(Step{"net", "machine", "cpu 6", "v1"}); err != nil {
		return nil, err
	} else if c != nil {
		put("calibration", "", *c)
	}
	artefacts, err := s.Artefacts(id("elu", 1))
	for _, a := range artefacts {
		put("artefact", a.Kind, a)
	}
	return shown, err
}

// compare says what is shown that was not before. The counts of a line of the list are of what there is, so they may change where
// something is missed.
func compare(before, after map[string]string) string {
	for k, v := range after {
		switch old, ok := before[k]; {
		case !ok:
			return "there is something new: " + k + " " + v
		case old != v && !(strings.HasPrefix(k, "counts") && len(after) < len(before)):
			return fmt.Sprintf("%s was\n%s\nand is\n%s", k, old, v)
		}
	}
	return ""
}

func TestNoChangedOrLostValueIsShown(t *testing.T) {
	s, c := filled(t)
	before, err := shownBy(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := connect(s.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	type column struct{ table, name, kind string }
	var columns []column
	r, err := db.Query(`SELECT m.name, p.name, p.type FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		var x column
		if err := r.Scan(&x.table, &x.name, &x.kind); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, x)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	db.Close()
	if len(columns) < 80 {
		t.Fatalf("%d columns", len(columns))
	}
	for i, x := range columns {
		if x.table == "leases" || x.table == "events" && x.name == "id" { // show nothing that is judged
			continue
		}
		change := map[string]string{"TEXT": x.name + " || 'x'", "INTEGER": x.name + " + 1000", "REAL": "coalesce(" + x.name + ", 0) + 0.125", "BLOB": "zeroblob(length(" + x.name + "))"}[x.kind]
		harms := []string{"UPDATE " + x.table + " SET " + x.name + " = " + change}
		if i == 0 || columns[i-1].table != x.table {
			harms = append(harms, "DELETE FROM "+x.table)
		}
		for _, harm := range harms {
			if err := os.WriteFile(s.path, whole, 0o666); err != nil {
				t.Fatal(err)
			}
			db, err := connect(s.path, url.Values{"_pragma": {"synchronous(OFF)"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(harm); err != nil {
				t.Fatalf("%s: %v", harm, err)
			}
			db.Close()
			again, err := OpenReading(s.Dir(), c.now)
			if err != nil {
				t.Fatalf("%s: %v", harm, err)
			}
			after, err := shownBy(again)
			if err != nil {
				t.Errorf("%s: %v", harm, err)
			}
			if x.table == "tallies" || strings.HasPrefix(harm, "UPDATE looks SET baseline") {
				after["looks "], after["readings "] = before["looks "], before["readings "] // counted by the rows that are left
			}
			if what := compare(before, after); what != "" {
				t.Errorf("%s: %s", harm, what)
			}
			if len(after) >= len(before) && x.table != "tallies" && x.name != "ordinal" { // of which the order alone counts
				t.Errorf("%s: nothing is missed", harm)
			}
			again.Close()
		}
	}
}

func TestNoFlippedBitShowsAnotherFigure(t *testing.T) {
	s, c := filled(t)
	before, err := shownBy(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 99, 100, 4000, 4096, len(whole) / 2 / 4096 * 4096, len(whole) - 1} { // cut
		if err := os.WriteFile(s.path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		again, err := OpenReading(s.Dir(), c.now)
		var after map[string]string
		if err == nil {
			after, err = shownBy(again)
			again.Close()
		}
		if err != nil || compare(before, after) != "" {
			refused(t, fmt.Sprintf("cut to %d of %d bytes", n, len(whole)), err, nil, "; ")
		}
	}
	flips := 2000
	if testing.Short() {
		flips = 300
	}
	var held []int // bytes that are not zero: most of so small a file is free
	for i, b := range whole {
		if b != 0 {
			held = append(held, i)
		}
	}
	random := rand.New(rand.NewPCG(20, 26))
	count := map[string]int{}
	for i := range flips {
		bit := random.IntN(8 * len(whole))
		if i%4 > 0 {
			bit = 8*held[random.IntN(len(held))] + bit%8
		}
		whole[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(s.path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
		whole[bit/8] ^= 1 << (bit % 8)
		again, err := OpenReading(s.Dir(), c.now)
		var after map[string]string
		if err == nil {
			after, err = shownBy(again)
			again.Close()
		}
		switch what := compare(before, after); {
		case err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "; ")):
			t.Errorf("bit %d: %v", bit, err)
		case err != nil:
			count["refused"]++
		case what != "":
			t.Errorf("bit %d of byte %d: %s", bit%8, bit/8, what)
		case len(after) < len(before):
			count["missed"]++
		default:
			count["the same"]++
		}
	}
	t.Logf("%d flips in %d bytes, %d of them not zero: %v", flips, len(whole), len(held), count)
}

// printed prints what a store shows: what the process of another user runs.
func printed(dir string) {
	s, err := OpenReading(dir, nil)
	if err == nil {
		defer s.Close()
		var shown map[string]string
		if shown, err = shownBy(s); err == nil {
			json.NewEncoder(os.Stdout).Encode(len(shown))
			return
		}
	}
	fmt.Println(err)
}

func TestAReaderSeesWhatIsWrittenWhileItIsOpenAndLeavesNothing(t *testing.T) {
	s, c := filled(t)
	s.Close()
	r, err := OpenReading(s.Dir(), c.now)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if list, err := r.List(); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if files, _ := os.ReadDir(s.Dir()); len(files) != 1 {
		t.Errorf("looking made %v", files)
	}
	for i, name := range []string{"second", "third"} {
		w := sameStore(t, s, c.now)
		if _, err := w.Put(planned(name)); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"open", "closed"} {
			if list, err := r.List(); err != nil || len(list) != 2+i {
				t.Errorf("%s: %d studies, %v", when, len(list), err)
			}
			w.Close()
		}
	}
	for what, err := range map[string]error{
		"put":      func() error { _, err := r.Put(planned("x")); return err }(),
		"lease":    func() error { _, err := r.Lease([]string{"x"}, "a", time.Minute); return err }(),
		"complete": r.Complete(finished("x", 1), nil),
		"clean":    func() error { _, err := r.Clean(nil); return err }(),
	} {
		refused(t, what, err, nil, "writes nothing")
	}
}

func TestAReaderSeesWhatAKilledProcessLeftInItsLog(t *testing.T) {
	s, c := filled(t)
	before, err := shownBy(s)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, end := range []string{"", "-wal"} {
		if err := duplicate(s.path+end, filepath.Join(dir, FileName)+end); err != nil {
			t.Fatal(err)
		}
	}
	r, err := OpenReading(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if after, err := shownBy(r); err != nil || !maps.Equal(after, before) {
		t.Errorf("got %v\nwant %v (%v)", after, before, err)
	}
}

func TestAFaultOfTheFileHasAMendThatFits(t *testing.T) {
	s, _ := opened(t)
	if _, err := s.db.Exec("PRAGMA max_page_count = 1"); err != nil { // as a disk that is full
		t.Fatal(err)
	}
	big := planned("photos")
	big.File = strings.Repeat("#", 1<<20)
	_, err := s.Put(big)
	refused(t, "full", err, nil, "study photos: the disk is full; make room")
	s.db.Exec("PRAGMA max_page_count = 1000000")
	s.db.Exec("PRAGMA query_only = 1")
	_, err = s.Put(planned("photos"))
	refused(t, "no rights", err, nil, "may not be written")
	s.Close()
	text, _ := os.ReadFile(s.path)
	for i := 4096; i < len(text); i++ {
		text[i] = 0xff
	}
	os.WriteFile(s.path, text, 0o666)
	again, err := Open(s.Dir(), nil)
	if err == nil {
		_, err = again.List()
		again.Close()
	}
	refused(t, "malformed", err, nil, "is damaged; put a copy back")
}
