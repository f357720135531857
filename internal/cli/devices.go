package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/engine"
)

// shownDevice is the JSON of a device that --device takes.
type shownDevice struct {
	Device     string    `json:"device"`
	Engine     string    `json:"engine"` // the ID's canonical form
	ID         engine.ID `json:"id"`     // what trials are compared by
	Level      string    `json:"level"`
	Threads    int       `json:"threads"`
	PeakGFLOPS float64   `json:"peak_gflops"` // all threads at once
}

func devicesCommand(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "devices", Short: "what --device takes, and what each can do",
		Long: "Lists the devices of this assay and machine, and the engine that each runs. Trials are compared bit for bit only where the engine is the same.\n" +
			"The peak is measured, in a tenth of a second: multiply-adds in registers on all threads at once.",
		Example: "  assay devices\n  assay devices --json",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			eng, err := e.processor(false)
			if err != nil {
				return err
			}
			defer eng.Close()
			list := []shownDevice{{deviceCPU, eng.ID().String(), eng.ID(), eng.Level(), eng.Threads(), eng.Peak()}}
			if e.JSON {
				return e.document(list)
			}
			t := columns{head: []string{"device", "level", ">threads", ">peak", "engine"}}
			for _, d := range list {
				t.add(d.Device, d.Level, fmt.Sprint(d.Threads), fmt.Sprintf("%.0f GFLOP/s", d.PeakGFLOPS), d.Engine)
			}
			e.table(t)
			return nil
		},
	}
}
