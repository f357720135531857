package task

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/nn"
)

// scored scores images 7, 8, ... of these classes, a batch of two rows at a time.
func scored(of Classify, labels []int, answer func(i int) []float32) Score {
	s := of.Scorer(data.Labelling{}, len(labels))
	for at := 0; at < len(labels); at += 2 {
		b := &data.Batch{Valid: min(2, len(labels)-at), IDs: []int{7 + at, 8 + at}, Targets: []data.Array{{Name: Labels, Index: make([]int32, 2)}}}
		var out []float32
		for row := range b.Valid {
			b.Targets[0].Index[row] = int32(labels[at+row])
			out = append(out, answer(at+row)...)
		}
		s.Add(b, func(string) []float32 { return out })
	}
	return s.Score()
}

func TestRanksCountTiesAndNaNAgainstTheTrueClass(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logProbs []float32
		label    int
		right    bool
		five     bool
		other    int32
	}{
		{[]float32{-1, -2, -3}, 0, true, true, 1},
		{[]float32{-1, -2, -3}, 2, false, true, 0},
		{[]float32{-1, -1, -3}, 0, true, true, 1}, // the first of equals wins
		{[]float32{-1, -1, -3}, 1, false, true, 0},
		{[]float32{-1, -2, -3, -4, -5, -6}, 4, false, true, 0},
		{[]float32{-1, -2, -3, -4, -5, -6}, 5, false, false, 0},
		{[]float32{-1, -1, -1, -1, -1, -1}, 5, false, false, 0},
		{[]float32{nan, -2}, 1, false, true, 0},
		{[]float32{nan, nan, nan, nan, nan, nan}, 0, false, false, 1},
	} {
		of := Classify{Classes: make([]string, len(c.logProbs))}
		s := scored(of, []int{c.label}, func(int) []float32 { return c.logProbs })
		columns := map[string][]float32{LogPTrue: s.Columns[0].Reals, LogPOther: s.Columns[1].Reals, ClassOther: {float32(s.Columns[2].Wholes[0])}}
		of.Derive(columns, []int32{int32(c.label)})
		other, want := columns[LogPOther][0], c.logProbs[c.other]
		if (s.Raw("accuracy") == 1) != c.right || (s.Raw("top5") == 1) != c.five || s.IDs[0] != 7 || s.Columns[2].Wholes[0] != c.other || other != want && want == want {
			t.Errorf("%v, class %d: %+v", c.logProbs, c.label, s)
		}
		if (columns[Correct][0] == 1) != c.right {
			t.Errorf("%v, class %d: derived as %v", c.logProbs, c.label, columns[Correct])
		}
	}
}

func TestAnswersThatAreAllAlikeAreACollapse(t *testing.T) {
	classes := []string{"bird", "cat", "dog"}
	log := func(ps ...float64) (out []float32) {
		for _, p := range ps {
			out = append(out, float32(math.Log(p)))
		}
		return out
	}
	for _, c := range []struct {
		what   string
		labels []int
		answer func(i int) []float32
		want   string
	}{
		{"shares of the classes", []int{0, 1, 1, 2}, func(int) []float32 { return log(0.25, 0.5, 0.25) }, "cat"},
		{"equal probabilities", []int{0, 1, 2}, func(int) []float32 { return log(1./3, 1./3, 1./3) }, "bird"},
		{"sure of one class", []int{0, 1, 2}, func(int) []float32 { return log(0.001, 0.001, 0.998) }, "dog"},
		{"one class ahead, the others told apart", []int{0, 1, 1, 1}, func(i int) []float32 {
			if i == 0 {
				return log(0.4, 0.5, 0.1)
			}
			return log(0.05, 0.9, 0.05)
		}, ""},
		{"two classes named", []int{0, 1, 2}, func(i int) []float32 {
			if i == 0 {
				return log(0.1, 0.1, 0.8)
			}
			return log(0.8, 0.1, 0.1)
		}, ""},
		{"images of one class", []int{1, 1}, func(int) []float32 { return log(0.1, 0.8, 0.1) }, ""},
		{"no images", nil, nil, ""},
	} {
		got := ""
		if s := scored(Classify{Classes: classes}, c.labels, c.answer); s.Collapse != nil {
			got = strings.TrimPrefix(s.Collapse.What, "every image is taken for ")
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestOutputsAreOneLogitAClass(t *testing.T) {
	for name, c := range map[string]struct {
		head func(b *nn.Builder, x *nn.Node) *nn.Node
		want string
	}{
		"a map":             {func(_ *nn.Builder, x *nn.Node) *nn.Node { return x }, "input: the logits of output main are a map of 8x8x4; pool it globally or end with a linear layer"},
		"of another width":  {func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Linear(x, 7) }, "linear1: output main has 7 logits for 10 classes; write out: classes"},
		"one logit a class": {func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Linear(x, nn.Classes) }, ""},
		"an auxiliary's map": {func(b *nn.Builder, x *nn.Node) *nn.Node {
			b.AuxLogits("aux", b.Conv(x, 10, 1, 1), 0.3)
			return b.Linear(x, nn.Classes)
		}, "conv1: the logits of output aux are a map of 8x8x10; pool it globally or end with a linear layer"},
	} {
		b := nn.NewBuilder("net", nn.Size{}, 10)
		b.Logits(c.head(b, b.Image(8, 8, 4)))
		g, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := ""
		if err := (Classify{}).Check(g); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q\nwant %q", name, got, c.want)
		}
	}
}

