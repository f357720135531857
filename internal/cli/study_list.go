package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/store"
)

func studyList(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "the studies of the store, the latest first",
		Example: "  assay study list\n  assay study list --store other-store --json",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			st, err := store.OpenReading(e.Store, e.Clock)
			if err != nil {
				return err
			}
			defer st.Close()
			list, err := runner.List(st)
			if err != nil {
				return err
			}
			if e.JSON {
				return e.document(list)
			}
			t := columns{head: []string{"study", "trials", "state", "size", "changed", "question"}}
			for _, s := range list {
				if s.Damaged {
					t.add(s.Name, "", "damaged, run it again", "", "", "")
					continue
				}
				state := "finished"
				switch known := s.Done + s.Diverged; {
				case s.Running > 0:
					state = fmt.Sprintf("%d running", s.Running)
				case known < s.Planned:
					state = "unfinished"
				}
				if s.Diverged > 0 {
					state += fmt.Sprintf(", %d diverged", s.Diverged)
				}
				if s.Failed > 0 {
					state += fmt.Sprintf(", %d failed", s.Failed)
				}
				if s.Shared > 0 {
					state += fmt.Sprintf(", %d shared", s.Shared)
				}
				t.add(s.Name, fmt.Sprintf("%d of %d", s.Done+s.Diverged, s.Planned), state, size(s.Bytes), e.ago(s.Updated), s.Question)
			}
			e.table(t)
			return nil
		},
	}
}

// ago is how long ago something was, for a person; a date in a pipe; "" of what has no time.
func (e *Env) ago(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	d := e.Clock().Sub(t)
	if !e.Terminal || d > 48*time.Hour {
		return t.Local().Format("2006-01-02 15:04")
	}
	return about(max(d, time.Second)) + " ago"
}
