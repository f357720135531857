package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
)

func dataList(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "the built-in data sets",
		Long:    "Lists the built-in data sets and whether they are on this machine. Nothing is downloaded unasked: assay data get NAME does it.",
		Example: "  assay data list\n  assay data get cifar10",
		Args:    args(0, 0, "nothing"),
		RunE: func(*cobra.Command, []string) error {
			type shown struct {
				data.Entry
				Here bool `json:"here"`
			}
			list := []shown{}
			for _, d := range data.Catalog() {
				list = append(list, shown{d, d.Here("")})
			}
			if e.JSON {
				return e.document(list)
			}
			t := columns{head: []string{"name", ">train", ">test", "image", ">classes", "on this machine", "licence", "what"}}
			for _, d := range list {
				image := "varies"
				if d.H > 0 {
					image = fmt.Sprintf("%dx%dx%d", d.H, d.W, d.C)
				}
				here := "yes"
				if !d.Here {
					here = "no, " + size(d.Bytes())
				}
				t.add(d.Name, thousands(d.Train), thousands(d.Test), image, fmt.Sprint(d.Labels), here, d.Licence, d.Summary)
			}
			e.table(t)
			return nil
		},
	}
}
