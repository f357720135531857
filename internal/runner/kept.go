package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// Weights that trials start from: of a file, which all repeats share, or of an arm of another study that keeps its models, of which each
// repeat takes its own. A trial's identity has the digest of the values, whatever the names.

// weights are what one trial starts from. The zero weights are drawn.
type weights struct{ digest, file string }

// source is where the weights of an arm's repeats come from; nil: they are drawn.
type source func(repeat int) (weights, error)

// from is what a trial starts from.
func (s source) from(repeat int) (weights, error) {
	if s == nil {
		return weights{}, nil
	}
	return s(repeat)
}

// Kept is the file of the model that an arm of a study of a store left in a repeat: that of the only one, where it has one. The error of
// one that is not there says what makes it.
func Kept(dir string, from experiment.Weights, repeat int) (file string, err error) {
	if file, err = kept(dir, from, repeat); err != nil {
		return "", pretrain.Wrong(fmt.Errorf("from: %w", err))
	}
	return file, nil
}

func kept(dir string, from experiment.Weights, repeat int) (string, error) {
	st, err := store.OpenReading(dir, time.Now)
	if err != nil {
		return "", err
	}
	defer st.Close()
	held, err := st.Study(from.Study)
	if errors.Is(err, store.ErrAbsent) {
		return "", absent(st, from.Study)
	} else if err != nil {
		return "", err
	}
	at := slices.IndexFunc(held.Arms, func(a store.Arm) bool { return a.Name == from.Arm && a.Status != store.Removed })
	if at < 0 {
		var names []string
		for _, a := range held.Arms {
			if a.Status != store.Removed {
				names = append(names, a.Name)
			}
		}
		return "", fmt.Errorf("study %s has no arm %q; %s", from.Study, from.Arm, nearest(from.Arm, names))
	}
	arm := held.Arms[at]
	n := held.Asked(arm)
	if n == 1 {
		repeat = 1
	}
	if repeat > n {
		return "", fmt.Errorf("study %s has %d repeats of %q, and this one a repeat %d, which has to start from its own; give this study %d, or that one more", from.Study, n, from.Arm, repeat, n)
	}
	again := "assay study run " + say.Word(from.Study+".yaml")
	if file, _, err := Source(held); err == nil {
		again = "assay study run " + say.Word(file)
		if name := held.Name; name != nameOf(file) {
			again += " --as " + say.Word(name)
		}
	}
	rows, err := stands(st, held)
	if err != nil {
		return "", err
	}
	row := study.Held{}
	for _, h := range rows {
		if h.Cell == (study.Cell{Arm: arm.Key, Repeat: repeat}) {
			row = h
		}
	}
	switch row.Status {
	case study.Done:
	case study.Diverged:
		return "", fmt.Errorf("repeat %d of %q of study %s diverged, so that there are no weights to start from; name another arm", repeat, from.Arm, from.Study)
	default:
		return "", fmt.Errorf("study %s has not finished repeat %d of %q; finish it first: %s", from.Study, repeat, from.Arm, again)
	}
	kind := store.ModelBy(arm.Average)
	left, err := st.Artefacts(row.Trial)
	if err != nil {
		return "", err
	}
	states, err := st.States([]string{row.Trial})
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(left, func(a store.Artefact) bool { return a.Kind == kind }); i >= 0 && slices.Contains(states[row.Trial].Left, kind) {
		return filepath.Abs(st.Path(left[i].File))
	}
	mend := fmt.Sprintf("write keep: [%s] into its file and run it again", from.Arm)
	if arm.Recipe.Keep == kind {
		mend = "run it again"
	}
	return "", fmt.Errorf("study %s has not kept the weights of %q; %s, which trains it anew to the same bits and keeps them: %s", from.Study, from.Arm, mend, again)
}

// absent is the error of a study that a store has not.
func absent(st *store.Store, name string) error {
	list, err := List(st)
	if err != nil {
		return err
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("no study %q in %s, which has none; run it first, or give another --store", name, st.Dir())
	}
	return fmt.Errorf("no study %q in %s; %s", name, st.Dir(), nearest(name, names))
}

