package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/study/trial"
)

func written(t *testing.T, s *Store, files ...string) {
	t.Helper()
	for _, name := range files {
		name = filepath.Join(s.Dir(), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func names(list []Garbage) []string {
	var all []string
	for _, g := range list {
		all = append(all, g.Kind+" "+g.Name)
	}
	return all
}

func TestGarbageIsWhatNoStudyShows(t *testing.T) {
	s, c := filled(t)
	written(t, s,
		"photos/report.html", "photos/winner.yaml", // of a study that is there
		"gone/report.html", "gone/winner.yaml", // of none
		"mine/winner.yaml", "mine/notes.txt", "pictures/cat.jpg", "cache/1.json", // not ours
		"trials/"+id("elu", 1)+".safetensors",   // ended
		"trials/"+id("elu", 1)+".result",        // damaged, and taken in
		"trials/"+id("elu", 2)+".safetensors",   // failed: it goes on from there
		"trials/"+id("elu", 2)+".result",        // is to be taken in
		"trials/"+id("baseline", 2)+".result",   // leased
		"trials/"+id("other", 1)+".safetensors", // of no cell
		"trials/."+id("other", 1)+".result.7-0.partial", "trials/."+id("baseline", 2)+".result.7-0.partial", "trials/notes.txt",
	)
	more := finished("baseline", 1)
	more.Scores = append(more.Scores, trial.Evaluation{Name: "swa", Images: more.Scores[0].Images})
	for _, r := range []*trial.Result{more, finished("other", 3), finished("leased", 4)} {
		r.Scores[0].Columns[0].Reals[2] = -3 // JSON has no infinities
		if err := r.Save(s.ResultFile(r.ID)); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range []*trial.Result{finished("other", 3), finished("leased", 4)} { // with images of their own
		if err := s.Complete(r, nil); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := s.LeaseAgain(id("leased", 4), "me", time.Minute); l == nil || err != nil {
		t.Fatal(err)
	}
	list, err := s.Garbage()
	if err != nil {
		t.Fatal(err)
	}
	images := finished("other", 3).Scores[0].Images
	want := []string{
		"file trials/" + id("elu", 1) + ".result", "file trials/" + id("elu", 1) + ".safetensors", "file trials/" + id("other", 1) + ".safetensors",
		"file trials/" + id("other", 3) + ".result", "file trials/." + id("other", 1) + ".result.7-0.partial", "folder gone", "images " + images, "trial " + id("other", 3),
	}
	got := names(list)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, g := range list {
		if g.Bytes == 0 || g.Changed.IsZero() && g.Kind != GarbageImages {
			t.Errorf("%+v", g)
		}
	}

	// What is shown or leased by now stays, and so do images whose trial does.
	if err := s.Assign("photos", []Cell{{Arm: key("other"), Repeat: 3, Trial: id("other", 3)}}, false); err != nil {
		t.Fatal(err)
	}
	if l, err := s.Lease([]string{id("other", 1)}, "me", time.Minute); l == nil || err != nil {
		t.Fatal(err)
	}
	removed, err := s.Clean(append(list, Garbage{Kind: GarbageTrial, Name: id("elu", 1)}, Garbage{Kind: GarbageFile, Name: "pictures/cat.jpg"}, Garbage{Kind: GarbageFolder, Name: "../x"}))
	if err != nil || len(removed) != 4 {
		t.Errorf("removed %v, %v", names(removed), err)
	}
	for file, there := range map[string]bool{"gone": false, "photos/winner.yaml": true, "mine/winner.yaml": true, "pictures/cat.jpg": true, "trials/" + id("other", 1) + ".safetensors": true, "trials/" + id("elu", 1) + ".result": false} {
		if _, err := os.Stat(filepath.Join(s.Dir(), file)); (err == nil) != there {
			t.Errorf("%s: %v", file, err)
		}
	}
	if trials, damaged, err := s.Trials([]string{id("other", 3), id("elu", 1), id("baseline", 1), id("leased", 4)}); len(trials) != 4 || damaged != nil || err != nil {
		t.Errorf("%d trials, damaged %v, %v", len(trials), damaged, err)
	}

	// Without its study all goes, and the ledger stays.
	if err := s.Remove("photos"); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Hour) // no lease is left
	before, _ := os.Stat(s.path)
	list, err = s.Garbage()
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Clean(list); err != nil || len(removed) != len(list) {
		t.Errorf("removed %v of %v, %v", names(removed), names(list), err)
	}
	if list, err := s.Garbage(); err != nil || len(list) != 0 {
		t.Errorf("left %v, %v", names(list), err)
	}
	s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	if after, _ := os.Stat(s.path); after.Size() > before.Size() {
		t.Errorf("%d bytes became %d", before.Size(), after.Size())
	}
	if looks, err := s.Looks(key("baseline")); len(looks) != 2 || err != nil {
		t.Errorf("%+v, %v", looks, err)
	}
	for _, table := range []string{"trials", "evaluations", "metrics", "columns", "image_sets", "cells", "arms", "studies"} {
		var n int
		if err := s.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); n != 0 || err != nil {
			t.Errorf("%d rows in %s, %v", n, table, err)
		}
	}
}

func TestADamagedCellMakesNoTrialGarbage(t *testing.T) {
	s, _ := filled(t)
	if _, err := s.db.Exec(`UPDATE cells SET trial = 'x' WHERE trial = ?`, id("elu", 1)); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Garbage(); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", names(list), err)
	}
}

func TestCheckFindsWhatIsNotAsItWasWritten(t *testing.T) {
	for harm, want := range map[string]string{
		"":                                          "",
		"UPDATE studies SET question = 'x'":         "study photos: its record does not fit its sum",
		"UPDATE arms SET recipe = '{}'":             "study photos: its record does not fit its sum",
		"DELETE FROM studies":                       "study photos: there are arms of it and no record",
		"UPDATE cells SET spent = 1":                "cells: one does not fit its sum",
		"UPDATE columns SET data = zeroblob(12)":    "trial " + id("elu", 1) + ": does not fit its sum",
		"DELETE FROM trials":                        "trial " + id("elu", 1) + ": there are columns of it and no result",
		"UPDATE image_sets SET names = '[]'":        "images " + finished("elu", 1).Scores[0].Images + ": do not fit their sum",
		"UPDATE looks SET look = '1' WHERE n = 2":   "look 2 at baseline " + short(key("baseline")),
		"DELETE FROM looks WHERE n = 1":             "look 1 at baseline " + short(key("baseline")),
		"UPDATE tallies SET n = 7":                  "looks of " + short(key("baseline")) + ": their number",
		"UPDATE test_readings SET arm = 'x'":        "reading 1 of test images",
		"UPDATE events SET body = '1'":              "events: one does not fit its sum",
		"UPDATE noise_floors SET sd = 1":            "noise floors: one does not fit its sum",
		"UPDATE calibrations SET seconds = 1":       "calibrations: one does not fit its sum",
		"UPDATE artefacts SET digest = 'x'":         "artefacts: one does not fit its sum",
		"remove trials/x.model":                     "trials/x.model: the model of trial " + short(id("elu", 1)) + " is not there",
		"change trials/x.model":                     "trials/x.model: is not as trial " + short(id("elu", 1)) + " left it",
		"change trials/" + id("elu", 2) + ".result": "trials/" + id("elu", 2) + ".result: is no sound result",
	} {
		t.Run(harm, func(t *testing.T) {
			s, _ := filled(t)
			written(t, s, "trials/x.model")
			const digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // sha256sum of "x"
			if err := s.AddArtefact(id("elu", 1), Artefact{Kind: "model", File: "trials/x.model", Digest: digest}); err != nil {
				t.Fatal(err)
			}
			switch what, file, _ := strings.Cut(harm, " "); what {
			case "":
			case "remove":
				os.Remove(filepath.Join(s.Dir(), file))
			case "change":
				if err := os.WriteFile(filepath.Join(s.Dir(), file), []byte("y"), 0o666); err != nil {
					t.Fatal(err)
				}
			default:
				if _, err := s.db.Exec(harm); err != nil {
					t.Fatal(err)
				}
			}
			found, err := s.Check()
			if err != nil {
				t.Fatal(err)
			}
			if want == "" && len(found) != 0 || want != "" && !strings.Contains(fmt.Sprint(found), want) {
				t.Errorf("found %v, want %q", found, want)
			}
			for _, p := range found {
				if p.Where == "" || p.What == "" || p.Mend == "" {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestCheckGoesOnBehindWhatCannotBeRead(t *testing.T) {
	s, c := filled(t)
	s.Close()
	whole, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for page := 1; page < len(whole)/4096; page++ { // each but the first, in turn
		harmed := slices.Clone(whole)
		clear(harmed[4096*page : 4096*page+64])
		if err := os.WriteFile(s.path, harmed, 0o666); err != nil {
			t.Fatal(err)
		}
		again, err := OpenReading(s.Dir(), c.now)
		if err != nil {
			refused(t, fmt.Sprint(page), err, nil, "; ")
			continue
		}
		found, err := again.Check()
		if err != nil {
			t.Errorf("page %d: %v", page, err)
		}
		if len(found) > 0 {
			seen++
		}
		again.Close()
	}
	if seen < 10 {
		t.Errorf("%d of %d pages seen", seen, len(whole)/4096)
	}
}
