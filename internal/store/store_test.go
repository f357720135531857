package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// TestMain lets this binary be the other process of the tests that need one.
func TestMain(m *testing.M) {
	switch os.Getenv("STORE_TEST_WORK") {
	case "":
		os.Exit(m.Run())
	case "trials":
		worker(os.Getenv("STORE_TEST_DIR"))
	case "read":
		printed(os.Getenv("STORE_TEST_DIR"))
	case "sleep":
		fmt.Println(NewOwner())
		time.Sleep(time.Minute)
	}
}

// other is this binary as another process.
func other(work, dir string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "STORE_TEST_WORK="+work, "STORE_TEST_DIR="+dir)
	return c
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

// opened is a new store in a folder whose name has what an address must escape.
func opened(t testing.TB) (*Store, *clock) {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s, err := Open(filepath.Join(t.TempDir(), "a folder? 100%#1"), c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, c
}

func sameStore(t testing.TB, s *Store, now func() time.Time) *Store {
	t.Helper()
	again, err := OpenExisting(s.Dir(), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	return again
}

func spec(arm string, repeat int) trial.Spec {
	return trial.Spec{Network: trial.Digest(arm), Settings: trial.Digest("settings"), Data: "d", Cut: fmt.Sprint("cut", repeat),
		Seeds: trial.Seeds{Init: uint64(repeat)}, Engine: "cpu 6 amd64/avx2 float32", Versions: map[string]int{"data": 1}}
}

func id(arm string, repeat int) string { return spec(arm, repeat).ID() }
func key(arm string) string            { return spec(arm, 1).Arm() }

// finished is a result with all that one can hold.
func finished(arm string, repeat int) *trial.Result {
	im := trial.Images{Hashes: []string{"00aa", "00bb", "00cc"}, Labels: []int32{0, 1, int32(repeat)}, Names: []string{"x/1.png", "y/2.png", "y/3\n.png"}, Classes: []string{"x", "y"}}
	s := spec(arm, repeat)
	return &trial.Result{
		ID: s.ID(), Spec: s, Status: trial.Done, Steps: 100, Seconds: 3.5, Begun: map[int]string{1: "e1", 50: "e50"}, Weights: trial.Digest("weights of " + arm),
		Curve: []trial.Point{{Epoch: 1, Step: 50, TrainLoss: 1.5, LR: 0.05, Metrics: map[string]float64{"accuracy": 0.5}}, {Epoch: 2, Step: 100, TrainLoss: 0.5, Metrics: map[string]float64{"accuracy": 0.75}}},
		Scores: []trial.Evaluation{
			{Name: Val, Images: im.Digest(), Metrics: map[string]float64{"accuracy": 0.75, "log_loss": 0.5}, Columns: []trial.Column{
				{Name: "log_p_true", Reals: []float32{-0.1, -2, float32(math.Inf(-1))}}, {Name: "class_other", Wholes: []int32{1, 0, -5}}}},
			{Name: "ema", Images: im.Digest(), Metrics: map[string]float64{"accuracy": 0.8}, Columns: []trial.Column{{Name: "a_first", Reals: []float32{1, 2, 3}}}},
		},
		Images: map[string]trial.Images{im.Digest(): im},
	}
}

func failedOf(arm string, repeat int, reason string) *trial.Result {
	s := spec(arm, repeat)
	return &trial.Result{ID: s.ID(), Spec: s, Status: trial.Failed, Reason: reason}
}

func planned(name string) Study {
	return Study{
		Name: name, Question: "Does ELU pay?", File: "question: Does ELU pay?\n", Origin: []byte(`{"file":"photos.yaml"}`), Baseline: key("baseline"), Seed: math.MaxUint64, Repeats: 2,
		Arms: []Arm{
			{Arm: study.Arm{Name: "baseline", Baseline: true, Params: 1000}, Key: key("baseline"), Status: Active, Recipe: Recipe{Network: "net", Settings: "settings", Data: []byte(`{"name":"shapes"}`)}},
			{Arm: study.Arm{Name: "elu", Differs: []string{"activation: relu → elu"}}, Key: key("elu"), Status: Active, Recipe: Recipe{Network: "net2"}},
			{Arm: study.Arm{Name: "selu"}, Key: key("selu"), Status: Removed, Reason: "not in the file any more"},
		},
	}
}

func cellsOf(arms ...string) []Cell {
	var cells []Cell
	for repeat := 1; repeat <= 2; repeat++ {
		for _, arm := range arms {
			cells = append(cells, Cell{Arm: key(arm), Repeat: repeat, Trial: id(arm, repeat)})
		}
	}
	return cells
}

// filled has a study in which every kind of row is.
func filled(t testing.TB) (*Store, *clock) {
	t.Helper()
	s, c := opened(t)
	_, err := s.Put(planned("photos"), Look{N: 1, Body: []byte(`{"level":0.04}`)})
	for _, err := range []error{
		err,
		s.Assign("photos", cellsOf("baseline", "elu"), false),
		s.AddSpent("photos", key("elu"), 1, 12.5),
		s.Complete(finished("baseline", 1), nil),
		s.Complete(finished("elu", 1), nil),
		s.Complete(failedOf("elu", 2, "killed"), nil),
		s.AddLook(key("baseline"), Look{N: 2, Study: "photos", Body: []byte(`{"level":0.005}`)}),
		s.AddArtefact(id("elu", 1), Artefact{Kind: "model", File: "trials/x.model", Digest: "ab"}),
		s.SetNoise(key("baseline"), Noise{SD: 0.25, Repeats: 5, Sources: map[string]float64{"init": 0.2}}),
		s.SetCalibration(Step{"net", "machine", "cpu 6", "v1"}, Calibration{SecondsPerStep: 0.125, Steps: 11}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for want := 1; want <= 2; want++ {
		n, err := s.AddReading(Reading{Data: "d", Study: "photos", Arm: "elu", Seen: data.Marks{3, 5}, Metrics: map[string]float64{"accuracy": 0.7}})
		if n != (Spent{want, 2 * min(want-1, 1)}) || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := s.Lease([]string{id("baseline", 2)}, NewOwner(), time.Minute); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func refused(t *testing.T, what string, err error, is error, want string) {
	t.Helper()
	if err == nil || is != nil && !errors.Is(err, is) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: got %v, want a line with %q (%v)", what, err, want, is)
	}
}

func TestAStudyComesBackAsItWasPut(t *testing.T) {
	s, c := opened(t)
	if _, err := s.Study("photos"); !errors.Is(err, ErrAbsent) {
		t.Errorf("before: %v", err)
	}
	put, err := s.Put(planned("photos"))
	if err != nil || put.Version != 1 || !put.Created.Equal(c.now()) {
		t.Fatalf("%+v, %v", put, err)
	}
	want := planned("photos")
	want.Version, want.Created, want.Updated = 1, put.Created, put.Updated
	got, err := s.Study("photos")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v (%v)", got, want, err)
	}
	c.pass(time.Hour)
	got.Repeats, got.Arms = 5, got.Arms[:2]
	again, err := s.Put(got)
	if err != nil || again.Version != 2 || !again.Created.Equal(put.Created) || !again.Updated.Equal(c.now()) {
		t.Errorf("changed: %+v, %v", again, err)
	}
	if held, err := s.Study("photos"); err != nil || held.Repeats != 5 || len(held.Arms) != 2 {
		t.Errorf("changed: %+v, %v", held, err)
	}
	for name, change := range map[string]func(*Study){
		"no name": func(s *Study) { s.Name = "" }, "no arms": func(s *Study) { s.Arms = nil }, "no repeats": func(s *Study) { s.Repeats = 0 },
		"two arms of one identity": func(s *Study) { s.Arms[1].Key = s.Arms[0].Key },
	} {
		bad := planned("bad")
		change(&bad)
		_, err := s.Put(bad)
		refused(t, name, err, nil, "study")
	}
}

func TestTheSlowerOfTwoEditsIsToldAndWritesNothing(t *testing.T) {
	s, c := opened(t)
	first, err := s.Put(planned("photos"))
	if err != nil {
		t.Fatal(err)
	}
	other := sameStore(t, s, c.now)
	faster := first
	faster.Repeats = 7
	if _, err := other.Put(faster, Look{N: 1}); err != nil {
		t.Fatal(err)
	}
	slower := first
	slower.Repeats = 9
	_, err = s.Put(slower)
	refused(t, "an edit of what has changed", err, ErrChanged, "photos")
	_, err = s.Put(planned("photos"))
	refused(t, "a study that is there", err, ErrChanged, "photos")
	read, err := s.Study("photos")
	if err != nil || read.Repeats != 7 {
		t.Fatalf("%+v, %v", read, err)
	}
	read.Repeats = 8
	_, err = s.Put(read, Look{N: 1}) // the look was written by the other
	refused(t, "a look that is spent", err, ErrChanged, "looks")
	if held, _ := s.Study("photos"); held.Repeats != 7 || held.Version != 2 {
		t.Errorf("a refused look left the record at %+v", held)
	}
}

func TestTheLedgerSurvivesTheStudyAndCountsWhatIsLost(t *testing.T) {
	s, _ := filled(t)
	if err := s.Remove("photos"); err != nil {
		t.Fatal(err)
	}
	refused(t, "removed twice", s.Remove("photos"), ErrAbsent, "no study")
	looks, err := s.Looks(key("baseline"))
	if err != nil || len(looks) != 2 || looks[0].Study != "photos" || string(looks[1].Body) != `{"level":0.005}` {
		t.Errorf("looks %+v, %v", looks, err)
	}
	if trials, damaged, err := s.Trials([]string{id("baseline", 1)}); err != nil || len(trials) != 1 || damaged != nil {
		t.Errorf("%d trials stayed, %v, %v", len(trials), damaged, err)
	}
	refused(t, "a look twice", s.AddLook(key("baseline"), Look{N: 2}), ErrChanged, "looks")
	for _, harm := range []string{`UPDATE looks SET look = '{"level":0.5}' WHERE n = 2`, `DELETE FROM looks WHERE n = 2`, `DELETE FROM tallies`} {
		s.db.Exec(harm)
		looks, err := s.Looks(key("baseline"))
		if len(looks) != 2 && harm != `DELETE FROM tallies` || err != nil || looks[0].Damaged || len(looks) > 1 && (!looks[1].Damaged || looks[1].Body != nil) {
			t.Errorf("%s: looks %+v, %v", harm, looks, err)
		}
	}
}

func TestCellsAreNotTakenFromATrialThatEnded(t *testing.T) {
	s, _ := filled(t)
	got, err := s.Cells("photos")
	if err != nil || len(got) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, c := range got {
		if c.Arm == key("elu") && c.Repeat == 1 && (c.Spent != 12.5 || c.Trial != id("elu", 1)) {
			t.Errorf("%+v", c)
		}
	}
	anew := []Cell{{Arm: key("elu"), Repeat: 2, Trial: "x"}, {Arm: key("elu"), Repeat: 1, Trial: "x"}}
	refused(t, "one of them ended", s.Assign("photos", anew, false), ErrTaken, "--as")
	if c, _ := s.Cells("photos"); !reflect.DeepEqual(c, got) {
		t.Errorf("a refused assignment left %+v", c)
	}
	if err := s.Assign("photos", anew[:1], false); err != nil { // its trial failed
		t.Error(err)
	}
	if err := s.Assign("photos", anew, true); err != nil {
		t.Error(err)
	}
	if c, _ := s.Cells("photos"); !slices.ContainsFunc(c, func(c Cell) bool { return c.Arm == key("elu") && c.Repeat == 1 && c.Trial == "x" && c.Spent == 12.5 }) {
		t.Errorf("by force: %+v", c)
	}
	refused(t, "no study", s.Assign("phones", anew, false), ErrAbsent, "")
	refused(t, "no cell", s.AddSpent("photos", key("elu"), 9, 1), nil, "assign")
	refused(t, "no time", s.AddSpent("photos", key("elu"), 1, math.NaN()), nil, "seconds")
}

func TestListCountsWhatStudiesShow(t *testing.T) {
	s, c := filled(t)
	c.pass(time.Minute / 2)
	if _, err := s.Put(planned("phones")); err != nil {
		t.Fatal(err)
	}
	if err := s.Assign("phones", cellsOf("baseline"), false); err != nil {
		t.Fatal(err)
	}
	list, err := s.List()
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	l := list[1]
	if l.Name != "photos" || l.Arms != 2 || l.Trials != 4 || l.Done != 2 || l.Failed != 1 || l.Running != 1 || l.Shared != 2 || l.Looks != 2 || l.Bytes < 500 || l.Bytes > 5000 {
		t.Errorf("%+v", l)
	}
	if name, err := s.Latest(); name != "phones" || err != nil {
		t.Errorf("latest %q, %v", name, err)
	}
	c.pass(time.Second)
	if err := s.Complete(finished("elu", 2), nil); err != nil {
		t.Fatal(err)
	}
	if name, err := s.Latest(); name != "photos" || err != nil {
		t.Errorf("latest %q, %v", name, err)
	}
	s.db.Exec(`UPDATE studies SET repeats = 3 WHERE name = 'phones'`)
	list, err = s.List()
	if err != nil || !reflect.DeepEqual(list[1], Summary{Name: "phones", Damaged: true}) {
		t.Errorf("damaged: %+v, %v", list, err)
	}
	_, err = s.Study("phones")
	refused(t, "damaged", err, ErrDamaged, "assay study run")
	if st, err := s.Put(planned("phones")); err != nil || st.Version != 1 {
		t.Errorf("anew: %+v, %v", st, err)
	}
}

func TestATrialComesBackBitForBit(t *testing.T) {
	s, _ := opened(t)
	want := finished("elu", 2)
	want.Curve[0].TrainLoss = trial.Number(math.NaN())
	want.Scores[0].Metrics["log_loss"] = math.NaN()
	if err := s.Complete(want, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Complete(failedOf("elu", 1, "killed"), nil); err != nil {
		t.Fatal(err)
	}
	got, damaged, err := s.Trials([]string{"none", id("elu", 2), id("elu", 1)})
	if err != nil || len(got) != 2 || damaged != nil {
		t.Fatalf("%d trials, damaged %v, %v", len(got), damaged, err)
	}
	if fmt.Sprintf("%#v", got[0]) != fmt.Sprintf("%#v", want) { // DeepEqual would tell NaN from NaN
		t.Errorf("got  %#v\nwant %#v", got[0], want)
	}
	if got[1].Status != trial.Failed || got[1].Reason != "killed" {
		t.Errorf("%+v", got[1])
	}
	states, err := s.States([]string{"none", id("elu", 2)})
	if err != nil || len(states) != 2 || !reflect.DeepEqual(states["none"], State{}) {
		t.Fatalf("%+v, %v", states, err)
	}
	st := states[id("elu", 2)]
	if !st.Known() || st.Engine != want.Spec.Engine || st.Weights != want.Weights || st.Metrics["accuracy"] != 0.75 || st.Begun[50] != "e50" || st.Steps != 100 ||
		!slices.Equal(st.Lacks(Val, []string{"log_p_true", "margin"}), []string{"margin"}) || !slices.Equal(st.Columns["ema"], []string{"a_first"}) {
		t.Errorf("%+v", st)
	}
}

func TestASecondResultMustAgreeAndMayBringMore(t *testing.T) {
	s, _ := opened(t)
	less := finished("elu", 1)
	less.Scores, less.Begun = less.Scores[:1], map[int]string{1: "e1"}
	less.Scores[0].Columns = less.Scores[0].Columns[:1]
	failed := failedOf("elu", 1, "killed")
	all := finished("elu", 1)
	all.Seconds = 99
	for i, r := range []*trial.Result{failed, failed, less, less, failed, all, less, all} {
		if err := s.Complete(r, nil); err != nil {
			t.Errorf("completion %d: %v", i, err)
		}
	}
	got, _, err := s.Trials([]string{id("elu", 1)})
	want := finished("elu", 1)
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v (%v)", got, want, err)
	}
	for want, change := range map[string]func(*trial.Result){
		"weights":                   func(r *trial.Result) { r.Weights = "w" },
		"status":                    func(r *trial.Result) { r.Status = trial.Diverged },
		"steps":                     func(r *trial.Result) { r.Steps++ },
		"curve (2 points, now 1)":   func(r *trial.Result) { r.Curve = r.Curve[:1] },
		"point 2 of the curve":      func(r *trial.Result) { r.Curve[1].LR = 1 },
		"bits after step 50":        func(r *trial.Result) { r.Begun[50] = "x" },
		"accuracy of val":           func(r *trial.Result) { r.Scores[0].Metrics["accuracy"] += 1e-15 },
		"column log_p_true of val":  func(r *trial.Result) { r.Scores[0].Columns[0].Reals[1] = -2.0000002 },
		"column class_other of val": func(r *trial.Result) { r.Scores[0].Columns[1].Wholes[2] = 5 },
		"images of ema": func(r *trial.Result) {
			im := r.Images[r.Scores[0].Images]
			im.Hashes = []string{"1", "2", "3"}
			r.Images[im.Digest()], r.Scores[1].Images = im, im.Digest()
		},
	} {
		r := finished("elu", 1)
		change(r)
		err := s.Complete(r, nil)
		refused(t, want, err, nil, want)
		refused(t, want, err, nil, "report this")
	}
	if got, _, _ := s.Trials([]string{id("elu", 1)}); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("refused results left %+v", got)
	}
	for name, change := range map[string]func(*trial.Result){
		"another identity": func(r *trial.Result) { r.ID = "x" }, "no way to end": func(r *trial.Result) { r.Status = "pending" },
		"no images": func(r *trial.Result) { r.Images = nil }, "short column": func(r *trial.Result) { r.Scores[0].Columns[0].Reals = []float32{1} },
		"one name twice": func(r *trial.Result) { r.Scores[1].Name = Val }, "fewer labels": func(r *trial.Result) {
			im := r.Images[r.Scores[0].Images]
			im.Labels = im.Labels[:1]
			r.Images[r.Scores[0].Images] = im
		},
	} {
		r := finished("selu", 1)
		change(r)
		refused(t, name, s.Complete(r, nil), nil, "trial")
	}
}

func TestADamagedTrialIsLeasedAndRunAgain(t *testing.T) {
	for _, harm := range []string{
		`UPDATE trials SET weights = 'x'`, `UPDATE metrics SET value = 0.99 WHERE name = 'accuracy'`, `DELETE FROM metrics WHERE name = 'log_loss'`, `DELETE FROM evaluations WHERE name = 'ema'`,
		`UPDATE columns SET data = zeroblob(12)`, `DELETE FROM columns WHERE name = 'class_other'`, `UPDATE image_sets SET labels = zeroblob(12)`, `UPDATE image_sets SET names = '["a","b","c"]'`,
		`DELETE FROM image_sets`, `UPDATE trials SET spec = replace(spec, 'd', 'e')`, `UPDATE trials SET curve = '[]'`, `DELETE FROM trials`,
	} {
		t.Run(harm, func(t *testing.T) {
			s, c := opened(t)
			if err := s.Complete(finished("elu", 1), nil); err != nil {
				t.Fatal(err)
			}
			if _, err := s.db.Exec(harm); err != nil {
				t.Fatal(err)
			}
			s = sameStore(t, s, c.now) // as the next process finds it
			ids := []string{id("elu", 1)}
			trials, damaged, err := s.Trials(ids)
			if len(trials) != 0 || err != nil || len(damaged) != 1 && !strings.HasPrefix(harm, "DELETE FROM trials") {
				t.Errorf("shown %v, damaged %v, %v", trials, damaged, err)
			}
			states, err := s.States(ids)
			if st := states[ids[0]]; err != nil || st.Status != "" || st.Weights != "" || st.Damaged != (len(damaged) == 1) {
				t.Errorf("%+v, %v", states, err)
			}
			if problems, err := s.Check(); err != nil || len(problems) == 0 {
				t.Errorf("check finds %v, %v", problems, err)
			}
			l, err := s.Lease(ids, "a", time.Minute)
			if err != nil || l == nil {
				t.Fatalf("leased %+v, %v", l, err)
			}
			if err := s.Complete(finished("elu", 1), l); err != nil {
				t.Fatal(err)
			}
			if trials, damaged, err := s.Trials(ids); err != nil || damaged != nil || len(trials) != 1 || !reflect.DeepEqual(trials[0], finished("elu", 1)) {
				t.Errorf("again: %v, damaged %v, %v", trials, damaged, err)
			}
			if problems, err := s.Check(); err != nil || len(problems) != 0 {
				t.Errorf("check finds %v, %v", problems, err)
			}
		})
	}
}

func TestEventsAreACursor(t *testing.T) {
	s, _ := filled(t)
	if err := s.AddEvent(Event{Study: "photos", Kind: "note", Body: []byte(`"hello"`)}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Events(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, e := range all {
		kinds = append(kinds, e.Kind)
		if i > 0 && e.ID <= all[i-1].ID {
			t.Errorf("%d behind %d", e.ID, all[i-1].ID)
		}
	}
	if got := strings.Join(kinds, " "); got != "look put ended ended ended look leased note" {
		t.Errorf("events: %s", got)
	}
	last := all[len(all)-1]
	if string(last.Body) != `"hello"` || last.Study != "photos" {
		t.Errorf("%+v", last)
	}
	if rest, err := s.Events(all[4].ID, 2); err != nil || len(rest) != 2 || rest[0].ID != all[5].ID {
		t.Errorf("%+v, %v", rest, err)
	}
}

func TestWhatElseIsKeptComesBackUntilMeasuredAgain(t *testing.T) {
	s, _ := filled(t)
	if n, err := s.Noise("x"); n != nil || err != nil {
		t.Errorf("unknown: %v, %v", n, err)
	}
	if n, err := s.Noise(key("baseline")); err != nil || n == nil || n.SD != 0.25 || n.Sources["init"] != 0.2 {
		t.Errorf("%+v, %v", n, err)
	}
	for _, k := range []Step{{"net", "machine", "cpu 6", "v2"}, {"net", "machine", "cpu 7", "v1"}, {"net2", "machine", "cpu 6", "v1"}} {
		if c, err := s.Calibration(k); c != nil || err != nil {
			t.Errorf("%+v: %v, %v", k, c, err)
		}
	}
	k := Step{"net", "machine", "cpu 6", "v1"}
	for _, v := range []float64{0.125, 0.5} {
		if c, err := s.Calibration(k); err != nil || c == nil || c.SecondsPerStep != v {
			t.Errorf("%+v, %v", c, err)
		}
		if err := s.SetCalibration(k, Calibration{SecondsPerStep: 0.5, Steps: 3}); err != nil {
			t.Error(err)
		}
	}
	r, err := s.Readings()
	if err != nil || len(r) != 2 || r[1].N != 2 || r[1].Metrics["accuracy"] != 0.7 || !slices.Equal(r[1].Seen, data.Marks{3, 5}) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, c := range []struct {
		name string
		seen data.Marks
		want Spent
	}{
		{"fresh images", data.Marks{1, 2, 4}, Spent{1, 0}},
		{"one image of earlier readings among fresh ones", data.Marks{0, 5, 9}, Spent{3, 1}},
		{"images of several readings", data.Marks{1, 5, 7}, Spent{4, 2}},
		{"no image", nil, Spent{1, 0}},
	} {
		if n, err := s.AddReading(Reading{Data: "other", Seen: c.seen}); n != c.want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", c.name, n, err, c.want)
		}
	}
	s.db.Exec(`DELETE FROM test_readings WHERE n = 2`)
	if n, err := s.AddReading(Reading{Seen: data.Marks{3, 8}}); n != (Spent{3, 2}) || err != nil { // a lost one counts, as one of any image
		t.Errorf("%+v, %v", n, err)
	}
	if a, err := s.Artefacts(id("elu", 1)); err != nil || len(a) != 1 || a[0].File != "trials/x.model" {
		t.Errorf("%+v, %v", a, err)
	}
	refused(t, "outside", s.AddArtefact("x", Artefact{Kind: "model", File: "../x"}), nil, "below")
}
