package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

// Environment of the processes that this test binary starts of itself.
const (
	slow  = "RUNNER_TEST_SLOW"  // how long each run of a program takes at least
	crash = "RUNNER_TEST_CRASH" // the trial, "elu #1", that crashes in its third step
	pids  = "RUNNER_TEST_PIDS"  // the folder in which trials leave their process number
	whole = "RUNNER_TEST_RUN"   // a study file: the process runs it, in the store beside it
	mute  = "RUNNER_TEST_MUTE"  // a trial's process gives no sign of life and does not end
)

// TestMain lets this binary be the command that runs a trial, and a process that runs a study and may be killed.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "trial":
		if os.Getenv(mute) != "" {
			time.Sleep(time.Minute)
		}
		if dir := os.Getenv(pids); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, fmt.Sprint(os.Getpid())), nil, 0o644)
		}
		end(Serve(context.Background(), os.Stdin, os.Stdout, hampered))
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

func onCPU(_ string, threads int) (engine.Engine, error) {
	return cpu.New(cpu.Options{Threads: threads})
}

// hampered is an engine that is as slow as the environment says.
func hampered(_ string, threads int) (engine.Engine, error) {
	e, err := cpu.New(cpu.Options{Threads: threads})
	pause, _ := time.ParseDuration(os.Getenv(slow))
	return slowEngine{e, pause}, err
}

type slowEngine struct {
	engine.Engine
	pause time.Duration
}

func (e slowEngine) Compile(p *program.Program, s *program.State) (engine.Executable, error) {
	x, err := e.Engine.Compile(p, s)
	return &slowExecutable{Executable: x, pause: e.pause}, err
}

type slowExecutable struct {
	engine.Executable
	pause time.Duration
	runs  int
}

func (x *slowExecutable) Run(f engine.Feed) error {
	time.Sleep(x.pause)
	if x.runs++; x.runs == 3 && os.Getenv(crash) != "" {
		panic("an arm that crashes")
	}
	return x.Executable.Run(f)
}

