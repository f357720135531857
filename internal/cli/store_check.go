package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/store"
)

func storeCheck(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "hold all that is kept against its sums",
		Long: `Reads every row of the store and every file that it keeps, and holds them against their sums. What does not fit is listed with what to
do; nothing is changed. A trial whose record is damaged counts as not there: the study that shows it trains it again.`,
		Example: "  assay store check\n  assay store check --store other-store --json",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			st, err := store.OpenReading(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			problems, err := st.Check()
			if err != nil {
				return err
			}
			if e.JSON {
				type line struct {
					Where string `json:"where"`
					What  string `json:"what"`
					Mend  string `json:"mend"`
				}
				lines := []line{}
				for _, p := range problems {
					lines = append(lines, line(p))
				}
				if err := e.document(lines); err != nil {
					return err
				}
			} else {
				for _, p := range problems {
					e.print("%s\n", p)
				}
			}
			if len(problems) > 0 {
				return fmt.Errorf("%s: %s", e.Store, plural(len(problems), "problem"))
			}
			if !e.JSON {
				e.print("%s: all fits\n", e.Store)
			}
			return nil
		},
	}
}