// nearest is what to write in place of a name.
func nearest(name string, names []string) string {
	if near, ok := spec.Nearest(name, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if n := len(names); n > 8 {
		names = append(slices.Clone(names[:7]), fmt.Sprintf("%d more", n-7))
	}
	return "it has " + say.Listed(names)
}

// starts looks at the weights that an arm starts from, in every repeat, and tells what becomes of them; "" if it draws its own. Weights
// that are known to have seen images by which the arm is judged are an error.
func (s *Session) starts(ctx context.Context, a study.PlannedArm) (from source, told string, err error) {
	p := a.Built.Learning.Pretrain
	if p.From == (experiment.Weights{}) {
		return nil, "", nil
	}
	if p.From.OfArm() && p.From.Study == s.Name {
		return nil, "", fmt.Errorf("pretrain: from: %s is an arm of this very study; train what is to be begun from as a study of its own", p.From)
	}
	var looking sync.Mutex
	found := map[int]weights{}
	from = func(repeat int) (weights, error) {
		looking.Lock()
		defer looking.Unlock()
		if w, ok := found[repeat]; ok {
			return w, nil
		}
		own := p
		if p.From.OfArm() {
			file, err := Kept(s.request.Store, p.From, repeat)
			if err != nil {
				return weights{}, err
			}
			own.From = experiment.Weights{File: file}
		}
		w, err := pretrain.Of(a.Built.Graph, own)
		if err != nil {
			return weights{}, err
		}
		defer w.Close()
		if told == "" {
			f, err := w.Fit(a.Built.Graph, own)
			if err != nil {
				return weights{}, err
			}
			name := w.Name()
			if p.From.OfArm() {
				name = p.From.String()
			}
			told = fmt.Sprintf("weights of %s: %s", name, f.Started)
		}
		found[repeat] = weights{w.Digest, w.File}
		return found[repeat], s.unseen(ctx, a, repeat, w.Seen().Trained)
	}
	for repeat := 1; repeat <= s.Study.Repeats; repeat++ {
		if _, err := from(repeat); err != nil {
			return nil, "", fmt.Errorf("pretrain: %w", err)
		}
	}
	return from, told, nil
}

// unseen refuses weights that were trained on images by which an arm is judged in a repeat, or chosen.
func (s *Session) unseen(ctx context.Context, a study.PlannedArm, repeat int, seen data.Marks) error {
	if len(seen) == 0 {
		return nil
	}
	set, err := s.Set(ctx, a.Experiment)
	if err != nil {
		return err
	}
	c, err := s.cut(ctx, a, repeat)
	if err != nil {
		return err
	}
	from := a.Built.Learning.Pretrain.From
	mend := "start from weights of other images"
	if from.OfArm() {
		mend = "give both studies the same data, val, seed and number of repeats, so that a repeat holds back here what it held back there, or start from weights of other images"
	}
	for _, part := range []struct {
		what, mend string
		items      []int
		counts     bool
	}{
		{"validation", mend, c.Val, true}, {"test", mend, c.Test, true},
		{"training", "tune judges by a part of these; leave tune out", c.Train, s.Study.Tune.Key != ""},
		{"training", "labels: clean judges these by networks that have not seen them; leave it out", c.Train, a.Built.Learning.Labels.Clean != ""},
	} {
		if n := seen.Among(set, part.items); part.counts && n > 0 {
			return pretrain.Wrong(fmt.Errorf("from: %s was trained on %d of the %d %s images of repeat %d, of which figures would say nothing; %s", from, n, len(part.items), part.what, repeat, part.mend))
		}
	}
	return nil
}

// keeps is the kind of model that the trials of an arm are to leave; "": none.
func (s *Session) keeps(arm int) string {
	if s.tuning != nil || !slices.Contains(s.Study.Keep, s.Plan.Arms[arm].Name) {
		return ""
	}
	return store.ModelBy(s.Plan.Arms[arm].Average)
}

// models are those that a trial of an arm is to leave: all that the arms which share its trainings keep.
func (s *Session) models(arm int) (all []trial.Kept) {
	for i, trains := range s.trains {
		kind := s.keeps(i)
		if trains == s.trains[arm] && kind != "" && !slices.ContainsFunc(all, func(k trial.Kept) bool { return k.Name == kind }) {
			all = append(all, trial.Kept{Name: kind, Mean: s.Plan.Arms[i].Average})
		}
	}
	return all
}