func TestTargetsGoByTheNamesOfClasses(t *testing.T) {
	of := Classify{Classes: []string{"bird", "cat", "dog"}, Soft: true, Weighted: true}
	pair := []data.Shown{{Label: 0, Share: 0.25, Weight: 2}, {Label: 1, Share: 0.75, Weight: 4}} // a dog and a cat
	for _, c := range []struct {
		what     string
		training bool
		shown    []data.Shown
		want     map[string][]float32 // of row 1; row 0 is untouched
	}{
		{"training, one picture", true, []data.Shown{{Label: 1, Share: 1, Weight: 1}}, map[string][]float32{Soft: {0, 1, 0}, Weights: {1}}},
		{"training, two mixed", true, pair, map[string][]float32{Soft: {0, 0.75, 0.25}, Weights: {3.5}}},
		{"evaluation, two mixed", false, pair, map[string][]float32{Labels: {1}}},
		{"no picture", true, nil, map[string][]float32{Soft: {0, 0, 0}, Weights: {0}}},
	} {
		targets, err := of.Targets(data.Labelling{Classes: []string{"dog", "cat"}}, c.training)
		if err != nil {
			t.Fatal(err)
		}
		arrays := targets.Room(2)
		targets.Fill(arrays, 1, pair[:1], 0) // what was there before
		targets.Fill(arrays, 1, c.shown, 0)
		for _, a := range arrays {
			got := slices.Clone(a.Real)
			for _, i := range a.Index {
				got = append(got, float32(i))
			}
			want := append(make([]float32, len(c.want[a.Name])), c.want[a.Name]...)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s is %v, want %v", c.what, a.Name, got, want)
			}
		}
		if len(arrays) != len(c.want) {
			t.Errorf("%s: %d arrays, want %d", c.what, len(arrays), len(c.want))
		}
	}
	if _, err := of.Targets(data.Labelling{Classes: []string{"cat", "fish"}}, false); err == nil || !strings.Contains(err.Error(), `has a class "fish", which the model does not know (it has bird, cat, dog)`) {
		t.Errorf("an unknown class: %v", err)
	}
}

func TestTasksAreFoundByName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "classify": "", "clasify": `no task "clasify"; did you mean "classify"?`, "segment": `no task "segment"; there is classify, detect`,
	} {
		of, err := New(name, nil)
		if err != nil && err.Error() != want || err == nil && (want != "" || of.Name() != "classify") {
			t.Errorf("%q: %v, %v; want %q", name, of, err, want)
		}
	}
	if Short("classify") != "" || Short("") != "" || Short("detect") != "detect" {
		t.Error("the default task has no name in identities, others have theirs")
	}
}
