package runner

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

// Environment of the processes that this test binary starts of itself.
const (
	slow  = "RUNNER_TEST_SLOW"  // how long each step of a trial takes at least
	crash = "RUNNER_TEST_CRASH" // the arm whose trials crash in their third step
	pids  = "RUNNER_TEST_PIDS"  // the folder in which trials leave their process number
	whole = "RUNNER_TEST_RUN"   // a study file: the process runs it, in the store beside it
)

// TestMain lets this binary be the command that runs a trial, and a process that runs a study and may be killed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "trial":
		end(trial(os.Args[2:]))
	case os.Getenv(whole) != "":
		end(runs(os.Getenv(whole)))
	default:
		os.Exit(m.Run())
	}
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// trial is what `assay trial` does.
func trial(args []string) error {
	r := TrialRequest{Engine: onCPU}
	f := flag.NewFlagSet("trial", flag.ContinueOnError)
	f.StringVar(&r.Store, "store", "", "")
	f.StringVar(&r.Study, "study", "", "")
	f.StringVar(&r.Arm, "arm", "", "")
	f.IntVar(&r.Repeat, "repeat", 0, "")
	f.IntVar(&r.Threads, "threads", 0, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if dir := os.Getenv(pids); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(os.Getpid())), nil, 0o644); err != nil {
			return err
		}
	}
	pause, _ := time.ParseDuration(os.Getenv(slow))
	r.OnStep = func(p train.Progress) {
		_ = json.NewEncoder(os.Stdout).Encode(p)
		time.Sleep(pause)
		if p.Step == 3 && r.Arm == os.Getenv(crash) {
			panic("an arm that crashes")
		}
	}
	ctx, stop := Watch(context.Background(), os.Stdin)
	defer stop()
	return Trial(ctx, r)
}

// runs runs a study and tells of its trials on standard output.
func runs(file string) error {
	s, err := Open(context.Background(), Request{File: file, Store: filepath.Join(filepath.Dir(file), "store"), Threads: 2, Engine: onCPU})
	if err != nil {
		return err
	}
	defer s.Close()
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = s.Run(context.Background(), exe, func(e Event) {
		switch {
		case e.Ended != nil:
			fmt.Println("ended", e.Arm, e.Repeat)
		case e.Step != nil:
			fmt.Println("step", e.Arm, e.Repeat, e.Step.Step)
		}
	})
	return err
}

// text is a study of 4 arms whose trainings take 12 steps. The arm idle changes a setting that nothing feels.
const text = `question: Does anything pay?
base:
  data: {folder: pictures, val: 0.25, test: 0}
  net: mini
  optimization: [{batch: 8}, {l2: 1e-3}, {lr: {base: 0.02, policy: fixed}}]
  learning: [{epochs: 3}, {augment: [flip]}]
variants:
  - {name: bn, with: [batchnorm]}
  - {name: elu, with: [{activation: elu}, dropout]}
  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}
repeats: 2
`

