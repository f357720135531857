package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/study"
)

func studyNoise(e *Env) *cobra.Command {
	var folder string
	var repeats int
	cmd := &cobra.Command{
		Use: "noise FILE", Short: "train a study's baseline again and again, and say where its noise comes from",
		Long: `Trains the baseline of a study file with one source of chance drawn anew at a time and the others held: the first values of
parameters, the order of images, augmentation, dropout, the split. It prints the spread that each gives to the result, with its 90 % interval, and keeps
it: later plans of this baseline foresee by it what they can tell. A source that the baseline does not draw from changes nothing.`,
		Example: "  assay study noise photos.yaml\n  assay study noise photos.yaml --repeats 8",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().IntVar(&repeats, "repeats", 5, "`N` trainings for each source, the first of them shared")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if repeats < 2 || repeats > study.MaxRepeats {
			return misuse(fmt.Errorf("--repeats: %d; give 2 to %d", repeats, study.MaxRepeats))
		}
		s, err := e.openStudy(c.Context(), args[0], "", folder, 0)
		if err != nil {
			return err
		}
		defer s.Close()
		executable, err := os.Executable()
		if err != nil {
			return fmt.Errorf("cannot find this program to start trials with: %w", err)
		}
		w := &watch{e: e, s: s, bar: e.bar(), began: e.Clock(), at: map[int]runner.Event{}}
		found, err := s.Noise(c.Context(), runner.Processes{Program: executable}, repeats, w.on)
		w.bar.end()
		if err != nil {
			return err
		}
		unit, floor := s.Metric().Unit, study.Floor(found)
		if e.JSON {
			return e.document(map[string]any{"sources": found, "floor": floor, "unit": unit, "repeats": repeats})
		}
		t := columns{head: []string{"source", ">" + unit, "90 % interval"}}
		for _, n := range found {
			if n.Same {
				t.add(n.Source, "0", "nothing is drawn from it")
				continue
			}
			t.add(n.Source, fmt.Sprintf("%.2f", n.SD), fmt.Sprintf("%.2f to %.2f", n.Low, n.High))
		}
		e.table(t)
		e.print("noise of one training within a repeat: %.2f %s, kept for later plans of this baseline\n", floor, unit)
		return nil
	}
	return cmd
}
