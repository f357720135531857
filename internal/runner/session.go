// Package runner does a study: it opens the data, plans, finds in the store what is there already, has the rest trained by a
// [Launcher], and judges where a plan ends. It imports study, study/trial, internal/store and train. Start at [Open], then
// [Session.Run]; [Serve] is what a trial's own process does.
package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/train"
)

// Request says which study is to be opened, and how.
type Request struct {
	File    string // the study file
	Text    []byte // in place of what is in File, which then only names it; nil: read it
	Name    string // in the store; empty: the file's name without extension
	Data    string // a folder that takes the place of the study's data; empty: as written
	Repeats int    // in place of the file's; 0: as written
	Store   string // the store's folder
	Device  string // for Open; empty: its default
	Threads int    // at least 1
	Open    Opener

	Progress func(what string, done, total int) // while pictures are read; may be nil
}

// Session is a study opened to be planned or run. It holds the opened data; Close gives it back.
type Session struct {
	Name  string
	Study *study.Study
	Plan  *study.Plan
	Keys  []string // the arms' identities, in the order of Plan.Arms

	Twins map[int]int // arms, by their place in the plan, whose trainings are those of an earlier one, by that one's place

	Starts []string // what becomes of the weights that an arm starts from, in the same order; "": it draws its own

	task    task.Task // without classes
	request Request
	text    []byte
	sets    map[string]*data.Set
	cutting sync.Mutex // of cuts
	cuts    map[cutKey]cut
	recipes []recipe                           // by arm
	trains  []string                           // what the trainings of each arm are: the identity of an arm but for what it is judged by
	tuning  *tuning                            // of a session of rungs, or of arms at their own values; else nil
	each    int64                              // bytes that a trial takes, once memory has told
	clock   func() (ran, waited time.Duration) // scheduled, but in tests

	heartbeat time.Duration
}

// recipe is the texts of an arm, with their digests, and where the weights come from that it starts from.
type recipe struct {
	network, settings, networkDigest, settingsDigest string
	source

	observer experiment.Observer // which is in no identity of a trial
}

type cutKey struct {
	set, beside string
	repeat      int
}

// cut is the parts of a repeat, and what is trained on beside them.
type cut struct {
	data.Cut
	mixture                    data.Mixture
	digest, beside, validation string // of the parts, of what is beside, and of the validation images by content
}

// cutOf are the parts of a set in a repeat, of a slice of whose training part is trained and validated where share is above 0. Beside the set another
// one's images may be trained on.
func cutOf(set, beside *data.Set, seed uint64, repeat int, share float64) (c cut) {
	c.Cut = set.Cut(seed, repeat)
	judged := slices.Concat(c.Val, c.Test)
	if share > 0 {
		c.Cut = set.Slice(c.Cut, share, seed)
		judged = append(judged, c.Val...)
	}
	if beside != nil {
		c.mixture = set.Mixture(c.Train, judged, beside, seed, repeat)
		c.Train = c.mixture.Own
	}
	c.digest, c.beside = cutDigest(c.Cut), train.BesideDigest(beside, c.mixture.Beside)
	return c
}

// origin is what the store keeps of where a study came from, so that it can be opened again.
type origin struct {
	File string       `json:"file"`
	Data string       `json:"data,omitempty"`
	Base []study.Part `json:"base"` // what the baseline is made of

	Doubts []string `json:"doubts,omitempty"` // of the images, a sentence each
}

func originOf(held store.Study) (from origin, err error) {
	if err := json.Unmarshal(held.Origin, &from); err != nil {
		return from, fmt.Errorf("study %s: the store does not say where it came from: %w; run it again from its file", held.Name, err)
	}
	return from, nil
}

