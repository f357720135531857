package runner

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/train"
)

var wholeTrainings = flag.Bool("whole", false, "train the first study's arms to the end at each level, some 20 minutes")

// TestFirstStudyKeepsItsBits holds every arm of examples/first-study.yaml, a tenth of its images set apart, at every level that this processor has,
// to the digests of its State in testdata/bits: after the first steps always, and of the last weights with -whole. Who changes bits does so on
// purpose, raises the version of the room that did, and runs it with -update, with and without -whole.
func TestFirstStudyKeepsItsBits(t *testing.T) {
	if golden.Raced {
		t.Skip("the bits are the same under the race detector, and take two minutes there")
	}
	s, err := study.Read("../../examples/first-study.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.Base.Data.Val = 0.1 // the share that the digests were found with: which images are trained on decides bits
	set, err := data.Open(t.Context(), s.Base.Data.Spec, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	cut := set.Cut(s.Seed, 1)
	plan, err := s.Plan(func(experiment.Experiment) (study.Images, error) {
		return study.Images{Images: approach.Images{Size: nn.Size{H: set.H, W: set.W, C: set.C}, Classes: len(set.Classes)}, Train: len(cut.Train), Val: len(cut.Val)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	levels, arms := cpu.Levels(), plan.Arms
	if testing.Short() { // the best level, and the first arms of its file
		levels, arms = levels[len(levels)-1:], arms[:2]
	}
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			steps, file := 50, "steps"
			if level == "generic" {
				steps = 5
			}
			if *wholeTrainings {
				file = "whole"
			}
			var got strings.Builder
			for _, a := range arms {
				e, err := cpu.New(cpu.Options{Level: level})
				if err != nil {
					t.Fatal(err)
				}
				job := train.Job{
					Graph: a.Built.Graph, Optimization: a.Built.Optimization, Learning: a.Built.Learning,
					Set: set, Cut: cut, Seeds: train.Seeds(study.SeedsOf(s.Seed, 1)), Engine: e,
				}
				digest, after := "", steps
				if *wholeTrainings {
					r, err := train.Run(context.Background(), job)
					if err != nil {
						t.Fatal(err)
					}
					digest, after = r.Model.Digest, r.Step
				} else {
					begun, err := train.Begin(t.Context(), job, steps, time.Hour)
					if err != nil {
						t.Fatal(err)
					}
					digest = begun[steps]
				}
				e.Close()
				fmt.Fprintf(&got, "%s after %d steps: %s\n", a.Name, after, digest)
			}
			path := "testdata/bits/" + file + "-" + level + ".txt"
			if testing.Short() {
				if held, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(held), got.String()) {
					t.Errorf("%s does not begin with\n%s(%v)", path, got.String(), err)
				}
				return
			}
			golden.Text(t, path, got.String())
		})
	}
}
