package train_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

var fashion = sync.OnceValues(func() (*data.Set, error) {
	spec := data.Builtin("fashion-mini")
	spec.Val = 0.11
	return data.Open(context.Background(), spec, data.Options{})
})

// watched is a job on more validation images than its curve is of: three epochs of four steps.
func watched(t *testing.T) train.Job {
	t.Helper()
	s, err := fashion()
	if err != nil {
		t.Fatal(err)
	}
	g, err := zoo.New("mini")
	if err != nil {
		t.Fatal(err)
	}
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Batch.Size, o.LR.Warmup = 10, 0
	l.Epochs.Count, l.Subset.Images = 3, 40
	return train.Job{Graph: g, Optimization: o, Learning: l, Set: s, Cut: s.Cut(1, 1), Seeds: train.SeedsOf(1), Engine: threads(t, 2), Loaders: 1}
}

func TestACurveIsOfSomeImagesAndTheEndOfAll(t *testing.T) {
	if golden.Raced {
		t.Skip("12,000 pictures take the way that the few of other tests take")
	}
	j := watched(t)
	j.KeepBegun = true
	r := run(t, j)
	if len(j.Cut.Val) != 1100 || len(r.Curve) != 3 {
		t.Fatalf("%d validation images, %d points", len(j.Cut.Val), len(r.Curve))
	}
	of := map[int]bool{}
	count := map[int32]int{}
	for _, i := range j.Set.Subset(j.Cut.Val, train.Watched, 0) {
		of[i] = true
		count[j.Set.Items[i].Label]++
	}
	for c, n := range count {
		if n != train.Watched/10 {
			t.Errorf("%d images of class %d are watched, want as many of each", n, c)
		}
	}
	for _, p := range r.Curve {
		if p.Images != train.Watched {
			t.Errorf("a point of %d images", p.Images)
		}
	}
	columns, labels := map[string][]float32{}, []int32{}
	for _, c := range r.Score.Columns {
		values := c.Reals
		for _, v := range c.Wholes {
			values = append(values, float32(v))
		}
		columns[c.Name] = values
	}
	for _, i := range j.Cut.Val {
		labels = append(labels, j.Set.Items[i].Label)
	}
	task.Classify{}.Derive(columns, labels)
	if len(columns[task.Correct]) != len(j.Cut.Val) {
		t.Fatalf("the end is of %d images", len(columns[task.Correct]))
	}
	var right, all, part float64
	for k, x := range columns[task.Correct] {
		if all += float64(x); of[j.Cut.Val[k]] {
			right += float64(x)
			part++
		}
	}
	if part != train.Watched || math.Abs(r.Curve[2].Metrics["accuracy"]-100*right/part) > 1e-9 {
		t.Errorf("the last point is %g %%, the images watched %g %% at the end", r.Curve[2].Metrics["accuracy"], 100*right/part)
	}
	if got := r.Model.About.Metrics["accuracy"]; math.Abs(got-100*all/float64(len(j.Cut.Val))) > 1e-9 {
		t.Errorf("the outcome is %g %%, all images %g %%", got, 100*all/float64(len(j.Cut.Val)))
	}
	// To look changes no bit: a training that evaluates nothing is in the same state after ten steps, two epochs on.
	begun, err := train.Begin(context.Background(), watched(t), 10, math.MaxInt64)
	if err != nil || begun[10] == "" || begun[10] != r.Begun[10] {
		t.Errorf("after ten steps %s, with evaluations %s, %v", begun[10], r.Begun[10], err)
	}
}

func TestAnEndThatIsInterruptedKeepsItsPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("trains twice on more than a thousand images to validate on")
	}
	want := run(t, watched(t))
	j := watched(t)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	ctx, stop := context.WithCancel(context.Background())
	points := 0
	j.OnPoint = func(train.Point) {
		if points++; points == 3 { // so that it is the evaluation on all images which is interrupted
			stop()
		}
	}
	if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Fatalf("got %+v, %v", r, err)
	}
	got := run(t, j)
	if points != 3 || got.Resumed != 12 || got.Model.Digest != want.Model.Digest || !reflect.DeepEqual(got.Curve, want.Curve) || !reflect.DeepEqual(got.Score, want.Score) {
		t.Errorf("%d points, resumed from %d, curve %+v; want %+v", points, got.Resumed, got.Curve, want.Curve)
	}
}

func TestFewImagesAreWatchedAll(t *testing.T) {
	s := draw(t, 13)
	r := run(t, job(t, s))
	if n := len(job(t, s).Cut.Val); r.Curve[0].Images != n {
		t.Errorf("a point of %d images of %d", r.Curve[0].Images, n)
	}
}