// Open reads and plans a study: every arm is built and compared with the baseline. Nothing is written but caches of pictures.
func Open(ctx context.Context, r Request) (*Session, error) {
	text, err := r.Text, error(nil)
	if text == nil {
		if text, err = read(r.File); err != nil {
			return nil, err
		}
	}
	s := &Session{Name: r.Name, request: r, text: text, Twins: map[int]int{}, sets: map[string]*data.Set{}, cuts: map[cutKey]cut{}, clock: scheduled, heartbeat: heartbeat}
	if s.Name == "" {
		s.Name = nameOf(r.File)
	}
	root, err := spec.Parse(r.File, text)
	if err != nil {
		return nil, err
	}
	if s.Study, err = study.Decode(root); err != nil {
		return nil, err
	}
	if s.task, err = task.New(s.Study.Base.Task, nil); err != nil {
		return nil, err
	}
	if r.Repeats > 0 {
		if err := s.Study.Rounds(r.Repeats); err != nil {
			return nil, fmt.Errorf("--repeats: %w", err)
		}
		s.Study.Repeat(r.Repeats)
	}
	s.Study.PointAt(r.Data)
	if s.Study.Match == study.Seconds {
		s.Study.StepSeconds = s.stepSeconds(ctx)
	}
	if s.Plan, err = s.Study.Plan(func(e experiment.Experiment) (study.Images, error) { return s.images(ctx, e) }); err == nil {
		err = s.identify(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// nameOf is the name of the study of a file.
func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file; give a study file, or write one with assay study new FOLDER", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, spec.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w", path, err)
	}
	return text, nil
}

// place gives an error of an arm its name, and its place in the study file.
func (s *Session) place(a study.PlannedArm, err error) error {
	for _, v := range s.Study.Variants {
		if slices.Equal(a.Of, []string{v.Name}) {
			return v.Place(err)
		}
	}
	if len(a.Of) > 1 {
		return s.Study.At.Get("design").At(fmt.Errorf("arm %q: %w", a.Name, err))
	}
	return s.Study.At.Get("base").At(err)
}

// Close gives the opened data back.
func (s *Session) Close() {
	for _, set := range s.sets {
		set.Close()
	}
	clear(s.sets)
}

// Dir is the study's folder in the store, that of its report.
func (s *Session) Dir() string { return filepath.Join(s.request.Store, s.Name) }

// Metric is what the study is judged by.
func (s *Session) Metric() task.Metric { return s.task.Metrics()[0] }

// Text is the study file as it was read.
func (s *Session) Text() string { return string(s.text) }

