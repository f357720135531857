// Package runner does a study: it opens the data, plans, times the machine, runs every trial as a child process of the same
// binary, and reads the outcome from the store. It imports study, study/store, train and engine/cpu. Start at [Open], then
// [Session.Run]; [Trial] is what the child process does.
package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

// Request says which study is to be opened, and how.
type Request struct {
	File    string // the study file
	Name    string // in the store; empty: the file's name without extension
	Data    string // a folder that takes the place of the study's data; empty: as written
	Store   string // the store's folder
	Threads int    // 0: all cores this process may use

	Progress func(what string, done, total int) // while pictures are read; may be nil
}

// Session is a study opened to be planned or run. It holds the opened data; Close gives it back.
type Session struct {
	Name  string
	Study *study.Study
	Plan  *study.Plan

	request Request
	text    []byte
	digest  string
	sets    map[string]*data.Set
	each    int64                              // bytes that a trial takes, once memory has told
	clock   func() (ran, waited time.Duration) // scheduled, but in tests
}

// origin is what the store keeps of where a study came from, so that a trial's process finds the same.
type origin struct {
	File string `json:"file"`
	Data string `json:"data,omitempty"`
}

// Open reads and plans a study: every arm is built and compared with the baseline. Nothing is written but caches of pictures.
func Open(ctx context.Context, r Request) (*Session, error) {
	text, err := read(r.File)
	if err != nil {
		return nil, err
	}
	return open(ctx, r, text)
}

func open(ctx context.Context, r Request, text []byte) (*Session, error) {
	if r.Threads == 0 {
		r.Threads = cpu.DefaultThreads()
	}
	s := &Session{Name: r.Name, request: r, text: text, sets: map[string]*data.Set{}, clock: scheduled}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(r.File), filepath.Ext(r.File))
	}
	root, err := spec.Parse(r.File, text)
	if err != nil {
		return nil, err
	}
	if s.Study, err = study.Decode(root); err != nil {
		return nil, err
	}
	s.Study.PointAt(r.Data)
	if s.Plan, err = s.Study.Plan(func(e experiment.Experiment) (study.Images, error) { return s.images(ctx, e) }); err != nil {
		s.Close()
		return nil, err
	}
	if s.digest, err = s.digestOf(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: no such file; give a study file, or write one with assay study new FOLDER", path)
		}
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, spec.MaxBytes+1))
	if err != nil {
		return nil, err // it has the path
	}
	return text, nil
}

// place gives an error of an arm its name, and its place in the study file.
func (s *Session) place(a study.PlannedArm, err error) error {
	for _, v := range s.Study.Variants {
		if v.Name == a.Name {
			return v.Place(err)
		}
	}
	return fmt.Errorf("%s: %s: %w", s.request.File, a.Name, err)
}

// Close gives the opened data back.
func (s *Session) Close() {
	for _, set := range s.sets {
		set.Close()
	}
	clear(s.sets)
}

// Dir is the study's folder in the store: its report and the checkpoints of its trials.
func (s *Session) Dir() string { return filepath.Join(s.request.Store, s.Name) }

// Text is the study file as it was read.
func (s *Session) Text() string { return string(s.text) }

// Set is the opened data of an experiment.
func (s *Session) Set(ctx context.Context, e experiment.Experiment) (*data.Set, error) {
	key := fmt.Sprintf("%+v", e.Data.Spec)
	if set := s.sets[key]; set != nil {
		return set, nil
	}
	window := 0
	if l, err := approach.Learn(e); err == nil {
		window = l.Window()
	}
	set, err := data.Open(ctx, e.Data.Spec, data.Options{
		Cache: filepath.Join(s.request.Store, "cache"), Size: window, Threads: s.request.Threads,
		Progress: func(done, total int) {
			if s.request.Progress != nil {
				s.request.Progress(e.Data.String(), done, total)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	s.sets[key] = set
	return set, nil
}

// images is what an experiment's data give to its network.
func (s *Session) images(ctx context.Context, e experiment.Experiment) (study.Images, error) {
	learning, err := approach.Learn(e)
	if err != nil {
		return study.Images{}, err
	}
	set, err := s.Set(ctx, e)
	if err != nil {
		return study.Images{}, err
	}
	g := train.Geometry(set, learning)
	cut := set.Cut(s.Study.Seed, 1)
	return study.Images{
		Images: approach.Images{Size: nn.Size{H: g.H, W: g.W, C: set.C}, Classes: len(set.Classes)},
		Train:  len(cut.Train), Val: len(cut.Val),
	}, nil
}

// digestOf covers what makes two runs the same study: the text, what every arm is built to, and the content of the data.
func (s *Session) digestOf(ctx context.Context) (string, error) {
	h := sha256.New()
	h.Write(s.text)
	for _, a := range s.Plan.Arms {
		set, err := s.Set(ctx, a.Experiment)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "\n%s%v%v%s", a.Built.Graph.YAML(), a.Built.Optimization, a.Built.Learning, set.Digest)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// record puts the study into the store, or finds it there.
func (s *Session) record(st *store.Store) (resumed bool, err error) {
	file, err := filepath.Abs(s.request.File)
	if err != nil {
		return false, err
	}
	folder := s.request.Data
	if folder != "" {
		if folder, err = filepath.Abs(folder); err != nil {
			return false, err
		}
	}
	plan, err := json.Marshal(origin{File: file, Data: folder})
	if err != nil {
		return false, err
	}
	held, resumed, err := st.CreateOrResume(store.Study{
		Name: s.Name, Digest: s.digest, Question: s.Study.Question, File: string(s.text), Plan: plan,
		Arms: s.Plan.Plain(), Trials: s.Plan.Entries,
	})
	if err != nil {
		return resumed, err
	}
	for i := range held.Arms { // seconds that an earlier run has timed
		s.Plan.Arms[i].TrainSeconds, s.Plan.Arms[i].SecondsRough = held.Arms[i].TrainSeconds, held.Arms[i].SecondsRough
	}
	return resumed, nil
}

// Foresee is what the study's repeats can tell, before its first trial, and whether its budget suffices once it is calibrated.
func (s *Session) Foresee() study.Foresight {
	noise := 0.0
	if st, err := store.OpenExisting(s.request.Store, time.Now); err == nil {
		defer st.Close()
		noise = s.noise(st)
	}
	f := study.Foresee(len(s.Plan.Arms)-1, s.Study.Repeats, noise, s.Study.Meaningful, s.Plan.Arms[0].Images.Val)
	if hours, budget := s.Hours(), s.Study.Budget.Hours(); budget > 0 && hours > budget {
		f.Warnings = append(f.Warnings, fmt.Sprintf("budget: %v is short of the %.3g hours that all trials take; whole repeats will be missing", s.Study.Budget, hours))
	}
	return f
}

// noise is the noise floor of the baseline, where the store knows one.
func (s *Session) noise(st *store.Store) float64 {
	if n, err := st.Noise(s.digest); err == nil && n != nil {
		return n.SD
	}
	return 0
}

// Hours is the expected wall time of all trials, 0 while seconds are unknown.
func (s *Session) Hours() float64 {
	var seconds float64
	for _, a := range s.Plan.Arms {
		if a.TrainSeconds == 0 {
			return 0
		}
		seconds += a.TrainSeconds * float64(s.Study.Repeats)
	}
	return seconds / 3600
}
