package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/study/store"
)

func studyList(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "the studies of the store, the latest first",
		Example: "  assay study list\n  assay study list --store other-store --json",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			st, err := store.OpenExisting(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			list, err := st.List()
			if err != nil {
				return err
			}
			if e.JSON {
				return e.document(list)
			}
			t := columns{head: []string{"study", "trials", "state", "changed", "question"}}
			for _, s := range list {
				ended := s.Done + s.Diverged + s.Failed
				state := "finished"
				switch {
				case s.Running > 0:
					state = fmt.Sprintf("%d running", s.Running)
				case ended < s.Trials:
					state = "unfinished"
				}
				if s.Diverged > 0 {
					state += fmt.Sprintf(", %d diverged", s.Diverged)
				}
				if s.Failed > 0 {
					state += fmt.Sprintf(", %d failed", s.Failed)
				}
				t.add(s.Name, fmt.Sprintf("%d of %d", ended, s.Trials), state, e.ago(s.Updated), s.Question)
			}
			e.table(t)
			return nil
		},
	}
}

// ago is how long ago something was, for a person; a date in a pipe.
func (e *Env) ago(t time.Time) string {
	d := e.Clock().Sub(t)
	if !e.Terminal || d > 48*time.Hour {
		return t.Local().Format("2006-01-02 15:04")
	}
	return about(max(d, time.Second)) + " ago"
}
