// Package report tells what a study found: one page to open in a browser, and the same as Markdown, CSV, JSON and a table
// for a terminal. It reads a judged study.Result and judges nothing itself. It may import study and study/store.
//
// Start at [Write]. What all forms share is ranked and worded once: rank.go says in which order, words.go in which
// sentences, format.go in which digits; figure.go holds the scales and marks that the figures draw with. Beside a report stand
// [Compare], of two studies, and [Export], of trials and images for other programs.
package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/study"
)

// Input is a study and what stands around it. Only Result is needed; what is empty is left out of the report.
type Input struct {
	Result   *study.Result     // judged
	Store    string            // the store's folder, as a person would type it
	Winner   string            // path of the best arm's experiment file
	FileName string            // of the study file, as a person would type it
	File     string            // its text
	Commands []string          // that repeat the study, a line each
	Run      string            // the command that goes on with the study, as a person would type it
	Anew     string            // the command that runs its file, changed, as a study of its own
	Next     string            // the command that writes the study that confirms what helps
	Version  string            // of assay
	Machine  string            // processor and system, for people
	Made     time.Time         // when the report was made
	Drawings map[string]string // by arm, as SVG: the baseline's network, and what each other one changes in it
	Sight    *Sight            // what its images tell; nil where nothing
	Thumbs   map[string][]byte // small pictures by the hash of the image, as JPEG: then the page holds pictures, and says so
	Undrawn  int               // arms that there was no room to draw
	Ran      int               // trials that the command has just trained
}

// ErrNotJudged is the error for a result that study.Judge has not seen.
var ErrNotJudged = errors.New("report: the study is not judged; call study.Judge first")

// Write makes report.html, report.md, report.json, results.csv (an arm a row) and trials.csv in dir, which it makes where
// it is missing, and returns their paths in this order. Each file is written whole or not at all. Equal inputs give equal bytes.
func Write(dir string, in Input) ([]string, error) {
	if in.Result == nil || len(in.Result.Judged) == 0 {
		return nil, ErrNotJudged
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("%s: no folder for the report: %w; give another --store", dir, errors.Unwrap(err))
	}
	page := filepath.Join(dir, "report.html")
	var paths []string
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"report.html", func(w io.Writer) error { return HTML(w, in) }},
		{"report.md", func(w io.Writer) error { return Markdown(w, in) }},
		{"report.json", func(w io.Writer) error { return JSON(w, in, page) }},
		{"results.csv", func(w io.Writer) error { return ResultsCSV(w, in.Result) }},
		{"trials.csv", func(w io.Writer) error { return TrialsCSV(w, in.Result) }},
	} {
		path := filepath.Join(dir, file.name)
		if err := atomicfile.Write(path, file.write); err != nil {
			return paths, fmt.Errorf("%s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
