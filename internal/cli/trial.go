package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/internal/runner"
)

// trialCommand is what study run starts as a process of its own for each trial: the request comes on Stdin, and the process lives no
// longer than that is open.
func trialCommand(e *Env) *cobra.Command {
	return &cobra.Command{Use: "trial", Hidden: true, Args: args(0, 0, "nothing"), RunE: func(c *cobra.Command, _ []string) error {
		return runner.Serve(c.Context(), os.Stdin, e.Stdout, e.opener)
	}}
}
