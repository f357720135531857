package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

func evalCommand(e *Env) *cobra.Command {
	var from, split string
	cmd := &cobra.Command{
		Use: "eval MODEL --data FOLDER", Short: "accuracy, log loss and accuracy by class of a model",
		Long: `Measures a model on images of a folder or of a built-in set: the validation images of its own training by default, the test
images with --split test. Each reading of a test split makes the next one less of a test, so the store counts them.`,
		Example: "  assay eval winner.safetensors --data photos\n  assay eval winner.safetensors --data fashion-mini --split test",
		Args:    args(1, 1, "MODEL"),
	}
	cmd.Flags().StringVar(&from, "data", "", "`FOLDER` or built-in set; default: the built-in set that it was trained on")
	cmd.Flags().StringVar(&split, "split", "val", "`PART` to measure on: val, test, or all for a folder of other images")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if split != "val" && split != "test" && split != "all" {
			return misuse(fmt.Errorf("--split: no part %q; choose val, test or all", split))
		}
		m, err := train.Load(args[0])
		if err != nil {
			return err
		}
		trained := trainedOn(m)
		images := trained.Data.Spec
		switch {
		case from != "":
			given := source(from)
			if images.Name == "" && images.Folder == "" { // it does not say how it was cut
				images = given
			}
			images.Name, images.Folder = given.Name, given.Folder
		case images.Name == "":
			return misuse(fmt.Errorf("eval: --data is missing; give the folder of images"))
		}
		set, err := e.open(c.Context(), images)
		if _, ok := errors.AsType[*spec.Fault](err); ok { // other images than it was trained on, with parts of their own
			images.Val, images.Test = source(from).Val, source(from).Test
			set, err = e.open(c.Context(), images)
		}
		if err != nil {
			return err
		}
		defer set.Close()
		if set.Digest != m.About.DataDigest && split == "val" {
			e.note("these are not the images it was trained on; --split all measures on all of them")
		}
		cut := set.Cut(trained.Seed, 1)
		items := map[string][]int{"val": cut.Val, "test": cut.Test, "all": all(len(set.Items))}[split]
		if len(items) == 0 {
			return fmt.Errorf("%s: no %s images; give another --split or --data", set.Name, split)
		}
		eng, err := e.engine(e.Threads)
		if err != nil {
			return err
		}
		defer eng.Close()
		score, err := m.Evaluate(c.Context(), set, items, eng, 128, max(1, e.Threads/2))
		if err != nil {
			return err
		}
		o := outcome{Model: args[0], Data: name(images), Split: split, Epochs: m.About.Epochs, Steps: m.About.Steps, Score: score}
		if split == "test" {
			if o.Reading, err = e.recordReading(set, o); err != nil {
				return err
			}
		}
		if e.JSON {
			return e.document(o)
		}
		e.printOutcome(o)
		if o.Reading > 1 {
			e.note("This was the %s reading of this test split; each makes the next one less of a test.", ordinal(o.Reading))
		} else if o.Reading == 1 {
			e.note("This was the first reading of this test split.")
		}
		return nil
	}
	return cmd
}

// trainedOn is the experiment that a model came from, as far as it says.
func trainedOn(m *train.Model) experiment.Experiment {
	root, err := spec.Parse("", []byte(m.About.Experiment))
	if err != nil {
		return experiment.Experiment{Seed: 1}
	}
	x, err := experiment.Decode(root)
	if err != nil {
		return experiment.Experiment{Seed: 1}
	}
	return x
}

// recordReading counts a reading of a test split in the store.
func (e *Env) recordReading(set *data.Set, o outcome) (int, error) {
	st, err := store.Open(e.Store, e.Clock)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	return st.AddReading(set.Digest, store.Reading{Arm: o.Model, Images: o.Score.Images, Metrics: o.Score.Values()})
}

func all(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}