// runs runs a study and tells of its trials on standard output.
func runs(file string) error {
	s, err := Open(context.Background(), Request{File: file, Store: filepath.Join(filepath.Dir(file), "store"), Threads: 2, Open: onCPU})
	if err != nil {
		return err
	}
	defer s.Close()
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = s.Run(context.Background(), Processes{Program: exe}, func(e Event) {
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

func opened(t testing.TB, file string) *Session {
	t.Helper()
	s, err := Open(t.Context(), Request{File: file, Store: filepath.Join(filepath.Dir(file), "store"), Threads: 2, Open: onCPU})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.clock = func() (ran, waited time.Duration) { return 0, 0 } // whatever else the machine does
	return s
}

// processes launches trials as processes of this test binary.
func processes(t testing.TB) Processes {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Processes{Program: exe}
}

// run runs a study with real trainings, to its end or to its error.
func running(t testing.TB, s *Session, on func(Event)) (*study.Result, error) {
	t.Helper()
	r, err := s.Run(t.Context(), processes(t), on)
	if err != nil {
		return nil, err
	}
	return r.Result, nil
}

// fake is a launcher that trains nothing: what a trial leaves follows from what it is.
type fake struct {
	t *testing.T
	s *Session

	mu       sync.Mutex
	launched []string // names of requests, but those that check bits
	spoil    func(trial.Request, *trial.Result) (why string)
}

func (f *fake) Launch(ctx context.Context, r trial.Request, on func(train.Progress)) string {
	id := r.Spec.ID()
	result := &trial.Result{ID: id, Spec: r.Spec, Status: trial.Done, Steps: 12, Seconds: 1, Weights: "weights of " + id, Begun: map[int]string{1: "1 of " + id, 50: "50 of " + id}}
	if r.Begin == 0 {
		f.mu.Lock()
		f.launched = append(f.launched, r.Name)
		f.mu.Unlock()
		on(train.Progress{Step: 12, Steps: 12})
		f.score(r, result)
	}
	if f.spoil != nil {
		if why := f.spoil(r, result); why != "" {
			return why
		}
	}
	if err := os.MkdirAll(filepath.Dir(r.Result), 0o777); err != nil {
		return err.Error()
	}
	if err := result.Save(r.Result); err != nil {
		return err.Error()
	}
	return ""
}

// score gives every validation image an answer.
func (f *fake) score(r trial.Request, result *trial.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.s.Plan.Arms[:1] {
		set, err := f.s.Set(f.t.Context(), a.Experiment)
		if err != nil {
			f.t.Error(err)
			return
		}
		cut := set.Cut(r.Spec.Seeds.Split, 1+r.Fold)
		if r.Slice > 0 {
			cut = set.Slice(cut, r.Slice, r.Spec.Seeds.Split)
		}
		images := imagesOf(set, cut.Val)
		random := rand.New(rand.NewPCG(r.Spec.Seeds.Split, uint64(len(r.Network))))
		e := trial.Evaluation{Name: Validation, Images: images.Digest(), Columns: []trial.Column{{Name: task.LogPTrue}, {Name: task.LogPOther}, {Name: task.ClassOther}}}
		right, loss := 0.0, 0.0
		for i := range images.Hashes {
			p := float32(0.05 + 0.9*random.Float64())
			if p > 0.5 {
				right++
			}
			logP := float32(math.Log(float64(p)))
			loss -= float64(logP)
			e.Columns[0].Reals = append(e.Columns[0].Reals, logP)
			e.Columns[1].Reals = append(e.Columns[1].Reals, float32(math.Log(float64(1-p))))
			e.Columns[2].Wholes = append(e.Columns[2].Wholes, 1-images.Labels[i])
		}
		n := float64(len(images.Hashes))
		e.Metrics = map[string]float64{task.Accuracy.Name: 100 * right / n, task.LogLoss.Name: loss / n}
		result.Scores, result.Images = []trial.Evaluation{e}, map[string]trial.Images{e.Images: images}
		for _, text := range r.Observers {
			o, l, err := experiment.DecodeSettings([]byte(text))
			if err != nil {
				f.t.Error(err)
				return
			}
			_, _, observer := experiment.Apart(o, l)
			seen := e
			seen.Name, seen.Metrics = by(Validation, observer.String()), maps.Clone(e.Metrics)
			result.Scores = append(result.Scores, seen)
		}
		result.Curve = []trial.Point{{Epoch: 3, Step: 12, TrainLoss: 1, LR: 0.02, Metrics: e.Metrics}}
	}
}

// faked runs a study file without training, and says what was launched and told.
func faked(t *testing.T, file string, spoil func(trial.Request, *trial.Result) string) (r *Ran, launched, notes []string, err error) {
	t.Helper()
	s := opened(t, file)
	f := &fake{t: t, s: s, spoil: spoil}
	r, err = s.Run(t.Context(), f, func(e Event) {
		if e.Note != "" && !e.Begins {
			notes = append(notes, e.Note)
		}
	})
	slices.Sort(f.launched)
	return r, f.launched, notes, err
}

// edit changes a study file by pairs of old and new text.
func edit(t *testing.T, file string, changes ...string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	is := strings.NewReplacer(changes...).Replace(string(b))
	if is == string(b) {
		t.Fatalf("nothing to change by %q", changes)
	}
	if err := os.WriteFile(file, []byte(is), 0o644); err != nil {
		t.Fatal(err)
	}
}

func names(arms []string, repeats ...int) []string {
	var list []string
	for _, a := range arms {
		for _, r := range repeats {
			list = append(list, fmt.Sprintf("%s #%d", a, r))
		}
	}
	slices.Sort(list)
	return list
}

var all = []string{"baseline", "bn", "elu", "idle"}

func TestAStudyGrowsByWhatIsNew(t *testing.T) {
	file := studyFile(t)
	steps := []struct {
		name    string
		changes []string
		want    []string
		told    string
	}{
		{"begun", nil, names(all, 1, 2), "checking that baseline #1 begins in the same bits, for at most 30s"},
		{"the same again", nil, nil, ""},
		{"a remark", []string{"question:", "# a remark\nquestion:"}, nil, "the file changed in nothing that is trained"},
		{"another question", []string{"Does anything pay?", "What pays?"}, nil, "question: What pays?"},
		{"a name", []string{"name: bn,", "name: norm,"}, nil, "renamed: bn -> norm"},
		{"a repeat more", []string{"repeats: 2", "repeats: 3"}, names([]string{"baseline", "norm", "elu", "idle"}, 3), "repeats: 2 -> 3, 4 trials new, 8 found"},
		{"a repeat less", []string{"repeats: 3", "repeats: 1"}, nil, "repeats: 1 in the file, 3 are planned and stay: repeats never shrink"},
		{"a variant less", []string{"  - {name: norm, with: [batchnorm]}\n", ""}, nil, "removed: norm; no trial is lost"},
		{"another", []string{"variants:\n", "variants:\n  - {name: avg, with: [{pool: avg}]}\n"}, names([]string{"avg"}, 1, 2, 3), "added: avg, 3 trials new, 9 found"},
		{"the first back", []string{"variants:\n", "variants:\n  - {name: bn, with: [batchnorm]}\n"}, nil, "returned: bn"},
		{"two names swapped", []string{"name: bn,", "name: avg,", "name: avg,", "name: bn,"}, nil, "renamed: "},
	}
	for _, step := range steps {
		if step.changes != nil {
			edit(t, file, step.changes...)
		}
		r, launched, notes, err := faked(t, file, nil)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if !slices.Equal(launched, step.want) || r.Trials != len(step.want) {
			t.Errorf("%s: launched %v (%d), want %v", step.name, launched, r.Trials, step.want)
		}
		if told := strings.Join(notes, "\n"); !strings.Contains(told, step.told) {
			t.Errorf("%s: told %q, want %q", step.name, told, step.told)
		}
		if !r.Result.Complete || r.End.Kind != study.AllDone {
			t.Errorf("%s: ended as %s, complete: %v", step.name, r.End.Kind, r.Result.Complete)
		}
	}
}

func TestAnotherBaseIsAnotherStudy(t *testing.T) {
	for name, c := range map[string]struct {
		changes []string
		want    string
	}{
		"network":  {[]string{"net: mini", "net: mini\n  architecture: [{width: 0.5}]"}, "network"},
		"settings": {[]string{"l2: 1e-3", "l2: 1e-4"}, "settings differ"},
		"split":    {[]string{"val: 0.25", "val: 0.5"}, "split differ"},
		"seed":     {[]string{"repeats: 2", "repeats: 2\nseed: 5"}, "seed differ"},
	} {
		file := studyFile(t)
		if _, _, _, err := faked(t, file, nil); err != nil {
			t.Fatal(err)
		}
		edit(t, file, c.changes...)
		_, launched, _, err := faked(t, file, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "all trials would be new; keep both with --as NAME") || launched != nil {
			t.Errorf("%s: launched %v, got %v", name, launched, err)
		}
	}
}

func TestTwoStudiesShareWhatTheyHaveInCommon(t *testing.T) {
	file := studyFile(t)
	if _, _, _, err := faked(t, file, nil); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(file), "other.yaml")
	if err := os.Rename(file, other); err != nil {
		t.Fatal(err)
	}
	edit(t, other, "name: elu,", "name: another name,", "  - {name: bn, with: [batchnorm]}\n", "  - {name: avg, with: [{pool: avg}]}\n")
	same := filepath.Join(filepath.Dir(file), "same.yaml")
	text, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	r, launched, notes, err := faked(t, other, nil)
	if want := names([]string{"avg"}, 1, 2); err != nil || !slices.Equal(launched, want) {
		t.Errorf("launched %v, want %v (%v)", launched, want, err)
	}
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "6 of 8 trials found") }) {
		t.Errorf("told %q", notes)
	}
	if err := os.WriteFile(same, text, 0o644); err != nil {
		t.Fatal(err)
	}
	again, launched, _, err := faked(t, same, nil)
	if err != nil || launched != nil || !again.Result.Complete || len(again.Result.Trials) != len(r.Result.Trials) {
		t.Errorf("a study of which all is there: launched %v, %d trials, complete %v (%v)", launched, len(again.Result.Trials), again.Result.Complete, err)
	}
}

