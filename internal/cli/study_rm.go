package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
)

func studyRm(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "rm NAME", Short: "take a study out of the store",
		Long: `Takes a study's record and its report out of the store. Its trials stay, so that the same study, or another that shares an arm,
finds them; assay store clean removes those that no study shows. How often it was judged stays too: a study that is removed and
run again has looked before.`,
		Example: "  assay study rm photos",
		Args:    args(1, 1, "NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := store.OpenExisting(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			if err := runner.Remove(st, args[0]); err != nil {
				return err
			}
			if plainName(args[0]) {
				if err := os.RemoveAll(filepath.Join(e.Store, args[0])); err != nil {
					return err
				}
			}
			if e.JSON {
				return e.document(map[string]string{"removed": args[0]})
			}
			e.note("Removed %s; its trials stay (assay store clean).", args[0])
			return nil
		},
	}
}