// studyFile writes a study with pictures in a new folder, changed by pairs of old and new text.
func studyFile(t testing.TB, changes ...string) string {
	t.Helper()
	dir := t.TempDir()
	for class := range 2 {
		folder := filepath.Join(dir, "pictures", string(rune('a'+class)))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 22 {
			m := image.NewGray(image.Rect(0, 0, 12, 12))
			r := tensor.NewStream(uint64(class), "picture").At(0, uint64(i))
			for y := range 12 {
				for x := range 12 {
					at := []int{x, y}[class]
					m.SetGray(x, y, color.Gray{uint8(100*(at/3%2) + int(r.Float64()*120))})
				}
			}
			f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%02d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, m), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(dir, "tiny.yaml")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(changes...).Replace(text)), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func onCPU(threads int) (engine.Engine, error) { return cpu.New(cpu.Options{Threads: threads}) }

func opened(t testing.TB, file string) *Session {
	t.Helper()
	s, err := Open(t.Context(), Request{File: file, Store: filepath.Join(filepath.Dir(file), "store"), Threads: 2, Engine: onCPU})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.clock = func() (ran, waited time.Duration) { return 0, 0 } // whatever else the machine does
	return s
}

// run runs a study to its end, or to its error.
func run(t testing.TB, s *Session, on func(Event)) (*study.Result, error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return s.Run(t.Context(), exe, on)
}

// uninterrupted is how the study ends when nothing interrupts it; reference runs it once for all tests.
var uninterrupted []study.Trial

func reference(t testing.TB) []study.Trial {
	t.Helper()
	if uninterrupted == nil {
		r, err := run(t, opened(t, studyFile(t)), nil)
		if err != nil {
			t.Fatal(err)
		}
		uninterrupted = timeless(r.Trials)
	}
	return uninterrupted
}

// same compares trials with those of the study that nothing interrupted.
func same(t *testing.T, got []study.Trial) {
	t.Helper()
	if want := reference(t); !reflect.DeepEqual(timeless(got), want) {
		t.Errorf("trials\n%+v\nwant\n%+v", timeless(got), want)
	}
}

// timeless is trials without what may differ from run to run.
func timeless(trials []study.Trial) []study.Trial {
	ts := slices.Clone(trials)
	for i := range ts {
		ts[i].Seconds = 0
	}
	return ts
}

// leases is how often each trial was leased.
func leases(t *testing.T, file string) map[string]int {
	t.Helper()
	st, err := store.OpenExisting(filepath.Join(filepath.Dir(file), "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	states, err := st.States("tiny")
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, s := range states {
		n[fmt.Sprintf("%s %d", s.Arm, s.Repeat)] = s.Attempts
	}
	return n
}

func TestAStudyRunsItsTrialsAndJudgesThem(t *testing.T) {
	file := studyFile(t)
	s := opened(t, file)
	var ended, notes []string
	steps := 0
	r, err := run(t, s, func(e Event) {
		switch {
		case e.Ended != nil:
			ended = append(ended, fmt.Sprint(e.Arm, e.Repeat))
		case e.Note != "":
			notes = append(notes, e.Note)
		case e.Step != nil:
			steps++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 7 || len(s.Plan.Entries) != 7 || len(ended) != 7 || steps < 7 {
		t.Errorf("%d trials in the store, %d in the plan, ended %v, %d steps told", len(r.Trials), len(s.Plan.Entries), ended, steps)
	}
	for _, trial := range r.Trials {
		if trial.Status != study.Done || trial.Step != 12 || len(trial.Curve) != 3 || len(trial.Images.IDs) != 12 || trial.WeightsDigest == "" || trial.Level == "" {
			t.Errorf("%+v", trial)
		}
	}
	for _, j := range r.Judged {
		if j.Trials != map[bool]int{true: 1, false: 2}[j.Name == "idle"] || j.TrainSeconds <= 0 || j.Params == 0 {
			t.Errorf("%s: %d trials, %g s, %d parameters", j.Name, j.Trials, j.TrainSeconds, j.Params)
		}
	}
	if j, _ := r.Judgement("idle"); j.Method != "identical" || len(notes) != 1 || !strings.Contains(notes[0], "idle ended in the baseline's own weights") {
		t.Errorf("an arm without effect is judged by %q, and was told of by %q", j.Method, notes)
	}
	if files, err := filepath.Glob(filepath.Join(s.Dir(), "trials", "*")); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v %v", files, err)
	}
	if uninterrupted == nil {
		uninterrupted = timeless(r.Trials)
	}

	again, err := run(t, opened(t, file), func(e Event) { t.Errorf("a study that has ended does %+v", e) })
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, r) {
		t.Error("looked at again, the study is another")
	}
	st, err := store.OpenExisting(s.request.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	winner, err := Winner(st, r)
	if err != nil || !strings.Contains(winner, "net: mini") || !strings.HasPrefix(winner, "# The best arm of the study tiny") {
		t.Errorf("winner.yaml: %v\n%s", err, winner)
	}
}

func TestTheFirstRepeatIsWhatTrainMakesOfTheBase(t *testing.T) {
	s := opened(t, studyFile(t))
	job, err := s.job(t.Context(), s.Plan.Arms[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	job.Engine = e
	if !reflect.DeepEqual(job.Seeds, train.SeedsOf(1)) {
		t.Errorf("seeds %+v", job.Seeds)
	}
	r, err := train.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if want := reference(t)[0]; r.Model.Digest != want.WeightsDigest || 100*r.Metrics.Accuracy != want.Outcome {
		t.Errorf("weights %s, outcome %g; the trial had %s, %g", r.Model.Digest, 100*r.Metrics.Accuracy, want.WeightsDigest, want.Outcome)
	}
}

func TestAnInterruptKeepsCheckpointsAndTheSameCommandGoesOn(t *testing.T) {
	file := studyFile(t)
	ctx, stop := context.WithCancel(t.Context())
	t.Setenv(slow, "30ms")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
	ended := map[string]bool{}
	_, err = s.Run(ctx, exe, func(e Event) {
		if e.Ended != nil {
			ended[fmt.Sprintf("%s %d", e.Arm, e.Repeat)] = true
		}
		if e.Done > 0 && e.Step != nil && e.Step.Step >= 3 {
			stop()
		}
	})
	if !errors.Is(err, train.ErrInterrupted) || !strings.Contains(err.Error(), "of 8 trials; all that ended is kept, the same command goes on") {
		t.Fatalf("got %v", err)
	}
	checkpoints, err := filepath.Glob(filepath.Join(s.Dir(), "trials", "*.safetensors"))
	if err != nil || len(checkpoints) == 0 {
		t.Errorf("no checkpoint (%v)", err)
	}
	t.Setenv(slow, "")
	before := leases(t, file)
	first := map[string]int{}
	r, err := run(t, opened(t, file), func(e Event) {
		if name := fmt.Sprintf("%s %d", e.Arm, e.Repeat); e.Step != nil && first[name] == 0 {
			first[name] = e.Step.Step
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials)
	resumed := 0
	for name, n := range before {
		if n == 1 && !ended[name] && first[name] != 1 { // 0: all that was left was the evaluation
			resumed++
		}
	}
	if resumed == 0 || resumed > len(checkpoints) { // one may have been stopped before its first step
		t.Errorf("of %d checkpoints %d were gone on from; first steps %v, leases before %v", len(checkpoints), resumed, first, before)
	}
}

func TestAVariantThatCrashesDoesNotStopTheOthersAndIsTriedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t)
	t.Setenv(crash, "elu")
	r, err := run(t, opened(t, file), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range r.Trials {
		if failed := trial.Status == study.Failed; failed != (trial.Arm == "elu") || failed && trial.Reason != "panic: an arm that crashes" {
			t.Errorf("%s #%d: %s %q", trial.Arm, trial.Repeat, trial.Status, trial.Reason)
		}
	}
	t.Setenv(crash, "")
	r, err = run(t, opened(t, file), func(e Event) {
		if e.Ended != nil && e.Arm != "elu" {
			t.Errorf("%s #%d was run again", e.Arm, e.Repeat)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials)
}

func TestABaselineThatDivergesStopsTheStudy(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t, "base: 0.02", "base: 1000")
	for range 2 { // the second run finds it in the store
		_, err := run(t, opened(t, file), nil)
		if err == nil || !strings.Contains(err.Error(), "study tiny: the baseline diverged in repeat 1: the loss is not finite at step ") {
			t.Fatalf("got %v", err)
		}
	}
	st, err := store.OpenExisting(filepath.Join(filepath.Dir(file), "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if r, err := Result(st, "tiny"); err != nil || !strings.Contains(r.Stopped, "diverged") {
		t.Errorf("the report of it: %+v, %v", r, err)
	}
}

func TestAVariantThatDivergesIsAResult(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	for with, reason := range map[string]string{
		"{lr: 1000}":                      "the loss is not finite at step ",
		"{init: {kind: he, gain: 1e-12}}": "every image is taken for ",
	} {
		r, err := run(t, opened(t, studyFile(t, "{name: bn, with: [batchnorm]}", "{name: bn, with: ["+with+"]}")), nil)
		if err != nil {
			t.Fatal(err)
		}
		j, _ := r.Judgement("bn")
		if j.Diverged != 2 || j.Outcomes[0] != nil {
			t.Errorf("%s: %d diverged, outcomes %v", with, j.Diverged, j.Outcomes)
		}
		for _, trial := range r.Trials {
			if trial.Arm == "bn" && (trial.Status != study.Diverged || !strings.HasPrefix(trial.Reason, reason)) {
				t.Errorf("%s: %+v", with, trial)
			}
		}
	}
}

func TestAStudyOfOtherDataOrLevelIsRefused(t *testing.T) {
	file := studyFile(t)
	s := opened(t, file)
	st, err := store.Open(s.request.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := s.record(st); err != nil {
		t.Fatal(err)
	}
	if err := st.Complete("tiny", study.Trial{Arm: "bn", Repeat: 1, Status: study.Done, Level: "avx1024", Table: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, s, nil); err == nil || !strings.Contains(err.Error(), "its trials so far are of kernel level avx1024") {
		t.Errorf("another level: got %v", err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(file), "pictures", "a", "03.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, opened(t, file), nil); err == nil || !strings.Contains(err.Error(), "keep both with --as NAME") {
		t.Errorf("other data: got %v", err)
	}
	err = Trial(t.Context(), TrialRequest{Store: s.request.Store, Study: "tiny", Arm: "bn", Repeat: 2, Threads: 1, Engine: onCPU})
	if err == nil || !strings.Contains(err.Error(), "have changed since it began") {
		t.Errorf("a trial on other data: got %v", err)
	}
}

func TestABudgetThatIsSpentLeavesTheRestForTheNextRun(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t, "repeats: 2", "repeats: 1\nbudget: 1ms")
	s := opened(t, file)
	s.Study.Budget = 1
	r, err := run(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 0 || len(s.Plan.Entries) != 4 {
		t.Errorf("%d trials of %d", len(r.Trials), len(s.Plan.Entries))
	}
	if w := s.Foresee().Warnings; !slices.ContainsFunc(w, func(w string) bool { return strings.HasPrefix(w, "budget: 1ns is short of") }) {
		t.Errorf("the plan says %q", w)
	}
	s = opened(t, file)
	s.Study.Budget = 0
	if r, err = run(t, s, nil); err != nil || len(r.Trials) != 4 {
		t.Errorf("then %d trials, %v", len(r.Trials), err)
	}
}

func TestCalibrationGivesEveryArmItsSecondsAndIsKept(t *testing.T) {
	s := opened(t, studyFile(t))
	if s.Hours() != 0 {
		t.Errorf("%g hours before anything was timed", s.Hours())
	}
	st, err := store.Open(s.request.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := s.Calibrate(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	var sum float64
	first := make([]float64, len(s.Plan.Arms))
	for i, a := range s.Plan.Arms {
		first[i] = a.TrainSeconds
		sum += a.TrainSeconds * 2
	}
	if first[0] <= 0 || first[0] != first[3] || math.Abs(s.Hours()-sum/3600) > 1e-12 { // idle is the baseline's network
		t.Errorf("seconds %v, %g hours", first, s.Hours())
	}
	if err := s.Calibrate(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	for i, a := range s.Plan.Arms {
		if a.TrainSeconds != first[i] {
			t.Errorf("%s was timed again: %g s, then %g s", a.Name, first[i], a.TrainSeconds)
		}
	}
}

func TestTimesTakenBesideOtherWorkAreRoughAndTakenAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t)
	s := opened(t, file)
	calls := time.Duration(0)
	s.clock = func() (ran, waited time.Duration) { calls++; return calls * time.Second, calls * time.Second / 4 }
	r, err := run(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	rough := func(c string) bool { return strings.HasPrefix(c, "training times were taken beside other work") }
	if calls != 4 || !slices.ContainsFunc(r.Caveats, rough) { // before the trials and behind them
		t.Errorf("the clock was read %d times, caveats %q", calls, r.Caveats)
	}
	s = opened(t, file)
	trials := 0
	if r, err = run(t, s, func(Event) { trials++ }); err != nil {
		t.Fatal(err)
	}
	if trials != 0 || slices.ContainsFunc(r.Caveats, rough) || r.Judged[0].TrainSeconds <= 0 {
		t.Errorf("%d events of trials, caveats %q, %+v", trials, r.Caveats, r.Judged[0].Arm)
	}
}

func TestAMissingStudyFileIsOneLine(t *testing.T) {
	_, err := Open(t.Context(), Request{File: filepath.Join(t.TempDir(), "s.yaml"), Store: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "s.yaml: no such file; give a study file") {
		t.Errorf("got %v", err)
	}
}

func TestTheLastWordsOfACrashAreItsReason(t *testing.T) {
	for text, want := range map[string]string{
		"assay: photos: gone\n":                          "assay: photos: gone",
		"first\n\npanic: index\n\ngoroutine 1 [running]": "panic: index",
		"fatal error: out of memory\nmore\n":             "fatal error: out of memory",
		"":                                               "",
	} {
		var c tail
		for range 3 {
			if _, err := c.Write(make([]byte, 5<<10)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Write([]byte("\n" + text)); err != nil {
			t.Fatal(err)
		}
		if got := c.last(); text != "" && got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
