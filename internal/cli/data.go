package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/assaylab/assay/data"
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

// cacheIfStore is cacheDir for commands that only look: they make no store.
func (e *Env) cacheIfStore() string {
	if _, err := os.Stat(e.Store); err != nil {
		return ""
	}
	return e.cacheDir()
}

// open opens a data set, with progress while its pictures are decoded for the first time. Errors are failures, exit code 1,
// wherever they get their place from.
func (e *Env) open(ctx context.Context, spec data.Spec, cache string) (*data.Set, error) {
	b := e.bar()
	defer b.end()
	s, err := data.Open(ctx, spec, data.Options{Cache: cache, Threads: e.Threads, Progress: e.decoding(b)})
	if err != nil {
		return nil, failed(err)
	}
	e.faults(s)
	return s, nil
}

// quietly opens a data set again, to find out what is wrong.
func (e *Env) quietly(ctx context.Context, spec data.Spec) (*data.Set, error) {
	return data.Open(ctx, spec, data.Options{Cache: e.cacheIfStore(), Threads: e.Threads})
}

func (e *Env) decoding(b *bar) func(done, total int) {
	return func(done, total int) {
		b.set(float64(done)/float64(max(total, 1)), "%s of %s pictures read", thousands(done), thousands(total))
	}
}

// faults says how many files are left out, and with -v which.
func (e *Env) faults(s *data.Set) {
	if len(s.Faults) == 0 {
		return
	}
	if e.Verbose {
		for _, f := range s.Faults {
			e.note("%s", f)
		}
		return
	}
	e.note("%s left out, such as %s", plural(len(s.Faults), "file"), s.Faults[0])
}

// name is how a spec is written on a command line.
func name(s data.Spec) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Folder
}
