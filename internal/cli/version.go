package cli

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/engine/cpu"
)

func versionCommand(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version, and what this processor can do", Args: args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			levels := cpu.Levels()
			if e.JSON {
				return e.document(map[string]any{"version": Version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "levels": levels, "table": cpu.TableVersion, "threads": e.Threads})
			}
			e.print("assay %s, %s %s/%s, level %s, kernel table %d, %s\n", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, levels[len(levels)-1], cpu.TableVersion, plural(e.Threads, "thread"))
			return nil
		},
	}
}
