package cli

import (
	"github.com/spf13/cobra"

	"github.com/assaylab/assay/study/runner"
)

func studyReport(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "report [NAME]", Short: "write the report of a study again",
		Long: `Writes the report of a study of the store, by default the one that changed last: one HTML page that needs no network, and the same
as Markdown, JSON and CSV. Prints their paths.`,
		Example: "  assay study report\n  assay study report first-study",
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
			in, paths, err := e.writeReport(st, r)
			if err != nil {
				return err
			}
			if in.Winner != "" {
				paths = append(paths, in.Winner)
			}
			if e.JSON {
				return e.document(map[string]any{"name": name, "files": paths})
			}
			for _, p := range paths {
				e.print("%s\n", p)
			}
			return nil
		},
	}
}
