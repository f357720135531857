package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
)

func studyReport(e *Env) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use: "report [NAME]", Short: "write the report of a study again",
		Long: `Writes the report of a study of the store, by default the one that changed last: one HTML page that needs no network, and the same
as Markdown, JSON and CSV. Prints their paths. --out writes it elsewhere, as of a store that may only be read.`,
		Example: "  assay study report\n  assay study report first-study --out page",
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
			if to == "" {
				to = filepath.Join(e.Store, r.Name)
			}
			in, paths, err := e.writeReport(st, r, to)
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
	cmd.Flags().StringVar(&to, "out", "", "`DIR` to write it to; default: the study's folder in the store")
	return cmd
}
