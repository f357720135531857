package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
)

func studyTest(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "test [NAME]", Short: "read the test images, once, for a study's winner and baseline",
		Long: `Every training of a study is scored on the test images at its end, and nobody sees the scores. This opens those of the winner and of
the baseline, over all repeats, and says how much better the one is on images that chose nothing. The reading is recorded: each that
follows, of any study, makes the images less of a test. Without NAME it is the study that changed last.`,
		Example: "  assay study test photos",
		Args:    args(0, 1, "NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := store.OpenExisting(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			name := ""
			if len(args) > 0 {
				name = args[0]
			} else if name, err = st.Latest(); err != nil {
				return err
			}
			r, err := runner.Result(st, name)
			if err == nil {
				err = runner.OpenTest(st, r)
			}
			if err != nil {
				return err
			}
			t := r.Test
			if e.JSON {
				return e.document(t)
			}
			m := r.Metrics[0]
			own := fmt.Sprintf("%s %s %.4g", t.Arm, m.Title, t.Metrics[m.Name])
			if t.Effect == nil {
				e.print("%s on %s, over %s\n", own, plural(t.Images, "test image"), plural(t.Repeats, "repeat"))
			} else {
				line := fmt.Sprintf("%s, baseline %.4g: %+.3g %s", own, t.Baseline[m.Name], *t.Effect, m.Unit)
				if t.Low != nil {
					line += fmt.Sprintf(" [%+.3g, %+.3g]", *t.Low, *t.High)
				}
				e.print("%s on %s, over %s\n", line, plural(t.Images, "test image"), plural(t.Repeats, "repeat"))
			}
			e.tellReading(store.Spent{Times: t.Reading}, 0, "test")
			return nil
		},
	}
}
