package cli

import (
	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
)

func dataGet(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "get NAME", Short: "download a built-in data set",
		Long: `Downloads a built-in data set into the user's cache folder and checks its published checksum. A download that was cut off goes
on where it stopped.`,
		Example: "  assay data get cifar10",
		Args:    args(1, 1, "NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := data.Find(args[0])
			if err != nil {
				return misuse(err)
			}
			was := d.Here("")
			b := e.bar()
			err = data.Get(c.Context(), d.Name, "", func(done, total int64) {
				b.set(float64(done)/float64(max(total, 1)), "%s of %s", size(done), size(total))
			})
			b.end()
			if err != nil {
				return err
			}
			if e.JSON {
				return e.document(map[string]any{"name": d.Name, "bytes": d.Bytes(), "fetched": !was})
			}
			switch {
			case len(d.Files) == 0:
				e.print("%s ships with the program\n", d.Name)
			case was:
				e.print("%s is here already, its checksum is right\n", d.Name)
			default:
				e.print("%s is here: %s, its checksum is right\n", d.Name, size(d.Bytes()))
			}
			return nil
		},
	}
}