// Set is the opened data of an experiment.
func (s *Session) Set(ctx context.Context, e experiment.Experiment) (*data.Set, error) {
	key := fmt.Sprintf("%+v", e.Data.Spec)
	if set := s.sets[key]; set != nil {
		return set, nil
	}
	window, framing := 0, data.Framing{}
	if l, err := approach.Learn(e); err == nil {
		window, framing = l.Window(), l.Framing(e.Net)
	}
	set, err := data.Open(ctx, e.Data.Spec, data.Options{
		Cache: s.cache(), Size: window, Framing: framing, Threads: s.request.Threads,
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

func (s *Session) cache() string { return filepath.Join(s.request.Store, "cache") }

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
	beside, err := s.beside(ctx, learning)
	if err != nil {
		return study.Images{}, approach.Locate(e.Learning, "mixed", fmt.Errorf("mixed: %w", err))
	}
	cut := cutOf(set, beside, s.Study.Seed, 1, 0)
	return study.Images{Images: approach.ImagesOf(set, learning, beside), Train: len(cut.Train), Val: len(cut.Val)}, nil
}

// beside is the opened set of the pictures that learning mixes in, nil where there are none.
func (s *Session) beside(ctx context.Context, l experiment.Learning) (*data.Set, error) {
	if l.Mixed.None() {
		return nil, nil
	}
	set, err := s.Set(ctx, experiment.Experiment{Data: l.Mixed.Data})
	if err == nil {
		err = set.FitsBeside()
	}
	return set, err
}

// identify works out what every arm is, and refuses one that could not be judged beside the baseline: a variant with data of its
// own whose validation images are not the baseline's.
func (s *Session) identify(ctx context.Context) error {
	for _, a := range s.Plan.Arms {
		from, told, err := s.starts(ctx, a)
		if err != nil {
			return s.place(a, approach.Locate(a.Experiment.Learning, "pretrain", err))
		}
		s.Starts = append(s.Starts, told)
		of, err := recipeOf(a, from)
		if err != nil {
			return s.place(a, approach.Locate(a.Experiment.Learning, "labels", err))
		}
		s.recipes = append(s.recipes, of)
	}
	for i, a := range s.Plan.Arms {
		for repeat := 1; repeat <= s.Study.Repeats; repeat++ {
			own, err := s.cut(ctx, a, repeat)
			if err != nil {
				return err
			}
			base, err := s.cut(ctx, s.Plan.Arms[s.Plan.Home(i)], repeat)
			if err != nil {
				return err
			}
			if own.validation != base.validation {
				return s.place(a, fmt.Errorf("data: its validation images of repeat %d are not the baseline's, so that the two cannot be compared; give it the same val and test images, as folders of their own", repeat))
			}
		}
		spec, err := s.spec(ctx, i, 1, "")
		if err != nil {
			return err
		}
		trains := spec.Arm()
		if twin := slices.Index(s.trains, trains); twin >= 0 {
			s.Twins[i] = twin
		}
		s.trains = append(s.trains, trains)
		s.Keys = append(s.Keys, armKey(trains, a.By()))
	}
	return nil
}

// armKey is an arm's identity: what its trainings are, and what it is judged by.
func armKey(trains, judged string) string {
	if judged == "" {
		return trains
	}
	return trial.Digest(trains + " by " + judged)
}

// judged names the evaluation by which an arm is judged, given by its place in the plan.
func (s *Session) judged(arm int) string { return by(Validation, s.Plan.Arms[arm].By()) }

// Trials is how many trainings the study has: arms that differ in what is evaluated share theirs.
// With `tune` it is the most that there can be.
func (s *Session) Trials() int {
	rungs, own := s.Plan.Tuned()
	return (len(s.Plan.Arms)-len(s.Twins))*s.Study.Repeats + rungs + own
}

// Found is how many of the study's trainings the store holds, and how many of these are trained again, as they lack an evaluation that an
// arm is judged by, or a model that is kept.
func (s *Session) Found() (there, again int) {
	st, err := store.OpenReading(s.request.Store, time.Now)
	if err != nil {
		return 0, 0
	}
	defer st.Close()
	engine, err := s.engineID()
	if err != nil {
		return 0, 0
	}
	for repeat := 1; repeat <= s.Study.Repeats; repeat++ {
		known, lacking := map[string]bool{}, map[string]bool{}
		for i := range s.Plan.Arms {
			of, err := s.spec(context.Background(), i, repeat, engine.String())
			if err != nil {
				return 0, 0
			}
			id := of.ID()
			states, err := st.States([]string{id})
			if err != nil {
				return 0, 0
			}
			known[id] = states[id].Known()
			kind := s.keeps(i)
			lacking[id] = lacking[id] || states[id].Status == trial.Done && (len(states[id].Lacks(s.judged(i), s.task.Columns())) > 0 || kind != "" && !slices.Contains(states[id].Left, kind))
		}
		for id := range known {
			if known[id] {
				there++
			}
			if lacking[id] {
				again++
			}
		}
	}
	return there, again
}

// observers are those of the trainings of an arm: all that this study judges by.
func (s *Session) observers(arm int) (all []experiment.Observer) {
	for i, r := range s.recipes {
		if s.trains[i] == s.trains[arm] && r.observer.String() != "" {
			all = append(all, r.observer)
		}
	}
	return all
}

// textOf is an observer as a request has it: canonical settings.
func textOf(by experiment.Observer) string {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Average = by.Average
	if by.Views != "" {
		l.Views.Kind = string(by.Views)
	}
	return string(experiment.Canonical(o, l))
}

// recipeOf is the texts of an arm that starts from the weights of a source.
func recipeOf(a study.PlannedArm, from source) (of recipe, err error) {
	learning := a.Built.Learning
	learning.Pretrain.From = experiment.Weights{} // where the weights lie is no part of what the arm is
	if learning.Labels.Confusion, err = learning.Labels.Confusion.Read(); err != nil {
		return of, err
	}
	learning.Mixed.Data = experiment.Data{} // likewise: their digest is part of it
	optimization, learning, by := experiment.Apart(a.Built.Optimization, learning)
	network, settings := string(a.Built.Graph.Canonical()), string(experiment.Canonical(optimization, learning))
	return recipe{network, settings, trial.Digest(network), trial.Digest(settings), from, by}, nil
}

// recipe is that of an arm in a repeat: the same in all, but where each repeat chooses a value.
func (s *Session) recipe(arm, repeat int) recipe {
	if s.tuning != nil && s.tuning.chosen != nil {
		return s.tuning.chosen[arm][repeat-1]
	}
	return s.recipes[arm]
}

// cut is the parts of an arm's data in a repeat.
func (s *Session) cut(ctx context.Context, a study.PlannedArm, repeat int) (cut, error) {
	set, err := s.Set(ctx, a.Experiment)
	if err != nil {
		return cut{}, err
	}
	other, err := s.beside(ctx, a.Built.Learning)
	if err != nil {
		return cut{}, err
	}
	key := cutKey{set: fmt.Sprintf("%+v", a.Experiment.Data.Spec), repeat: repeat}
	if other != nil {
		key.beside = fmt.Sprintf("%+v", a.Built.Learning.Mixed.Data.Spec)
	}
	s.cutting.Lock()
	defer s.cutting.Unlock()
	c, ok := s.cuts[key]
	if !ok {
		share := 0.0
		if s.rungs() {
			share = study.TuneSlice
		}
		c = cutOf(set, other, s.Study.Seeds(repeat).Split, 1+s.Study.Fold(repeat), share)
		c.validation = imagesOf(set, c.Val).Digest()
		s.cuts[key] = c
	}
	return c, nil
}

// spec is what the trial of an arm, by its place in the plan, in a repeat is on an engine.
func (s *Session) spec(ctx context.Context, arm, repeat int, engine string) (trial.Spec, error) {
	a := s.Plan.Arms[arm]
	set, err := s.Set(ctx, a.Experiment)
	if err != nil {
		return trial.Spec{}, err
	}
	c, err := s.cut(ctx, a, repeat)
	if err != nil {
		return trial.Spec{}, err
	}
	r, seeds := s.recipe(arm, repeat), s.Study.Seeds(repeat)
	start, err := r.from(repeat)
	if err != nil {
		return trial.Spec{}, s.place(a, approach.Locate(a.Experiment.Learning, "pretrain", fmt.Errorf("pretrain: %w", err)))
	}
	if s.rungs() {
		seeds = s.Study.TuneSeeds(repeat)
	}
	return trial.Spec{
		Network: r.networkDigest, Settings: r.settingsDigest, Data: set.Digest, Cut: c.digest, Task: task.Short(s.Study.Base.Task), Start: start.digest, Beside: c.beside,
		Seeds: trial.Seeds(seeds), Engine: engine, Versions: Versions(),
	}, nil
}

// ask is the request for the trial of an arm in a repeat.
func (s *Session) ask(ctx context.Context, st *store.Store, arm, repeat int, engine string, threads int) (trial.Request, error) {
	spec, err := s.spec(ctx, arm, repeat, engine)
	if err != nil {
		return trial.Request{}, err
	}
	start, err := s.recipe(arm, repeat).from(repeat)
	if err != nil {
		return trial.Request{}, err
	}
	r := trial.Request{
		Spec: spec, Name: fmt.Sprintf("%s #%d", s.Plan.Arms[arm].Name, repeat), Net: s.Plan.Arms[arm].Built.Graph.Name, Network: s.recipe(arm, repeat).network, Settings: s.recipe(arm, repeat).settings,
		Data: s.Plan.Arms[arm].Experiment.Data.Spec, Fold: s.Study.Fold(repeat), Columns: s.task.Columns(), Threads: threads, Device: s.request.Device,
		Start: start.file, Models: s.models(arm),
	}
	if l := s.Plan.Arms[arm].Built.Learning; !l.Mixed.None() {
		where := l.Mixed.Data.Spec
		r.Beside = &where
	}
	for _, by := range s.observers(arm) {
		r.Observers = append(r.Observers, textOf(by))
	}
	if s.rungs() {
		r.Slice = study.TuneSlice
	}
	err = s.lay(st, &r)
	return r, err
}

// lay says where a trial's files lie: absolute paths.
func (s *Session) lay(st *store.Store, r *trial.Request) (err error) {
	id, where := r.Spec.ID(), r.Data
	type place struct {
		to *string
		is string
	}
	places := []place{{&r.Start, r.Start}, {&r.Checkpoint, st.Checkpoint(id)}, {&r.Result, st.ResultFile(id)}, {&r.Cache, s.cache()}, {&r.Data.Folder, where.Folder}, {&r.Data.Labels, where.Labels}}
	if b := r.Beside; b != nil {
		places = append(places, place{&b.Folder, b.Folder}, place{&b.Labels, b.Labels})
	}
	for _, path := range places {
		if path.is == "" {
			continue
		}
		if *path.to, err = filepath.Abs(path.is); err != nil {
			return err
		}
	}
	for i := range r.Models {
		if r.Models[i].File, err = filepath.Abs(st.Path(store.ModelFile(id, r.Models[i].Name))); err != nil {
			return err
		}
	}
	return nil
}

// view is what this file asks for, as the store would keep it.
func (s *Session) view() study.View {
	v := study.View{Name: s.Name, Question: s.Study.Question, Text: string(s.text), Repeats: s.Study.Repeats}
	base, _ := s.spec(context.Background(), 0, 1, "") // worked out before, so it cannot fail
	v.Base = []study.Part{
		{Name: "network", Digest: base.Network}, {Name: "settings", Digest: base.Settings}, {Name: "images", Digest: base.Data},
		{Name: "split", Digest: base.Cut}, {Name: "seed", Digest: fmt.Sprint(s.Study.Seed)}, {Name: "versions of assay's rooms", Digest: fmt.Sprint(base.Versions)},
	}
	if base.Start != "" {
		v.Base = append(v.Base, study.Part{Name: "weights to start from", Digest: base.Start})
	}
	if average := s.Plan.Arms[0].Average; average != "" {
		v.Base = append(v.Base, study.Part{Name: "mean of weights", Digest: average})
	}
	if views := s.Plan.Arms[0].Views; views != "" {
		v.Base = append(v.Base, study.Part{Name: "views", Digest: views})
	}
	for i, a := range s.Plan.Arms {
		v.Arms = append(v.Arms, study.ViewArm{Key: s.Keys[i], Name: a.Name, Status: study.Active})
	}
	return v
}

// engineID is the identity of the engine that this session would run on.
func (s *Session) engineID() (engine.ID, error) {
	e, err := s.request.Open(s.request.Device, 1)
	if err != nil {
		return engine.ID{}, err
	}
	defer e.Close()
	return e.ID(), nil
}

// origin is where the study came from.
func (s *Session) origin() (json.RawMessage, error) {
	from := origin{File: s.request.File, Data: s.request.Data, Base: s.view().Base}
	if set, err := s.Set(context.Background(), s.Study.Base); err == nil && !set.Builtin() { // opened before
		for _, d := range set.Doubts() {
			from.Doubts = append(from.Doubts, d.String())
		}
	}
	for _, path := range []*string{&from.File, &from.Data} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return nil, err
		}
		*path = abs
	}
	return json.Marshal(from)
}

// arm is the place in the plan of the arm of an identity, -1 where this file has none.
func (s *Session) arm(key string) int { return slices.Index(s.Keys, key) }

// armOf is an arm of the plan as the store keeps it, with what it is made of.
func (s *Session) armOf(i int) (study.Arm, store.Recipe, error) {
	a := s.Plan.Arms[i]
	where, err := json.Marshal(a.Experiment.Data.Spec)
	arm := a.Arm
	arm.ID = s.Keys[i]
	return arm, store.Recipe{Network: s.recipes[i].network, Settings: s.recipes[i].settings, Data: where, Keep: s.keeps(i)}, err
}
