package train_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// Views and spaces travel with a model: training's end, its evaluation from a file and its prediction say the same of each picture; and
// views leave the weights alone.
func TestViewsLeaveTheTrainingAloneAndTravelWithItsModel(t *testing.T) {
	folder := pictures()
	defer os.RemoveAll(folder)
	s, err := data.Open(context.Background(), data.Folder(folder), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := func(views data.Views, space augment.Space, n int) train.Job {
		j := job(t, s)
		j.Learning.Epochs.Count, j.Engine, j.Loaders = 1, threads(t, n), n
		j.Learning.Augment.Ops = append(j.Learning.Augment.Ops[:1], experiment.NewOperation(augment.Crop{Size: 10}))
		j.Learning.Views.Kind, j.Learning.Colors.Space = string(views), string(space)
		j.Graph.Classes = len(s.Classes)
		j.Graph.SetInput(nn.Size{H: 10, W: 10, C: space.Channels(3)})
		return j
	}
	for space, all := range map[augment.Space][]data.Views{augment.SpaceRGB: data.AllViews()[1:], augment.SpaceHSV: {data.Flip}, augment.SpaceGrey: {data.Dense}} {
		weights := run(t, start(data.Centre, space, 1)).Model.Digest
		for _, views := range all {
			t.Run(string(space)+" "+string(views), func(t *testing.T) {
				r := run(t, start(views, space, 3))
				if r.Model.Digest != weights {
					t.Error("the weights are others")
				}
				if again := run(t, start(views, space, 1)); !slices.Equal(again.Score.Columns[0].Reals, r.Score.Columns[0].Reals) {
					t.Error("the threads change what is found")
				}
				file := filepath.Join(t.TempDir(), "m.safetensors")
				if err := r.Model.Save(file); err != nil {
					t.Fatal(err)
				}
				m, err := model.Load(file)
				if err != nil {
					t.Fatal(err)
				}
				e := threads(t, 1)
				score, err := train.Evaluate(context.Background(), m, s, s.Cut(1, 1).Val, e, 4, 2)
				if err != nil {
					t.Fatal(err)
				}
				p, err := m.Predictor(e)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				for i, id := range score.IDs {
					if got, want := score.Columns[0].Reals[i], r.Score.Columns[0].Reals[i]; math.Abs(float64(got-want)) > 1e-5 {
						t.Errorf("image %d: %g from the file, %g behind training", id, got, want)
					}
					item := s.Items[id]
					guesses, err := p.File(filepath.Join(folder, item.Name), len(s.Classes))
					if err != nil {
						t.Fatal(err)
					}
					for _, g := range guesses {
						if g.Class == int(item.Label) && math.Abs(math.Log(g.Probability)-float64(score.Columns[0].Reals[i])) > 1e-5 {
							t.Errorf("%s: predicted with %g, evaluated as %g", item.Name, g.Probability, math.Exp(float64(score.Columns[0].Reals[i])))
						}
					}
				}
			})
		}
	}
}

// What a training is judged by beside its own evaluation is what trainings find that look so throughout, and each model looks as it was judged; no
// views decide anything of a training, though its rate goes by images that are held out of it.
func TestViewsBesideATrainingAreThoseOfOneThatLooksSo(t *testing.T) {
	folder := pictures()
	defer os.RemoveAll(folder)
	s, err := data.Open(context.Background(), data.Folder(folder), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, thaw := range []float64{-1, 0, 1} { // nothing is frozen; a front is, whose features the training's own evaluation reads; until the first epoch has ended
		t.Run(fmt.Sprint("thaw ", thaw), func(t *testing.T) { viewsBeside(t, s, thaw) })
	}
}

func viewsBeside(t *testing.T, s *data.Set, thaw float64) {
	start := func(views data.Views) train.Job {
		j := job(t, s)
		if thaw >= 0 {
			j = frozen(t, j, thaw, experiment.NormKeep)
		}
		j.Learning.Epochs.Count = 2
		j.Learning.Augment.Ops = append(j.Learning.Augment.Ops[:1], experiment.NewOperation(augment.Crop{Size: 10}))
		j.Learning.Views.Kind = string(views)
		j.Graph.Classes = len(s.Classes)
		j.Graph.SetInput(nn.Size{H: 10, W: 10, C: 3})
		j.Optimization.LR = experiment.LR{Base: 0.05, Policy: "plateau", Gamma: 0.5}
		return j
	}
	j := start(data.Centre)
	mean := means[0].Average
	j.Observers = []experiment.Observer{{Views: data.Five}, {Average: mean, Views: data.Dense}, {Average: mean}}
	got := run(t, j)
	for i, views := range []data.Views{data.Five, data.Dense, data.Centre} {
		so := start(views)
		if i > 0 {
			so.Observers = []experiment.Observer{{Average: mean}}
		}
		alone := run(t, so)
		score, m := alone.Score, alone.Model
		if m.Digest != got.Model.Digest {
			t.Errorf("views %s: the weights are others", views)
		}
		if i > 0 {
			score, m = alone.Observed[0].Score, alone.Observed[0].Model
		}
		seen := got.Observed[i]
		if !slices.Equal(seen.Score.Columns[0].Reals, score.Columns[0].Reals) || seen.Model.Digest != m.Digest || seen.Model.About.Preprocess.Views != m.About.Preprocess.Views {
			t.Errorf("%s: beside a training it finds %v, where all looks so %v", seen.By, seen.Score.Figures, score.Figures)
		}
	}
	if got.Model.About.Preprocess.Views != "" || slices.Equal(got.Observed[0].Score.Columns[0].Reals, got.Score.Columns[0].Reals) {
		t.Error("the training itself looks by views")
	}

	// Where the training's result is a mean of its own, that is what is looked at.
	own := func(views data.Views) train.Job {
		j := start(views)
		j.Optimization.LR.Policy, j.Optimization.Average = "fixed", experiment.Average{Kind: "swa", LR: 0.02}
		return j
	}
	j = own(data.Centre)
	j.Observers = []experiment.Observer{{Views: data.Flip}}
	if seen, alone := run(t, j).Observed[0], run(t, own(data.Flip)); seen.Model.Digest != alone.Model.Digest || !slices.Equal(seen.Score.Columns[0].Reals, alone.Score.Columns[0].Reals) {
		t.Error("views beside a mean that is the training's own are of other weights")
	}
}
