package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/study"
)

// TestMain lets this binary be the other process of the tests that need one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("STORE_TEST_WORKER"); dir != "" {
		worker(dir)
		return
	}
	os.Exit(m.Run())
}

// worker leases and completes until nothing is left, a line a trial.
func worker(dir string) {
	s, err := Open(dir, nil)
	if err == nil {
		defer s.Close()
		_, _, err = s.CreateOrResume(planned(12))
	}
	for err == nil {
		var l *Lease
		if l, err = s.Lease("photos", fmt.Sprint(os.Getpid()), time.Minute); l == nil {
			break
		}
		if err = s.Complete("photos", finished(l.Arm, l.Repeat)); err == nil {
			fmt.Println("done", l.Arm, l.Repeat)
		}
	}
	if err != nil {
		fmt.Println("error", err)
	}
}

type clock struct {
	sync.Mutex
	t time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.t = c.t.Add(d)
}

func planned(repeats int) Study {
	arms := []study.Arm{{Name: "baseline", Baseline: true, Params: 1000}, {Name: "elu", Differs: []string{"activation: relu → elu"}}}
	return Study{Name: "photos", Digest: "d1", Question: "Does ELU pay?", File: "question: Does ELU pay?\n", Plan: []byte(`{"net":"mini"}`),
		Arms: arms, Trials: study.OneFactorAtATime(arms, 1, repeats)}
}

func finished(arm string, repeat int) study.Trial {
	return study.Trial{Arm: arm, Repeat: repeat, Status: study.Done, Step: 100, Metrics: map[string]float64{"accuracy": 88.25, "log_loss": 0.5}, Seconds: 3,
		Curve:         []study.Point{{Epoch: 1, TrainLoss: 1, ValAccuracy: 80, ValLogLoss: 0.7, LR: 0.05}, {Epoch: 2, TrainLoss: 0.5, ValAccuracy: 88.25, ValLogLoss: 0.5}},
		Images:        study.PerImage{Set: "pool", IDs: []int32{7, 3, 1 << 30}, Columns: map[string][]float32{study.Correct: {1, 0, 1}, study.LogPTrue: {-0.1, -2, float32(math.Inf(-1))}}},
		WeightsDigest: "w", Engine: "cpu/avx2/1"}
}

func opened(t *testing.T) (*Store, *clock) {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s, err := Open(filepath.Join(t.TempDir(), "a folder? 100%#1"), c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, resumed, err := s.CreateOrResume(planned(2)); err != nil || resumed {
		t.Fatalf("resumed %v, %v", resumed, err)
	}
	return s, c
}

func TestAStudyComesBackAsItWasPlanned(t *testing.T) {
	s, _ := opened(t)
	got, resumed, err := s.CreateOrResume(planned(2))
	if err != nil || !resumed {
		t.Fatalf("resumed %v, %v", resumed, err)
	}
	if want := planned(2); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if name, err := s.Latest(); name != "photos" || err != nil {
		t.Errorf("latest %q, %v", name, err)
	}
	more, _, err := s.CreateOrResume(planned(3))
	if err != nil || len(more.Trials) != 6 || more.Trials[5].Repeat != 3 {
		t.Errorf("a third repeat: %d trials, %v", len(more.Trials), err)
	}
}

func TestAnotherFileOfThatNameIsRefused(t *testing.T) {
	s, _ := opened(t)
	other := planned(2)
	other.Digest = "d2"
	_, _, err := s.CreateOrResume(other)
	if err == nil || !strings.Contains(err.Error(), "--as NAME") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	other.Name = "photos-2"
	if _, _, err := s.CreateOrResume(other); err != nil {
		t.Error(err)
	}
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].Name != "photos-2" || list[1].Trials != 4 || list[1].Arms != 2 {
		t.Errorf("list %+v, %v", list, err)
	}
}

