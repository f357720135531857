package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// Foresee is what the study's repeats can tell, before its first trial, and whether its budget suffices once it is calibrated.
func (s *Session) Foresee() study.Foresight {
	f := s.Outlook().Foresee()
	for _, a := range s.Plan.Arms {
		if a.Careful != "" {
			f.Warnings = append(f.Warnings, fmt.Sprintf("%s: %s", a.Name, a.Careful))
		}
	}
	if hours, budget := s.Hours(), s.Study.Budget.Hours(); budget > 0 && hours > budget {
		f.Warnings = append(f.Warnings, fmt.Sprintf("budget: %v is short of the %.3g hours that all trials take; whole repeats will be missing", s.Study.Budget, hours))
	}
	for _, a := range s.Plan.Arms {
		set, err := s.Set(context.Background(), a.Experiment) // it is open
		if err != nil {
			continue
		}
		if word := train.Enlarged(set, set.Cut(s.Study.Seed, 1).Train, a.Built.Learning, a.Built.Graph.InputSize().H); word != "" {
			f.Warnings = append(f.Warnings, a.Name+": "+word)
		}
		if other, err := s.beside(context.Background(), a.Built.Learning); err == nil && other != nil {
			if left := cutOf(set, other, s.Study.Seed, 1, 0).mixture.Left(set, other); left != "" {
				f.Warnings = append(f.Warnings, a.Name+": "+left)
			}
		}
	}
	return f
}

// Outlook is what is known of the study before its next trial. Noise is what its own trials show by now, else what a study of its
// baseline, or of a network of that name on the same images, found, else a guess.
func (s *Session) Outlook() study.Outlook {
	base, o := s.Study.Base.Data.Spec, s.Plan.Outlook(s.task.Metrics()[0])
	ctx := context.Background() // all is opened
	one, err := s.cut(ctx, s.Plan.Arms[0], 1)
	two, err2 := s.cut(ctx, s.Plan.Arms[0], 2)
	if part := share(base); err == nil && err2 == nil && one.validation != two.validation && part > 0 {
		o.Pool = int(float64(o.Images)/part + 0.5)
	}
	known, ok := s.noise()
	if set, err := s.Set(ctx, s.Study.Base); !ok && err == nil {
		known, ok = KnownNoise(s.request.Store, s.Keys[0], NoiseOf(set.Digest, s.Study.Base.Net))
	}
	if o.Noise = known; !ok {
		o.Noise = study.Guess(o.Metric, base.Name)
	}
	o.Level, o.Others, o.Studies = s.ahead()
	return o
}

// ahead is what the look to come has, where the baseline was judged before and trials are still to be made.
func (s *Session) ahead() (level float64, others int, studies []string) {
	st, err := store.OpenReading(s.request.Store, time.Now)
	if err != nil {
		return 0, 0, nil
	}
	defer st.Close()
	ledger, err := ledgerOf(st, s.Keys[0])
	if err != nil || len(ledger.Looks) == 0 {
		return 0, 0, nil
	}
	if there, again := s.Found(); there-again >= (len(s.Plan.Arms)-len(s.Twins))*s.Study.Repeats {
		return 0, 0, nil
	}
	return ledger.Ahead(s.Name, s.Keys, s.Study.Repeats)
}

// The sources of noise that a store keeps: one validation image, and the trainings themselves.
const (
	ofImage     = "image"
	ofTrainings = "trainings"
)

// noise is what the study's own trials show, where the store has some: a look is not needed for it.
func (s *Session) noise() (study.Expected, bool) {
	st, err := store.OpenReading(s.request.Store, time.Now)
	if err != nil {
		return study.Expected{}, false
	}
	defer st.Close()
	if held, err := st.Study(s.Name); err != nil || held.Baseline != s.Keys[0] {
		return study.Expected{}, false
	}
	r, err := Result(st, s.Name)
	if err != nil || r.Noise == nil {
		return study.Expected{}, false
	}
	return r.Noise.Measured(r.Images), true
}

// NoiseOf is the key that the noise of studies on a set with a network, by its name, is kept under in a store, whatever their split.
func NoiseOf(set, net string) string { return trial.Digest("noise of " + set + " " + net) }

// KnownNoise is what a store knows of the noise under the first of the keys that it has any of.
func KnownNoise(dir string, keys ...string) (study.Expected, bool) {
	st, err := store.OpenReading(dir, time.Now)
	if err != nil {
		return study.Expected{}, false
	}
	defer st.Close()
	for _, key := range keys {
		if n, err := st.Noise(key); err == nil && n != nil && n.Sources[ofImage]+n.Sources[ofTrainings] > 0 {
			return study.Expected{Image: n.Sources[ofImage], Trainings: n.Sources[ofTrainings]}, true
		}
	}
	return study.Expected{}, false
}

// floorOf is the key of the noise floor that study noise measured of a baseline, which no look of a study takes the place of.
func floorOf(baseline string) string { return "floor of " + baseline }

// keepNoise keeps what a study found its noise to be, for its own plan and for others on the same images.
func (s *Session) keepNoise(st *store.Store, r *study.Result, baseline string) error {
	set, err := s.Set(context.Background(), s.Study.Base)
	if err != nil || r.Noise == nil {
		return err
	}
	found := r.Noise.Measured(r.Images)
	n := store.Noise{SD: r.NoiseSD, Repeats: r.Blocks, Sources: map[string]float64{ofImage: found.Image, ofTrainings: found.Trainings}}
	return errors.Join(st.SetNoise(baseline, n), st.SetNoise(NoiseOf(set.Digest, s.Study.Base.Net), n))
}

// Rough tells whether seconds of arms were taken beside other work, and so are too many.
func (s *Session) Rough() bool {
	return slices.ContainsFunc(s.Plan.Arms, func(a study.PlannedArm) bool { return a.SecondsRough })
}

// Hours is the expected wall time of all trials, 0 while seconds are unknown.
func (s *Session) Hours() float64 {
	var seconds float64
	for i, a := range s.Plan.Arms {
		if a.TrainSeconds == 0 {
			return 0
		}
		if _, shared := s.Twins[i]; shared {
			continue
		}
		seconds += a.TrainSeconds * s.trainings() * float64(s.Study.Repeats)
	}
	return seconds / 3600
}
