package trial

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
)

func spec() Spec {
	return Spec{
		Network: Digest("net"), Settings: Digest("settings"), Data: "d", Cut: "c", Seeds: Seeds{1, 2, 3, 4, math.MaxUint64},
		Engine: "cpu 6 amd64/avx512 float32", Versions: map[string]int{"train": 1, "data": 2},
	}
}

// TestIdentityIsOfTheText pins one identity: whoever changes the text gives every stored trial another.
func TestIdentityIsOfTheText(t *testing.T) {
	const want = "676f0747b3c89da5fc60205ee78c079f"
	s := spec()
	text := string(s.Text())
	if strings.Contains(text, "task") || strings.Contains(text, "start") {
		t.Errorf("a field at its default stands in the text: %s", text)
	}
	if !strings.Contains(text, `"versions":{"data":2,"train":1}`) {
		t.Errorf("the rooms are not sorted: %s", text)
	}
	if got := s.ID(); got != want {
		t.Errorf("identity %s, want %s, of %s", got, want, text)
	}
	other := s
	other.Versions = map[string]int{"data": 2, "train": 1}
	if s.ID() != other.ID() {
		t.Error("the order of the rooms counts")
	}
}

func TestEveryFieldOfASpecCounts(t *testing.T) {
	s := spec()
	for name, change := range map[string]func(*Spec){
		"network": func(s *Spec) { s.Network = "x" }, "settings": func(s *Spec) { s.Settings = "x" }, "data": func(s *Spec) { s.Data = "x" },
		"cut": func(s *Spec) { s.Cut = "x" }, "seed": func(s *Spec) { s.Seeds.Order++ }, "task": func(s *Spec) { s.Task = "detect" },
		"start": func(s *Spec) { s.Start = "x" }, "engine": func(s *Spec) { s.Engine = "x" }, "version": func(s *Spec) { s.Versions = map[string]int{"train": 1, "data": 3} },
	} {
		c := s
		change(&c)
		if c.ID() == s.ID() {
			t.Errorf("%s is not part of the identity", name)
		}
		if same := c.Arm() == s.Arm(); same != (name == "engine") {
			t.Errorf("%s: same arm: %v", name, same)
		}
	}
}

func result() *Result {
	im := Images{Hashes: []string{"aa", "bb"}, Labels: []int32{0, 1}, Names: []string{"x/1", "y/2"}, Classes: []string{"x", "y"}}
	return &Result{
		ID: spec().ID(), Spec: spec(), Status: Done, Steps: 12, Seconds: 1.5, Begun: map[int]string{1: "e"}, Weights: "w",
		Curve: []Point{{Epoch: 1, Step: 6, TrainLoss: 2.5, LR: 0.1, Metrics: map[string]float64{"accuracy": 0.5}}},
		Scores: []Evaluation{{Name: "val", Images: im.Digest(), Metrics: map[string]float64{"accuracy": 0.5}, Columns: []Column{
			{Name: "log_p_true", Reals: []float32{-0.1, -3e-9}}, {Name: "class_other", Wholes: []int32{1, 0}},
		}}},
		Images: map[string]Images{im.Digest(): im},
	}
}

func TestResultComesBackAsItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.result")
	want := result()
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestEveryFlippedBitOfAResultIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.result")
	if err := result().Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(text) {
		text[i/8] ^= 1 << (i % 8)
		if r, err := parse(text); err == nil {
			t.Fatalf("bit %d of byte %d: taken as %+v", i%8, i/8, r)
		}
		text[i/8] ^= 1 << (i % 8)
	}
	for n := range text {
		if _, err := parse(text[:n]); err == nil {
			t.Fatalf("cut to %d bytes: taken", n)
		}
	}
}

func TestRequestIsCheckedAsItComes(t *testing.T) {
	good := Request{Spec: spec(), Name: "elu #2", Network: "net", Settings: "settings", Data: data.Builtin("fashion-mini"), Result: "/r", Threads: 1}
	for name, c := range map[string]struct {
		change func(*Request)
		want   string
	}{
		"as it is":      {func(*Request) {}, ""},
		"another net":   {func(r *Request) { r.Network += "x" }, "texts are not those"},
		"no place":      {func(r *Request) { r.Result = "" }, "without a result file"},
		"no threads":    {func(r *Request) { r.Threads = 0 }, "without a result file or threads"},
		"other version": {nil, "a request of version 7, and this program reads version 1"},
	} {
		r := good
		var b bytes.Buffer
		if c.change != nil {
			c.change(&r)
			if err := r.Write(&b); err != nil {
				t.Fatal(err)
			}
		} else {
			b.WriteString(`{"version": 7}`)
		}
		got, err := ReadRequest(json.NewDecoder(&b))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "":
			r.Version = RequestVersion
			if !reflect.DeepEqual(got, r) {
				t.Errorf("%s: got %+v, want %+v", name, got, r)
			}
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzResult(f *testing.F) {
	f.Add([]byte(resultMagic + "00\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parse(text); err == nil && r.Check() != nil {
			t.Error("a result that does not fit itself")
		}
	})
}
