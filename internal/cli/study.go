package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
)

// openStudy reads and plans a study file, with progress while pictures are decoded for the first time.
func (e *Env) openStudy(ctx context.Context, file, name, folder string, repeats int) (*runner.Session, error) {
	if folder != "" {
		abs, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		folder = abs
	}
	b := e.bar()
	s, err := runner.Open(ctx, runner.Request{
		File: file, Name: name, Data: folder, Repeats: repeats, Store: e.Store, Device: e.Device, Threads: e.Threads, Open: e.opener,
		Progress: func(what string, done, total int) { e.decoding(b)(done, total) },
	})
	b.end()
	if err != nil {
		return nil, e.blame(ctx, file, folder, repeats, err)
	}
	if name == "" && !plainName(s.Name) {
		s.Close()
		return nil, misuse(fmt.Errorf("%s: %q is no name for a study; give one with --as NAME", file, s.Name))
	}
	told := map[*data.Set]bool{}
	for _, a := range s.Plan.Arms {
		if set, err := s.Set(ctx, a.Experiment); err == nil && !told[set] {
			told[set] = true
			e.faults(set)
		}
	}
	return s, nil
}

// plainName reports whether a study's name can be the name of a folder in the store.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && name != "cache" && name != store.TrialsDir && name != store.FileName && !strings.ContainsAny(name, `/\~`)
}

// blame sorts an error of opening a study: what is wrong with the images is a failure and no fault of the file's text, though
// the file names the place.
func (e *Env) blame(ctx context.Context, file, folder string, repeats int, err error) error {
	if _, ok := errors.AsType[pretrain.Bad](err); ok {
		return failed(err)
	}
	if ctx.Err() != nil {
		return err
	}
	root, readErr := spec.ReadFile(file)
	if errors.Is(readErr, fs.ErrNotExist) {
		return misuse(err)
	}
	if readErr != nil {
		return err
	}
	s, decodeErr := study.Decode(root)
	if decodeErr != nil {
		return err
	}
	if err := s.Rounds(repeats); err != nil {
		return misuse(fmt.Errorf("--repeats: %w", err))
	}
	check := func(x experiment.Experiment, data, keys, net *spec.Node) error {
		set, err := e.quietly(ctx, x.Data.Spec)
		if _, ok := errors.AsType[*spec.Fault](err); ok { // of a key beside the folder
			return keys.At(err)
		}
		if err != nil {
			return failed(data.At(err))
		}
		defer set.Close()
		l, err := approach.Learn(x)
		if err != nil {
			return nil // has its place already
		}
		_, err = approach.Build(experiment.Experiment{Net: x.Net, Task: x.Task, Architecture: detecting(x)}, approach.ImagesOf(set, l, nil))
		return net.At(err)
	}
	base := root.Get("base")
	at := func(n *spec.Node, key string) *spec.Node {
		if v := n.Get(key); v != nil {
			return v
		}
		return n
	}
	where := at(base, "data")
	if folder != "" {
		s.PointAt(folder)
		where = &spec.Node{} // the command line's, not the file's
	}
	if found := check(s.Base, where, at(base, "data"), at(base, "net")); found != nil {
		return found
	}
	for _, v := range s.Variants {
		if x, err := s.Alone(v); err == nil && (v.Data != nil || v.Net != "") {
			if found := check(x, at(v.At, "data"), at(v.At, "data"), at(v.At, "net")); found != nil {
				return found
			}
		}
	}
	return base.At(err)
}

// existing opens the store to read from it, and no more, and finds the study: the one named, or the one that changed last.
func (e *Env) existing(args []string) (*store.Store, string, error) {
	st, err := store.OpenReading(e.Store, e.Clock)
	if err != nil {
		return nil, "", err
	}
	if len(args) > 0 {
		return st, args[0], nil
	}
	name, err := st.Latest()
	if err != nil {
		st.Close()
	}
	return st, name, err
}

// reportInput gathers what stands around a judged study.
func (e *Env) reportInput(st *store.Store, r *study.Result) (report.Input, error) {
	held, err := st.Study(r.Name)
	if err != nil {
		return report.Input{}, err
	}
	in := report.Input{
		Result: r, Store: e.Store, Winner: filepath.Join(e.Store, r.Name, "winner.yaml"), FileName: r.Name + ".yaml", File: held.File,
		Version: Version(),
		Machine: fmt.Sprintf("%s/%s, %s", runtime.GOOS, runtime.GOARCH, r.Engine), Made: e.Clock(),
	}
	file, folder, err := runner.Source(held)
	if err != nil {
		return report.Input{}, err
	}
	in.Next = "assay study next " + say.Word(r.Name)
	if e.Store != "assay-store" {
		in.Next += " --store " + say.Word(e.Store)
	}
	in.Run, in.Anew = e.again(nearby(file), nearby(folder), r.Name), e.again(nearby(file), nearby(folder), fmt.Sprintf("%s-val%.0f", r.Name, 100*study.LargestVal))
	in.Commands = []string{e.again(filepath.Base(file), filepath.Base(folder), r.Name)} // where the files lie is their owner's
	return in, nil
}

// again is the command that goes on with a study of the store.
func (e *Env) again(file, folder, name string) string {
	words := []string{"assay study run", say.Word(file)}
	if folder != "" && folder != "." {
		words = append(words, "--data", say.Word(folder))
	}
	if strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) != name {
		words = append(words, "--as", say.Word(name))
	}
	if e.Store != "assay-store" {
		words = append(words, "--store", say.Word(e.Store))
	}
	return strings.Join(words, " ")
}

// nearby is a path as one would type it in the working folder: below it the way from there, else as it is.
func nearby(path string) string {
	here, err := os.Getwd()
	if err != nil || path == "" {
		return path
	}
	if way, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(way) {
		return way
	}
	return path
}

// writeReport writes the report and winner.yaml into a folder and returns the paths of all. pictures gives small ones of images by their
// hashes; nil: the page holds none.
func (e *Env) writeReport(st *store.Store, r *study.Result, dir string, pictures func(hashes []string) map[string][]byte) (report.Input, []string, error) {
	in, err := e.reportInput(st, r)
	if err != nil {
		return in, nil, err
	}
	in.Winner = filepath.Join(dir, "winner.yaml")
	text, err := runner.Winner(st, r, filepath.Dir(in.Winner))
	if err != nil {
		return in, nil, err
	}
	if text != "" {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return in, nil, err
		}
		if err := atomicfile.Write(in.Winner, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return in, nil, err
		}
	} else { // nothing was judged: an earlier page's winner is none any more
		if err := os.Remove(in.Winner); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return in, nil, err
		}
		in.Winner = ""
	}
	held, err := st.Study(r.Name)
	if err != nil {
		return in, nil, err
	}
	in.Drawings, in.Undrawn = drawings(held, r.Net)
	if in.Sight, err = sight(st, r); err != nil {
		return in, nil, err
	}
	if in.Sight != nil && pictures != nil {
		in.Thumbs = pictures(in.Sight.Wanted())
	}
	paths, err := report.Write(dir, in)
	return in, paths, err
}
