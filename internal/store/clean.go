package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/study/trial"
)

// Garbage is something in the store that no study shows and nobody needs.
type Garbage struct {
	Kind    string    `json:"kind"`  // trial, images, file, folder
	Name    string    `json:"name"`  // an identity, a digest, a slash path below the store's folder
	Bytes   int64     `json:"bytes"` //
	Changed time.Time `json:"changed"`
}

// The kinds of garbage.
const (
	GarbageTrial  = "trial"  // a trial that stands for no cell
	GarbageImages = "images" // a set of images that no trial was evaluated on
	GarbageFile   = "file"   // a checkpoint, result or unfinished file that nothing will be made of, or a model that no study asks for
	GarbageFolder = "folder" // the report of a study that is not in the store
)

// reportFiles are what a study's folder holds; a folder with anything else in it is not ours to remove.
var reportFiles = []string{"report.html", "report.md", "report.json", "results.csv", "trials.csv", "winner.yaml"}

// Garbage lists what no study shows, in the order of kinds and names. What is leased is not in it. It changes nothing.
func (s *Store) Garbage() ([]Garbage, error) {
	var list []Garbage
	err := s.view(func(tx *sql.Tx) (err error) {
		list, err = s.garbage(tx)
		return err
	})
	return list, s.fail("garbage", err)
}

// Clean removes garbage and says what of it was removed. It looks again before: what is leased or shown by now stays. While it works
// nobody can lease a trial.
func (s *Store) Clean(items []Garbage) (removed []Garbage, err error) {
	ask := map[[2]string]bool{}
	for _, g := range items {
		ask[[2]string{g.Kind, g.Name}] = true
	}
	rowsToo := false
	err = s.change(func(tx *sql.Tx) error {
		list, err := s.garbage(tx)
		if err != nil {
			return err
		}
		for _, g := range list {
			if !ask[[2]string{g.Kind, g.Name}] {
				continue
			}
			switch g.Kind {
			case GarbageTrial:
				rowsToo = true
				err = forget(tx, g.Name)
				for _, statement := range []string{`DELETE FROM leases WHERE trial = ?`, `DELETE FROM artefacts WHERE trial = ?`} {
					if err == nil {
						_, err = tx.Exec(statement, g.Name)
					}
				}
			case GarbageImages: // listed behind the trials; one whose trial stays is needed
				rowsToo = true
				_, err = tx.Exec(`DELETE FROM image_sets WHERE digest = ?1 AND NOT EXISTS (SELECT * FROM evaluations WHERE images = ?1)`, g.Name)
			case GarbageFile, GarbageFolder:
				if err = s.removeFile(g); err == nil {
					_, err = tx.Exec(`DELETE FROM artefacts WHERE file = ?`, g.Name)
				}
			}
			if err != nil {
				return err
			}
			if err := s.event(tx, "", "", "cleaned", map[string]any{"kind": g.Kind, "name": g.Name}); err != nil {
				return err
			}
			removed = append(removed, g)
		}
		return nil
	})
	if err != nil {
		return nil, s.fail("clean", err)
	}
	if rowsToo {
		if _, err := s.db.Exec("VACUUM"); err != nil && !busy(err) { // rows that are gone leave room, which only this gives back
			return removed, s.fail("clean", err)
		}
	}
	return removed, nil
}

func (s *Store) removeFile(g Garbage) error {
	name := filepath.Join(s.dir, filepath.FromSlash(g.Name))
	if g.Kind == GarbageFolder {
		for _, file := range reportFiles {
			if err := gone(os.Remove(filepath.Join(name, file))); err != nil {
				return err
			}
		}
	}
	return gone(os.Remove(name))
}

// gone is nil where a file was removed, by this process or by another.
func gone(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: cannot be removed: %w; ask its owner for the right", failure.Path, failure.Err)
	}
	return nil
}

