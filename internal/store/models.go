package store

import (
	"database/sql"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/study/trial"
)

// A trial whose study asks for it leaves its model, an artefact beside the store's file: of its last weights, of a kind [Model], and of each
// mean of weights that an arm is judged by, of a kind of its own.

// Model is the kind of artefact that a trial's last weights are.
const Model = "model"

// ModelBy is the kind of artefact that is a trial's mean of weights, in its words; that of its last weights where there are none.
func ModelBy(mean string) string {
	if mean == "" {
		return Model
	}
	return Model + ", " + mean
}

// modelEnding is behind the trial's identity in the name of a model's file; a mean adds a dash and a part of its digest.
const modelEnding = "model"

// ModelFile is where a trial's model of a kind lies, below the store's folder, with slashes.
func ModelFile(id, kind string) string {
	name := id + "." + modelEnding
	if kind != Model {
		name += "-" + trial.Digest(kind)[:12]
	}
	return path.Join(TrialsDir, name)
}

// Path is where a file below the store's folder lies.
func (s *Store) Path(file string) string { return filepath.Join(s.dir, filepath.FromSlash(file)) }

// left are the kinds of artefacts of trials whose files are there, by trial.
func (s *Store) left(tx *sql.Tx, ids []string) (map[string][]string, error) {
	all, _, err := artefacts(tx, nil)
	kinds := map[string][]string{}
	for _, id := range ids {
		for _, a := range all[id] {
			if s.weighs(a) >= 0 {
				kinds[id] = append(kinds[id], a.Kind)
			}
		}
	}
	return kinds, err
}

// weighs is the bytes of an artefact's file, -1 where there is none.
func (s *Store) weighs(a Artefact) int64 {
	info, err := os.Stat(s.Path(a.File))
	if err != nil || !info.Mode().IsRegular() {
		return -1
	}
	return info.Size()
}

// asked are the models that studies ask for, by trial and kind; all where a damaged record or cell may ask for any.
type asked struct {
	all  bool
	kept map[[2]string]bool
}

func (k asked) has(id, kind string) bool { return k.all || k.kept[[2]string{id, kind}] }

// modelsAsked finds out which they are.
func modelsAsked(tx *sql.Tx, cells map[string][]Cell, damaged int) (asked, error) {
	k := asked{all: damaged > 0, kept: map[[2]string]bool{}}
	keeps := map[[2]string]string{} // by study and arm
	err := rows(tx, func(scan func(...any) error) {
		var name, arm, status, recipe string
		var r Recipe
		if scan(&name, &arm, &status, &recipe) != nil || json.Unmarshal([]byte(recipe), &r) != nil {
			k.all = true
		} else if r.Keep != "" && ArmStatus(status) != Removed {
			keeps[[2]string{name, arm}] = r.Keep
		}
	}, `SELECT study, key, status, recipe FROM arms`)
	for name, of := range cells {
		for _, c := range of {
			if kind := keeps[[2]string{name, c.Arm}]; kind != "" {
				k.kept[[2]string{c.Trial, kind}] = true
			}
		}
	}
	return k, err
}

// isModel reports whether a file of a trial, by what follows the identity, is a model.
func isModel(end string) bool { return end == modelEnding || strings.HasPrefix(end, modelEnding+"-") }
