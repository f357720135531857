package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

// TrialRequest names one trial of a study of the store.
type TrialRequest struct {
	Store   string
	Study   string
	Arm     string
	Repeat  int
	Threads int
	Engine  func(threads int) (engine.Engine, error)
	OnStep  func(train.Progress)
}

// Trial runs one trial and writes how it ended into the store: what a child process of a study does. It goes on from the
// trial's checkpoint if there is one. A training that diverges is a result; an error is none, and leaves the store alone.
func Trial(ctx context.Context, r TrialRequest) error {
	st, err := store.OpenExisting(r.Store, time.Now)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := reopen(ctx, st, r)
	if err != nil {
		return err
	}
	defer s.Close()
	arm, ok := s.Plan.Arm(r.Arm)
	if !ok {
		return fmt.Errorf("study %s: no arm %q; give one of its plan", r.Study, r.Arm)
	}
	e, err := r.Engine(r.Threads)
	if err != nil {
		return err
	}
	defer e.Close()
	checkpoint := s.checkpoint(r.Arm, r.Repeat)
	if err := os.MkdirAll(filepath.Dir(checkpoint), 0o755); err != nil {
		return err
	}
	job, err := s.job(ctx, arm, r.Repeat)
	if err != nil {
		return err
	}
	job.Engine, job.Checkpoint, job.OnStep = e, checkpoint, r.OnStep
	result, err := train.Run(ctx, job)
	if err != nil {
		return err
	}
	if err := st.Complete(r.Study, outcome(r, result, e)); err != nil {
		return err
	}
	if err := os.Remove(checkpoint); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// reopen opens a study as the store holds it.
func reopen(ctx context.Context, st *store.Store, r TrialRequest) (*Session, error) {
	held, err := st.Study(r.Study)
	if err != nil {
		return nil, err
	}
	var from origin
	if err := json.Unmarshal(held.Plan, &from); err != nil {
		return nil, fmt.Errorf("study %s: the store does not say where it came from: %w; run it under another name (--as NAME)", r.Study, err)
	}
	s, err := open(ctx, Request{File: from.File, Name: r.Study, Data: from.Data, Store: r.Store, Threads: r.Threads, Engine: r.Engine}, []byte(held.File))
	if err != nil {
		return nil, err
	}
	if s.digest != held.Digest {
		s.Close()
		return nil, fmt.Errorf("study %s: its data, a file that it names or this program have changed since it began; run it under another name (--as NAME)", r.Study)
	}
	return s, nil
}

// job is the training of an arm in a repeat, without an engine.
func (s *Session) job(ctx context.Context, arm study.PlannedArm, repeat int) (train.Job, error) {
	set, err := s.Set(ctx, arm.Experiment)
	if err != nil {
		return train.Job{}, err
	}
	seeds := study.SeedsOf(s.Study.Seed, repeat)
	text := ""
	if node, err := experiment.Encode(arm.Experiment); err == nil {
		text = string(node.YAML())
	}
	return train.Job{
		Graph: arm.Built.Graph, Optimization: arm.Built.Optimization, Learning: arm.Built.Learning,
		Set: set, Cut: set.Cut(seeds.Split, 1), Seeds: train.Seeds(seeds), Loaders: 1, Experiment: text,
	}, nil
}

// trialsDir is the folder, in the study's, of the checkpoints of trials under way.
const trialsDir = "trials"

// checkpoint is the file of a trial under way. An arm's name may hold anything, so it is not part of the file's.
func (s *Session) checkpoint(arm string, repeat int) string {
	index := 0
	for i, a := range s.Plan.Arms {
		if a.Name == arm {
			index = i
		}
	}
	return filepath.Join(s.Dir(), trialsDir, fmt.Sprintf("arm%d-repeat%d.safetensors", index, repeat))
}

// outcome is a training's result as the store keeps it.
func outcome(r TrialRequest, result *train.Result, e engine.Engine) study.Trial {
	t := study.Trial{
		Arm: r.Arm, Repeat: r.Repeat, Status: study.Done, Step: int64(result.Step), Seconds: result.Seconds,
		Level: e.ID().Arch, Table: e.ID().Version,
	}
	for _, p := range result.Curve {
		t.Curve = append(t.Curve, study.Point{Epoch: p.Epoch, TrainLoss: p.TrainLoss, ValAccuracy: 100 * p.Accuracy, ValLogLoss: p.LogLoss, LR: p.LR})
	}
	if result.Diverged {
		t.Status = study.Diverged
		t.Reason = fmt.Sprintf("the loss is not finite at step %d", result.Step)
		return t
	}
	m := result.Metrics
	if m.Collapsed != "" {
		t.Status = study.Diverged
		t.Reason = fmt.Sprintf("every image is taken for %s, at a log loss of %.4f (the classes' shares: %.4f)", m.Collapsed, m.LogLoss, m.Shares)
		return t
	}
	t.Outcome, t.LogLoss, t.WeightsDigest = 100*m.Accuracy, m.LogLoss, result.Model.Digest
	t.Images = study.PerImage{IDs: m.IDs, Correct: m.Correct, LogProb: m.LogProb}
	return t
}
