package cli

import (
	"encoding/json"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/study/runner"
	"github.com/assaylab/assay/train"
)

// trialCommand is what study run starts as a child process for each trial. It tells its progress as JSON lines on Stdout, and
// lives no longer than its Stdin is open.
func trialCommand(e *Env) *cobra.Command {
	r := runner.TrialRequest{}
	cmd := &cobra.Command{Use: "trial", Hidden: true, Args: args(0, 0, "nothing")}
	cmd.Flags().StringVar(&r.Study, "study", "", "")
	cmd.Flags().StringVar(&r.Arm, "arm", "", "")
	cmd.Flags().IntVar(&r.Repeat, "repeat", 0, "")
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		ctx, stop := runner.Watch(c.Context(), os.Stdin)
		defer stop()
		r.Store, r.Threads, r.Engine = e.Store, e.Threads, e.engine
		lines, last := json.NewEncoder(e.Stdout), time.Time{}
		r.OnStep = func(p train.Progress) {
			if now := e.Clock(); now.Sub(last) > 100*time.Millisecond || p.Step == p.Steps {
				last = now
				_ = lines.Encode(p) // where nobody listens any more, the end of Stdin says so too
			}
		}
		return runner.Trial(ctx, r)
	}
	return cmd
}
