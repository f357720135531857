package train_test

import (
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

// counted is an engine that counts how often it runs each program, by name.
type counted struct {
	engine.Engine
	runs map[string]int
}

type counting struct {
	engine.Executable
	of   *counted
	name string
}

func (c *counted) Compile(p *program.Program, s *program.State) (engine.Executable, error) {
	exe, err := c.Engine.Compile(p, s)
	return &counting{exe, c, p.Name}, err
}

func (c *counting) Run(f engine.Feed) error {
	c.of.runs[c.name]++
	return c.Executable.Run(f)
}

func counts(j *train.Job) map[string]int {
	c := &counted{j.Engine, map[string]int{}}
	j.Engine = c
	return c.runs
}

// TestAFrozenFrontIsComputedOnceWithTheBitsOfComputingItAgain compares with a training whose front is computed in each step, as memory
// has no room for what it makes.
func TestAFrozenFrontIsComputedOnceWithTheBitsOfComputingItAgain(t *testing.T) {
	s := draw(t, 13)
	tiny := func(j *train.Job) { *j = frozen(t, *j, 0, experiment.NormKeep) }
	of := func(net string, freeze ...nn.Glob) func(j *train.Job) {
		return func(j *train.Job) {
			g, err := zoo.New(net, zoo.Input(32, 32, 3), zoo.Classes(len(classes)))
			if err != nil {
				t.Fatal(err)
			}
			j.Graph = g
			j.Learning.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Crop{Size: 32})}
			j.Learning.Pretrain.Freeze = freeze
			j.Optimization.Parameters = j.Learning.Pretrain.Frozen()
		}
	}
	for name, c := range map[string]struct {
		set    func(j *train.Job)
		cache  int
		epochs int
	}{
		"all but the head":        {tiny, 0, 3},
		"thawed":                  {func(j *train.Job) { tiny(j); j.Learning.Pretrain.Thaw = 2 }, 0, 3},
		"resnet20, draws in turn": {of("resnet20", "conv1/**", "stage1/**", "stage2/**"), 2, 3},
		"mobilenet, all frozen":   {of("mobilenet_v2", "conv*/**", "stage*/**"), 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			train.Forgetful(t, false)
			make := func() train.Job {
				j := job(t, s)
				j.Learning.Augment.Ops, j.Learning.Epochs.Count = nil, c.epochs
				c.set(&j)
				j.Learning.Pretrain.Cache = c.cache
				return j
			}
			j := make()
			runs := counts(&j)
			kept := run(t, j)
			if runs["front"] == 0 {
				t.Error("no front was computed")
			}
			train.Forgetful(t, true)
			j = make()
			again := counts(&j)
			same(t, kept, run(t, j))
			if again["front"] != 0 {
				t.Errorf("%d runs of a front that does not fit", again["front"])
			}
			t.Log(runs, again)
		})
	}
}
