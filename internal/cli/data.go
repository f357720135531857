package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	specs "github.com/assaylab/assay/internal/spec"
)

// source is what a word on the command line means by data: a folder or archive, or else a built-in set.
func source(word string) data.Spec {
	if _, err := os.Stat(word); err == nil || strings.ContainsRune(word, filepath.Separator) {
		return data.Folder(word)
	}
	if _, err := data.Find(word); err == nil {
		return data.Builtin(word)
	}
	return data.Folder(word)
}

// cacheDir is where decoded pictures are kept between commands.
func (e *Env) cacheDir() string { return filepath.Join(e.Store, "cache") }

// open opens a data set and says what is doubtful about it, with progress while its pictures are decoded for the first time.
// Errors are failures, exit code 1, wherever they get their place from; but a key that is ignored is one of the file's text.
func (e *Env) open(ctx context.Context, spec data.Spec) (*data.Set, error) {
	return e.told(e.opened(ctx, spec, data.Options{Cache: e.cacheDir()}))
}

// look is open for commands that write nothing.
func (e *Env) look(ctx context.Context, spec data.Spec) (*data.Set, error) {
	return e.told(e.opened(ctx, spec, data.Options{Cache: e.cacheDir(), Look: true}))
}

// openFor is open, or look, for a training: a picture is decoded once, to the size that it asks for.
func (e *Env) openFor(ctx context.Context, x experiment.Experiment, l experiment.Learning, look bool) (*data.Set, error) {
	return e.told(e.opened(ctx, x.Data.Spec, data.Options{Cache: e.cacheDir(), Look: look, Size: l.Window(), Framing: l.Framing(x.Net)}))
}

// beside opens the pictures that learning mixes in, nil where there are none.
func (e *Env) beside(ctx context.Context, l experiment.Learning) (*data.Set, error) {
	if l.Mixed.None() {
		return nil, nil
	}
	s, err := e.open(ctx, l.Mixed.Data.Spec)
	if err == nil {
		if err = s.FitsBeside(); err != nil {
			s.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("mixed: %w", err)
	}
	return s, nil
}

func (e *Env) told(s *data.Set, err error) (*data.Set, error) {
	if err == nil {
		e.faults(s)
	}
	return s, err
}

// opened opens a data set and says nothing of it.
func (e *Env) opened(ctx context.Context, spec data.Spec, opt data.Options) (*data.Set, error) {
	b := e.bar()
	opt.Threads, opt.Progress = e.Threads, e.decoding(b)
	s, err := data.Open(ctx, spec, opt)
	b.end()
	if err != nil {
		return nil, failedData(err)
	}
	return s, nil
}

// failedData marks an error of opening a set as a failure, unless it is of a key of the file.
func failedData(err error) error {
	if _, ok := errors.AsType[*specs.Fault](err); ok {
		return err
	}
	return failed(err)
}

// quietly opens a data set again, to find out what is wrong.
func (e *Env) quietly(ctx context.Context, spec data.Spec) (*data.Set, error) {
	return data.Open(ctx, spec, data.Options{Cache: e.cacheDir(), Look: true, Threads: e.Threads})
}

func (e *Env) decoding(b *bar) func(done, total int) {
	return func(done, total int) {
		b.set(float64(done)/float64(max(total, 1)), "%s of %s pictures read", thousands(done), thousands(total))
	}
}

// faults says how many files are left out, what is doubtful about the rest, and what the cache gave back; with -v which files.
func (e *Env) faults(s *data.Set) {
	if n := s.Freed(); n > 0 {
		e.note("%s of the cache were of no more use and are removed", size(n))
	}
	switch {
	case e.Verbose:
		for _, f := range s.Faults {
			e.note("%s", f)
		}
	case len(s.Faults) > 0:
		e.note("%s left out, such as %s", plural(len(s.Faults), "file"), s.Faults[0])
	}
	if s.Builtin() { // nobody here can mend it
		return
	}
	for _, d := range s.Doubts() {
		e.note("careful: %s", d)
		if e.Verbose {
			for _, x := range d.Examples {
				e.note("  %s", x)
			}
		}
	}
}

// name is how a spec is written on a command line.
func name(s data.Spec) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Folder
}
