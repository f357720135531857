package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/report"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
)

func studyCompare(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "compare A B", Short: "two studies of one question side by side",
		Long: `Sets two studies of the store side by side that judge the same metric on the same images: what each says of an arm, and how far the
two differ. Arms are the same if they train the same network with the same settings; others of one name are shown and marked. It
judges nothing anew and counts as no look.`,
		Example: "  assay study compare photos photos-seed2\n  assay study compare photos photos-resnet20 --json",
		Args:    args(2, 2, "two studies"),
		RunE: func(_ *cobra.Command, args []string) error {
			st, err := store.OpenReading(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			var results [2]*study.Result
			var data [2]string
			recipes := map[*study.Result]map[string]string{}
			for i, name := range args {
				if results[i], err = runner.Result(st, name); err != nil {
					return err
				}
				album, err := runner.OpenAlbum(st, name)
				if err != nil {
					return err
				}
				if data[i] = album.Data; data[i] == "" {
					return fmt.Errorf("study %s: no trial of its baseline has ended, so that there is nothing to compare; run it on", name)
				}
				held, err := st.Study(name)
				if err != nil {
					return err
				}
				recipes[results[i]] = map[string]string{}
				for _, a := range held.Arms {
					recipes[results[i]][a.Name] = a.Recipe.Network + "\n" + a.Recipe.Settings + "\n" + string(a.Recipe.Data)
				}
			}
			if data[0] != data[1] {
				return fmt.Errorf("study compare: %s and %s are of different images; compare studies of one set", args[0], args[1])
			}
			c, err := report.Compare(results[0], results[1], func(r *study.Result, arm string) string { return recipes[r][arm] })
			if err != nil {
				return fmt.Errorf("study compare: %w", err)
			}
			if e.JSON {
				return e.document(c)
			}
			t := columns{head: []string{"arm", args[0], args[1], "difference, " + c.Unit}}
			for _, row := range c.Rows() {
				t.add(row...)
			}
			e.table(t)
			for _, line := range c.Says() {
				e.paragraph("", "%s", line)
			}
			return nil
		},
	}
}
