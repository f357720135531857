package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
)

func studyShow(e *Env) *cobra.Command {
	var images bool
	cmd := &cobra.Command{
		Use: "show [NAME]", Short: "what a study found",
		Long:    "Prints the ranked table of a study of the store, by default the one that changed last. Of one that\nis not finished it shows the effects so far, and the verdicts of the last look. With --images it tells which\nclasses and pictures: effects by class, what is taken for what, what every arm gets wrong in every repeat,\nand on what the best arm and the baseline differ.",
		Example: "  assay study show\n  assay study show first-study --json\n  assay study show first-study --images",
		Args:    args(0, 1, "nothing"),
		RunE: func(_ *cobra.Command, args []string) error {
			st, name, err := e.existing(args)
			if err != nil {
				return err
			}
			defer st.Close()
			r, err := runner.Result(st, name)
			if err != nil {
				return err
			}
			if images {
				s, err := sight(st, r)
				switch {
				case err != nil:
					return err
				case s == nil:
					return fmt.Errorf("study %s: no trial tells what it takes its images for yet; run it on", name)
				case e.JSON:
					return e.document(s)
				}
				e.printSight(s)
				return nil
			}
			in, err := e.reportInput(st, r)
			if err != nil {
				return err
			}
			if _, err := os.Stat(in.Winner); err != nil {
				in.Winner = ""
			}
			page := filepath.Join(e.Store, name, "report.html")
			if _, err := os.Stat(page); err != nil {
				page = ""
			}
			if err := e.printStudy(in, page); err != nil || e.JSON || r.Complete || r.Stopped != "" {
				return err
			}
			e.note("To go on: %s", in.Run)
			return nil
		},
	}
	cmd.Flags().BoolVar(&images, "images", false, "which classes and pictures the arms get wrong")
	return cmd
}