func TestAFailedTrialIsTriedOnceARun(t *testing.T) {
	file := studyFile(t)
	crashes := func(r trial.Request, _ *trial.Result) string {
		if strings.HasPrefix(r.Name, "elu") {
			return "out of memory"
		}
		return ""
	}
	r, launched, _, err := faked(t, file, crashes)
	if err != nil || r.End.Kind != study.SomeFailed || len(r.End.Failed) != 2 || r.End.OK() || !slices.Equal(launched, names(all, 1, 2)) {
		t.Errorf("ended as %+v, launched %v (%v)", r.End, launched, err)
	}
	for _, tr := range r.Result.Trials {
		if failed := tr.Status == study.Failed; failed != (tr.Arm == "elu") || failed && tr.Reason != "out of memory" {
			t.Errorf("%s #%d: %s %q", tr.Arm, tr.Repeat, tr.Status, tr.Reason)
		}
	}
	r, launched, _, err = faked(t, file, nil)
	if err != nil || r.End.Kind != study.AllDone || !slices.Equal(launched, names([]string{"elu"}, 1, 2)) {
		t.Errorf("then ended as %+v, launched %v (%v)", r.End, launched, err)
	}
}

func TestABaselineThatDivergesStopsTheStudy(t *testing.T) {
	file := studyFile(t)
	diverges := func(r trial.Request, result *trial.Result) string {
		if r.Begin == 0 && strings.HasPrefix(r.Name, "baseline") {
			*result = trial.Result{ID: result.ID, Spec: result.Spec, Status: trial.Diverged, Reason: "the loss is not finite at step 7", Steps: 6}
		}
		return ""
	}
	for range 2 { // the second run finds it in the store
		_, _, _, err := faked(t, file, diverges)
		if err == nil || !strings.Contains(err.Error(), "study tiny: the baseline diverged in repeat 1: the loss is not finite at step 7; lower its learning rate") {
			t.Fatalf("got %v", err)
		}
	}
	if r := shown(t, file); !strings.Contains(r.Stopped, "diverged") || r.Complete {
		t.Errorf("the report of it: %+v", r)
	}
}