func (s *Store) garbage(tx *sql.Tx) ([]Garbage, error) {
	cells, damaged, err := allCells(tx, nil)
	if err != nil {
		return nil, err
	}
	heads, err := headsOf(tx, nil)
	if err != nil {
		return nil, err
	}
	held, err := leases(tx)
	if err != nil {
		return nil, err
	}
	bytes, err := sizes(tx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	stands := map[string]bool{}
	for _, of := range cells {
		for _, c := range of {
			stands[c.Trial] = true
		}
	}
	shown := func(id string) bool { return stands[id] || damaged > 0 } // a damaged cell may be of any trial
	leased := func(id string) bool { return held[id].runs(now) }
	var list []Garbage
	used := map[string]bool{} // sets of images
	for id, h := range heads {
		if id != "" && !shown(id) && !leased(id) {
			list = append(list, Garbage{GarbageTrial, id, bytes[id], instant(h.ended)})
			continue
		}
		for _, e := range h.Scores {
			used[e.Images] = true
		}
	}
	err = rows(tx, func(scan func(...any) error) {
		var id string
		if scan(&id) == nil && heads[id] == nil && !shown(id) && !leased(id) { // what damage has left of one
			list = append(list, Garbage{Kind: GarbageTrial, Name: id, Bytes: bytes[id]})
		}
	}, `SELECT trial FROM evaluations UNION SELECT trial FROM metrics UNION SELECT trial FROM columns`)
	if err != nil {
		return nil, err
	}
	err = rows(tx, func(scan func(...any) error) {
		var g Garbage
		if scan(&g.Name, &g.Bytes) == nil && !used[g.Name] {
			g.Kind = GarbageImages
			list = append(list, g)
		}
	}, `SELECT digest, length(hashes) + length(labels) + length(names) + length(classes) FROM image_sets`)
	if err != nil {
		return nil, err
	}
	models, err := modelsAsked(tx, cells, damaged)
	if err != nil {
		return nil, err
	}
	left, _, err := artefacts(tx, nil)
	if err != nil {
		return nil, err
	}
	files, err := s.trialFiles(leased, func(name, id, end string) bool {
		h, result := heads[id], s.ResultFile(id)
		switch {
		case leased(id):
			return true
		case h == nil || !h.known():
			return shown(id) // to be taken in, or to go on from
		case isModel(end):
			at := slices.IndexFunc(left[id], func(a Artefact) bool { return a.File == path.Join(TrialsDir, filepath.Base(name)) })
			if at < 0 { // its result says what it is
				return shown(id) && h.lacks(result, left[id])
			}
			return models.has(id, left[id][at].Kind)
		}
		return end == "result" && shown(id) && h.lacks(result, left[id])
	})
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	err = rows(tx, func(scan func(...any) error) {
		var name string
		if scan(&name) == nil {
			names[name] = true
		}
	}, `SELECT name FROM studies UNION SELECT study FROM cells UNION SELECT study FROM arms`)
	if err != nil {
		return nil, err
	}
	list = append(append(list, files...), s.orphans(names)...)
	slices.SortFunc(list, func(a, b Garbage) int {
		if n := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list, nil
}

var kinds = []string{GarbageTrial, GarbageImages, GarbageFile, GarbageFolder}

// lacks says whether a result file holds an evaluation or a column that the store does not, or names a model that is not among those left.
func (h *head) lacks(file string, left []Artefact) bool {
	r, err := trial.Load(file)
	if err != nil {
		return false
	}
	for kind := range r.Models {
		if !slices.ContainsFunc(left, func(a Artefact) bool { return a.Kind == kind }) {
			return true
		}
	}
	for _, e := range r.Scores {
		have := h.score(e.Name)
		if have == nil {
			return true
		}
		for _, c := range e.Columns {
			if _, ok := have.Column(c.Name); !ok {
				return true
			}
		}
	}
	return false
}

// trialFiles are the files of the trials' folder that are not needed. Names that no trial gives are not ours, and not listed.
func (s *Store) trialFiles(leased func(id string) bool, needed func(file, id, end string) bool) ([]Garbage, error) {
	dir := filepath.Join(s.dir, TrialsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot be listed; ask its owner for the right", dir)
	}
	var list []Garbage
	for _, e := range entries {
		id, end, ok := strings.Cut(strings.TrimPrefix(e.Name(), "."), ".")
		if !ok || len(id) != len(trial.Digest("")) || !e.Type().IsRegular() {
			continue
		}
		keep := true
		switch {
		case strings.HasPrefix(e.Name(), "."): // unfinished: of a process that was killed, or that runs
			keep = leased(id) || !strings.HasSuffix(end, ".partial")
		case end == "result", end == "safetensors", isModel(end):
			keep = needed(filepath.Join(dir, e.Name()), id, end)
		}
		info, err := e.Info()
		if err == nil && end == "begun" { // of a check of bits, which takes a minute at most
			keep = s.now().Sub(info.ModTime()) < time.Hour
		}
		if err == nil && !keep {
			list = append(list, Garbage{GarbageFile, path.Join(TrialsDir, e.Name()), info.Size(), info.ModTime()})
		}
	}
	return list, nil
}

// orphans are folders that hold the report of a study which is not in the store, and nothing else.
func (s *Store) orphans(studies map[string]bool) []Garbage {
	entries, _ := os.ReadDir(s.dir)
	var list []Garbage
	for _, e := range entries {
		if !e.IsDir() || studies[e.Name()] || e.Name() == TrialsDir {
			continue
		}
		files, err := os.ReadDir(filepath.Join(s.dir, e.Name()))
		if err != nil || len(files) == 0 {
			continue
		}
		g := Garbage{Kind: GarbageFolder, Name: e.Name()}
		ours := true
		for _, f := range files {
			info, err := f.Info()
			if err != nil || !f.Type().IsRegular() || !slices.Contains(reportFiles, f.Name()) {
				ours = false
				break
			}
			g.Bytes += info.Size()
			if info.ModTime().After(g.Changed) {
				g.Changed = info.ModTime()
			}
		}
		if ours {
			list = append(list, g)
		}
	}
	return list
}
