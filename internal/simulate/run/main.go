// Command run simulates every row of the table, writes what came of it as JSON and fills the tables of a page with it:
//
//	go run ./internal/simulate/run -studies 4000 -seed 1 -out docs/results/simulations.json -page docs/statistics.md
//
// Rows that the file has already, of as many studies and the same seed, are kept; -match simulates only those that match.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/simulate"
)

func main() {
	studies := flag.Int("studies", 4000, "studies a row")
	seed := flag.Uint64("seed", 1, "seed of all draws")
	threads := flag.Int("threads", runtime.GOMAXPROCS(0), "rows are shared out over so many threads")
	match := flag.String("match", "", "a regular expression; only rows that it matches are simulated")
	out := flag.String("out", "", "file to write, kept up to date row by row; standard output if empty")
	page := flag.String("page", "", "a page whose tables are filled from the file; none if empty")
	flag.Parse()
	if err := run(*studies, *seed, *threads, *match, *out, *page); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(studies int, seed uint64, threads int, match, out, page string) error {
	wanted, err := regexp.Compile(match)
	if err != nil {
		return fmt.Errorf("-match: %w", err)
	}
	if studies < 1 || threads < 1 {
		return errors.New("-studies and -threads: give 1 or more")
	}
	had, err := read(out)
	if err != nil {
		return err
	}
	for i, row := range simulate.Rows {
		o, ok := had[row.Name()]
		if !wanted.MatchString(row.Name()) || ok && o.Studies >= studies && o.Seed == seed {
			continue
		}
		if o, err = row.Run(studies, seed, threads); err != nil {
			return err
		}
		had[row.Name()] = o
		fmt.Fprintf(os.Stderr, "%d of %d: wrong %.4f ± %.4f, found %.3f, none %.3f: %s\n", i+1, len(simulate.Rows), o.Wrong, o.WrongSE, o.Found, o.Nones, o.Row)
		if out != "" { // kept up to date, since the whole takes hours
			if err := write(out, inOrder(had)); err != nil {
				return err
			}
		}
	}
	all := inOrder(had)
	if out == "" {
		return encode(os.Stdout, all)
	}
	if err := write(out, all); err != nil || page == "" {
		return err
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	filled, err := simulate.Fill(string(text), all)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return atomicfile.Write(page, func(w io.Writer) error { _, err := io.WriteString(w, filled); return err })
}

// read is what a file holds already, by row.
func read(path string) (map[string]simulate.Outcome, error) {
	had := map[string]simulate.Outcome{}
	if path == "" {
		return had, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return had, nil
	}
	if err != nil {
		return nil, err
	}
	var all []simulate.Outcome
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, o := range all {
		had[o.Row] = o
	}
	return had, nil
}

// inOrder are the rows of the table that there are; what the table has no more goes.
func inOrder(had map[string]simulate.Outcome) []simulate.Outcome {
	all := []simulate.Outcome{}
	for _, row := range simulate.Rows {
		if o, ok := had[row.Name()]; ok {
			all = append(all, o)
		}
	}
	return all
}

func write(path string, all []simulate.Outcome) error {
	return atomicfile.Write(path, func(w io.Writer) error { return encode(w, all) })
}

func encode(w io.Writer, all []simulate.Outcome) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(all)
}