// shown is what `study show` would say.
func shown(t *testing.T, file string) *study.Result {
	t.Helper()
	st, err := store.OpenReading(filepath.Join(filepath.Dir(file), "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	r, err := Result(st, "tiny")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFaultOfTheStudyStopsIt(t *testing.T) {
	file := studyFile(t)
	faulty := func(r trial.Request, result *trial.Result) string {
		if r.Begin == 0 {
			*result = trial.Result{ID: result.ID, Spec: result.Spec, Status: trial.Failed, Reason: "pictures: the images have changed", Stops: true}
		}
		return ""
	}
	_, launched, _, err := faked(t, file, faulty)
	if err == nil || !strings.Contains(err.Error(), "study tiny: pictures: the images have changed") || len(launched) > 2 {
		t.Errorf("launched %v, got %v", launched, err)
	}
	if text := winner(t, file); text != "" {
		t.Errorf("nothing was judged, and there is a winner:\n%s", text)
	}
}

func winner(t *testing.T, file string) string {
	t.Helper()
	st, err := store.OpenReading(filepath.Join(filepath.Dir(file), "store"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	r, err := Result(st, "tiny")
	if err != nil {
		t.Fatal(err)
	}
	text, err := Winner(st, r, st.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOtherBitsThanAreKeptRefuseTheGrowth(t *testing.T) {
	file := studyFile(t)
	if _, _, _, err := faked(t, file, nil); err != nil {
		t.Fatal(err)
	}
	edit(t, file, "repeats: 2", "repeats: 3")
	_, launched, _, err := faked(t, file, func(r trial.Request, result *trial.Result) string {
		if r.Begin > 0 {
			result.Begun[50] = "other bits"
		}
		return ""
	})
	if err == nil || !strings.Contains(err.Error(), "baseline #1 has other bits after 50 steps than when it was trained") || launched != nil {
		t.Errorf("launched %v, got %v", launched, err)
	}
}

func TestLooksAreCounted(t *testing.T) {
	file := studyFile(t)
	looks := func() []study.LookLine { return shown(t, file).Looks }
	for i, c := range []struct {
		name    string
		changes []string
		remove  bool
		want    int
		level   float64
	}{
		{"the plan's end", nil, false, 1, 0.04},
		{"nothing new", nil, false, 1, 0.04},
		{"growth", []string{"repeats: 2", "repeats: 3"}, false, 2, 0.005},
		{"removed and run again", nil, true, 2, 0.005},
		{"growth again", []string{"repeats: 3", "repeats: 4"}, false, 3, 0.0025},
	} {
		if c.changes != nil {
			edit(t, file, c.changes...)
		}
		if c.remove {
			st, err := store.OpenExisting(filepath.Join(filepath.Dir(file), "store"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(st.Remove("tiny"), st.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, _, err := faked(t, file, nil); err != nil {
			t.Fatal(err)
		}
		if l := looks(); len(l) != c.want || l[len(l)-1].Level != c.level || l[0].Planned != true || i > 1 && l[len(l)-1].Planned {
			t.Errorf("%s: looks %+v, want %d, the last at %g", c.name, l, c.want, c.level)
		}
	}
}

// What noise a plan goes by: a guess, its own trials without any look, and what they were, for another split of the same images.
func TestAPlanKnowsTheNoiseOfItsTrialsAndOfItsImages(t *testing.T) {
	file := studyFile(t)
	if o := opened(t, file).Outlook(); o.Noise.From != "30 % errors" || o.Noise.SD(o.Images) == 0 || o.Pool == 0 || !opened(t, file).Foresee().Guessed {
		t.Errorf("before any trial: %+v", o)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := opened(t, file)
	ended := 0
	if _, err := s.Run(ctx, &fake{t: t, s: s}, func(e Event) {
		if e.Ended != nil {
			if ended++; ended == 6 { // of 8, with one repeat whole and a part of the other
				stop()
			}
		}
	}); err == nil {
		t.Fatal("the run was not stopped")
	}
	if looks := shown(t, file).Looks; len(looks) > 0 {
		t.Fatalf("looks %+v", looks)
	}
	if o := opened(t, file).Outlook(); o.Noise.From != "" || o.Noise.SD(o.Images) == 0 {
		t.Errorf("with %d trials: %+v", ended, o.Noise)
	}
	r, _, _, err := faked(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	own := opened(t, file).Outlook()
	if want := math.Hypot(r.Result.Noise.Images, r.Result.Noise.Trainings); math.Abs(own.Noise.SD(r.Result.Images)-want) > 1e-9 {
		t.Errorf("the trials show %+v, the plan goes by %+v", r.Result.Noise, own.Noise)
	}
	edit(t, file, "repeats: 2", "repeats: 2\nseed: 9")
	if other := opened(t, file).Outlook(); other.Noise != own.Noise {
		t.Errorf("of another split %+v, want %+v", other.Noise, own.Noise)
	}
}

// A plan of two looks: what the first decides is trained no more, the rest goes on to the end, and the same command finds nothing to do.
func TestAPlanOfTwoLooksStopsWhatTheFirstDecides(t *testing.T) {
	file := studyFile(t, "repeats: 2", "repeats: {min: 3, max: 6}", "  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n", "")
	answer := func(r trial.Request, result *trial.Result) string {
		if r.Begin > 0 {
			return ""
		}
		arm, repeat, _ := strings.Cut(r.Name, " #")
		e := &result.Scores[0]
		n := len(e.Columns[0].Reals)
		right := map[string]int{"baseline": 2, "bn": n - 1, "elu": 3}[arm] + int(repeat[0]-'0')%2
		if arm == "elu" {
			right += int(repeat[0]-'0') % 3
		}
		for i := range n {
			if sure := i < right; sure {
				e.Columns[0].Reals[i], e.Columns[1].Reals[i] = -0.1, -2.35
			} else {
				e.Columns[0].Reals[i], e.Columns[1].Reals[i] = -2.35, -0.1
			}
		}
		e.Metrics[task.Accuracy.Name] = 100 * float64(right) / float64(n)
		return ""
	}
	r, launched, notes, err := faked(t, file, answer)
	want := slices.Sorted(slices.Values(append(names([]string{"bn"}, 1, 2, 3), names([]string{"baseline", "elu"}, 1, 2, 3, 4, 5, 6)...)))
	if err != nil || !slices.Equal(launched, want) || !slices.Contains(notes, "decided after 3 repeats: bn") {
		t.Fatalf("launched %v, told %q (%v)", launched, notes, err)
	}
	looks := r.Result.Looks
	if len(looks) != 2 || !looks[0].Planned || !looks[1].Planned || math.Abs(looks[0].Level+looks[1].Level-0.04) > 1e-12 || !r.Result.Complete || !r.End.OK() {
		t.Errorf("looks %+v, complete %v, end %+v", looks, r.Result.Complete, r.End)
	}
	if bn, _ := r.Result.Judgement("bn"); bn.Verdict != study.Helps || bn.Look != 1 || bn.Stopped != 3 {
		t.Errorf("bn: %s by look %d, stopped after %d", bn.Verdict, bn.Look, bn.Stopped)
	}
	r, launched, _, err = faked(t, file, answer)
	if err != nil || len(launched) > 0 || len(r.Result.Looks) != 2 {
		t.Errorf("again: launched %v, %d looks (%v)", launched, len(r.Result.Looks), err)
	}
}

func TestABudgetPaysForWholeRepeats(t *testing.T) {
	file := studyFile(t, "repeats: 2", "repeats: 40\nbudget: 1h", "  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n", "")
	s := opened(t, file)
	if err := s.Calibrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	block := 0.0
	for _, a := range s.Plan.Arms {
		block += a.TrainSeconds
	}
	edit(t, file, "budget: 1h", fmt.Sprintf("budget: %dms", int(1000*12*block)+1)) // some twelve of them, however fast the machine is by then
	r, launched, notes, err := faked(t, file, nil)
	n := r.Result.Repeats
	if err != nil || n < 2 || n >= 40 || len(launched) > 3*n || len(notes) == 0 || !strings.Contains(notes[0], fmt.Sprintf("pays for %d repeats of 40", n)) {
		t.Fatalf("%d repeats, launched %v, told %q (%v)", n, launched, notes, err)
	}
	if len(launched) == 3*n && !r.Result.Looks[0].Planned {
		t.Errorf("the end of a fitted plan was not planned: %+v", r.Result.Looks)
	}
	if r, _, _, err = faked(t, file, nil); err != nil || r.Result.Repeats != n {
		t.Errorf("again: %d repeats, %d before (%v)", r.Result.Repeats, n, err)
	}
}

func TestABudgetIsOfAllRunsTogether(t *testing.T) {
	file := studyFile(t, "repeats: 2", "repeats: 2\nbudget: 1h")
	slowly := func(r trial.Request, result *trial.Result) string {
		if r.Begin == 0 {
			time.Sleep(30 * time.Millisecond)
		}
		return ""
	}
	s := opened(t, file)
	busy := func() (ran, waited time.Duration) { return 0, time.Duration(time.Now().UnixNano()) } // no plan is fitted then
	s.clock, s.Study.Budget = busy, 50*time.Millisecond
	f := &fake{t: t, s: s, spoil: slowly}
	r, err := s.Run(t.Context(), f, nil)
	if err != nil || r.End.Kind != study.BudgetSpent || !r.End.OK() || r.End.Left == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	held := r.End.Held
	s = opened(t, file)
	s.clock, s.Study.Budget = busy, 50*time.Millisecond
	if r, err = s.Run(t.Context(), &fake{t: t, s: s}, nil); err != nil || r.End.Kind != study.BudgetSpent || r.End.Held != held || r.Trials != 0 {
		t.Errorf("a second run begins the budget anew: %+v, %v", r, err)
	}
	if r, _, _, err = faked(t, file, nil); err != nil || r.End.Kind != study.AllDone {
		t.Errorf("a larger budget: %+v, %v", r, err)
	}
}

func TestAResultThatNobodyTookInIsTakenIn(t *testing.T) {
	file := studyFile(t)
	s := opened(t, file)
	ctx, stop := context.WithCancel(t.Context())
	f := &fake{t: t, s: s, spoil: func(r trial.Request, result *trial.Result) string {
		if r.Begin == 0 {
			stop() // the launcher is killed as the trial ends
		}
		return ""
	}}
	st, err := store.Open(s.request.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	id, err := s.engineID()
	if err != nil {
		t.Fatal(err)
	}
	request, err := s.ask(ctx, st, 0, 1, id.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	f.Launch(ctx, request, func(train.Progress) {})
	if _, err := os.Stat(request.Result); err != nil {
		t.Fatal(err)
	}
	_, launched, _, err := faked(t, file, nil)
	if want := names(all, 1, 2)[1:]; err != nil || !slices.Equal(launched, want) {
		t.Errorf("launched %v, want %v (%v)", launched, want, err)
	}
	// A process that was stopped all the while goes on, sees that nobody wants it, and keeps its checkpoint: the next run knows better.
	if err := os.WriteFile(request.Checkpoint, []byte("late"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, launched, _, err := faked(t, file, nil); err != nil || len(launched) > 0 {
		t.Errorf("launched %v (%v)", launched, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.request.Store, store.TrialsDir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestADamagedResultIsRunAgain(t *testing.T) {
	file := studyFile(t)
	r, _, _, err := faked(t, file, func(r trial.Request, result *trial.Result) string {
		if r.Begin == 0 && r.Name == "bn #2" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(r.Result), 0o777), os.WriteFile(r.Result, []byte("assay-trial-1 00\n{}"), 0o644)); err != nil {
				t.Error(err)
			}
			return "it was cut"
		}
		return ""
	})
	if err != nil || len(r.End.Failed) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, launched, _, err := faked(t, file, nil); err != nil || !slices.Equal(launched, []string{"bn #2"}) {
		t.Errorf("launched %v, %v", launched, err)
	}
}

func TestARunWhoseHeartbeatRacesLosesNothing(t *testing.T) {
	s := opened(t, studyFile(t))
	s.heartbeat = time.Millisecond
	ended := 0
	f := &fake{t: t, s: s, spoil: func(r trial.Request, result *trial.Result) string {
		time.Sleep(3 * time.Millisecond)
		return ""
	}}
	r, err := s.Run(t.Context(), f, func(e Event) {
		if e.Ended != nil {
			ended++
		}
	})
	if err != nil || r.Trials != 8 || ended != 8 || len(f.launched) != 8 {
		t.Errorf("%d trials, %d told, %d launched (%v)", r.Trials, ended, len(f.launched), err)
	}
}

// From here on trainings are real.

// uninterrupted is how the study ends when nothing interrupts it; reference runs it once for all tests.
var uninterrupted []study.Trial

func reference(t testing.TB) []study.Trial {
	t.Helper()
	if uninterrupted == nil {
		r, err := running(t, opened(t, studyFile(t)), nil)
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

func TestAStudyTrainsItsTrialsAndDropsAnArmWithoutEffect(t *testing.T) {
	file := studyFile(t)
	s := opened(t, file)
	s.request.Threads = 1 // one trial after the other, so that what the first repeat shows is known before the second
	var notes []string
	r, err := running(t, s, func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) != 7 || !r.Complete {
		t.Errorf("%d trials, complete: %v", len(r.Trials), r.Complete)
	}
	for _, tr := range r.Trials {
		if tr.Status != study.Done || tr.Step != 12 || len(tr.Curve) != 3 || len(tr.Images.IDs) < 8 || tr.WeightsDigest == "" || tr.Engine == "" {
			t.Errorf("%+v", tr)
		}
		right := 0.0
		for _, c := range tr.Images.Columns[task.Correct] {
			right += float64(c)
		}
		if share := 100 * right / float64(len(tr.Images.IDs)); math.Abs(share-tr.Metrics["accuracy"]) > 1e-9 {
			t.Errorf("%s #%d: accuracy %g, of the images %g", tr.Arm, tr.Repeat, tr.Metrics["accuracy"], share)
		}
	}
	for _, j := range r.Judged {
		if j.Trials != map[bool]int{true: 1, false: 2}[j.Name == "idle"] || j.TrainSeconds <= 0 || j.Params == 0 {
			t.Errorf("%s: %d trials, %g s, %d parameters", j.Name, j.Trials, j.TrainSeconds, j.Params)
		}
	}
	if j, _ := r.Judgement("idle"); j.Method != "identical" || !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "idle ended in the baseline's own weights") }) {
		t.Errorf("an arm without effect is judged by %q, and was told of by %q", j.Method, notes)
	}
	if files, err := filepath.Glob(filepath.Join(s.request.Store, store.TrialsDir, "*")); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v %v", files, err)
	}
	if text := winner(t, file); !strings.Contains(text, "net: mini") || !strings.HasPrefix(text, "# The best arm of the study tiny") {
		t.Errorf("winner.yaml:\n%s", text)
	}
	if uninterrupted == nil {
		uninterrupted = timeless(r.Trials)
	}
}

func TestAnInterruptKeepsCheckpointsAndTheSameCommandGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t)
	ctx, stop := context.WithCancel(t.Context())
	t.Setenv(slow, "30ms")
	s := opened(t, file)
	_, err := s.Run(ctx, processes(t), func(e Event) {
		if e.Done > 0 && e.Step != nil && e.Step.Step >= 3 {
			stop()
		}
	})
	if !errors.Is(err, train.ErrInterrupted) || !strings.Contains(err.Error(), "trials; all that ended is kept, the same command goes on") {
		t.Fatalf("got %v", err)
	}
	checkpoints, err := filepath.Glob(filepath.Join(s.request.Store, store.TrialsDir, "*.safetensors"))
	if err != nil || len(checkpoints) == 0 {
		t.Errorf("no checkpoint (%v)", err)
	}
	t.Setenv(slow, "")
	r, err := running(t, opened(t, file), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, r.Trials)
}

func TestACrashIsOneTrialsFailure(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	file := studyFile(t)
	s := opened(t, file)
	crashing := launches(func(ctx context.Context, r trial.Request, on func(train.Progress)) string {
		if r.Begin == 0 && strings.HasPrefix(r.Name, "elu") {
			t.Setenv(crash, "1")
			defer os.Unsetenv(crash)
		}
		return processes(t).Launch(ctx, r, on)
	})
	s.request.Threads = 1 // one after the other, as the environment is of the process
	r, err := s.Run(t.Context(), crashing, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range r.Result.Trials {
		if failed := tr.Status == study.Failed; failed != (tr.Arm == "elu") || failed && tr.Reason != "panic: an arm that crashes" {
			t.Errorf("%s #%d: %s %q", tr.Arm, tr.Repeat, tr.Status, tr.Reason)
		}
	}
	again, err := running(t, opened(t, file), func(e Event) {
		if e.Ended != nil && e.Arm != "elu" {
			t.Errorf("%s #%d was run again", e.Arm, e.Repeat)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, again.Trials)
}

type launches func(context.Context, trial.Request, func(train.Progress)) string

func (l launches) Launch(ctx context.Context, r trial.Request, on func(train.Progress)) string {
	return l(ctx, r, on)
}

func TestAProcessWithoutASignOfLifeIsEnded(t *testing.T) {
	t.Setenv(mute, "1")
	p := processes(t)
	p.Silence = 100 * time.Millisecond
	if why := p.Launch(t.Context(), trial.Request{Threads: 1}, nil); !strings.Contains(why, "gave no sign of life for 100ms and was ended") {
		t.Errorf("got %q", why)
	}
	p = processes(t)
	p.Grace = 100 * time.Millisecond
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	began := time.Now()
	if p.Launch(ctx, trial.Request{Threads: 1}, nil); time.Since(began) > 10*time.Second {
		t.Errorf("a process that does not end when asked was waited for %v", time.Since(began))
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

func TestTimesTakenBesideOtherWorkAreRough(t *testing.T) {
	s := opened(t, studyFile(t))
	for _, waited := range []time.Duration{0, time.Second} { // beside a second in which its threads ran
		at := time.Duration(0)
		s.clock = func() (time.Duration, time.Duration) { defer func() { at++ }(); return at * time.Second, at * waited }
		if err := s.Calibrate(t.Context(), nil); err != nil || s.Rough() != (waited > 0) {
			t.Errorf("waited %v beside 1s: rough %v (%v)", waited, s.Rough(), err)
		}
	}
}

// Of coloured pictures that the arm sees in grey.
func TestAnArmOfOtherChannelsIsTimed(t *testing.T) {
	file := studyFile(t, "{name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}", "{name: grey, with: [{colors: grey}]}")
	red, b := image.NewNRGBA(image.Rect(0, 0, 12, 12)), bytes.Buffer{}
	for y := range 12 {
		for x := range 12 {
			red.SetNRGBA(x, y, color.NRGBA{R: uint8(20 * y), A: 255})
		}
	}
	if err := png.Encode(&b, red); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "pictures", "a", "00.png"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, file)
	if err := s.Calibrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, a := range s.Plan.Arms {
		if a.TrainSeconds <= 0 || a.Images.Size.C != 3 || (a.Built.Graph.InputSize().C == 1) != (a.Name == "grey") {
			t.Errorf("%s: %g seconds, %v from %v", a.Name, a.TrainSeconds, a.Built.Graph.InputSize(), a.Images.Size)
		}
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

func TestAStudyThatGrowsInAnotherProcessMeanwhileIsGoneOnWith(t *testing.T) {
	file := studyFile(t, "repeats: 2", "repeats: 1")
	grown := false
	r, launched, _, err := faked(t, file, func(r trial.Request, _ *trial.Result) string {
		if r.Begin > 0 || grown {
			return ""
		}
		grown = true
		st, err := store.Open(filepath.Join(filepath.Dir(file), "store"), time.Now)
		if err != nil {
			return err.Error()
		}
		defer st.Close()
		held, err := st.Study("tiny")
		if err != nil {
			return err.Error()
		}
		held.Repeats = 2
		if _, err := st.Put(held); err != nil {
			return err.Error()
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := names(all, 1, 2); !slices.Equal(launched, want) || !r.Result.Complete {
		t.Errorf("launched %v, want %v, complete: %v", launched, want, r.Result.Complete)
	}
}

func TestACheckOfBitsWhoseFileAnotherProcessRemovedIsMadeAgain(t *testing.T) {
	file := studyFile(t)
	var left atomic.Int32
	left.Store(2)
	s := opened(t, file)
	f := &fake{t: t, s: s}
	_, err := s.Run(t.Context(), launches(func(ctx context.Context, r trial.Request, on func(train.Progress)) string {
		why := f.Launch(ctx, r, on)
		if r.Begin > 0 && left.Add(-1) >= 0 {
			os.Remove(r.Result)
		}
		return why
	}), nil)
	if err != nil {
		t.Error(err)
	}
}