func TestATrialComesBackBitForBit(t *testing.T) {
	s, _ := opened(t)
	want := finished("elu", 2)
	want.Curve[0].TrainLoss = math.NaN()
	if err := s.Complete("photos", want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Trials("photos")
	if err != nil || len(got) != 1 {
		t.Fatalf("%d trials, %v", len(got), err)
	}
	if fmt.Sprintf("%#v", got[0]) != fmt.Sprintf("%#v", want) { // DeepEqual would tell NaN from NaN
		t.Errorf("got  %#v\nwant %#v", got[0], want)
	}
}

func TestLeasesFollowThePlanAndRunOut(t *testing.T) {
	s, c := opened(t)
	lease := func(owner string) *Lease {
		t.Helper()
		l, err := s.Lease("photos", owner, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first, second := lease("a"), lease("b")
	if first.Arm != "baseline" || first.Repeat != 1 || second.Arm != "elu" || first.Seeds != study.SeedsOf(1, 1) {
		t.Errorf("leased %+v, %+v", first, second)
	}
	c.pass(50 * time.Second)
	if err := s.Heartbeat(second, time.Minute); err != nil {
		t.Error(err)
	}
	c.pass(20 * time.Second) // a is silent: its trial goes to another, its late heartbeat is told so
	again := lease("c")
	if again.Arm != "baseline" || again.Repeat != 1 || again.Attempt != 2 {
		t.Errorf("after the lease ran out: %+v", again)
	}
	if err := s.Heartbeat(first, time.Minute); !errors.Is(err, ErrLost) {
		t.Errorf("heartbeat of a lost lease: %v", err)
	}
	if n, err := s.Release("photos", "b"); n != 1 || err != nil {
		t.Errorf("released %d, %v", n, err)
	}
	for _, want := range []string{"elu 1", "baseline 2", "elu 2"} {
		if l := lease("d"); fmt.Sprint(l.Arm, " ", l.Repeat) != want {
			t.Errorf("leased %s %d, want %s", l.Arm, l.Repeat, want)
		}
	}
	if l := lease("e"); l != nil {
		t.Errorf("a fifth trial of four: %+v", l)
	}
	if _, err := s.Lease("photo", "a", time.Minute); err == nil || !strings.Contains(err.Error(), `no study "photo"`) {
		t.Errorf("an unknown study: %v", err)
	}
	states, err := s.States("photos")
	if err != nil || len(states) != 4 || states[0].Status != "leased" || states[0].Owner != "c" || states[0].Attempts != 2 {
		t.Errorf("states %+v, %v", states, err)
	}
}

func TestASecondCompletionMustAgree(t *testing.T) {
	s, _ := opened(t)
	first := finished("elu", 1)
	failed := study.Trial{Arm: "elu", Repeat: 1, Status: study.Failed, Reason: "killed"}
	for i, trial := range []study.Trial{failed, failed, first, first, failed} { // a failure never stands over a result
		if err := s.Complete("photos", trial); err != nil {
			t.Errorf("completion %d: %v", i, err)
		}
	}
	slower := first
	slower.Seconds = 99
	if err := s.Complete("photos", slower); err != nil {
		t.Errorf("the same result in other seconds: %v", err)
	}
	other := first
	other.Metrics = map[string]float64{"accuracy": 88.25 + 1e-12, "log_loss": 0.5}
	if err := s.Complete("photos", other); err == nil || !strings.Contains(err.Error(), "another result") {
		t.Errorf("another result: %v", err)
	}
	got, err := s.Trials("photos")
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Metrics, first.Metrics) || got[0].Status != study.Done || got[0].Reason != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []study.Trial{{Arm: "selu", Repeat: 1, Status: study.Done}, {Arm: "elu", Repeat: 9, Status: study.Done}, {Arm: "elu", Repeat: 2, Status: "pending"},
		{Arm: "elu", Repeat: 2, Status: study.Done, Images: study.PerImage{IDs: []int32{1}, Columns: map[string][]float32{"x": nil}}}} {
		if err := s.Complete("photos", bad); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestFailedTrialsAreRunAgainAndDivergedOnesAreNot(t *testing.T) {
	s, _ := opened(t)
	for _, trial := range []study.Trial{{Arm: "baseline", Repeat: 1, Status: study.Failed, Reason: "killed"}, {Arm: "elu", Repeat: 1, Status: study.Diverged, Step: 7}} {
		if err := s.Complete("photos", trial); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Retry("photos"); n != 1 || err != nil {
		t.Errorf("%d again, %v", n, err)
	}
	l, err := s.Lease("photos", "a", time.Minute)
	if err != nil || l.Arm != "baseline" || l.Repeat != 1 {
		t.Errorf("leased %+v, %v", l, err)
	}
}

func TestReadingsOfATestSplitAreCounted(t *testing.T) {
	s, _ := opened(t)
	for i, data := range []string{"x", "x", "y", "x"} {
		want := []int{1, 2, 1, 3}[i]
		if got, err := s.RecordTestReading(data, "photos", study.TestReading{Arm: "elu", Accuracy: 88, Images: 2000}); got != want || err != nil {
			t.Errorf("reading %d of %s is %d, want %d (%v)", i, data, got, want, err)
		}
	}
	list, err := s.TestReadings("x")
	if err != nil || len(list) != 3 || list[2].Reading != 3 || list[2].Images != 2000 || list[2].Study != "photos" {
		t.Errorf("readings %+v, %v", list, err)
	}
}

func TestNoiseAndSecondsAreKeptUntilMeasuredAgain(t *testing.T) {
	s, _ := opened(t)
	if n, err := s.Noise("e"); n != nil || err != nil {
		t.Errorf("unknown: %v, %v", n, err)
	}
	if c, err := s.Calibration("n", "m"); c != nil || err != nil {
		t.Errorf("unknown: %v, %v", c, err)
	}
	for _, v := range []float64{0.5, 0.25} {
		if err := errors.Join(s.SetNoise("e", Noise{SD: v, Repeats: 5, Sources: map[string]float64{"init": v}}),
			s.SetCalibration("n", "m", Calibration{SecondsPerStep: v, Steps: 3})); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Noise("e"); err != nil || n.SD != 0.25 || n.Sources["init"] != 0.25 {
		t.Errorf("noise %+v, %v", n, err)
	}
	if c, err := s.Calibration("n", "m"); err != nil || c.SecondsPerStep != 0.25 {
		t.Errorf("calibration %+v, %v", c, err)
	}
}

func TestProcessesShareAStoreAndAKillLosesNothingThatEnded(t *testing.T) {
	dir := t.TempDir()
	var workers []*exec.Cmd
	var outs []*strings.Builder
	for range 3 { // all make the store at the same moment
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "STORE_TEST_WORKER="+dir)
		out := new(strings.Builder)
		c.Stdout = out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		workers, outs = append(workers, c), append(outs, out)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s, err := OpenExisting(dir, nil); err == nil {
			trials, _ := s.Trials("photos")
			s.Close()
			if len(trials) >= 2 {
				break
			}
		}
	}
	workers[0].Process.Kill() // SIGKILL, in the midst of it
	var done []string
	for i, c := range workers {
		c.Wait()
		for line := range strings.Lines(outs[i].String()) {
			if !strings.HasPrefix(line, "done") {
				t.Errorf("worker %d: %s", i, line)
			}
			done = append(done, line)
		}
	}
	s, err := Open(dir, func() time.Time { return time.Now().Add(time.Hour) }) // when the killed one's lease is over
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	trials, err := s.Trials("photos")
	if err != nil || len(trials) < len(done) {
		t.Fatalf("%d trials ended, the store has %d (%v)", len(done), len(trials), err)
	}
	for {
		l, err := s.Lease("photos", "last", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if l == nil {
			break
		}
		if err := s.Complete("photos", finished(l.Arm, l.Repeat)); err != nil {
			t.Fatal(err)
		}
	}
	if trials, err = s.Trials("photos"); err != nil || len(trials) != 24 {
		t.Errorf("%d trials in the end, want 24 (%v)", len(trials), err)
	}
}

func TestWhatIsNoStoreIsRefusedInOneLine(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenExisting(dir, nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "--store") {
		t.Errorf("no store: %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("looking made %v", files)
	}
	foreign := filepath.Join(dir, FileName)
	os.WriteFile(foreign, []byte(strings.Repeat("no data base\n", 100)), 0o666)
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "not a store") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a foreign file: %v", err)
	}
	os.Remove(foreign)
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.db.Exec("PRAGMA user_version = 99")
	s.Close()
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "newer assay") {
		t.Errorf("a newer store: %v", err)
	}
	if _, err := Open(filepath.Join(foreign, "below"), nil); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file for a folder: %v", err)
	}
}

func TestDamagedImagesAreAnErrorAndNeverAPanic(t *testing.T) {
	whole, err := packImages(finished("elu", 1).Images)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(whole); n++ {
		if _, err := unpackImages(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes were read", n, len(whole))
		}
	}
	if _, err := unpackImages([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}); err == nil {
		t.Error("a huge number of images was read")
	}
}

func TestDropTakesAwayTheWaitingTrialsOfAnArmAlone(t *testing.T) {
	s, _ := opened(t)
	if _, _, err := s.CreateOrResume(planned(3)); err != nil {
		t.Fatal(err)
	}
	if err := s.Complete("photos", finished("elu", 1)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Drop("photos", "elu"); n != 2 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
	if trial, err := s.Trial("photos", "elu", 1); err != nil || trial == nil || !reflect.DeepEqual(*trial, finished("elu", 1)) {
		t.Errorf("the trial that ended is %+v, %v", trial, err)
	}
	if trial, err := s.Trial("photos", "baseline", 1); err != nil || trial != nil {
		t.Errorf("a trial that waits is %+v, %v", trial, err)
	}
	if states, err := s.States("photos"); err != nil || len(states) != 4 {
		t.Errorf("left are %+v, %v", states, err)
	}
	if held, _, err := s.CreateOrResume(planned(4)); err != nil || len(held.Trials) != 8 { // what is planned again comes back, behind the others
		t.Errorf("planned again: %+v, %v", held.Trials, err)
	}
}
